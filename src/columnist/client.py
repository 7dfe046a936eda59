"""The HTTP API from Python: `Client`, and the reviews, jobs and cells that it hands out.

    with columnist.Client("http://127.0.0.1:8000") as client:
        review = client.reviews.create("Leases", columns="lease.yaml", documents=["leases/"])
        review.generate().wait(progress=True)
        review.export("leases.xlsx")

What may be repeated without harm (reading, and whatever carries an idempotency key: upload and generate) is repeated
while the server is away, so that a restart of it goes unnoticed. Refusals are the exceptions of errors.py.
"""

import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
from pydantic import TypeAdapter

from columnist.api import models
from columnist.desk.local import Source, find_files
from columnist.documents.store import Document
from columnist.errors import ColumnistError, ConflictError, InputError, NotFoundError, ServerError
from columnist.jobs.ask import Only
from columnist.jobs.estimate import Unanswered
from columnist.jobs.job import Generated, Progress
from columnist.progress import job_bar, job_detail
from columnist.reviews import model
from columnist.reviews.columns_file import parse_columns, read_columns
from columnist.reviews.model import CellChange, Column, ColumnSpec, Flag, FullCell, Member, Role

T = TypeVar("T")
PathLike = str | os.PathLike[str]
Columns = PathLike | Sequence[Mapping[str, Any] | ColumnSpec]
"""A YAML file of questions, or the questions: mappings with name, prompt, format and tags."""
ExportFormat = Literal["xlsx", "csv", "parquet", "json"]

UPLOAD_BATCH = 100
"""Files in one request."""
WINDOW = 200
"""Rows in one request."""
BUSY = (429, 502, 503, 504)
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class UploadedAttachment:
    """What became of a file that is attached to an e-mail: a document beside it, or refused (`error`)."""

    name: str
    document_id: UUID | None
    status: Literal["added", "known", "refused"]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """What became of one file: `error` says why it was refused, and it has no document then.

    `attachments`: those of an e-mail, and of the e-mails among them.
    """

    path: Path
    document_id: UUID | None
    status: Literal["added", "known", "refused"]
    error: str | None = None
    attachments: tuple[UploadedAttachment, ...] = ()


class Client:
    """A server, as one user sees it. Usable from several threads.

    `token`: an API token or a JWT; a server on this machine without sign-in needs none. `timeout`: seconds that the
    server may be silent within one request. `retry_seconds`: how long what may be repeated is repeated.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        token: str | None = None,
        timeout: float = 60,
        retry_seconds: float = 60,
    ) -> None:
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise InputError(f"{base_url!r} is no address of a server: it looks like http://127.0.0.1:8000.")
        self.base_url = base_url.rstrip("/")
        self.reviews = Reviews(self)
        self.jobs = Jobs(self)
        self.templates = Templates(self)
        self.tokens = Tokens(self)
        self._retry_seconds = retry_seconds
        self._closed = threading.Event()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=f"{self.base_url}/api", headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections; whoever waits for the server waits no longer."""
        self._closed.set()
        self._http.close()

    def me(self) -> models.Me:
        """Who asks, and what the server says about itself."""
        return self.read(models.Me, "/me")

    def document(self, document_id: UUID) -> Document:
        """A document, and how it was read (`how_read` is the sentence). Raises NotFoundError."""
        return self.read(Document, f"/documents/{document_id}")

    # What the nouns below are made of.

    def read(self, kind: type[T], path: str, **params: Any) -> T:
        """GET, as a `kind`. Parameters that are None are left out. Raises ColumnistError."""
        return parsed(kind, self.request("GET", path, params=params))

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        **body: Any,
    ) -> httpx.Response:
        """Ask until there is an answer: a success or 304. `key`: an idempotency key. Raises ColumnistError."""
        sent = dict(headers or {}) | ({"Idempotency-Key": key} if key else {})
        given = {name: value for name, value in (params or {}).items() if value is not None}

        def send() -> httpx.Response:
            response = self._http.request(method, path, params=given, headers=sent, **body)
            if response.status_code != httpx.codes.NOT_MODIFIED:
                response.raise_for_status()
            return response

        return self._insist(send, repeatable=method == "GET" or key is not None)

    def download(self, path: str, target: Path, **params: Any) -> None:
        """GET into a file, which appears when it is complete. Raises ColumnistError."""
        given = {name: value for name, value in params.items() if value is not None}
        with _appearing(target) as part:

            def fetch() -> None:
                with self._http.stream("GET", path, params=given) as response, part.open("wb") as file:
                    if response.is_error:
                        response.read()
                    response.raise_for_status()
                    for chunk in response.iter_bytes():
                        file.write(chunk)

            self._insist(fetch, repeatable=True)

    def pause(self, seconds: float) -> None:
        """Sleep, unless the client is closed: raises ServerError then."""
        if self._closed.wait(seconds):
            raise ServerError("The client was closed.")

    def _insist(self, send: Callable[[], T], *, repeatable: bool) -> T:
        """Repeat `send` while the server is away or busy, if that is safe: with back-off and jitter, or when the
        server says. What never reached it, or was refused for its frequency, may always be repeated."""
        deadline = time.monotonic() + self._retry_seconds
        longest = FIRST_PAUSE_SECONDS
        while True:
            pause = random.uniform(longest / 2, longest)  # noqa: S311 - spreads clients in time
            failure: ColumnistError
            try:
                return send()
            except httpx.TransportError as error:
                failure = ServerError(f"{self.base_url} does not answer: {error or type(error).__name__}.")
                again = repeatable or isinstance(error, NOT_SENT)
            except httpx.HTTPStatusError as error:
                failure = self._refusal(error.response)
                status = error.response.status_code
                again = status == httpx.codes.TOO_MANY_REQUESTS or (repeatable and status in BUSY)
                asked = error.response.headers.get("Retry-After", "")
                pause = max(pause, float(asked)) if asked.isdigit() else pause
            if not again or time.monotonic() + pause > deadline:
                raise failure
            self.pause(pause)
            longest = min(longest * 2, LONGEST_PAUSE_SECONDS)

    def _refusal(self, response: httpx.Response) -> ColumnistError:
        """The exception that the server's problem details stand for."""
        if response.headers.get("content-type", "").startswith("application/problem+json"):
            problem = response.json()
            kind = _errors().get(str(problem["type"]).rpartition(":")[2])
            if kind is None:
                kind = InputError if response.is_client_error else ColumnistError
            fields = problem.get("errors") or [{}]
            return kind(problem["detail"], fields[0].get("field"))
        return ServerError(
            f"{self.base_url} answers {response.status_code} where a Columnist server would not: is the address right?"
        )


