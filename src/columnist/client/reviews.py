"""Reviews: their columns, documents, rows, members, exports and runs."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

from columnist.api import models
from columnist.client.cells import Cell
from columnist.client.jobs import Job
from columnist.client.templates import Columns, as_specs
from columnist.client.transport import Transport, parsed
from columnist.desk.estimate import JobEstimate
from columnist.desk.files import Source, find_files
from columnist.errors import ConflictError, NotFoundError, TooLargeError
from columnist.export.values import Suffix
from columnist.jobs.ask import Only
from columnist.jobs.estimate import Unanswered
from columnist.jobs.job import Generated
from columnist.paths import PathLike
from columnist.progress import job_bar
from columnist.reviews import model
from columnist.reviews.model import Column, ColumnSpec, Failure, Member, Role

UPLOAD_BATCH, UPLOAD_BYTES = 100, 16 * 1024**2
"""Most files in one request, and most bytes, unless a single file has more."""
WINDOW = 200
"""Most rows in one request."""
_REVIEWS = "/tabular/reviews"


@dataclass(frozen=True, slots=True)
class UploadedAttachment:
    """The outcome for a file that is attached to an e-mail: a document beside it, or refused (`error`)."""

    name: str
    document_id: UUID | None
    status: Literal["added", "known", "refused", "unpacked"]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """The outcome for one file: `error` says why it was refused, and it has no document then.

    `attachments`: the attachments of an e-mail, and of the e-mails inside it.
    """

    path: Path
    document_id: UUID | None
    status: Literal["added", "known", "refused", "unpacked"]
    error: str | None = None
    attachments: tuple[UploadedAttachment, ...] = ()

    def each(self) -> "Iterator[tuple[Path, Upload | UploadedAttachment]]":
        """The file and its attachments; an attachment's path is "…/mail.eml / file.pdf"."""
        yield self.path, self
        for one in self.attachments:
            yield self.path.parent / one.name, one


class Reviews:
    """The reviews that the user may see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, columns: Columns = (), documents: Sequence[PathLike] = ()) -> "Review":
        """A new review with its columns and documents (files and folders; `upload` reports the outcome for each).

        Raises ConflictError if the user has one of that name, InputError for invalid columns or files.
        """
        specs = as_specs(columns)
        files = find_files([Path(path) for path in documents]).files if documents else []
        body = {"name": name, "columns": [asdict(spec) for spec in specs]}
        review = Review(self._transport, parsed(model.Review, self._transport.request("POST", _REVIEWS, json=body)))
        for _ in review.uploading(files):
            pass
        return review

    def list(self, q: str | None = None) -> Sequence["Review"]:
        """Latest change first; `q`: only names that contain this."""
        return [*self._all(q)]

    def get(self, id_or_name: UUID | str) -> "Review":
        """One review by its id, or by its whole name: the user's own, or else one that is shared with them.

        Raises NotFoundError.
        """
        review_id = _as_uuid(id_or_name)
        if review_id is not None:
            return Review(self._transport, self._transport.read(model.Review, f"{_REVIEWS}/{review_id}"))
        named = [review for review in self._all(str(id_or_name)) if review.name == id_or_name]
        if not named:
            raise NotFoundError(f"There is no review called {id_or_name!r}.")
        return next((review for review in named if review.info.mine), named[0])

    def open(self, name: str) -> "Review":
        """The user's own review of that name, created if there is none."""
        try:
            return self.create(name)
        except ConflictError:
            return self.get(name)

    def _all(self, q: str | None) -> "Iterator[Review]":
        offset, total = 0, 1
        while offset < total:
            page = self._transport.read(models.ReviewList, _REVIEWS, q=q, limit=WINDOW, offset=offset)
            yield from (Review(self._transport, info) for info in page.reviews)
            offset, total = offset + WINDOW, page.total


