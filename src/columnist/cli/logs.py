"""Logs go to standard error: readable on a terminal, as JSON elsewhere. A line that cannot be written is dropped."""

import logging
import sys
from collections import Counter

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import ExceptionRenderer, JSONRenderer, TimeStamper
from structlog.tracebacks import ExceptionDictTransformer

from columnist.progress import Forgiving


class _Calm(logging.Filter):
    """Passes a limited number of lines of one kind per minute: a library that fails in a loop would fill the disk."""

    most = 20

    def __init__(self) -> None:
        super().__init__()
        self._seen: Counter[tuple[str, str]] = Counter()
        self._until = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created >= self._until:
            self._seen.clear()
            self._until = record.created + 60
        kind = (record.name, str(record.msg)[:100])
        self._seen[kind] += 1
        if self._seen[kind] == self.most:
            record.msg = f"{record.msg} (the last line of this kind for a minute)"
        return self._seen[kind] <= self.most


def configure_logs(level: str) -> None:
    """Log at `level` (DEBUG, INFO, WARNING, ERROR) and above; libraries log in the same form, at WARNING and above."""
    terminal = sys.stderr.isatty()
    # No tracebacks with the values of local variables: they hold documents and keys.
    last: list[structlog.typing.Processor] = (
        [ConsoleRenderer(exception_formatter=plain_traceback)]
        if terminal
        else [ExceptionRenderer(ExceptionDictTransformer(show_locals=False)), JSONRenderer()]
    )
    first: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        TimeStamper(fmt="iso"),
    ]
    lowest = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.PrintLoggerFactory(Forgiving(sys.stderr)),  # type: ignore[arg-type]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Calm())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    # Below WARNING they log a line for every HTTP call.
    logging.basicConfig(handlers=[handler], level=max(lowest, logging.WARNING), force=True)
