"""A scrape of the metrics: the process's own, and the queue in the database."""

import asyncio
from collections.abc import Iterable
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from columnist.db.connect import Database, is_weather
from columnist.db.sql import statement
from columnist.telemetry import REGISTRY

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

PATIENCE_SECONDS = 3.0
"""How long a scrape waits for the database; Prometheus waits ten seconds for a scrape."""


async def exposition(database: Database) -> bytes:
    """The metrics in Prometheus' text format. If the database is away, a metric says so, and the scrape does not
    fail."""
    counting = asyncio.create_task(_counts(database))
    # Not `wait_for`: with a hanging database a cancelled query does not end either.
    await asyncio.wait({counting}, timeout=PATIENCE_SECONDS)
    if not counting.done():
        counting.cancel()
    counts = counting.result() if counting.done() else None
    queue = CollectorRegistry(auto_describe=False)
    queue.register(_Queue(counts))
    return generate_latest(queue) + generate_latest(REGISTRY)


async def _counts(database: Database) -> dict[str, Any] | None:
    try:
        async with database.worker() as connection:
            return await (await connection.execute(statement("columnist.jobs", "count_jobs"))).fetchone()
    except psycopg.Error as error:
        if not is_weather(error):
            raise
        return None


class _Queue:
    """Gauges of one query of the database; absent, not stale, if it failed."""

    def __init__(self, counts: dict[str, Any] | None) -> None:
        self._counts = counts

    def collect(self) -> Iterable[GaugeMetricFamily]:
        counts = self._counts
        yield GaugeMetricFamily("columnist_database_up", "Whether the database answers.", float(counts is not None))
        if counts is None:
            return
        jobs = GaugeMetricFamily("columnist_jobs", "Live jobs by state.", labels=["state"])
        for state in ("pending", "running", "paused"):
            jobs.add_metric([state], counts[f"{state}_jobs"])
        yield jobs
        items = GaugeMetricFamily("columnist_items", "Items of live jobs by state.", labels=["state"])
        for state in ("pending", "running", "completed", "error", "skipped"):
            items.add_metric([state], counts[f"{state}_items"])
        yield items
        yield GaugeMetricFamily("columnist_queue_items", "Items that wait for a worker.", counts["queued_items"])
        yield GaugeMetricFamily(
            "columnist_queue_oldest_seconds",
            "How long the oldest waiting item has waited.",
            counts["oldest_seconds"],
        )