class Reviews:
    """The reviews that the user may see."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, name: str, columns: Columns = (), documents: Sequence[PathLike] = ()) -> "Review":
        """A new review with its columns and documents (files and folders; `upload` tells what became of each).

        Raises ConflictError if the user has one of that name, InputError for columns or files that will not do.
        """
        specs = as_specs(columns)
        files = find_files([Path(path) for path in documents]).files if documents else []
        body = {"name": name, "columns": [asdict(spec) for spec in specs]}
        review = Review(self._client, parsed(model.Review, self._client.request("POST", _REVIEWS, json=body)))
        for _ in review.uploading(files):
            pass
        return review

    def list(self, q: str | None = None) -> Sequence["Review"]:
        """Latest change first; `q`: with this in their name."""
        return [*self._all(q)]

    def get(self, id_or_name: UUID | str) -> "Review":
        """One review by its id, or by its whole name: the user's own, or else one that is shared with them.

        Raises NotFoundError.
        """
        review_id = _as_uuid(id_or_name)
        if review_id is not None:
            return Review(self._client, self._client.read(model.Review, f"{_REVIEWS}/{review_id}"))
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
            page = self._client.read(models.ReviewList, _REVIEWS, q=q, limit=WINDOW, offset=offset)
            yield from (Review(self._client, info) for info in page.reviews)
            offset, total = offset + WINDOW, page.total


class Review:
    """A review: its columns, documents, rows and cells. `info` is what the server said of it last."""

    def __init__(self, client: Client, info: model.Review) -> None:
        self._client = client
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
        """Raises ConflictError if its owner has another of that name."""
        self.info = parsed(model.Review, self._client.request("PATCH", self._path, json={"name": name}))

    def delete(self, *, confirm: bool = False) -> None:
        """With its columns, answers and jobs; the documents stay. Raises ConfirmationNeededError unless confirmed."""
        self._client.request("DELETE", self._path, params={"confirm": confirm})

    def columns(self) -> list[Column]:
        """In the grid's order."""
        return self._client.read(models.ColumnList, f"{self._path}/columns").columns

    def add_columns(self, columns: Columns) -> list[Column]:
        """Add columns to the right; returns them. Raises ConflictError if one's name is taken."""
        body = {"columns": [asdict(spec) for spec in as_specs(columns)]}
        response = self._client.request("POST", f"{self._path}/columns", json=body)
        return parsed(models.ColumnList, response).columns

    def edit_column(self, column_id: UUID, column: ColumnSpec) -> Column:
        """Change a column; if what is asked changes, its cells are stale. Raises NotFoundError, ConflictError."""
        return parsed(Column, self._client.request("PUT", f"{self._path}/columns/{column_id}", json=asdict(column)))

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
        response = self._client.request("PUT", f"{self._path}/columns/order", json=body)
        return parsed(models.ColumnList, response).columns

    def remove_column(self, column_id: UUID, *, confirm: bool = False) -> None:
        """With its cells. Raises ConfirmationNeededError if it has answers, unless confirmed."""
        self._client.request("DELETE", f"{self._path}/columns/{column_id}", params={"confirm": confirm})

    def members(self) -> list[Member]:
        """Whom the review is shared with."""
        return self._client.read(models.MemberList, f"{self._path}/members").members

    def share(self, email: str, role: Role = "viewer") -> list[Member]:
        """Share the review, or change somebody's role; returns all members. Raises ForbiddenError unless its owner."""
        response = self._client.request("PUT", f"{self._path}/members/{email}", json={"role": role})
        return parsed(models.MemberList, response).members

    def unshare(self, email: str) -> None:
        """Share the review with them no longer. Raises NotFoundError."""
        self._client.request("DELETE", f"{self._path}/members/{email}")

    def upload(self, paths: Sequence[PathLike], *, progress: bool = False) -> list[Upload]:
        """Put files and what folders hold into the review; says of each what became of it. `progress` shows a bar.

        A file that the server has already is the same document. Raises InputError if there is nothing to upload.
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
        """Upload the files, so many in a request, and say of each what became of it as soon as it is known."""
        for start in range(0, len(files), UPLOAD_BATCH):
            yield from self._upload(files[start : start + UPLOAD_BATCH])

    def _upload(self, files: Sequence[Source]) -> Iterator[Upload]:
        key = uuid4().hex
        # Named by us: with the same key the same bytes have to come again.
        headers = {"Content-Type": f"multipart/form-data; boundary={key}"}
        sent: list[Path] = []
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
                sent.append(file)
            if not sent:
                return
            response = self._client.request(
                "POST", "/documents", params={"review_id": str(self.id)}, headers=headers, key=key, files=parts
            )
        for file, one in zip(sent, parsed(_Uploads, response).files, strict=True):
            yield Upload(file, one.document_id, one.status, one.error, one.attachments)

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
        several, which have all to be met (see docs/api.md). `q`: words of an answer, or part of a document's name.
        Raises InputError for a filter that will not do.
        """
        filters = [filter] if isinstance(filter, str) else list(filter)
        offset, total = 0, 1
        while offset < total:
            window = self._client.read(
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
        format: ExportFormat | None = None,  # noqa: A002 - as the API calls it
        column_ids: Sequence[UUID] | None = None,
        document_ids: Sequence[UUID] | None = None,
    ) -> None:
        """Write the review, or some of it, to a file: in the format of its suffix, if none is named.

        The file appears when it is complete. Raises InputError for a format that there is not.
        """
        file = Path(target)
        self._client.download(
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
    ) -> "Job":
        """Ask what has no current answer, or what `only` names; the review's live job takes it up if there is one, and
        `pause_reason` of what is returned says that this one stands paused.

        `budget`, in US dollars, pauses the job when it is spent; `model`: another than the server's. Raises
        ConflictError while the last job is still being cancelled, NotFoundError for a document or column that is none
        of the review's.
        """
        body = _question(only, budget, model, document_ids, column_ids)
        response = self._client.request("POST", f"{self._path}/generate", json=body, key=uuid4().hex)
        return Job(self._client, parsed(Generated, response))

    def unanswered(
        self,
        *,
        model: str | None = None,
        document_ids: Sequence[UUID] | None = None,
        column_ids: Sequence[UUID] | None = None,
    ) -> Unanswered:
        """What of these documents and columns has neither a current answer nor a failure that says why; `cells` is 0
        when a run over them is complete."""
        body = _question(None, None, model, document_ids, column_ids)
        return parsed(Unanswered, self._client.request("POST", f"{self._path}/unanswered", json=body))

    def estimate(
        self,
        only: Sequence[Only] | None = None,
        *,
        model: str | None = None,
        document_ids: Sequence[UUID] | None = None,
        column_ids: Sequence[UUID] | None = None,
    ) -> models.JobEstimate:
        """What `generate` with the same arguments would ask, and about what that costs."""
        body = _question(only, None, model, document_ids, column_ids)
        return parsed(models.JobEstimate, self._client.request("POST", f"{self._path}/estimate", json=body))

    def cell(self, document_id: UUID, column_id: UUID) -> "Cell":
        """One cell; nothing is asked of the server yet."""
        return Cell(self._client, f"{self._path}/cells/{document_id}/{column_id}")

    def active_job(self) -> "Job | None":
        """The review's live job, if it has one."""
        job = self._client.read(models.ActiveJob, f"{self._path}/active-job").job
        return Job(self._client, Generated(job.id, job.total_items, True, job.pause_reason)) if job else None


