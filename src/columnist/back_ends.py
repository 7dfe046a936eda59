"""Which back end answers for a model's name: rules, a local GGUF file, or an OpenAI-compatible server."""

import asyncio
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from columnist.answers.model import Answerer
from columnist.asking.prompt import PROMPT_VERSION
from columnist.documents.locating.seeker import Seeker
from columnist.errors import LlmError, SettingsError
from columnist.guarded.turns import Turns
from columnist.llm.usage import Prices
from columnist.reviews.model import Column, ColumnSpec
from columnist.rules.answerer import RulesAnswerer
from columnist.settings import ASSUMED_CONTEXT_TOKENS, CHAIN, EXTRACTIVE, Settings, host_of, listed_urls, models_in

if TYPE_CHECKING:
    from columnist.asking.language_model import Another
    from columnist.llm.batches import Batches
    from columnist.llm.client import ChatModel

OPENAI_URL = "https://api.openai.com/v1"


MOST_SUGGESTING, EACH_SUGGESTING, MOST_WAITING = 8, 2, 10
"""How many suggestions may run at the same time: in all, and for one user; and how many of one user may wait."""

CONTEXT_SECONDS = 2.0
"""How long an estimate waits for the LLM server to say how long its context is."""


def prompt_version(model: str) -> str:
    """The version that the back end of this model records with its cells; of two models, both."""
    each = (RulesAnswerer.prompt_version if one == EXTRACTIVE else PROMPT_VERSION for one in models_in(model))
    return CHAIN.join(each)


def check_models(settings: Settings, model: str, questions: Sequence[ColumnSpec | Column] = ()) -> None:
    """Raises SettingsError if the settings lack something that is needed to ask the model these questions."""
    *first, large = models_in(model)
    if first and settings.first_doubt is None:
        raise SettingsError(
            f"Set COLUMNIST_FIRST_DOUBT to the doubt up to which {first[0]!r} may answer alone: `columnist eval first` "
            "finds it."
        )
    by_another = [one.name for one in questions if one.second_reading == "model"]
    if by_another and large != EXTRACTIVE and settings.second_model in (None, large):
        raise SettingsError(
            f"{by_another[0]!r} is to be read again by another model than {large!r}, and there is none: set "
            "COLUMNIST_SECOND_MODEL, or choose another second reading."
        )


def llm_hosts(settings: Settings) -> list[str]:
    """The hosts of the LLM servers of these settings, to which text of documents goes."""
    urls = listed_urls(settings.openai_base_url or OPENAI_URL)
    return list(map(host_of, urls))


class BackEnds:
    """The back ends of a process, each opened when it is first asked for. Use as an async context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opening = asyncio.Lock()
        self._sdk: asyncio.Task[ModuleType] | None = None
        self._chats: dict[str, ChatModel] = {}
        self._rules = RulesAnswerer()
        self._answerers: dict[str, Answerer] = {EXTRACTIVE: self._rules}
        self.seeker = Seeker()
        self.suggesting = Turns(MOST_SUGGESTING, EACH_SUGGESTING, MOST_WAITING)

    async def __aenter__(self) -> "BackEnds":
        await self._rules.__aenter__()
        await self.seeker.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rules.__aexit__()
        await self.seeker.__aexit__()
        for chat in self._chats.values():
            await chat.__aexit__()

    async def named(self, model: str) -> Answerer:
        """The back end for a model. Raises SettingsError or LlmRefusedError saying what is missing."""
        if model not in self._answerers:
            self.seeker.warm()
            await self._load_sdk()
        if model not in self._answerers:
            self._answerers[model] = await self._opened(model)
        return self._answerers[model]

    async def _load_sdk(self) -> None:
        """Load the SDK, which takes most of a second: once, while the event loop goes on. Processes that ask no LLM do
        without it."""
        if self._sdk is None:
            self._sdk = asyncio.create_task(asyncio.to_thread(import_module, "columnist.asking.language_model"))
        await asyncio.shield(self._sdk)

    async def _opened(self, model: str) -> Answerer:
        from columnist.asking.cheap_first import CheapFirst
        from columnist.asking.language_model import LanguageModelAnswerer

        *first, large = models_in(model)
        if not first:
            return LanguageModelAnswerer(await self.chat(model), self._settings, await self._second(model), self.seeker)
        check_models(self._settings, model)
        assert self._settings.first_doubt is not None
        return CheapFirst(await self._another(first[0]), await self.named(large), self._settings.first_doubt)

    async def _second(self, model: str) -> "Another | None":
        """The back end of second readings, if it is another model; a second reading is not read again."""
        second = self._settings.second_model
        return None if second is None or second == model else await self._another(second)

    async def _another(self, model: str) -> "Another":
        from columnist.asking.language_model import Another, LanguageModelAnswerer

        prices = Prices.of(self._settings, model)
        if model == EXTRACTIVE:
            return Another(self._rules, prices)
        return Another(LanguageModelAnswerer(await self.chat(model), self._settings, seeker=self.seeker), prices)

    async def chat(self, model: str) -> "ChatModel":
        """The chat model of that name; the large one if the name stands for two. A GGUF file is loaded once, outside
        the event loop."""
        model = models_in(model)[-1]
        await self._load_sdk()
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
        """The batches of a model's server. Raises as `named` does."""
        return (await self.chat(model)).batches

    @property
    def batch_server(self) -> str | None:
        """The base URL of the server whose batches a worker of this process handles; None if there is none."""
        settings = self._settings
        if settings.openai_base_url is None:
            return None if settings.openai_api_key is None else OPENAI_URL
        return listed_urls(settings.openai_base_url)[0]

    def askable(self) -> tuple[str, ...] | None:
        """The models that a worker of this process may take jobs for; None: any, because there is a server to ask."""
        settings = self._settings
        if settings.openai_base_url or settings.openai_api_key:
            return None
        return (EXTRACTIVE, settings.model)

    def limits(self) -> dict[str, int]:
        """Model → how many documents may be in progress with it now; only models on a server."""
        chains = {name: models_in(name)[-1] for name in self._answerers}
        return {name: self._chats[one].documents for name, one in chains.items() if one in self._chats} | {
            model: chat.documents for model, chat in self._chats.items()
        }

    async def contexts(self, model: str) -> dict[str, int]:
        """The contexts of the models that this name stands for, and of the one for second readings."""
        names = [one for one in {*models_in(model), self._settings.second_model} if one is not None]
        return dict(zip(names, await asyncio.gather(*map(self._context_tokens, names)), strict=True))

    async def _context_tokens(self, model: str) -> int:
        """The context of a model: as its server reports it, if that comes soon; else an assumption."""
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
        asked = [one for one in (*models_in(model), self._settings.second_model) if one not in (None, EXTRACTIVE)]
        try:
            for one in asked:
                await (await self.chat(one)).probe()
        except (LlmError, SettingsError) as error:
            return str(error)
        return None
