"""The live bar of a job, for the command line and `Job.wait`."""

import os
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from columnist.jobs.job import Progress as JobProgress


class Forgiving:
    """A stream for output that may get lost: text that cannot be written (closed pipe, full disk) is dropped, so that
    the work goes on. `own`: nothing else uses the stream, so it is redirected to /dev/null then."""

    def __init__(self, stream: TextIO | None, *, own: bool = False) -> None:
        self._stream = stream or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it is never closed
        self._own = own

    def write(self, text: str) -> int:
        """Write; letters that the stream's encoding lacks become `?`."""
        try:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoding = self._stream.encoding
                self._stream.write(text.encode(encoding, "replace").decode(encoding))
        except (OSError, ValueError):  # a ValueError if it was closed
            self._let_go()
        return len(text)

    def flush(self) -> None:
        """Flush, or drop what cannot be written."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._let_go()

    def _let_go(self) -> None:
        """Otherwise the interpreter's exit fails because of the rest in the buffer."""
        if self._own:
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def display(stream: TextIO | None, *, own: bool = False) -> Console:
    """A console on a Forgiving stream."""
    file: IO[str] = Forgiving(stream, own=own)  # type: ignore[assignment]  # all that Rich asks of one
    return Console(file=file)


def job_bar(*, quiet: bool = False) -> Progress:
    """The live bar of a job, on standard error: documents, cells, rate, time left, errors so far."""
    console = display(sys.stderr)
    console.quiet = quiet
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        console=console,
    )


def job_detail(job: JobProgress) -> str:
    """The words next to the bar."""
    parts = [f"{job.done_cells:,} of {job.total_cells:,} cells"]
    if job.rate:
        parts.append(f"{job.rate * 60:,.0f} documents/min")
    if job.eta_seconds is not None:
        parts.append(f"{duration(job.eta_seconds)} left")
    if job.error_cells:
        parts.append(f"[red]{job.error_cells:,} failed[/]")
    if job.waits_for:
        parts.append(job.waits_for)
    if job.prompt_tokens:
        parts.append(f"{job.prompt_tokens + job.completion_tokens:,} tokens")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """`1:02:03` for hours, minutes and seconds."""
    return str(timedelta(seconds=round(seconds)))
