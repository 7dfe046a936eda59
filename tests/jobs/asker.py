"""A worker whose answers come when a test lets them."""

import asyncio
from collections import Counter
from uuid import UUID

from columnist.db.connect import Database
from columnist.jobs.calls import ItemCalls
from columnist.jobs.items import ClaimedItem, load_item, write_cells
from columnist.llm.usage import Usage
from tests.jobs.grid import MODEL, PROMPT_VERSION, an_answer


class Asker:
    """Answers as the product does: the questions that load_item returns. Counts its questions by version."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked: Counter[tuple[UUID, UUID, int]] = Counter()
        self.gate = asyncio.Event()

    async def __call__(self, item: ClaimedItem) -> None:
        loaded = await load_item(self.database, item)
        if loaded is None:
            return
        self.asked.update((item.document_id, one.question.id, one.version) for one in loaded.columns)
        await self.gate.wait()
        for _ in loaded.columns:
            await ItemCalls(self.database, item, anew=False).count(Usage(3, 2, 1))
        answers = [an_answer(one.question.id, f"v{one.version}", one.version) for one in loaded.columns]
        await write_cells(self.database, item, 1, MODEL, PROMPT_VERSION, answers)
