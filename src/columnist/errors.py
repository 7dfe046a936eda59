"""Every failure a person may have to act on, as one tree.

Each class carries the exit code of the command line and the slug of its RFC 9457 problem type; the message is a
sentence that says what happened and what to do.
"""


class ColumnistError(Exception):
    """Something went wrong that a person can act on; the message says how."""

    exit_code = 1
    problem = "internal-error"


# What the user gave us


class InputError(ColumnistError):
    """The command, file or request cannot be carried out as given."""

    exit_code = 2
    problem = "bad-input"


class SettingsError(InputError):
    """A setting has a value that Columnist cannot run with."""

    problem = "bad-setting"


class NotFoundError(InputError):
    """The thing named does not exist, or the user may not know that it does."""

    problem = "not-found"


# Documents


class DocumentError(ColumnistError):
    """This document cannot be read; its row says why and the other rows go on."""

    problem = "unreadable-document"


# The database


class DatabaseError(ColumnistError):
    """PostgreSQL could not be started, reached or migrated."""

    exit_code = 4
    problem = "database-unavailable"


class SchemaTooNewError(DatabaseError):
    """The database was migrated by a newer Columnist than this one."""

    problem = "schema-too-new"


# The language model


class LlmError(ColumnistError):
    """The language model did not give an answer that can be used."""

    problem = "llm-error"


class LlmUnavailableError(LlmError):
    """The LLM server is down, overloaded or out of reach: waiting may heal it."""

    problem = "llm-unavailable"


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


# The job engine


class JobEndingError(InputError):
    """The review's last job is being cancelled and has not ended yet."""

    problem = "job-ending"


class LeaseLostError(ColumnistError):
    """Another worker holds this item now; nothing more may be written for this attempt."""

    problem = "lease-lost"
