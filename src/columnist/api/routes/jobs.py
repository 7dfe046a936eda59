"""The durable job over HTTP: generate returns at once, status and delta feed are cheap to poll."""

import json
from dataclasses import asdict, replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from columnist.api.cached import cached
from columnist.api.context import (
    CurrentConnection,
    CurrentService,
    CurrentUser,
    EditableReview,
    VisibleReview,
    require_role,
)
from columnist.api.idempotency import Idempotent
from columnist.api.models import (
    ActiveJob,
    Cancelled,
    CellChanges,
    GenerateInput,
    GridInput,
    Job,
    JobEstimate,
    JobList,
    ResumeInput,
)
from columnist.back_ends import prompt_version
from columnist.db.connect import Connection
from columnist.errors import ConflictError, InputError
from columnist.jobs import job as store
from columnist.jobs.ask import Ask, Only, to_ask
from columnist.jobs.estimate import Unanswered, estimate_job, unanswered_cells
from columnist.jobs.feed import ChangedCells, changed_cells
from columnist.jobs.job import Generated, Progress
from columnist.llm.limiter import TROUBLE
from columnist.llm.usage import Prices
from columnist.settings import EXTRACTIVE, Settings

router = APIRouter(prefix="/tabular", tags=["jobs"])

RATE_DIGITS = 2
"""A rate that is exact to the last digit is another one with every look, and no status would ever be cached."""


@router.post("/reviews/{review_id}/generate", status_code=202)
async def generate(
    review_id: EditableReview,
    service: CurrentService,
    user: CurrentUser,
    connection: CurrentConnection,
    idempotent: Idempotent,
    body: GenerateInput | None = None,
) -> Generated:
    """Start a job that asks what has no current answer, or join the review's live one. Returns at once; `pause_reason`
    says that the live one stands paused."""
    if (earlier := await idempotent.earlier(connection)) is not None:
        return Generated(**earlier)
    asked = body or GenerateInput()
    ask = _ask(review_id, asked, asked.only, service.settings)
    ask = replace(ask, budget=asked.budget, prices=Prices.of(service.settings))
    await store.check_named(connection, ask)
    generated = await store.create_job(connection, user.id, ask)
    await idempotent.keep(connection, generated)
    return generated


@router.post("/reviews/{review_id}/estimate")
async def estimate(
    review_id: VisibleReview,
    service: CurrentService,
    connection: CurrentConnection,
    body: GenerateInput | None = None,
) -> JobEstimate:
    """What `generate` with the same body would ask now, and what that may cost."""
    asked = body or GenerateInput()
    ask = _ask(review_id, asked, asked.only, service.settings)
    found = await estimate_job(connection, ask, service.settings)
    notes, price = [], None
    if found.left_alone:
        notes.append(
            f"{found.left_alone:,} answers that a person edited or verified are left alone: ask again for one by one."
        )
    if ask.model == EXTRACTIVE:
        found = replace(found, calls=0, prompt_tokens=0, cached_tokens=0, completion_tokens=0)
        return JobEstimate(**asdict(found), price=0, notes=[*notes, "The rules ask no LLM: this costs nothing."])
    if unread := found.documents - found.documents_read:
        notes.append(f"{unread:,} documents were not read yet: they are taken to be as long as the others.")
    if prices := Prices.of(service.settings):
        price = float(prices.price(found.prompt_tokens, found.cached_tokens, found.completion_tokens))
        notes.append("Where the LLM server has no prefix cache, cached tokens cost as much as the others.")
    else:
        notes.append("No prices are set: COLUMNIST_PRICE_PROMPT, COLUMNIST_PRICE_COMPLETION.")
    return JobEstimate(**asdict(found), price=price, notes=notes)


@router.post("/reviews/{review_id}/unanswered")
async def unanswered(
    review_id: VisibleReview,
    service: CurrentService,
    connection: CurrentConnection,
    body: GridInput | None = None,
) -> Unanswered:
    """What of these documents and columns `generate` would ask, but for what failed; 0 cells: they are complete."""
    asked = body or GridInput()
    return await unanswered_cells(connection, _ask(review_id, asked, None, service.settings))


@router.get("/reviews/{review_id}/active-job", response_model=ActiveJob)
async def get_active_job(request: Request, review_id: VisibleReview, connection: CurrentConnection) -> Response:
    """The review's live job, if it has one."""
    job_id = await store.live_job_id(connection, review_id)
    job = None if job_id is None else _job(await store.job_progress(connection, job_id))
    return cached(request, ActiveJob(job=job))


