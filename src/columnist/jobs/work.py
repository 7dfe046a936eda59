"""One item from claim to cells: read the document once, reuse stored answers, ask the rest, write each as it comes."""

import asyncio
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from itertools import count
from uuid import UUID
from weakref import WeakValueDictionary

import psycopg
import structlog

from columnist import telemetry
from columnist.answers.doubt import UNCERTAIN
from columnist.answers.model import Answer, Answerer, Content, doubted
from columnist.answers.outcomes import Measured
from columnist.answers.playbook import flagged
from columnist.answers.values import in_column, measured
from columnist.back_ends import BackEnds
from columnist.cancelling import off_loop
from columnist.db.connect import Database
from columnist.documents.blobs import BlobStore
from columnist.documents.locating.locate import rectangles
from columnist.documents.model import Citation, DocumentText, WordBox
from columnist.documents.reading.reader import Reader
from columnist.documents.store import Reading, store_pages, store_unreadable, stored_reading
from columnist.documents.sweep import note_loose
from columnist.errors import DocumentError, NotFoundError, PutOffError
from columnist.jobs.calls import ItemCalls
from columnist.jobs.items import (
    AskedColumn,
    CellWrite,
    ClaimedItem,
    LoadedItem,
    load_item,
    put_off_item,
    reusable_answers,
    write_cells,
)
from columnist.llm.usage import NOTHING, Usage
from columnist.reviews.model import CellContent, Question
from columnist.reviews.store import choose_unit

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A column of an item, and the key for reusing its answer."""

    column: AskedColumn
    answer_key: str

    @property
    def question(self) -> Question:
        """The column's question."""
        return self.column.question

    def cell(
        self,
        content: CellContent | None,
        error: str | None = None,
        usage: Usage = NOTHING,
        by: tuple[str, str] | None = None,
    ) -> CellWrite:
        """The cell with its answer, or with the reason for its absence."""
        return CellWrite(self.question.id, self.column.version, content, error, self.answer_key, usage, by)


class ItemWorker:
    """Answers items; owns their shared objects in a process: the reader, the files, the back ends."""

    def __init__(self, database: Database, reader: Reader, blobs: BlobStore, back_ends: BackEnds) -> None:
        self._database = database
        self._reader = reader
        self._blobs = blobs
        self._back_ends = back_ends
        self._reading: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, item: ClaimedItem) -> None:
        """Answer every question that the item's job still must ask about its document.

        Raises DocumentError, LlmError, LeaseLostError or PutOffError as `pool.Work` says.
        """
        loaded = await load_item(self._database, item)
        if loaded is None or not loaded.columns:
            return  # the document or the column was removed, or an earlier attempt wrote every answer
        self._reader.warm()
        back_end = await self._back_ends.named(item.model)
        reading = await self._read(item.document_id, loaded)
        planned = _calls(loaded, reading, back_end)
        writes = count(1)

        async def write(cells: Sequence[CellWrite]) -> None:
            try:
                with telemetry.span("write cells", cells=len(cells)):
                    await write_cells(
                        self._database, item, next(writes), back_end.model, back_end.prompt_version, cells
                    )
            except psycopg.Error as error:
                # PostgreSQL refuses one of them: the others are written, and that one gets an error.
                if len(cells) == 1 and cells[0].content is None:
                    raise
                log.exception("answers refused", cells=len(cells))
                for cell in cells:
                    await write([cell] if len(cells) > 1 else [_refused(cell, error)])
                return
            for status, written in Counter(cell.status for cell in cells).items():
                telemetry.CELLS_WRITTEN.labels(status).inc(written)

        anew = bool({"all", "again"} & set(loaded.only))
        if not anew:
            planned = await self._reuse(item, planned, write)
        asked = [one for call in planned for one in call]
        if not asked:
            return
        by_id = {one.question.id: one for one in asked}
        document = DocumentText(loaded.document_name, reading.pages, str(loaded.owner))
        calls = ItemCalls(self._database, item, anew=anew)
        failed = False
        # Closed at once when writing fails (the lease is lost): its calls are aborted then.
        questions = [one.question for one in asked]
        try:
            async with aclosing(back_end.answer(document, questions, calls, item.urgent)) as groups:
                async for answers in groups:
                    await self._choose_units(by_id, answers)
                    await write(await asyncio.to_thread(self._cells, by_id, answers, reading.boxes_key))
                    failed |= any(answer.error for answer in answers)
        except PutOffError:
            assert calls.queue is not None
            await put_off_item(self._database, item, calls.queue.put_off_calls)
            raise
        if not failed:
            await calls.forget()

    async def _reuse(
        self, item: ClaimedItem, calls: list[list[_Asked]], write: Callable[[Sequence[CellWrite]], Awaitable[None]]
    ) -> list[list[_Asked]]:
        """Never ask twice: write the answers of earlier calls; returns the other calls."""
        keys = [one.answer_key for call in calls for one in call]
        stored = await reusable_answers(self._database, item.job_id, keys)
        left, kept = [], []
        for call in calls:
            if all([one.answer_key in stored and await self._fits(one, stored[one.answer_key][0]) for one in call]):
                kept += call
            else:
                left.append(call)
        if kept:
            cells = [(one, *stored[one.answer_key]) for one in kept]
            await write([one.cell(content, by=by) for one, content, by in cells])
            telemetry.ANSWERS_REUSED.inc(len(kept))
        return left

    async def _fits(self, one: _Asked, stored: CellContent) -> bool:
        """Whether a stored number is in the unit of this column; a column of another review may have another one."""
        if stored.value is None or stored.value_format != "number":
            return True
        found = measured(stored.summary, one.question)
        if found.unit is not None and one.question.unit is None:
            one = await self._in_unit(one, found.unit)
        return bool(in_column(found, one.question.unit).value == stored.value)

    async def _read(self, document_id: UUID, loaded: LoadedItem) -> Reading:
        """The document's text: stored, or read now in a guarded subprocess and stored. Raises DocumentError."""
        lock = self._reading.setdefault(document_id, asyncio.Lock())
        async with lock:
            stored = await stored_reading(self._database, document_id)
            if stored is not None:
                return stored
            boxes_key = secrets.token_hex(32)
            await note_loose(self._database, boxes_key)
            try:
                with telemetry.span("read document"):
                    async with (
                        off_loop(self._blobs.reading(loaded.sha256)) as path,
                        off_loop(self._blobs.writing_boxes(boxes_key)) as boxes,
                    ):
                        read = await self._reader.read(path, loaded.document_name, boxes, loaded.owner)
            except (DocumentError, NotFoundError) as error:
                await store_unreadable(self._database, document_id, boxes_key, str(error))
                raise
            await store_pages(self._database, document_id, boxes_key, read)
            return Reading([page.text for page in read.pages], boxes_key)

    async def _choose_units(self, asked: dict[UUID, _Asked], answers: Sequence[Answer]) -> None:
        """If a column's question names no unit, its first number decides the unit of its numbers."""
        for answer in answers:
            one = asked[answer.question_id]
            if answer.content is None or answer.content.unit is None or answer.content.value is None:
                continue
            if one.question.unit is None:
                asked[answer.question_id] = await self._in_unit(one, answer.content.unit)

    async def _in_unit(self, one: _Asked, unit: str) -> _Asked:
        chosen = await choose_unit(self._database, one.question.id, one.column.version, unit)
        return replace(one, column=replace(one.column, question=replace(one.question, unit=chosen)))

    def _cells(self, asked: dict[UUID, _Asked], answers: list[Answer], boxes_key: str) -> list[CellWrite]:
        words = cache(partial(self._blobs.boxes, boxes_key))  # once for a page that many quotes touch
        return [
            one.cell(
                None if answer.content is None else _content(one.question, answer.content, words),
                answer.error,
                answer.usage,
                answer.by,
            )
            for answer in answers
            if (one := asked[answer.question_id])
        ]


