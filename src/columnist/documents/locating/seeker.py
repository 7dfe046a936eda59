"""Finds places in documents, each time in a guarded child, which is killed when its time is over."""

import asyncio
import json
from collections.abc import Hashable, Sequence

from pydantic import TypeAdapter

from columnist.cpu import usable_cores
from columnist.documents.model import Span
from columnist.errors import DocumentError, ReaderLostError
from columnist.guarded.children import CrashedError, LateError, LostError, Places, Role

WORDS_SECONDS, QUOTES_SECONDS = 5.0, 60.0
"""The longest search for a person's words, and for the quotes of one call to a language model. 100 quotes in a document
of 2,000 pages take some seconds."""
MEMORY = 2 * 1024**3
MOST_WAITING = 20
"""How many searches of one user may wait for a process."""

_CHILD = "columnist.documents.locating.child"
_PLACES = TypeAdapter(list[list[tuple[int, int, int]]])


class Seeker:
    """Finds words that a person types, and quotes. A child is also killed when its result is no longer wanted: the
    client has hung up, or the job was cancelled. Use as an async context manager: leaving it waits for their end."""

    def __init__(self, words_seconds: float = WORDS_SECONDS, quotes_seconds: float = QUOTES_SECONDS) -> None:
        cores = usable_cores()
        words, quotes = (Role(_CHILD, MEMORY, seconds) for seconds in (words_seconds, quotes_seconds))
        self._words = Places("words", words, most=max(cores, 2), each=max(cores // 2, 1), waiting=MOST_WAITING)
        self._quotes = Places("quotes", quotes, most=2 * cores, each=cores)

    async def __aenter__(self) -> "Seeker":
        self._words.open()
        self._quotes.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._words.close()
        await self._quotes.close()

    def warm(self) -> None:
        """Prepare for the first quote."""
        self._quotes.warm()

    async def words(self, pages: Sequence[str], words: str, most: int, user: Hashable) -> tuple[list[Span], bool]:
        """The first places of some words, page 1 first, and whether there may be more; no places, and True, if the
        search took too long. Raises TooManyRequestsError, DocumentError or ReaderLostError."""
        try:
            places = await self._found(self._words, pages, {"words": words, "most": most + 1}, user)
        except LateError:
            return [], True
        return [span for (span,) in places[:most]], len(places) > most

    async def quotes(
        self, pages: Sequence[str], quotes: Sequence[tuple[str, int | None]], user: Hashable
    ) -> list[tuple[Span, ...]]:
        """The spans of each quote (`Locator.locate`), with the page that is claimed. Raises DocumentError if it takes
        too long, or too much memory, and ReaderLostError if the child was ended from outside, twice."""
        try:
            places = await self._found(self._quotes, pages, {"quotes": quotes}, user)
        except LateError:
            raise DocumentError(
                f"Looking up the quotes of an answer took longer than {self._quotes.role.seconds:g} seconds."
            ) from None
        if len(places) != len(quotes):
            raise _forged()
        return places

    async def _found(
        self, places: Places, pages: Sequence[str], asked: dict[str, object], user: Hashable
    ) -> list[tuple[Span, ...]]:
        request = await asyncio.to_thread(_encoded, pages, asked)
        try:
            (answer,) = await places.answer(request, user)
        except CrashedError:
            raise DocumentError(
                f"Looking something up in the document needs more than the {MEMORY // 1024**3} GB of memory that it "
                "may use."
            ) from None
        except LostError:
            raise ReaderLostError("The process that looked into the text was ended from outside: try again.") from None
        return _spans(answer.get("places"), pages)


def _encoded(pages: Sequence[str], asked: dict[str, object]) -> bytes:
    return json.dumps({"pages": list(pages), **asked}).encode() + b"\n"


def _spans(sent: object, pages: Sequence[str]) -> list[tuple[Span, ...]]:
    """The answer of a child, which is untrusted data."""
    try:
        places = [tuple(Span(*span) for span in spans) for spans in _PLACES.validate_python(sent)]
    except ValueError:
        raise _forged() from None
    for span in (span for spans in places for span in spans):
        if not (1 <= span.page <= len(pages) and 0 <= span.start < span.end <= len(pages[span.page - 1])):
            raise _forged()
    return places


def _forged() -> DocumentError:
    return DocumentError("The document made the process that searched its text send an invalid answer.")
