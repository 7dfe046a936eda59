"""Jobs: watched, waited for, cancelled, resumed and retried."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import httpx

from columnist.api import models
from columnist.client.transport import Transport, parsed
from columnist.jobs.job import Generated, Progress
from columnist.progress import job_bar, job_detail
from columnist.reviews.model import Failure

_JOBS = "/tabular/jobs"


@dataclass(frozen=True, slots=True)
class _JobList:
    jobs: list[Progress]


class Job:
    """One run of `generate` over a review. `resumed`: the review already had this live job; `pause_reason`: it was
    paused then, so nothing is asked before `resume`."""

    def __init__(self, transport: Transport, generated: Generated) -> None:
        self._transport = transport
        self._path = f"{_JOBS}/{generated.job_id}"
        self._seen: httpx.Response | None = None
        self.id = generated.job_id
        self.total_items = generated.total_items
        self.resumed = generated.resumed
        self.pause_reason = generated.pause_reason

    def status(self) -> Progress:
        """Its counts, tokens, price, rate and time left; nothing is transferred if nothing has changed."""
        known = {"If-None-Match": self._seen.headers["ETag"]} if self._seen else {}
        response = self._transport.request("GET", self._path, headers=known)
        if self._seen is None or response.status_code != httpx.codes.NOT_MODIFIED:
            self._seen = response
        return parsed(Progress, self._seen)

    def watch(self) -> Iterator[Progress]:
        """Its status at the server's poll interval, until it has ended or is paused."""
        poll_seconds = self._transport.read(models.Me, "/me").poll_ms / 1000
        while True:
            status = self.status()
            yield status
            if not status.is_live or status.stands:
                return
            self._transport.pause(poll_seconds)

    def wait(self, *, progress: bool = False) -> Progress:
        """Wait until the job has ended or is paused; returns its last status.

        `progress` shows a bar. The server may restart meanwhile.
        """
        if not progress:
            *_, last = self.watch()
            return last
        with job_bar() as bar:
            task = bar.add_task("Answering", total=self.total_items, detail="")
            for last in self.watch():
                bar.update(task, completed=last.ended_items, detail=job_detail(last))
        return last

    def failures(self) -> list[Failure]:
        """The cells that failed in it, by document and reason."""
        return self._transport.read(models.FailureList, f"{self._path}/failures").failures

    def cells(self, cursor: str | None = None) -> Iterator[models.CellChanges]:
        """The changes of its cells since `cursor` (None: all), page by page, up to now.

        Each change comes at least once; continue later from a page's `cursor`.
        """
        while True:
            page = self._transport.read(models.CellChanges, f"{self._path}/cells", cursor=cursor)
            yield page
            if not page.more:
                return
            cursor = page.cursor

    def cancel(self) -> bool:
        """Skip waiting documents now, stop running ones within two seconds; False if it has ended already."""
        return parsed(models.Cancelled, self._transport.request("POST", f"{self._path}/cancel")).cancelled

    def resume(self, budget: Decimal | float | None = None) -> Progress:
        """Resume it, with another budget in US dollars or none. Raises ConflictError if it is not paused."""
        body = {"budget": None if budget is None else str(budget)}
        return parsed(Progress, self._transport.request("POST", f"{self._path}/resume", json=body))

    def retry(self) -> "Job":
        """Ask its failed and missing cells again, with its documents, columns, model and budget: as a new job, or in
        its review's live job."""
        return Job(self._transport, parsed(Generated, self._transport.request("POST", f"{self._path}/retry")))


class Jobs:
    """The jobs that the user may see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, limit: int = 50, review_id: UUID | None = None) -> Sequence[Progress]:
        """Their statuses, newest first."""
        return self._transport.read(_JobList, _JOBS, limit=limit, review_id=review_id).jobs

    def get(self, job_id: UUID | str) -> Job:
        """One job. Raises NotFoundError."""
        status = self._transport.read(Progress, f"{_JOBS}/{job_id}")
        return Job(self._transport, Generated(status.id, status.total_items, True, status.pause_reason))
