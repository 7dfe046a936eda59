"""The answers of /healthz and /readyz: whether the process is alive, and whether it takes requests."""

from dataclasses import dataclass

from fastapi import Response

from columnist.api.problems import problem
from columnist.db.probe import Probe
from columnist.jobs.pool import WorkerPool
from columnist.llm.limiter import TROUBLE


@dataclass(slots=True)
class Health:
    """The state of a process. `sandbox`: the layers around guarded children. `draining`: it is stopping. `pool`: its
    worker pool, if any."""

    probe: Probe
    sandbox: str
    draining: bool = False
    pool: WorkerPool | None = None

    def alive(self) -> Response:
        """200, unless only a new process can help: the worker pool fails again and again."""
        return self._working() or Response("ok\n", media_type="text/plain")

    async def ready(self) -> Response:
        """200 if the process takes requests: it is not stopping, its pool works, and the database can be written to.
        Requests are taken while an LLM server is away; the text says which, and what the sandbox is."""
        if self.draining:
            return problem("draining", 503, "The server is about to stop.")
        if (broken := self._working()) is not None:
            return broken
        if (trouble := await self.probe.trouble()) is not None:
            return problem("database-unavailable", 503, trouble)
        return Response(
            "\n".join(("ready", *TROUBLE.values(), f"sandbox: {self.sandbox}", "")), media_type="text/plain"
        )

    def _working(self) -> Response | None:
        trouble = self.pool.trouble if self.pool else None
        return problem("pool-failing", 503, trouble) if trouble else None
