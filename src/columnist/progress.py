"""The live bar of a job, as the command line and `Job.wait` show it."""

from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from columnist.jobs.store import Progress as JobProgress


def job_bar(console: Console | None = None) -> Progress:
    """The live bar of a job: documents, cells, rate, time left, errors so far."""
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        console=console,
    )


def job_detail(job: JobProgress) -> str:
    """The words beside the bar."""
    parts = [f"{job.done_cells:,} of {job.total_cells:,} cells"]
    if job.rate:
        parts.append(f"{job.rate * 60:,.0f} documents/min")
    if job.eta_seconds is not None:
        parts.append(f"{duration(job.eta_seconds)} left")
    if job.error_cells:
        parts.append(f"[red]{job.error_cells:,} failed[/]")
    if job.prompt_tokens:
        parts.append(f"{job.prompt_tokens + job.completion_tokens:,} tokens")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """`1:02:03` for hours, minutes and seconds."""
    return str(timedelta(seconds=round(seconds)))
