"""The bodies of requests and responses, where no dataclass of another package describes them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, EmailStr, Field

from columnist.api.passwords import LONGEST
from columnist.db.quotas import Quotas, Usage
from columnist.documents.model import Remark
from columnist.jobs.ask import JobOnly, Only
from columnist.jobs.job import Progress
from columnist.reviews.cells import SeenCell
from columnist.reviews.columns_file import Columns, Input, Line
from columnist.reviews.events import Act, Certificate
from columnist.reviews.grid import Place, RowGroup
from columnist.reviews.model import Column, Failure, Flag, Member, Review, ReviewChange, Role

RATE_DIGITS = 2


Ids = Annotated[list[UUID], Field(fail_fast=True)]
"""Only the first wrong one is reported: reporting ten thousand takes a second."""


class ReviewInput(Input):
    """A new review, empty or with its first columns and documents."""

    name: Line
    columns: Columns = Field([])
    document_ids: Ids = Field([], max_length=100_000)


class ReviewName(Input):
    """A review's new name."""

    name: Line


class Retention(Input):
    """When a review is deleted; null: never."""

    delete_at: AwareDatetime | None


class ActList(BaseModel):
    """The log of a review's acts, newest first."""

    events: list[Act]


class CertificateList(BaseModel):
    """The certificates of reviews that you owned or deleted, newest first."""

    certificates: list[Certificate]


class ReviewList(BaseModel):
    """A page of reviews, and how many there are."""

    reviews: list[Review]
    total: int


class ReviewHistory(BaseModel):
    """The changes that people made to a review's cells, newest first."""

    changes: list[ReviewChange]


class ColumnsInput(Input):
    """New columns, in order."""

    columns: Annotated[Columns, Field(min_length=1)]


class ColumnList(BaseModel):
    """The columns of a review in the grid's order."""

    columns: list[Column]


class ColumnOrder(Input):
    """The columns that come first; the others follow as they were."""

    column_ids: Annotated[Ids, Field(min_length=1, max_length=1_000)]


class MemberInput(Input):
    """A member's role in a review."""

    role: Role


class MemberList(BaseModel):
    """The people with whom a review is shared."""

    members: list[Member]


def _ascii(email: object) -> object:
    if not str(email).isascii():
        raise ValueError("an address with letters outside ASCII cannot be distinguished from a look-alike")
    return email


Email = Annotated[EmailStr, Field(max_length=254), BeforeValidator(_ascii)]


Password = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class SignInInput(Input):
    """The e-mail address and the password of a sign-in."""

    email: Annotated[str, Field(max_length=254)]
    password: Password


class InvitationInput(Input):
    """The secret of an invitation's link, and the chosen password."""

    invitation: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
    password: Password


class PasswordInput(Input):
    """Your password, and the new one."""

    password: Password
    new_password: Password


class TokenInput(Input):
    """A new API token: its name, scope, and days of validity."""

    name: Line
    scope: Literal["read", "write"] = "write"
    days: Annotated[int, Field(ge=1, le=365)] = 365


class Token(BaseModel):
    """An API token, without the token itself."""

    id: UUID
    name: str
    scope: Literal["read", "write"]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewToken(Token):
    """A new API token. Only this response shows the `token`."""

    token: str


class TokenList(BaseModel):
    """The user's API tokens that are not revoked."""

    tokens: list[Token]


class Me(BaseModel):
    """The signed-in user, and what clients need to know about the server."""

    user_id: UUID
    email: str
    sign_in: bool
    how: Annotated[
        Literal["link", "token", "jwt", "password", "oidc"],
        Field(description="How the request is signed in; `password` and `oidc` mean a session, which can be ended."),
    ] = "jwt"
    model: str
    measured_models: Annotated[
        list[str], Field(description="Models with measured green answers that are right more often.")
    ]
    poll_ms: int
    version: str
    usage: Usage = Usage()
    quotas: Annotated[Quotas, Field(description="The most that one user may have; null: no limit.")] = Quotas()


class CellsInput(Input):
    """A part of a review: absent means every document, every column."""

    document_ids: Annotated[Ids, Field(min_length=1, max_length=100_000)] | None = None
    column_ids: Annotated[Ids, Field(min_length=1, max_length=1_000)] | None = None


class GridInput(CellsInput):
    """A part of a review, and the model that answers: absent means the server's model."""

    model: Line | None = None


class GenerateInput(GridInput):
    """What to ask: by default everything without a current answer, of every document and column.

    `only`: the states of the cells to ask. Absent: missing, stale and failed; with a `model` also outdated (answers of
    another model or prompt version). Cells that a person edited or verified are never asked, not even by `all`.
    """

    only: Annotated[list[Only], Field(min_length=1, max_length=5)] | None = None
    budget: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)] | None = None
    batch: Annotated[
        bool | None, Field(description="Ask in batches of the LLM provider: at half the price, within a day.")
    ] = None


class ResumeInput(Input):
    """A paused job's new budget in US dollars; absent: no limit."""

    budget: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)] | None = None