class Cell:
    """The answer at a document and a column. Every step raises NotFoundError if the review has no such cell."""

    def __init__(self, client: Client, path: str) -> None:
        self._client = client
        self._path = path

    def read(self) -> FullCell:
        """All of it: content, reasoning, quotes with their places, who edited or verified it."""
        return self._client.read(FullCell, self._path)

    def edit(self, summary: str | None = None, flag: Flag | None = None, reasoning: str | None = None) -> FullCell:
        """Answer it yourself; `summary` is typed by the column's format, None leaves as it is. Returns the cell."""
        content = {"summary": summary, "flag": flag, "reasoning": reasoning}
        return parsed(FullCell, self._client.request("PATCH", self._path, json=content))

    def verify(self, *, verified: bool = True) -> FullCell:
        """Say that a person has looked at the evidence and agrees, or does not any more."""
        return parsed(FullCell, self._client.request("POST", f"{self._path}/verify", json={"verified": verified}))

    def regenerate(self) -> "Job":
        """Ask it again, whatever it says now. Raises ConflictError while a job runs over the review."""
        return Job(self._client, parsed(Generated, self._client.request("POST", f"{self._path}/regenerate")))

    def clear(self) -> None:
        """Take the answer away: the next generate asks it."""
        self._client.request("DELETE", self._path)

    def restore(self) -> FullCell:
        """Take that back. Raises ConflictError once something else has happened to it. Returns the cell."""
        return parsed(FullCell, self._client.request("POST", f"{self._path}/restore"))

    def history(self) -> list[CellChange]:
        """Who did what to it, when, with before and after; newest first."""
        return self._client.read(dict[str, list[CellChange]], f"{self._path}/history")["changes"]


