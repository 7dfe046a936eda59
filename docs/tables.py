"""`python -m docs.tables` (`make docs`): writes the tables of the docs that are taken from the code."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from columnist.cli.main import app
from columnist.errors import ColumnistError
from columnist.settings import Settings, knob_names

ROOT = Path(__file__).parents[1]
METHODS = ("get", "post", "put", "patch", "delete")


def settings() -> Iterator[str]:
    """Every setting with its default and description."""
    yield "| setting | default | what it does |"
    yield "|---|---|---|"
    for field, names in knob_names().items():
        info = Settings.model_fields[field]
        match info.default:
            case _ if field == "data_dir":
                default = "`~/.local/share/columnist`"
            case None | ():
                default = "–"
            case float():
                default = f"`{info.default:g}`"
            case _:
                default = f"`{info.default}`"
        yield _row(" or ".join(f"`{name}`" for name in names), default, info.description or "")


def commands() -> Iterator[str]:
    """Every command of the command line."""
    yield "| command | what it does |"
    yield "|---|---|"
    for name, command in sorted(command_line().items()):
        yield _row(f"`columnist {name}`", _first_sentence(command.help or ""))


def routes() -> Iterator[str]:
    """Every operation of the API, from web/openapi.json (`make types`)."""
    described = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    yield "| operation | what it does |"
    yield "|---|---|"
    for path, operations in described["paths"].items():
        for method in METHODS:
            if method in operations:
                says = _first_sentence(operations[method].get("description", ""))
                yield _row(f"`{method.upper()} {path.removeprefix('/api')}`", says)


def errors() -> Iterator[str]:
    """Every kind of error, with its HTTP status and exit code."""
    yield "| type | status | exit code | what it means |"
    yield "|---|---|---|---|"
    kinds = [kind for kind in _descendants(ColumnistError) if "problem" in vars(kind)]
    for kind in sorted(kinds, key=lambda kind: (kind.http_status, kind.problem)):
        says = _first_sentence(kind.__doc__ or "")
        yield _row(f"`{kind.problem}`", str(kind.http_status), str(kind.exit_code), says)


def _descendants(kind: type[ColumnistError]) -> Iterator[type[ColumnistError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


TABLES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "settings": ("docs/running.md", settings),
    "commands": ("docs/running.md", commands),
    "routes": ("docs/api.md", routes),
    "errors": ("docs/api.md", errors),
}
"""Name → the file that has the table between `<!-- NAME -->` and `<!-- /NAME -->`, and what makes its lines."""


def command_line() -> dict[str, Any]:
    """The commands, as Typer makes them, by what is typed after `columnist`: `run`, `jobs list`, …"""
    found: dict[str, Any] = {}

    def gather(command: Any, *names: str) -> None:
        for name, part in getattr(command, "commands", {}).items():
            gather(part, *names, name)
        if not hasattr(command, "commands"):
            found[" ".join(names)] = command

    gather(typer.main.get_command(app))
    return found


def written() -> dict[Path, str]:
    """Each file with a table → its text with the tables as the code has them now. Raises ValueError for a lost mark."""
    texts: dict[Path, str] = {}
    for name, (file, lines) in TABLES.items():
        path = ROOT / file
        text = texts.get(path) or path.read_text(encoding="utf-8")
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"\n<!-- /{name} -->")
        if not mark or not end:
            raise ValueError(f"{file} has no <!-- {name} --> and <!-- /{name} -->.")
        texts[path] = before + mark + "\n".join(lines()) + end + after
    return texts


def _first_sentence(text: str) -> str:
    """Without its full stop, so that rows read alike."""
    return re.split(r"(?<!e\.g)\.(?:\s|$)", " ".join(text.split()), maxsplit=1)[0]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