class Job(BaseModel):
    """The status of a job. `rate`: documents a second over about the last minute; price and budget: US dollars."""

    id: UUID
    review_id: UUID
    review_name: str
    status: Literal["pending", "running", "completed", "failed", "cancelled"]
    model: str
    only: Annotated[list[JobOnly], Field(description="`again`: a person asked one cell again.")]
    column_ids: Annotated[list[UUID] | None, Field(description="The columns it asks; null: all.")]
    error: str | None
    total_items: int
    completed_items: int
    error_items: int
    skipped_items: int
    running_items: int
    silent_items: Annotated[
        int, Field(description="Running documents whose worker has not been heard of for a minute.")
    ]
    silent_until: Annotated[datetime | None, Field(description="When others have taken these over at the latest.")]
    pending_items: int
    total_cells: int
    done_cells: int
    error_cells: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    price: float
    budget: float | None
    paused_at: datetime | None
    pause_reason: str | None
    llm_trouble: Annotated[
        str | None, Field(description="The LLM servers that are away: the job waits for them, or goes on without them.")
    ]
    rate: float | None
    eta_seconds: float | None
    batch: Annotated[bool, Field(description="It asks in batches of the LLM provider, at half the price.")]
    batch_submitted_at: Annotated[
        datetime | None, Field(description="When the first batch that it waits for was submitted; null: none so far.")
    ]
    batch_requests: Annotated[int, Field(description="Calls in the batches that it waits for.")]
    batch_answered: Annotated[int, Field(description="How many of them the provider has answered.")]
    batch_trouble: Annotated[str | None, Field(description="Why the batch cannot be submitted or looked at now.")]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    cancel_requested_at: datetime | None

    @classmethod
    def of(cls, progress: Progress) -> Self:
        """The status with rounded figures: an exact rate differs at every poll, and no answer could be a 304."""
        shown = cls.model_validate(progress, from_attributes=True)
        if shown.rate is not None:
            shown.rate = float(f"{shown.rate:.{RATE_DIGITS}g}")
        if shown.eta_seconds is not None:
            shown.eta_seconds = float(f"{shown.eta_seconds:.{RATE_DIGITS}g}")
        return shown


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list[Job]


class ActiveJob(BaseModel):
    """The review's live job, if it has one."""

    job: Job | None


class WindowCell(BaseModel):
    """A cell as the grid shows it; its reasoning and evidence are read one by one."""

    status: Annotated[
        Literal["missing", "pending", "done", "error"],
        Field(description="`missing`: the cell is gone, because its row or column was removed (only in the feeds)."),
    ]
    summary: Annotated[str | None, Field(description="At most 300 characters.")]
    value: Annotated[
        object,
        Field(description="Typed as the column's format says; null if it could not be, or if it is over 1,000 long."),
    ]
    flag: Flag | None
    verified: Annotated[bool | None, Field(description="Every quote was found in the document; null without quotes.")]
    error: str | None
    attempt_error: Annotated[str | None, Field(description="Why the last attempt failed; null: it did not.")]
    stale: Annotated[bool, Field(description="The question has changed since.")]
    outdated: Annotated[bool, Field(description="From another model or prompt version than the server's.")]
    edited: Annotated[bool, Field(description="A person's answer.")]
    verified_by: Annotated[str | None, Field(description="Who has checked the evidence and agrees.")]
    checked: Annotated[
        bool | None,
        Field(
            description="A person has edited or verified it, in the present wording of the question; null: no answer."
        ),
    ] = None
    job_id: UUID | None
    updated_at: Annotated[
        datetime | None, Field(description="To be sent with an act on the cell, so that it changes nothing unseen.")
    ] = None


class CompactCell(WindowCell):
    """A changed cell. `awaited`: the live job is going to ask it."""

    document_id: UUID
    column_id: UUID
    awaited: bool


class CellChanges(BaseModel):
    """A page of the delta feed: every change at least once. `more`: ask again at once."""

    cells: list[CompactCell]
    cursor: str
    more: bool


class FailureList(BaseModel):
    """The failed cells, by document and reason."""

    failures: list[Failure]


class Cancelled(BaseModel):
    """Whether the job was live, and is now cancelled."""

    cancelled: bool


class WindowRow(BaseModel):
    """A document with its cells by column id; a question that was never asked has none. `path`, `ocr_pages`,
    `unread_pages`, `how_read`, `remarks`: as a Document's; `same_as`: the path of the first row with the same content,
    unless this is the first; `newer_file_at`: when the newest later file of the same path was taken in; `error`: why it
    cannot be read; `awaited`: the columns that the live job will ask, with or without a cell.
    """

    document_id: UUID
    document: str
    path: str
    page_count: int | None
    ocr_pages: int | None
    unread_pages: int | None
    how_read: str | None
    remarks: list[Remark]
    same_as: str | None
    newer_file_at: datetime | None
    error: str | None
    awaited: list[UUID]
    cells: dict[UUID, WindowCell]


class Window(BaseModel):
    """Some rows of the grid, and how many match."""

    rows: list[WindowRow]
    total: int


class NextRow(BaseModel):
    """The row that was looked for; null: there is none."""

    place: Place | None


class Uncompared(BaseModel):
    """For each filter that compares values: how many rows match all the others, but have no value to compare."""

    rows: dict[str, int]


class Verifications(Input):
    """Whether a person has checked the evidence of these answers and agrees. `updated_at` of each: as they saw it.
    `dry_run`: only say what would happen."""

    verified: bool
    cells: Annotated[list[SeenCell], Field(min_length=1, max_length=5_000, fail_fast=True)]
    dry_run: bool = False


class RowGroups(BaseModel):
    """The matching rows, grouped by a column's answers, in the order of `sort=<column>`."""

    groups: list[RowGroup]
