"""The durable job over HTTP: generate returns at once; status and delta feed are cheap to poll."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from columnist.api.cached import cached
from columnist.api.context import (
    CurrentConnection,
    CurrentDesk,
    CurrentGate,
    CurrentUser,
    EditableReview,
    VisibleReview,
    require_role,
)
from columnist.api.guarded import GuardedRoute
from columnist.api.idempotency import Idempotent
from columnist.api.models import (
    ActiveJob,
    Cancelled,
    CellChanges,
    CellsInput,
    FailureList,
    GenerateInput,
    GridInput,
    Job,
    JobList,
    ResumeInput,
)
from columnist.api.parameters import Cursor, PageSize
from columnist.db.connect import Connection
from columnist.desk.estimate import JobEstimate
from columnist.desk.local import LocalDesk
from columnist.errors import ConflictError
from columnist.jobs import job as jobs
from columnist.jobs.ask import Ask
from columnist.jobs.estimate import Unanswered
from columnist.jobs.job import Generated
from columnist.reviews.store import failed_cells

router = APIRouter(prefix="/tabular", tags=["jobs"], route_class=GuardedRoute)

Limit = Annotated[int, Query(ge=1, le=5_000)]


async def _editable(job_id: UUID, connection: CurrentConnection) -> UUID:
    await require_role(connection, await jobs.review_of(connection, job_id), "editor")
    return job_id


EditableJob = Annotated[UUID, Depends(_editable, scope="function")]


@router.post("/reviews/{review_id}/generate", status_code=202)
async def generate(
    review_id: EditableReview,
    desk: CurrentDesk,
    connection: CurrentConnection,
    idempotent: Idempotent,
    body: GenerateInput | None = None,
) -> Generated:
    """Start a job that asks everything without a current answer; if the review has a live job, that job grows. Returns
    at once. `pause_reason`: the live job is paused, so nothing is asked until it is resumed."""
    if (earlier := await idempotent.earlier(connection)) is not None:
        return earlier
    ask = _ask(desk, review_id, body)
    await jobs.check_named(connection, ask)
    generated = await desk.ask(ask)
    await idempotent.keep(connection, generated)
    return generated


@router.post("/reviews/{review_id}/estimate")
async def estimate(review_id: VisibleReview, desk: CurrentDesk, body: GenerateInput | None = None) -> JobEstimate:
    """What `generate` with the same body would ask now, and what that may cost."""
    return await desk.estimate(_ask(desk, review_id, body))


@router.post("/reviews/{review_id}/unanswered")
async def unanswered(review_id: VisibleReview, desk: CurrentDesk, body: GridInput | None = None) -> Unanswered:
    """What `generate` would ask of these documents and columns, without the failed cells. If it names no cells, they
    are complete."""
    grid = body or GridInput()
    ask = desk.asking(review_id, grid.model, column_ids=grid.column_ids, document_ids=grid.document_ids)
    return await desk.still_unanswered(ask)


@router.post("/reviews/{review_id}/failures")
async def review_failures(
    review_id: VisibleReview, connection: CurrentConnection, body: CellsInput | None = None
) -> FailureList:
    """The cells of these documents and columns whose last attempt failed, by document and reason."""
    cells = body or CellsInput()
    return FailureList(failures=await failed_cells(connection, review_id, None, cells.column_ids, cells.document_ids))


@router.get("/reviews/{review_id}/active-job", response_model=ActiveJob)
async def get_active_job(request: Request, review_id: UUID, gate: CurrentGate, user: CurrentUser) -> Response:
    """The review's live job, if it has one."""

    async def read(connection: Connection) -> ActiveJob:
        await require_role(connection, review_id, "viewer")
        job_id = await jobs.live_job_id(connection, review_id)
        return ActiveJob(job=None if job_id is None else Job.of(await jobs.job_progress(connection, job_id)))

    return cached(request, await gate.polls.status(user, review_id, read))


@router.get("/jobs")
async def list_jobs(connection: CurrentConnection, review_id: UUID | None = None, limit: PageSize = 50) -> JobList:
    """The jobs that you may see, newest first."""
    return JobList(jobs=[Job.of(progress) for progress in await jobs.list_jobs(connection, limit, review_id)])


@router.get("/jobs/{job_id}", response_model=Job)
async def get_job(request: Request, job_id: UUID, gate: CurrentGate, user: CurrentUser) -> Response:
    """The job's status: counts, tokens, price, rate and time left."""

    async def read(connection: Connection) -> Job:
        return Job.of(await jobs.job_progress(connection, job_id))

    return cached(request, await gate.polls.status(user, job_id, read))


@router.get("/jobs/{job_id}/failures")
async def get_job_failures(job_id: UUID, desk: CurrentDesk) -> FailureList:
    """The cells that failed in the job, by document and reason."""
    return FailureList(failures=await desk.job_failures(job_id))


@router.get("/jobs/{job_id}/cells", response_model=CellChanges)
async def get_job_cells(
    request: Request,
    job_id: UUID,
    gate: CurrentGate,
    user: CurrentUser,
    cursor: Cursor = None,
    limit: Limit = 1_000,
) -> Response:
    """The delta feed of a job: its cells that changed since the cursor, each at least once."""

    async def let_in(connection: Connection) -> UUID:
        return await jobs.review_of(connection, job_id)

    return cached(request, await gate.polls.page(user, job_id, let_in, cursor, limit, job_id))


@router.get("/reviews/{review_id}/cells", response_model=CellChanges)
async def get_review_cells(
    request: Request,
    review_id: UUID,
    gate: CurrentGate,
    user: CurrentUser,
    cursor: Cursor = None,
    limit: Limit = 1_000,
) -> Response:
    """The delta feed of a review: its cells that jobs or people changed since the cursor, each at least once."""

    async def let_in(connection: Connection) -> UUID:
        await require_role(connection, review_id, "viewer")
        return review_id

    return cached(request, await gate.polls.page(user, review_id, let_in, cursor, limit))


@router.post("/jobs/{job_id}/cancel")
async def cancel_job(job_id: EditableJob, desk: CurrentDesk) -> Cancelled:
    """Cancel a job: waiting documents are skipped now, running ones stop within two seconds. Answers are kept."""
    return Cancelled(cancelled=await desk.cancel(job_id))


@router.post("/jobs/{job_id}/resume")
async def resume_job(job_id: EditableJob, body: ResumeInput, desk: CurrentDesk) -> Job:
    """Resume a paused job, with another budget or none."""
    if not await desk.resume(job_id, body.budget):
        raise ConflictError("The job is not paused.")
    return Job.of(await desk.progress(job_id))


@router.post("/jobs/{job_id}/retry", status_code=202)
async def retry_job(job_id: EditableJob, desk: CurrentDesk) -> Generated:
    """Ask the job's failed and missing cells again, with its documents, columns, model and budget: as a new job, or in
    the review's live job."""
    return await desk.retry(job_id)


def _ask(desk: LocalDesk, review_id: UUID, body: GenerateInput | None) -> Ask:
    asked = body or GenerateInput()
    return desk.asking(
        review_id,
        asked.model,
        asked.only,
        asked.column_ids,
        asked.document_ids,
        asked.budget,
        batch=bool(asked.batch),
    )
