"""The tokens of LLM calls, and their prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from columnist.settings import Settings

CHARACTERS_PER_TOKEN = 3.5
"""The mean of English contracts, for estimates of the bill."""

BYTES_PER_TOKEN = 3
"""A cautious figure, for text that must fit: English contracts have 3.5 to 4.5, Chinese and Japanese about 3, tables of
figures 2 to 3."""

CELL_TOKENS = 120
"""The assumed tokens of an answer to one question: summary, reasoning and a quote or two."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of LLM calls; `cached_tokens` are those of `prompt_tokens` that the server took from its prefix cache."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def __bool__(self) -> bool:
        return self != NOTHING


NOTHING = Usage()


def total(usages: Sequence[Usage]) -> Usage:
    """The sum of them."""
    return Usage(
        sum(usage.prompt_tokens for usage in usages),
        sum(usage.cached_tokens for usage in usages),
        sum(usage.completion_tokens for usage in usages),
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """A batch's reply to a call: `status` and JSON `body` as in HTTP."""

    status: int
    body: str


class Queue(Protocol):
    """Calls that wait for a batch of the provider: each is put off, and made again once there is a reply."""

    async def reply(self, key: bytes) -> Reply | None:
        """The batch's reply to the call, counted when it came; None: no reply yet."""
        ...

    def put_off(self, key: bytes, body: str, expected: Usage) -> None:
        """Put a call with this JSON body into the next batch, unless it waits for one already."""
        ...

    async def dismiss(self, key: bytes) -> None:
        """Drop the batch's reply, which is of no use, so that the call is put off again."""
        ...


class Ledger(Protocol):
    """Counts calls, each as soon as it is billed, whatever happens to its answer."""

    @property
    def queue(self) -> Queue | None:
        """The queue in which calls wait for a batch; None: they are made at once."""
        ...

    async def admit(self) -> None:
        """Called right before a call is made. Raises JobPausedError if it may not be."""
        ...

    async def count(
        self,
        usage: Usage,
        key: bytes | None = None,
        answer: str | None = None,
        prices: "Prices | None" = None,
    ) -> None:
        """Count a billed call, at these `prices` (None: the usual ones of this ledger). Its `answer` is kept under
        `key` until it is used up."""
        ...

    async def kept(self, key: bytes) -> str | None:
        """The answer of an earlier call with the same key."""
        ...


class _Uncounted:
    queue: Queue | None = None

    async def admit(self) -> None:
        return

    async def count(
        self,
        usage: Usage,
        key: bytes | None = None,
        answer: str | None = None,
        prices: "Prices | None" = None,
    ) -> None:
        return

    async def kept(self, key: bytes) -> str | None:
        return None


UNCOUNTED: Ledger = _Uncounted()
"""The ledger of calls that belong to no job."""


BATCH_SHARE = Decimal("0.5")
"""The share of a call's price in a batch, with OpenAI and others with its protocol."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens; `cached` is for prompt tokens from the server's cache."""

    prompt: Decimal = Decimal(0)
    cached: Decimal = Decimal(0)
    completion: Decimal = Decimal(0)

    @classmethod
    def of(cls, settings: Settings, model: str | None = None, *, batch: bool = False) -> "Prices":
        """The prices in the settings for an offered model; None: for the settings' model. In a `batch` each is half."""
        share = BATCH_SHARE if batch else Decimal(1)
        return cls(*(Decimal(str(figure)) * share for figure in settings.prices_of(model or settings.model)))

    def __bool__(self) -> bool:
        return any((self.prompt, self.cached, self.completion))


FREE = Prices()


@dataclass(frozen=True, slots=True)
class Beside:
    """The ledger of calls to another model than the main one: they have other prices, and are made at once even if
    calls to the main model wait for a batch."""

    ledger: Ledger
    prices: Prices
    queue: Queue | None = None

    async def admit(self) -> None:
        await self.ledger.admit()

    async def count(
        self, usage: Usage, key: bytes | None = None, answer: str | None = None, prices: Prices | None = None
    ) -> None:
        await self.ledger.count(usage, key, answer, prices or self.prices)

    async def kept(self, key: bytes) -> str | None:
        return await self.ledger.kept(key)
