"""The kinds of clauses that questions ask for: `clauses.yaml`, loaded, checked and compiled once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from columnist.errors import InputError

FILE = "clauses.yaml"
_PART = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Clause:
    """A kind of clause in `clauses.yaml`."""

    name: str
    specificity: int
    asks: re.Pattern[str]
    says: re.Pattern[str]
    unless: re.Pattern[str] | None
    words: str

    def is_in(self, text: str) -> bool:
        """Whether a passage, with single spaces, is such a clause."""
        text = text.lower()
        return bool(self.says.search(text)) and not (self.unless and self.unless.search(text))


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    specificity: int
    asks: list[str] = Field(min_length=1)
    says: list[str] = Field(min_length=1)
    unless: list[str] = []
    words: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    parts: dict[str, str | list[str]]
    clauses: dict[str, _Entry]


def clause_asked_for(question: str) -> Clause | None:
    """The most specific clause that the question asks for."""
    return next((clause for clause in clauses() if clause.asks.search(question)), None)


@cache
def clauses() -> tuple[Clause, ...]:
    """The clauses of `clauses.yaml`, the most specific first."""
    text = files("columnist.rules").joinpath(FILE).read_text(encoding="utf-8")
    return read_clauses(yaml.safe_load(text))


def read_clauses(data: Any) -> tuple[Clause, ...]:
    """The clauses of the file's content, the most specific first.

    Raises InputError with the file, the entry and its error.
    """
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(first["loc"], first["msg"]) from None
    found: dict[int, Clause] = {}
    for name, entry in file.clauses.items():
        place = ("clauses", name)
        if entry.specificity in found:
            raise _wrong((*place, "specificity"), f"the same as that of {found[entry.specificity].name}")
        # Compare lower case with lower case: half the time of a search that ignores case.
        found[entry.specificity] = Clause(
            name,
            entry.specificity,
            _compiled((*place, "asks"), entry.asks, file.parts, re.I),
            _compiled((*place, "says"), entry.says, file.parts),
            _compiled((*place, "unless"), entry.unless, file.parts) if entry.unless else None,
            entry.words,
        )
    return tuple(found[specificity] for specificity in sorted(found, reverse=True))


def _compiled(
    place: tuple[str, ...], alternatives: list[str], parts: Mapping[str, str | list[str]], flags: int = 0
) -> re.Pattern[str]:
    def part(name: re.Match[str]) -> str:
        pattern = parts[name[1]]
        return pattern if isinstance(pattern, str) else f"(?:{'|'.join(pattern)})"

    try:
        return re.compile("|".join(_PART.sub(part, one) for one in alternatives), flags)
    except KeyError as name:
        raise _wrong(place, f"there is no part {name}") from None
    except re.error as error:
        raise _wrong(place, f"not a regular expression: {error}") from None


def _wrong(place: Iterable[object], what: str) -> InputError:
    return InputError(f"{FILE}: {' → '.join(map(str, place))}: {what}")
