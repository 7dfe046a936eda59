"""A file of questions: YAML with `columns`, each with name, prompt, format and, for format `tag`, tags."""

from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from columnist.errors import InputError
from columnist.reviews.model import ColumnSpec, Format


def _one_line(value: str) -> str:
    if any(character < " " or character == "\x7f" for character in value):
        raise ValueError("a line has no control characters")
    return value


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text has no character NUL")  # PostgreSQL's cannot
    return value


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
Paragraph = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AfterValidator(_text)
]


class ColumnInput(BaseModel):
    """A question as somebody writes it, in a file or a request."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    prompt: Paragraph
    format: Format = "text"
    tags: list[Line] = []

    @model_validator(mode="after")
    def _tags_fit_the_format(self) -> Self:
        if (self.format == "tag") != bool(self.tags):
            raise ValueError("format 'tag' needs a list 'tags', and no other format has one")
        return self

    def spec(self) -> ColumnSpec:
        """The same as the rest of Columnist knows it."""
        return ColumnSpec(self.name, self.prompt, self.format, tuple(self.tags))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    columns: Annotated[list[ColumnInput], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two columns are called {twice[0]!r}")
        return self


def read_columns(file: Path) -> list[ColumnSpec]:
    """The questions of a YAML file. Raises InputError naming the file, the place in it and what is wrong there."""
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not YAML: {' '.join(str(error).split())}.") from None
    return parse_columns(data, str(file))


def parse_columns(data: Any, source: str) -> list[ColumnSpec]:
    """The questions of a mapping as the YAML file has it. Raises InputError; `source` names it in the message."""
    try:
        parsed = _File.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = " → ".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise InputError(
            f"{source}: {place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}."
        ) from None
    return [column.spec() for column in parsed.columns]
