"""Is the LLM kept busy? 1,000 documents × 10 columns against the simulator: wall time beside service time / slots."""

import asyncio
import re
import tempfile
import urllib.request
from pathlib import Path

from bench.material import write_columns, write_documents
from bench.table import Row
from columnist.desk.files import find_files
from columnist.desk.grid import ReviewName
from columnist.desk.local import open_desk
from columnist.process import check_askable
from columnist.reviews.columns_file import read_columns
from columnist.settings import Settings
from tests.processes import simulator

DOCUMENTS, COLUMNS, SLOTS = 1_000, 10, 8
# A call takes about a third of a second: a hundredth of a large model's, so that the bench ends, and a hundred times
# what the engine adds to it.
SPEED = {"prompt_rate": 20_000, "decode_rate": 1_500}


def run() -> list[Row]:
    """Wall time from the first claim to the job's end, against the least that the server's slots allow."""
    with simulator(slots=SLOTS, **SPEED) as base_url:
        with tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as folder:
            wall = asyncio.run(_answer_all(base_url, Path(folder)))
        metrics = _metrics(base_url)
    least = metrics["llm_service_seconds_total"] / SLOTS
    cached = metrics["llm_cached_tokens_total"] / metrics["llm_prompt_tokens_total"]
    section = f"LLM kept busy, {DOCUMENTS:,} documents × {COLUMNS} columns, {SLOTS} slots"
    times = f"{wall:.1f} s against {least:.1f} s"
    calls = f"{metrics['llm_answers_total']:,.0f}; {cached:.0%}"
    return [
        Row(section, "wall time against service time / slots", times, f"{wall / least:.3f} × (limit 1.02)"),
        Row(section, "calls; prompt tokens from the prefix cache", calls),
    ]


async def _answer_all(base_url: str, folder: Path) -> float:
    write_documents(folder / "documents", DOCUMENTS)
    write_columns(folder / "columns.yaml", COLUMNS)
    settings = Settings(
        COLUMNIST_DATA_DIR=folder,
        OPENAI_BASE_URL=base_url,
        COLUMNIST_MODEL="simulated",
        TABULAR_GENERATE_CONCURRENCY=2 * SLOTS,
    )
    # The steps of `columnist run`.
    columns = read_columns(folder / "columns.yaml")
    await check_askable(settings, columns)
    async with open_desk(settings) as desk:
        files = find_files([folder / "documents"]).files
        grid = await desk.prepare(ReviewName("Bench"), files, columns)
        async with desk.working():
            generated = await desk.generate(grid, settings.model)
            async for _ in desk.watch(generated.job_id):
                pass
        job = await desk.progress(generated.job_id)
        if job.done_cells != DOCUMENTS * COLUMNS:
            raise RuntimeError(f"{job.done_cells} cells of {DOCUMENTS * COLUMNS} were answered: {job.error}")
        assert job.started_at and job.completed_at
        return (job.completed_at - job.started_at).total_seconds()


def _metrics(base_url: str) -> dict[str, float]:
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/metrics") as answer:
        found = re.findall(r"^(\w+) (\S+)$", answer.read().decode(), re.MULTILINE)
    return {name: float(figure) for name, figure in found}
