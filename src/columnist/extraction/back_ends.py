"""Which back end answers for a model's name: rules, a local GGUF file, or an OpenAI-compatible server."""

from columnist.errors import SettingsError
from columnist.extraction.extractive import ExtractiveAnswerer
from columnist.extraction.language_model import LanguageModelAnswerer
from columnist.extraction.model import Answerer
from columnist.llm.client import ChatModel
from columnist.settings import EXTRACTIVE, Settings