class Review:
    """A review: its columns, documents, rows and cells. `info`: as the server last described it."""

    def __init__(self, transport: Transport, info: model.Review) -> None:
        self._transport = transport
        self._path = f"{_REVIEWS}/{info.id}"
        self.info = info

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.info.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.info.name

    def rename(self, name: str) -> None:
        """Rename it. Raises ConflictError if its owner has another of that name."""
        self.info = parsed(model.Review, self._transport.request("PATCH", self._path, json={"name": name}))

    def delete(self, *, confirm: bool = False) -> None:
        """Delete it with its columns, answers and jobs; the documents stay. Raises ConfirmationNeededError unless
        confirmed."""
        self._transport.request("DELETE", self._path, params={"confirm": confirm})

    def columns(self) -> list[Column]:
        """Its columns in the grid's order."""
        return self._transport.read(models.ColumnList, f"{self._path}/columns").columns

    def add_columns(self, columns: Columns) -> list[Column]:
        """Add columns to the right; returns them. Raises ConflictError if one's name is taken."""
        body = {"columns": [asdict(spec) for spec in as_specs(columns)]}
        response = self._transport.request("POST", f"{self._path}/columns", json=body)
        return parsed(models.ColumnList, response).columns

    def edit_column(self, column_id: UUID, column: ColumnSpec) -> Column:
        """Change a column; if its question changes, its cells are stale. Raises NotFoundError, ConflictError."""
        return parsed(Column, self._transport.request("PUT", f"{self._path}/columns/{column_id}", json=asdict(column)))

    def put_columns(self, columns: Columns) -> list[Column]:
        """Add the columns, or edit those of the same name; returns them in order. Other columns stay as they are."""
        specs = as_specs(columns)
        there = {column.name: column for column in self.columns()}
        for spec in specs:
            column = there.get(spec.name)
            if column and column.spec() != spec:
                there[spec.name] = self.edit_column(column.id, spec)
        if missing := [spec for spec in specs if spec.name not in there]:
            there |= {column.name: column for column in self.add_columns(missing)}
        return [there[spec.name] for spec in specs]

    def order_columns(self, column_ids: Sequence[UUID]) -> list[Column]:
        """Put these columns first, in this order; returns all."""
        body = {"column_ids": _texts(column_ids)}
        response = self._transport.request("PUT", f"{self._path}/columns/order", json=body)
        return parsed(models.ColumnList, response).columns

    def remove_column(self, column_id: UUID, *, confirm: bool = False) -> None:
        """Remove a column with its cells. Raises ConfirmationNeededError if it has answers, unless confirmed."""
        self._transport.request("DELETE", f"{self._path}/columns/{column_id}", params={"confirm": confirm})

    def members(self) -> list[Member]:
        """The people with whom the review is shared."""
        return self._transport.read(models.MemberList, f"{self._path}/members").members

    def share(self, email: str, role: Role = "viewer") -> list[Member]:
        """Share the review, or change somebody's role; returns all members. Raises ForbiddenError unless its owner."""
        response = self._transport.request("PUT", f"{self._path}/members/{email}", json={"role": role})
        return parsed(models.MemberList, response).members

    def unshare(self, email: str) -> None:
        """Stop sharing the review with a member. Raises NotFoundError."""
        self._transport.request("DELETE", f"{self._path}/members/{email}")

    def upload(self, paths: Sequence[PathLike], *, progress: bool = False) -> list[Upload]:
        """Put files and the files of folders into the review; returns the outcome for each. `progress` shows a bar.

        A file that the server already has is the same document. Raises InputError if there is nothing to upload.
        """
        files = find_files([Path(path) for path in paths]).files
        with job_bar(quiet=not progress) as bar:
            task = bar.add_task("Uploading", total=len(files), detail="")
            uploads = []
            for upload in self.uploading(files):
                uploads.append(upload)
                bar.advance(task)
        return uploads

    def uploading(self, files: Sequence[Source]) -> Iterator[Upload]:
        """Upload the files in batches; yields the outcome for each as soon as it is known."""
        batch: list[Source] = []
        size = 0
        for source in files:
            length = source.file.stat().st_size if source.file.exists() else 0
            if batch and (len(batch) == UPLOAD_BATCH or size + length > UPLOAD_BYTES):
                yield from self._upload(batch)
                batch, size = [], 0
            batch.append(source)
            size += length
        yield from self._upload(batch)

    def _upload(self, files: Sequence[Source]) -> Iterator[Upload]:
        key = uuid4().hex
        # We name the boundary: with the same key the same bytes must be sent again.
        headers = {"Content-Type": f"multipart/form-data; boundary={key}"}
        sent: list[Source] = []
        with ExitStack() as stack:
            parts = []
            for source in files:
                file = source.file
                try:
                    opened = stack.enter_context(file.open("rb"))
                except OSError as error:
                    yield Upload(file, None, "refused", f"{file} cannot be read: {error.strerror}.")
                    continue
                parts.append(("files", (source.path, opened, "application/octet-stream")))
                sent.append(source)
            if not sent:
                return
            params = {"review_id": str(self.id)}
            try:
                response = self._transport.request(
                    "POST", "/documents", params=params, headers=headers, key=key, files=parts
                )
            except TooLargeError as error:
                if len(sent) == 1:
                    yield Upload(sent[0].file, None, "refused", str(error))
                    return
                for source in sent:
                    yield from self._upload([source])
                return
        for source, one in zip(sent, parsed(_Uploads, response).files, strict=True):
            yield Upload(source.file, one.document_id, one.status, one.error, one.attachments)

    def rows(
        self,
        *,
        sort: str = "position",
        filter: str | Sequence[str] = (),  # noqa: A002 - as the API calls it
        q: str | None = None,
        column_ids: Sequence[UUID] | None = None,
    ) -> Iterator[models.WindowRow]:
        """The rows of the grid with compact cells, fetched window by window.

        `sort`: `position`, `document` or a column's id, `-` before it: descending. `filter`: `column:op:value`, or
        several; a row must match all of them (see docs/api.md). `q`: words of an answer, or part of a document's name.
        Raises InputError for an invalid filter.
        """
        filters = [filter] if isinstance(filter, str) else list(filter)
        offset, total = 0, 1
        while offset < total:
            window = self._transport.read(
                models.Window,
                f"{self._path}/rows",
                offset=offset,
                limit=WINDOW,
                sort=sort,
                filter=filters,
                q=q,
                column_ids=_texts(column_ids),
            )
            yield from window.rows
            offset, total = offset + WINDOW, window.total

    def export(
        self,
        target: PathLike,
        *,
        format: Suffix | None = None,  # noqa: A002 - as the API calls it
        column_ids: Sequence[UUID] | None = None,
        document_ids: Sequence[UUID] | None = None,
    ) -> None:
        """Write the review, or some of it, to a file: in the format of its suffix, if none is named.

        The file appears when it is complete. Raises InputError for an unknown format.
        """
        file = Path(target)
        self._transport.download(
            f"{self._path}/export",
            file,
            format=format or file.suffix.lower().removeprefix("."),
            column_ids=_texts(column_ids),
            document_ids=_texts(document_ids),
        )

    def generate(
        self,
        only: Sequence[Only] | None = None,
        *,
        budget: Decimal | float | None = None,
        model: str | None = None,
        document_ids: Sequence[UUID] | None = None,
        column_ids: Sequence[UUID] | None = None,
        batch: bool = False,
    ) -> Job:
        """Ask every cell without a current answer, or those that `only` names.

        If the review has a live job, that job grows; if it is paused, the result has its `pause_reason`. `budget`, in
        US dollars, pauses the job when it is spent; `model`: another than the server's; `batch`: at half the price,
        within a day. Raises ConflictError while the last job is still being cancelled, NotFoundError for a document or
        column that the review does not have.
        """
        body = _question(only, budget, model, document_ids, column_ids, batch=batch)
        response = self._transport.request("POST", f"{self._path}/generate", json=body, key=uuid4().hex)
        return Job(self._transport, parsed(Generated, response))

    def unanswered(
        self,
        *,
        model: str | None = None,
        document_ids: Sequence[UUID] | None = None,
        column_ids: Sequence[UUID] | None = None,
    ) -> Unanswered:
        """The cells of these documents and columns with neither a current answer nor a failure that says why; `cells`
        is 0 when a run over them is complete."""
        body = _question(None, None, model, document_ids, column_ids)
        return parsed(Unanswered, self._transport.request("POST", f"{self._path}/unanswered", json=body))

    def estimate(
        self,
        only: Sequence[Only] | None = None,
        *,
        model: str | None = None,
        document_ids: Sequence[UUID] | None = None,
        column_ids: Sequence[UUID] | None = None,
        batch: bool = False,
    ) -> JobEstimate:
        """What `generate` with the same arguments would ask, and its approximate cost."""
        body = _question(only, None, model, document_ids, column_ids, batch=batch)
        return parsed(JobEstimate, self._transport.request("POST", f"{self._path}/estimate", json=body))

    def failures(
        self, *, document_ids: Sequence[UUID] | None = None, column_ids: Sequence[UUID] | None = None
    ) -> list[Failure]:
        """The cells of these documents and columns whose last attempt failed, by document and reason."""
        body = _question(None, None, None, document_ids, column_ids)
        response = self._transport.request("POST", f"{self._path}/failures", json=body)
        return parsed(models.FailureList, response).failures

    def cell(self, document_id: UUID, column_id: UUID) -> Cell:
        """One cell; this sends no request yet."""
        return Cell(self._transport, f"{self._path}/cells/{document_id}/{column_id}")

    def active_job(self) -> Job | None:
        """The review's live job, if it has one."""
        job = self._transport.read(models.ActiveJob, f"{self._path}/active-job").job
        return Job(self._transport, Generated(job.id, job.total_items, True, job.pause_reason)) if job else None


@dataclass(frozen=True, slots=True)
class _Uploaded:
    document_id: UUID | None
    status: Literal["added", "known", "refused", "unpacked"]
    error: str | None
    attachments: tuple[UploadedAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class _Uploads:
    files: list[_Uploaded]


def _as_uuid(text: UUID | str) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _texts(ids: Sequence[UUID] | None) -> list[str] | None:
    return None if ids is None else [str(one) for one in ids]


def _question(
    only: Sequence[Only] | None,
    budget: Decimal | float | None,
    model: str | None,
    document_ids: Sequence[UUID] | None,
    column_ids: Sequence[UUID] | None,
    *,
    batch: bool = False,
) -> dict[str, Any]:
    """The body of `generate` and `estimate`, without absent arguments."""
    said: dict[str, Any] = {
        "only": only and [*only],
        "budget": None if budget is None else str(budget),
        "model": model,
        "document_ids": _texts(document_ids),
        "column_ids": _texts(column_ids),
        "batch": batch or None,
    }
    return {name: value for name, value in said.items() if value is not None}
