"""The limits of what one user may make, store and spend: each transaction sends them to the database, which counts and
refuses."""

import json
from dataclasses import asdict, dataclass

import psycopg

from columnist.errors import AllowanceSpentError, ColumnistError, JobQuotaError, StorageQuotaError
from columnist.settings import Settings

SQLSTATE = "QUOTA"
"""The SQLSTATE of a refusal by refuse_over.sql."""

MOST_TEMPLATES = MOST_COLUMNS = MOST_MEMBERS = 1_000
MOST_TOKENS = 100
MOST_BYTES = 4 * 1024**2
"""Of the columns of a review, or of a user's templates: a list of all has a bounded length."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """The limits of one user; None: no limit. `dollars`: for calls to LLMs, in US dollars a day (UTC). `columns` and
    `members`: of one review; `…_bytes`: of all together."""

    documents: int | None = None
    bytes: int | None = None
    jobs: int | None = None
    dollars: float | None = None
    reviews: int | None = None
    templates: int | None = None
    templates_bytes: int | None = None
    columns: int | None = None
    columns_bytes: int | None = None
    members: int | None = None
    tokens: int | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Quotas":
        """The quotas in the settings."""
        gigabytes = settings.user_gb
        return cls(
            settings.user_documents,
            None if gigabytes is None else int(gigabytes * 1024**3),
            settings.user_jobs,
            settings.user_dollars_a_day,
            reviews=settings.user_reviews,
            templates=MOST_TEMPLATES,
            templates_bytes=MOST_BYTES,
            columns=MOST_COLUMNS,
            columns_bytes=MOST_BYTES,
            members=MOST_MEMBERS,
            tokens=MOST_TOKENS,
        )

    def encoded(self) -> str:
        """The quotas in the form that quota.sql reads."""
        return json.dumps({name: most for name, most in asdict(self).items() if most is not None})

    def refusal(self, error: BaseException) -> ColumnistError | None:
        """The error for a person, if the database has refused something for a quota."""
        if not isinstance(error, psycopg.Error) or error.sqlstate != SQLSTATE:
            return None
        match error.diag.message_detail:
            case "documents":
                return StorageQuotaError(
                    f"You have stored as many documents as one user may here ({self.documents:,}): delete some that "
                    "you no longer need, or ask the people who run this server (COLUMNIST_USER_DOCUMENTS)."
                )
            case "bytes":
                return StorageQuotaError(
                    f"Your documents, or your new files of today, would take more than one user may store here "
                    f"({(self.bytes or 0) / 1024**3:,.3g} GB): delete some that you no longer need, go on tomorrow "
                    "(UTC), or ask the people who run this server (COLUMNIST_USER_GB)."
                )
            case "jobs":
                return JobQuotaError(
                    f"You have as many live jobs as one user may here ({self.jobs:,}): wait until one ends, or cancel "
                    "one (COLUMNIST_USER_JOBS)."
                )
            case "reviews":
                return StorageQuotaError(
                    f"You have as many reviews as one user may here ({self.reviews:,}): delete some that you no longer "
                    "need, or ask the people who run this server (COLUMNIST_USER_REVIEWS)."
                )
            case "dollars":
                return AllowanceSpentError(
                    f"Your allowance for calls to the LLM is spent for today (${self.dollars:,.2f}): go on tomorrow "
                    "(UTC), or ask the people who run this server (COLUMNIST_USER_DOLLARS_A_DAY)."
                )
            case str(name):
                what = _FIXED[name.removesuffix("_bytes")]
                most = getattr(self, name)
                size = f"{most / 1024**2:,.3g} MB of {what}" if name.endswith("_bytes") else f"{most:,} {what}"
                return StorageQuotaError(f"There may be at most {size}: delete some that you no longer need.")
            case None:
                return None


_FIXED = {
    "templates": "templates of one user",
    "columns": "columns in one review",
    "members": "members of one review",
    "tokens": "API tokens of one user",
}
"""What has a limit that no setting changes."""

NO_QUOTAS = Quotas()


@dataclass(frozen=True, slots=True)
class Usage:
    """How much a user has used of each quota; `dollars`: spent today (UTC)."""

    documents: int = 0
    bytes: int = 0
    jobs: int = 0
    dollars: float = 0
    reviews: int = 0