class Job:
    """One run of generate over a review. `resumed`: the review had this live job already; `pause_reason`: that it stood
    paused then, so that nothing is asked before `resume`."""

    def __init__(self, client: Client, generated: Generated) -> None:
        self._client = client
        self._path = f"{_JOBS}/{generated.job_id}"
        self._seen: httpx.Response | None = None
        self.id = generated.job_id
        self.total_items = generated.total_items
        self.resumed = generated.resumed
        self.pause_reason = generated.pause_reason

    def status(self) -> Progress:
        """Its counts, tokens, price, rate and time left; nothing is transferred where nothing has changed."""
        known = {"If-None-Match": self._seen.headers["ETag"]} if self._seen else {}
        response = self._client.request("GET", self._path, headers=known)
        if self._seen is None or response.status_code != httpx.codes.NOT_MODIFIED:
            self._seen = response
        return parsed(Progress, self._seen)

    def watch(self) -> Iterator[Progress]:
        """Its status as often as the server wants to be asked, until it has ended or stands paused."""
        poll_seconds = self._client.me().poll_ms / 1000
        while True:
            status = self.status()
            yield status
            if not status.is_live or status.stands:
                return
            self._client.pause(poll_seconds)

    def wait(self, *, progress: bool = False) -> Progress:
        """Wait until the job has ended, or stands paused because its budget is spent; returns its last status.

        `progress` shows a bar. The server may go away and come back meanwhile.
        """
        if not progress:
            *_, last = self.watch()
            return last
        with job_bar() as bar:
            task = bar.add_task("Answering", total=self.total_items, detail="")
            for last in self.watch():
                bar.update(task, completed=last.ended_items, detail=job_detail(last))
        return last

    def cells(self, cursor: str | None = None) -> Iterator[models.CellChanges]:
        """The changes of its cells since `cursor` (None: all), page by page, until there is none for now.

        Each change comes at least once; a page's `cursor` is where to go on from later.
        """
        while True:
            page = self._client.read(models.CellChanges, f"{self._path}/cells", cursor=cursor)
            yield page
            if not page.more:
                return
            cursor = page.cursor

    def cancel(self) -> bool:
        """What waits is skipped now, what runs stops within two seconds; False if it has ended already."""
        return parsed(models.Cancelled, self._client.request("POST", f"{self._path}/cancel")).cancelled

    def resume(self, budget: Decimal | float | None = None) -> Progress:
        """Let it go on after its budget was spent, with another one or none. Raises ConflictError if not paused."""
        body = {"budget": None if budget is None else str(budget)}
        return parsed(Progress, self._client.request("POST", f"{self._path}/resume", json=body))

    def retry(self) -> "Job":
        """Ask its failed and missing cells again, of its documents and columns, with its model and its budget: as a new
        job, or by its review's live one."""
        return Job(self._client, parsed(Generated, self._client.request("POST", f"{self._path}/retry")))


