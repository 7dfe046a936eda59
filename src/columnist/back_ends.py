"""Which back end answers for a model's name: rules, a local GGUF file, or an OpenAI-compatible server."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from columnist.answers.model import Answerer
from columnist.asking.prompt import PROMPT_VERSION
from columnist.errors import LlmError, SettingsError
from columnist.guarded.turns import Turns
from columnist.rules.answerer import RulesAnswerer
from columnist.settings import ASSUMED_CONTEXT_TOKENS, EXTRACTIVE, Settings, listed_urls

if TYPE_CHECKING:
    from columnist.llm.batches import Batches
    from columnist.llm.client import ChatModel

OPENAI_URL = "https://api.openai.com/v1"


MOST_SUGGESTING, EACH_SUGGESTING, MOST_WAITING = 8, 2, 10
"""Suggestions that are asked for at the same time: of all, of one user, and those of one user that wait."""

CONTEXT_SECONDS = 2.0
"""How long an estimate waits for the LLM server to say how long its context is."""


def prompt_version(model: str) -> str:
    """The version that the back end of this model records with its cells."""
    return RulesAnswerer.prompt_version if model == EXTRACTIVE else PROMPT_VERSION


def llm_hosts(settings: Settings) -> list[str]:
    """The hosts of the LLM servers of these settings: where text of documents goes."""
    urls = listed_urls(settings.openai_base_url or OPENAI_URL)
    return [urlsplit(url).netloc.rpartition("@")[2] for url in urls]


class BackEnds:
    """The back ends of a process, each opened when it is first asked for. Use as an async context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opening = asyncio.Lock()
        self._chats: dict[str, ChatModel] = {}
        self._rules = RulesAnswerer()
        self._answerers: dict[str, Answerer] = {EXTRACTIVE: self._rules}
        self.suggesting = Turns(MOST_SUGGESTING, EACH_SUGGESTING, MOST_WAITING)

    async def __aenter__(self) -> "BackEnds":
        await self._rules.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rules.__aexit__()
        for chat in self._chats.values():
            await chat.__aexit__()

    async def named(self, model: str) -> Answerer:
        """The back end for a model. Raises SettingsError or LlmRefusedError saying what is missing."""
        if model not in self._answerers:
            from columnist.asking.language_model import LanguageModelAnswerer

            self._answerers[model] = LanguageModelAnswerer(await self.chat(model), self._settings)
        return self._answerers[model]

    async def chat(self, model: str) -> "ChatModel":
        """The chat model of that name; a GGUF file is loaded, once, away from the event loop."""
        # The SDK takes half a second to import: who asks no LLM does not wait for it.
        from columnist.llm import local
        from columnist.llm.client import ChatModel

        async with self._opening:
            if model not in self._chats:
                base_url = self._settings.openai_base_url
                if model.endswith(".gguf"):
                    base_url = (await asyncio.to_thread(local.serve, Path(model), self._assumed_context))[1]
                self._chats[model] = ChatModel(self._settings, model, base_url)
            return self._chats[model]

    async def batches(self, model: str) -> "Batches":
        """The batches of a model's server. Raises as `named`."""
        return (await self.chat(model)).batches

    @property
    def batch_server(self) -> str | None:
        """The base URL of the server whose batches a worker of this process looks after; None: there is none."""
        settings = self._settings
        if settings.openai_base_url is None:
            return None if settings.openai_api_key is None else OPENAI_URL
        return listed_urls(settings.openai_base_url)[0]

    def askable(self) -> tuple[str, ...] | None:
        """The models that a worker of this process may take jobs for; None: any, as there is a server to ask."""
        settings = self._settings
        if settings.openai_base_url or settings.openai_api_key:
            return None
        return (EXTRACTIVE, settings.model)

    def limits(self) -> dict[str, int]:
        """Model → documents that may be under way with it now, for those that are asked over a server."""
        return {model: chat.documents for model, chat in self._chats.items()}

    async def context_tokens(self, model: str) -> int:
        """The context of a model: what its server says, if that is soon, or else what is assumed."""
        if model != EXTRACTIVE and not model.endswith(".gguf"):
            try:
                async with asyncio.timeout(CONTEXT_SECONDS):
                    return await (await self.chat(model)).context_tokens()
            except (LlmError, SettingsError, TimeoutError):
                pass
        return self._assumed_context

    @property
    def _assumed_context(self) -> int:
        return self._settings.context_tokens or ASSUMED_CONTEXT_TOKENS

    async def probe(self, model: str) -> str | None:
        """Why a model cannot be asked now, or None if it answers a word."""
        if model == EXTRACTIVE:
            return None
        try:
            await (await self.chat(model)).probe()
        except (LlmError, SettingsError) as error:
            return str(error)
        return None
