"""The limits of what one user may store and spend: each transaction sends them to the database, which counts and
refuses."""

import json
from dataclasses import asdict, dataclass

import psycopg

from columnist.errors import AllowanceSpentError, ColumnistError, JobQuotaError, StorageQuotaError
from columnist.settings import Settings

SQLSTATE = "QUOTA"
"""The SQLSTATE of a refusal by refuse_over.sql."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """The limits of one user; None: no limit. `dollars`: for calls to LLMs, in US dollars a day (UTC)."""

    documents: int | None = None
    bytes: int | None = None
    jobs: int | None = None
    dollars: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Quotas":
        """The quotas in the settings."""
        gigabytes = settings.user_gb
        return cls(
            settings.user_documents,
            None if gigabytes is None else int(gigabytes * 1024**3),
            settings.user_jobs,
            settings.user_dollars_a_day,
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
                    f"Your documents would take more than one user may store here ({(self.bytes or 0) / 1024**3:,.3g} "
                    "GB): delete some that you no longer need, or ask the people who run this server "
                    "(COLUMNIST_USER_GB)."
                )
            case "jobs":
                return JobQuotaError(
                    f"You have as many live jobs as one user may here ({self.jobs:,}): wait until one ends, or cancel "
                    "one (COLUMNIST_USER_JOBS)."
                )
            case _:
                return AllowanceSpentError(
                    f"Your allowance for calls to the LLM is spent for today (${self.dollars:,.2f}): go on tomorrow "
                    "(UTC), or ask the people who run this server (COLUMNIST_USER_DOLLARS_A_DAY)."
                )


NO_QUOTAS = Quotas()


@dataclass(frozen=True, slots=True)
class Usage:
    """How much a user has used of each quota; `dollars`: spent today (UTC)."""

    documents: int = 0
    bytes: int = 0
    jobs: int = 0
    dollars: float = 0