_Words = Callable[[int], Sequence[WordBox]]
"""The words of a page, from 1."""


def _content(question: Question, content: Content, words: _Words) -> CellContent:
    if content.value is not None:
        value, doubt = in_column(Measured(content.value, unit=content.unit), question.unit)
        content = replace(content, value=value)
        content = doubted(content, doubt, UNCERTAIN) if doubt else content
    flag, rule = flagged(question, content)
    return CellContent(
        content.summary,
        content.value,
        None if content.value is None else question.format,
        flag,
        rule,
        content.reasoning,
        tuple(_on_pages(citation, words) for citation in content.citations),
        round(content.doubt, 3),
    )


def _on_pages(citation: Citation, words: _Words) -> Citation:
    there = {span.page: words(span.page) for span in citation.spans}
    return replace(citation, rectangles=rectangles(there, citation.spans))


def _calls(loaded: LoadedItem, reading: Reading, back_end: Answerer) -> list[list[_Asked]]:
    """The questions, call by call. An answer's key (hex) is equal for answers with equal inputs: the text, the file on
    whose pages it is found, the question, everything else in the call, model and prompt. Keys of two owners are never
    equal."""
    text = [str(loaded.owner), loaded.sha256, reading.pages, back_end.model, back_end.prompt_version]
    about = hashlib.sha256(json.dumps(text).encode())
    calls = []
    for start in range(0, len(loaded.columns), back_end.together):
        columns = loaded.columns[start : start + back_end.together]
        asked = back_end.asked(loaded.document_name, [column.question for column in columns])
        call = []
        for place, column in enumerate(columns):
            key = about.copy()
            question = asdict(column.question) | {"id": None, "unit": None}
            if column.question.second_reading is None:
                del question["second_reading"]  # the form from before there was one
            key.update(json.dumps([asked, place, question]).encode())
            call.append(_Asked(column, key.hexdigest()))
        calls.append(call)
    return calls


def _refused(cell: CellWrite, error: psycopg.Error) -> CellWrite:
    reason = f"The answer could not be stored ({type(error).__name__}): ask again."
    return replace(cell, content=None, error=reason)
