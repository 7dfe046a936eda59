"""`columnist worker`: a worker pool until the process is stopped."""

import asyncio
import gc
import signal

import structlog

from columnist.api.serve import watched
from columnist.db.connect import wait_for_database
from columnist.process import LEAVE_SECONDS, leave_within, open_process
from columnist.settings import Settings

log = structlog.get_logger()


async def work(settings: Settings) -> None:
    """Work on jobs until SIGTERM or SIGINT; a second signal hands running documents back at once."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        leave_within(settings.worker_grace_seconds + LEAVE_SECONDS)

    def stop_now() -> None:
        pool.stop_now()
        leave_within(LEAVE_SECONDS)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if not await wait_for_database(settings, stopped):
        return
    async with open_process(settings) as process, watched(settings, process.database) as health:
        process.log_receivers()
        async with process.working() as pool:
            health.pool = pool
            gc.freeze()  # as in serve
            log.info(
                "worker ready",
                concurrency=settings.generate_concurrency or "as the LLM servers take",
                model=settings.model,
            )
            await stopped.wait()
            log.info("worker stopping", grace_seconds=settings.worker_grace_seconds)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop_now)
