"""Every failure that a person may have to act on, as one tree.

Each class carries the exit code of the command line, and the slug and status of its RFC 9457 problem; the message is
a sentence that says what happened and what to do.
"""


class ColumnistError(Exception):
    """A failure that a person can act on; the message says how. `field` names the input at fault."""

    exit_code = 1
    problem = "internal-error"
    http_status = 500
    retry_seconds = 1
    """Seconds until the same request may succeed, if it only has to wait."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


# Input


class InputError(ColumnistError):
    """The command, file or request cannot be carried out as given."""

    exit_code = 2
    problem = "bad-input"
    http_status = 422


class SettingsError(InputError):
    """A setting has a value that Columnist cannot run with."""

    problem = "bad-setting"


class NotFoundError(InputError):
    """The named thing does not exist, or is not visible to the user."""

    problem = "not-found"
    http_status = 404


class ConflictError(InputError):
    """The request conflicts with the current state, e.g. the name is taken."""

    problem = "conflict"
    http_status = 409


class ConfirmationNeededError(ConflictError):
    """The request is destructive; repeat it with `confirm=true`."""

    problem = "confirmation-needed"


class TooLargeError(InputError):
    """A request, file or list is over its limit."""

    problem = "too-large"
    http_status = 413


class TooManyRequestsError(InputError):
    """The user sends more requests than the server allows one user."""

    problem = "too-many-requests"
    http_status = 429


# Quotas


class StorageQuotaError(TooLargeError):
    """The user has stored as much as one user may."""

    problem = "storage-quota"


class JobQuotaError(TooManyRequestsError):
    """The user has as many live jobs as one user may."""

    problem = "job-quota"


class AllowanceSpentError(InputError):
    """The user's allowance for calls to the LLM is spent for the day."""

    problem = "allowance-spent"
    http_status = 402


# Sign-in and permission


class UnauthenticatedError(ColumnistError):
    """Credentials are missing or invalid."""

    exit_code = 2
    problem = "unauthenticated"
    http_status = 401


class ForbiddenError(ColumnistError):
    """The thing is visible to the user, but the act is not permitted."""

    exit_code = 2
    problem = "forbidden"
    http_status = 403


# Documents


class DocumentError(ColumnistError):
    """A document cannot be read. Its row says why; other rows are not affected."""

    problem = "unreadable-document"
    http_status = 422


# The database


class DatabaseError(ColumnistError):
    """PostgreSQL could not be started, reached or migrated."""

    exit_code = 4
    problem = "database-unavailable"
    http_status = 503


class SchemaTooNewError(DatabaseError):
    """The database was migrated by a newer Columnist than this one."""

    problem = "schema-too-new"


# The file store


class StorageAwayError(ColumnistError):
    """The file store cannot be used now: unreachable, read-only, not mounted, or used by another installation.

    No document and no request is at fault; time or the operator resolves it. The blob store raises this for every
    operation, with a sentence that names no file of the store.
    """

    exit_code = 4
    problem = "storage-unavailable"
    http_status = 503


class StorageFullError(StorageAwayError):
    """The file store, or the folder for temporary files, is full."""

    problem = "storage-full"
    http_status = 507


class ReaderLostError(StorageAwayError):
    """A guarded process (of a reader, the rules or an export) was ended from outside, or cannot be started. No file is
    at fault."""

    problem = "reader-lost"


# The Columnist server, seen from a client


class ServerError(ColumnistError):
    """The server cannot be reached, or the address belongs to no Columnist server."""

    exit_code = 4
    problem = "server-unavailable"
    http_status = 502


# The language model


class LlmError(ColumnistError):
    """The language model gave no usable answer."""

    problem = "llm-error"
    http_status = 502


class LlmUnavailableError(LlmError):
    """The LLM server fails for one request or for all; a later try may succeed."""

    problem = "llm-unavailable"


class LlmAwayError(LlmUnavailableError):
    """The LLM server is unreachable or overloaded. No request is at fault, and another try does not count."""

    problem = "llm-away"


class LlmRefusedError(LlmError):
    """The LLM server refused the request; the same request would be refused again."""

    problem = "llm-refused"


class PutOffError(LlmError):
    """The call waits for a batch of the provider: its document releases its place until the batch has ended."""

    problem = "put-off"


class MalformedAnswerError(LlmError):
    """The LLM's answer is not the requested JSON."""

    problem = "malformed-answer"


class RequestRefusedError(LlmRefusedError):
    """The LLM server refused this one request, but may answer others."""

    problem = "request-refused"


class ContextExceededError(RequestRefusedError):
    """The request is longer than the model's context window; `fits`: about which share of it fits."""

    problem = "context-exceeded"

    def __init__(self, message: str, fits: float = 0.5) -> None:
        super().__init__(message)
        self.fits = fits


class DeclinedError(RequestRefusedError):
    """The model, or a filter after it, declines to answer this request."""

    problem = "declined"


class UnaskableModelError(LlmRefusedError):
    """This machine cannot ask the model that a run names."""

    exit_code = 3
    problem = "unaskable-model"


# The job engine


class JobEndingError(ConflictError):
    """The review's last job is being cancelled and has not ended yet."""

    problem = "job-ending"


class JobPausedError(ColumnistError):
    """The job of this document was paused: no further call is made for it until a person resumes it."""

    problem = "job-paused"


class WorkerPoolError(ColumnistError):
    """The worker pool of this process ended unexpectedly."""

    problem = "worker-pool-ended"


class IncompleteError(ColumnistError):
    """A run has ended, but some cells of its grid have neither an answer nor a failure that says why."""

    exit_code = 3
    problem = "incomplete"
    http_status = 409


class LeaseLostError(ColumnistError):
    """Another worker holds this item now; this attempt may write nothing more."""

    problem = "lease-lost"