@router.get("/jobs")
async def list_jobs(
    connection: CurrentConnection,
    review_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JobList:
    """The jobs that the user may see, newest first."""
    return JobList(jobs=[_job(progress) for progress in await store.list_jobs(connection, limit, review_id)])


@router.get("/jobs/{job_id}", response_model=Job)
async def get_job(request: Request, job_id: UUID, connection: CurrentConnection) -> Response:
    """The job's status: counts, tokens, price, rate and time left."""
    return cached(request, _job(await store.job_progress(connection, job_id)))


Cursor = Annotated[
    str | None,
    Query(
        max_length=10_000,
        pattern="^(now|[0-9a-f:,/-]*)$",
        description="The last answer's cursor; absent: everything; `now`: nothing but a cursor.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=5_000)]


@router.get("/jobs/{job_id}/cells", response_model=CellChanges)
async def get_job_cells(
    request: Request,
    job_id: UUID,
    service: CurrentService,
    connection: CurrentConnection,
    cursor: Cursor = None,
    limit: Limit = 1_000,
) -> Response:
    """The delta feed of a job: its cells that changed since the cursor, each at least once."""
    job = await store.job_progress(connection, job_id)
    changes = await changed_cells(connection, job.review_id, cursor, job_id, limit, service.in_use)
    return cached(request, _encoded(changes))


@router.get("/reviews/{review_id}/cells", response_model=CellChanges)
async def get_review_cells(
    request: Request,
    review_id: VisibleReview,
    service: CurrentService,
    connection: CurrentConnection,
    cursor: Cursor = None,
    limit: Limit = 1_000,
) -> Response:
    """The delta feed of a review: its cells that changed since the cursor, whoever changed them."""
    changes = await changed_cells(connection, review_id, cursor, None, limit, service.in_use)
    return cached(request, _encoded(changes))


@router.post("/jobs/{job_id}/cancel")
async def cancel_job(job_id: UUID, connection: CurrentConnection) -> Cancelled:
    """Cancel a job: what waits is skipped now, what runs stops within two seconds. Answers that are there stay."""
    await _editable(connection, job_id)
    return Cancelled(cancelled=await store.cancel_job(connection, job_id))


@router.post("/jobs/{job_id}/resume")
async def resume_job(job_id: UUID, body: ResumeInput, connection: CurrentConnection) -> Job:
    """Let a paused job go on with another budget."""
    await _editable(connection, job_id)
    if not await store.resume_job(connection, job_id, body.budget):
        raise ConflictError("The job is not paused.")
    return _job(await store.job_progress(connection, job_id))


@router.post("/jobs/{job_id}/retry", status_code=202)
async def retry_job(
    job_id: UUID, service: CurrentService, user: CurrentUser, connection: CurrentConnection
) -> Generated:
    """Ask the failed and missing cells of the job again, of its documents and columns, with its model and its budget:
    as a new job, or by the review's live one."""
    job = await _editable(connection, job_id)
    model = _askable(job.model, service.settings)
    return await store.retry_job(connection, job, user.id, prompt_version(model), Prices.of(service.settings))


def _ask(review_id: UUID, asked: GridInput, only: list[Only] | None, settings: Settings) -> Ask:
    model = _askable(asked.model, settings)
    only_these = to_ask(only, asked.model)
    return Ask(review_id, model, prompt_version(model), only_these, asked.column_ids, asked.document_ids)


def _askable(asked: str | None, settings: Settings) -> str:
    """The model to ask. Raises InputError: nobody names a file of the server's, nor a model without a server."""
    model = asked or settings.model
    if model not in (settings.model, EXTRACTIVE) and (settings.openai_base_url is None or model.endswith(".gguf")):
        raise InputError(f"This server can ask {settings.model!r} and {EXTRACTIVE!r}, not {model!r}.", "model")
    return model


async def _editable(connection: Connection, job_id: UUID) -> Progress:
    job = await store.job_progress(connection, job_id)
    await require_role(connection, job.review_id, "editor")
    return job


def _encoded(changes: ChangedCells) -> str:
    """As CellChanges says."""
    return f'{{"cells":[{changes.encoded}],"cursor":{json.dumps(changes.cursor)},"more":{json.dumps(changes.more)}}}'


def _job(progress: Progress) -> Job:
    shown = Job.model_validate(progress, from_attributes=True)
    if shown.rate is not None:
        shown.rate = float(f"{shown.rate:.{RATE_DIGITS}g}")
    if shown.eta_seconds is not None:
        shown.eta_seconds = float(f"{shown.eta_seconds:.{RATE_DIGITS}g}")
    if progress.is_live:
        shown.llm_trouble = TROUBLE.get(shown.model)
    return shown
