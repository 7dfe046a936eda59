"""The models that a pool can ask: it announces them, and keeps jobs paused whose model refuses every call."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from columnist.db.connect import Database
from columnist.jobs.job import pause_unaskable, refused_models, report_trouble, resume_model
from columnist.jobs.workers import be_present
from columnist.llm.limiter import TROUBLE

PRESENCE_SECONDS = 5.0
TROUBLE_SECONDS = 1.0
"""How often it is noted in a job's row that its LLM server is down, or up again."""
REFUSAL_SECONDS = 30.0
"""How long a pool does not ask a model after a refusal of every call, unless a person resumes a job."""

Probe = Callable[[str], Awaitable[str | None]]
"""A function that asks a model for a word; returns why it refuses, or None if it answers."""


class Presence:
    """Owns which models a pool can ask (`models`; None: any), and which of them refused lately."""

    def __init__(self, database: Database, pool_id: UUID, models: tuple[str, ...] | None, probe: Probe) -> None:
        self._database = database
        self._pool_id = pool_id
        self._models = models
        self._probe = probe
        self._refused_until: dict[str, float] = {}
        self._troubled: set[str] = set()

    @property
    def refused(self) -> list[str]:
        """The models that must not be asked now."""
        now = time.monotonic()
        return [model for model, until in self._refused_until.items() if now < until]

    def refuse(self, model: str) -> None:
        """Do not ask the model for a while."""
        self._refused_until[model] = time.monotonic() + REFUSAL_SECONDS

    def forgive(self) -> None:
        """Try every model again now."""
        self._refused_until.clear()

    async def announce(self) -> None:
        """Announce the models that can be asked here; pause jobs that no pool can ask, and resume those that can be
        asked again."""
        for model in await be_present(self._database, self._pool_id, self._models):
            reason = (
                f"No worker can ask the model {model!r}: start one whose settings have it (OPENAI_BASE_URL, "
                "COLUMNIST_MODEL), or cancel the job."
            )
            await pause_unaskable(self._database, model, reason)
        for model in await refused_models(self._database):
            if (self._models is not None and model not in self._models) or model in self.refused:
                continue
            if await self._probe(model) is None:
                self._refused_until.pop(model, None)
                await resume_model(self._database, model)
            else:
                self.refuse(model)
        await asyncio.sleep(PRESENCE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311

    async def report_trouble(self) -> None:
        """Note in the jobs' rows why they wait for the LLM server, so that a process without workers shows it, too."""
        trouble = dict(TROUBLE)
        for model in trouble.keys() | self._troubled:
            await report_trouble(self._database, model, trouble.get(model))
        self._troubled = set(trouble)
        await asyncio.sleep(TROUBLE_SECONDS)
