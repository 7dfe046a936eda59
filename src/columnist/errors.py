"""Every failure a person may have to act on, as one tree.

Each class carries the exit code of the command line, and the slug and status of its RFC 9457 problem; the message is
a sentence that says what happened and what to do.
"""


class ColumnistError(Exception):
    """Something went wrong that a person can act on; the message says how. `field` names the input that is to blame."""

    exit_code = 1
    problem = "internal-error"
    http_status = 500

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


# What the user gave us


class InputError(ColumnistError):
    """The command, file or request cannot be carried out as given."""

    exit_code = 2
    problem = "bad-input"
    http_status = 422


class SettingsError(InputError):
    """A setting has a value that Columnist cannot run with."""

    problem = "bad-setting"


class NotFoundError(InputError):
    """The thing named does not exist, or the user may not know that it does."""

    problem = "not-found"
    http_status = 404


class ConflictError(InputError):
    """The thing named is in a state, or has a namesake, that stands against it."""

    problem = "conflict"
    http_status = 409


class ConfirmationNeededError(ConflictError):
    """What was asked for destroys something: it is done when it is asked for with `confirm=true`."""

    problem = "confirmation-needed"


class TooLargeError(InputError):
    """A request, file or list is over its limit."""

    problem = "too-large"
    http_status = 413


class TooManyRequestsError(InputError):
    """The user asks more often than the server lets one user."""

    problem = "too-many-requests"
    http_status = 429


# Who is asking


class UnauthenticatedError(ColumnistError):
    """The request says not, or not credibly, who it is from."""

    problem = "unauthenticated"
    http_status = 401


class ForbiddenError(ColumnistError):
    """The user may see the thing, but not do this to it."""

    problem = "forbidden"
    http_status = 403


# Documents


class DocumentError(ColumnistError):
    """This document cannot be read; its row says why and the other rows go on."""

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
    """The store of files cannot be used now: out of reach, read-only, not mounted, or another installation's.

    It is weather, as an LLM server that is away is: no document and no request is to blame, and waiting, or the
    operator, heals it. The blob store raises it for every operation, with a sentence that names no file of the store.
    """

    exit_code = 4
    problem = "storage-unavailable"
    http_status = 503


class StorageFullError(StorageAwayError):
    """The store of files, or the folder for temporary ones, has no room."""

    problem = "storage-full"
    http_status = 507


# The Columnist server, seen from a client


class ServerError(ColumnistError):
    """The server cannot be reached, or what is there does not answer as a Columnist server does."""

    exit_code = 4
    problem = "server-unavailable"
    http_status = 502


# The language model


class LlmError(ColumnistError):
    """The language model did not give an answer that can be used."""

    problem = "llm-error"
    http_status = 502


class LlmUnavailableError(LlmError):
    """The LLM server fails over one request, or over all: waiting may heal it. `prompt_tokens` were sent in vain."""

    def __init__(self, message: str, prompt_tokens: int = 0) -> None:
        super().__init__(message)
        self.prompt_tokens = prompt_tokens

    problem = "llm-unavailable"


class LlmAwayError(LlmUnavailableError):
    """The LLM server answers nobody, or has too much to do: no request is to blame, and another try costs nothing."""

    problem = "llm-away"


class LlmRefusedError(LlmError):
    """The LLM server refused the request in a way that asking again cannot heal."""

    problem = "llm-refused"


class MalformedAnswerError(LlmError):
    """The LLM answered, but not with the JSON that was asked for."""

    problem = "malformed-answer"


class RequestRefusedError(LlmRefusedError):
    """The LLM server refused this one request; it may well answer others."""

    problem = "request-refused"


class ContextExceededError(RequestRefusedError):
    """The request is longer than the model's context window."""

    problem = "context-exceeded"


class UnaskableModelError(LlmRefusedError):
    """Nobody here can ask the model that a run names."""

    exit_code = 3
    problem = "unaskable-model"


# The job engine


class JobEndingError(ConflictError):
    """The review's last job is being cancelled and has not ended yet."""

    problem = "job-ending"


class WorkerPoolError(ColumnistError):
    """The worker pool of this process ended without being told to."""

    problem = "worker-pool-ended"


class IncompleteError(ColumnistError):
    """A run has ended, and not every cell of its grid is answered or has a failure that says why."""

    exit_code = 3
    problem = "incomplete"
    http_status = 409


class LeaseLostError(ColumnistError):
    """Another worker holds this item now; nothing more may be written for this attempt."""

    problem = "lease-lost"
