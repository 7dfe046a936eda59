"""The code blocks of README and docs, run as they are, against a real server and a simulated LLM server.

A block of `sh` or `python` that is not run says why, in a comment above it: `<!-- not run: needs Docker -->`.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
import pytest
import yaml

from columnist.reviews.columns_file import parse_columns
from tests.conftest import CONTRACTS, ROOT
from tests.patience import PATIENCE_SECONDS
from tests.processes import contracts_in, environment, served, simulator
from tests.test_docs import DOCS

SERVER, LLM_SERVER = "http://127.0.0.1:8000", "http://localhost:8000/v1"
"""The port in the docs; tests use others."""

SHOWN = {"text", "mermaid"}
"""Blocks that nothing runs."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document; `excuse`: why it is not run."""

    language: str
    code: str
    excuse: str | None


def blocks(file: Path) -> list[Block]:
    found = re.findall(
        r"(?:^ *<!-- not run: ([^\n]+?) -->\n)?^( *)```(\w*)\n(.*?)^\2```$", file.read_text(), re.MULTILINE | re.DOTALL
    )
    return [
        Block(language, re.sub(rf"^{indent}", "", code, flags=re.MULTILINE), excuse or None)
        for excuse, indent, language, code in found
    ]


RUN = [file for file in DOCS if any(one.language in ("sh", "python") and not one.excuse for one in blocks(file))]


@pytest.mark.parametrize("file", DOCS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_block_is_run_or_says_why_not(file: Path) -> None:
    for block in blocks(file):
        excused = {"sql", "nginx"} if block.excuse else set()
        assert block.language in {"sh", "python", "yaml", *SHOWN, *excused}, block.code
        if block.language == "yaml":
            columns = yaml.safe_load(block.code)
            assert parse_columns({"columns": columns} if isinstance(columns, list) else columns, file.name)
    prose = re.sub(r"^( *)```.*?^\1```$", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"\n\n {4,}\S", prose), "a block of code without ``` is not found by this test"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server on a separate installation (`home`), and an LLM server: the addresses of the docs → theirs."""
    home = tmp_path_factory.mktemp("home")
    with simulator(model="qwen3") as llm, served(COLUMNIST_DATA_DIR=home, TABULAR_POLL_MS=100) as server:
        yield {SERVER: server.url, LLM_SERVER: llm, "home": str(home)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make everything that the examples expect in the working directory."""
    contracts_in(tmp_path / "contracts", 3)
    contracts_in(tmp_path / "leases", 2)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (readme,) = [block.code for block in blocks(ROOT / "README.md") if block.language == "yaml"]
    for name in ("questions.yaml", "lease.yaml"):
        (tmp_path / name).write_text(readme)
    lines = ["document,column,answer,quote", *(f"contract-{n:04}.txt,Governing law,Delaware," for n in range(3))]
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    shutil.copy(min(CONTRACTS.glob("*.[pP][dD][fF]"), key=lambda path: path.stat().st_size), tmp_path / "lease-1.pdf")
    lease = docx.Document()
    lease.add_paragraph("The term of this lease is five years. The monthly rent is $1,000.00.")
    lease.save(str(tmp_path / "lease-2.docx"))
    (tmp_path / ".curlrc").write_text("fail\nshow-error\n")  # an HTTP error fails the example
    return tmp_path


@pytest.mark.parametrize("file", RUN, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_examples_run(file: Path, folder: Path, there: dict[str, str]) -> None:
    binaries = Path(sys.executable).parent
    variables = environment(COLUMNIST_DATA_DIR=there["home"], HOME=folder)
    variables["PATH"] = f"{binaries}:{variables['PATH']}"
    for block in blocks(file):
        if block.language in SHOWN | {"yaml"} or block.excuse:
            continue
        code = block.code
        for address in (SERVER, LLM_SERVER):
            code = code.replace(address, there[address])
        command = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
        done = subprocess.run(
            [*command, code],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{block.code}\n{done.stdout}\n{done.stderr}"