class Jobs:
    """The jobs that the user may see."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, limit: int = 50, review_id: UUID | None = None) -> Sequence[Progress]:
        """Their statuses, newest first."""
        return self._client.read(_JobList, _JOBS, limit=limit, review_id=review_id).jobs

    def get(self, job_id: UUID | str) -> Job:
        """One job. Raises NotFoundError."""
        status = self._client.read(Progress, f"{_JOBS}/{job_id}")
        return Job(self._client, Generated(status.id, status.total_items, True, status.pause_reason))


class Templates:
    """Sets of questions: the built-in ones and the user's own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, name: str, columns: Columns) -> dict[str, Any]:
        """A new one of the user's. Raises ConflictError if they have one of that name."""
        body = {"name": name, "columns": [asdict(spec) for spec in as_specs(columns)]}
        return parsed(dict[str, Any], self._client.request("POST", "/tabular/templates", json=body))

    def get(self, template_id: UUID | str) -> dict[str, Any]:
        """One of them, with its columns. Raises NotFoundError."""
        return self._client.read(dict[str, Any], f"/tabular/templates/{template_id}")

    def list(self) -> dict[str, Any]:
        """All of them."""
        return self._client.read(dict[str, Any], "/tabular/templates")

    def delete(self, template_id: UUID | str) -> None:
        """One of the user's own. Raises NotFoundError."""
        self._client.request("DELETE", f"/tabular/templates/{template_id}")


class Tokens:
    """The user's API tokens; whoever signs in with one cannot manage them (ForbiddenError)."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, name: str, scope: Literal["read", "write"] = "write", days: int | None = None) -> models.NewToken:
        """A new token; its `token` is shown this once. `days`: how long it lives, None until it is revoked."""
        body = {"name": name, "scope": scope, "days": days}
        return parsed(models.NewToken, self._client.request("POST", "/tokens", json=body))

    def list(self) -> Sequence[models.Token]:
        """Those that are not revoked, newest first."""
        return self._client.read(models.TokenList, "/tokens").tokens

    def revoke(self, token_id: UUID) -> None:
        """It is refused from now on. Raises NotFoundError."""
        self._client.request("DELETE", f"/tokens/{token_id}")


@dataclass(frozen=True, slots=True)
class _Uploaded:
    document_id: UUID | None
    status: Literal["added", "known", "refused"]
    error: str | None
    attachments: tuple[UploadedAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class _Uploads:
    files: list[_Uploaded]


_REVIEWS = "/tabular/reviews"
_JOBS = "/tabular/jobs"


@dataclass(frozen=True, slots=True)
class _JobList:
    jobs: list[Progress]


def parsed(kind: type[T], response: httpx.Response) -> T:
    """The response's JSON as a `kind`; fields that this version does not know are left out."""
    found: T = _adapter(kind).validate_json(response.content)  # type: ignore[arg-type]  # a class is hashable
    return found


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def _errors() -> dict[str, type[ColumnistError]]:
    """The exceptions by the slug of their problem."""
    kinds = [ColumnistError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.problem: kind for kind in reversed(kinds)}


def as_specs(columns: Columns) -> list[ColumnSpec]:
    """The questions of a file or of mappings. Raises InputError naming the place and what is wrong there."""
    if isinstance(columns, str | os.PathLike):
        return read_columns(Path(columns))
    given = [asdict(one) if isinstance(one, ColumnSpec) else dict(one) for one in columns]
    return parse_columns({"columns": given}, "columns") if given else []


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
) -> dict[str, Any]:
    """The body of generate and estimate: what was said, and nothing else."""
    said: dict[str, Any] = {
        "only": only and [*only],
        "budget": None if budget is None else str(budget),
        "model": model,
        "document_ids": _texts(document_ids),
        "column_ids": _texts(column_ids),
    }
    return {name: value for name, value in said.items() if value is not None}


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A file beside the target that becomes it if all goes well, and is gone if not."""
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=f".{target.name}.") as folder:
        part = Path(folder, target.name)
        yield part
        part.replace(target)
