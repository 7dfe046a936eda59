"""One item from claim to cells: read the document once, reuse stored answers, ask the rest, write each as it comes."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import psycopg
import structlog

from columnist import telemetry
from columnist.answers.model import Answer, Citation, Content, Question
from columnist.answers.playbook import flagged
from columnist.back_ends import BackEnds
from columnist.cancelling import off_loop
from columnist.db.connect import Database
from columnist.documents.blobs import BlobStore
from columnist.documents.locating.locate import rectangles
from columnist.documents.model import DocumentText
from columnist.documents.reading.reader import Reader
from columnist.documents.store import store_pages, store_unreadable, stored_pages
from columnist.errors import DocumentError, LlmUnavailableError, NotFoundError
from columnist.jobs.items import ClaimedItem, load_item, reusable_answers, write_cells
from columnist.llm.usage import NOTHING, Usage
from columnist.reviews.model import Rule

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question of an item with what its cell records."""

    question: Question
    column_version: int
    answer_key: str


class ItemWorker:
    """Answers items; owns what they share in a process: the reader, the files, the back ends."""

    def __init__(self, database: Database, reader: Reader, blobs: BlobStore, back_ends: BackEnds) -> None:
        self._database = database
        self._reader = reader
        self._blobs = blobs
        self._back_ends = back_ends
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, item: ClaimedItem) -> None:
        """Answer every question that the item's job still has to ask about its document.

        Raises DocumentError, LlmError or LeaseLostError as `pool.Work` says.
        """
        loaded = await load_item(self._database, item)
        if loaded is None or not loaded["columns"]:
            return  # the document or the column was removed, or every answer was written by an earlier attempt
        back_end = await self._back_ends.named(loaded["model"])
        asked = [
            _asked(column, loaded["sha256"], back_end.model, back_end.prompt_version) for column in loaded["columns"]
        ]

        writes = count(1)

        async def write(answers: list[dict[str, Any]], usage: Usage = NOTHING) -> None:
            try:
                with telemetry.span("write cells", cells=len(answers)):
                    await write_cells(
                        self._database, item, next(writes), back_end.model, back_end.prompt_version, answers, usage
                    )
            except psycopg.Error as error:
                # PostgreSQL refuses one of them: the others are written, and that one says so.
                if not answers or (len(answers) == 1 and answers[0]["status"] == "error"):
                    raise
                log.exception("answers refused", cells=len(answers))
                await write([], usage)
                for answer in answers:
                    await write([answer] if len(answers) > 1 else [_refused(answer, error)])
                return
            for status, cells in Counter(answer["status"] for answer in answers).items():
                telemetry.CELLS_WRITTEN.labels(status).inc(cells)

        if not {"all", "again"} & set(loaded["only"]):
            asked = await self._reuse(asked, write)
        if not asked:
            return
        pages = await self._pages(loaded["sha256"], loaded["document_name"])
        by_id = {one.question.id: one for one in asked}
        document = DocumentText(loaded["document_name"], pages)
        # Closed at once when writing fails (the lease is lost): its calls are aborted then.
        try:
            async with aclosing(back_end.answer(document, [one.question for one in asked])) as groups:
                async for answers in groups:
                    await write(await asyncio.to_thread(self._cells, by_id, answers, loaded["sha256"]))
        except LlmUnavailableError as error:
            if error.prompt_tokens:  # billed, and to be counted, though there is no answer
                await write([], Usage(prompt_tokens=error.prompt_tokens))
            raise

    async def _reuse(
        self, asked: list[_Asked], write: Callable[[list[dict[str, Any]]], Awaitable[None]]
    ) -> list[_Asked]:
        """Never ask twice: write the stored answers; returns the questions that have none."""
        keys = [one.answer_key for one in asked]
        stored = await reusable_answers(self._database, keys)
        cells = [
            {**stored[one.answer_key], **_identity(one), "status": "done", **_tokens(0, 0, 0)}
            for one in asked
            if one.answer_key in stored
        ]
        if cells:
            await write(cells)
            telemetry.ANSWERS_REUSED.inc(len(cells))
        return [one for one in asked if one.answer_key not in stored]

    async def _pages(self, sha256: str, name: str) -> list[str]:
        """The document's page texts: stored, or read now in a guarded subprocess and stored. Raises DocumentError."""
        lock = self._reading.setdefault(sha256, asyncio.Lock())
        async with lock:
            stored = await stored_pages(self._database, sha256)
            if stored is not None:
                return stored
            try:
                with telemetry.span("read document"):
                    async with (
                        off_loop(self._blobs.reading(sha256)) as path,
                        off_loop(self._blobs.writing_boxes(sha256)) as boxes,
                    ):
                        read = await self._reader.read(path, name, boxes)
            except (DocumentError, NotFoundError) as error:
                await store_unreadable(self._database, sha256, str(error))
                raise
            await store_pages(self._database, sha256, read)
            return [page.text for page in read.pages]

    def _cells(self, asked: dict[UUID, _Asked], answers: list[Answer], sha256: str) -> list[dict[str, Any]]:
        return [self._cell(asked[answer.question_id], answer, sha256) for answer in answers]

    def _cell(self, asked: _Asked, answer: Answer, sha256: str) -> dict[str, Any]:
        usage = answer.usage
        cell = {**_identity(asked), **_tokens(usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens)}
        if answer.content is None:
            return {**cell, "status": "error", "error": answer.error, "answer_key": None}
        return {**cell, "status": "done", **self._content(asked.question, answer.content, sha256)}

    def _content(self, question: Question, content: Content, sha256: str) -> dict[str, Any]:
        flag, rule = flagged(question, content)
        return {
            "summary": content.summary,
            "value": content.value,
            "value_format": None if content.value is None else question.format,
            "flag": flag,
            "rule": rule,
            "reasoning": content.reasoning,
            "citations": [self._citation(citation, sha256) for citation in content.citations],
            "verified": all(citation.verified for citation in content.citations) if content.citations else None,
        }

    def _citation(self, citation: Citation, sha256: str) -> dict[str, Any]:
        words = {span.page: self._blobs.boxes(sha256, span.page) for span in citation.spans}
        return {
            "quote": citation.quote,
            "page": citation.page,
            "verified": citation.verified,
            "spans": [span._asdict() for span in citation.spans],
            "rectangles": [rectangle._asdict() for rectangle in rectangles(words, citation.spans)],
        }


def _asked(column: dict[str, Any], sha256: str, model: str, prompt_version: str) -> _Asked:
    rules = tuple(Rule(**rule) for rule in column["rules"])
    question = Question(
        UUID(column["id"]), column["name"], column["prompt"], column["format"], tuple(column["tags"]), rules
    )
    asked = [question.name, question.prompt, question.format, question.tags, column["rules"]]
    key = hashlib.sha256(json.dumps([sha256, asked, model, prompt_version]).encode()).hexdigest()
    return _Asked(question, column["version"], key)


def _refused(answer: dict[str, Any], error: psycopg.Error) -> dict[str, Any]:
    kept = {name: answer[name] for name in ("column_id", "column_version", *_tokens(0, 0, 0))}
    reason = f"The answer could not be stored ({type(error).__name__}): ask again."
    return {**kept, "status": "error", "error": reason, "answer_key": None}


def _identity(asked: _Asked) -> dict[str, Any]:
    return {
        "column_id": str(asked.question.id),
        "column_version": asked.column_version,
        "answer_key": asked.answer_key,
    }


def _tokens(prompt: int, cached: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "cached_tokens": cached, "completion_tokens": completion}
