"""A file of questions: YAML with `columns`, each with name, prompt, format, tags (for format `tag`), and perhaps
rules."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from columnist.errors import InputError
from columnist.reviews.conditions import check_condition
from columnist.reviews.model import ColumnSpec, Format, Rule, RuleFlag, SecondReading

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _one_line(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("a line has no control characters")
    return value


def _as_written(value: Any) -> Any:
    """YAML reads a bare `yes` or `no` as a truth value."""
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text has no character NUL")  # PostgreSQL's texts cannot
    return value


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
Paragraph = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AfterValidator(_text)
]


SPARE_FIELDS = 5
MOST_TAGS = 500


class Input(BaseModel):
    """A user's input. Unknown fields are refused, each with a sentence, unless there are more than SPARE_FIELDS."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, value: object) -> object:
        if isinstance(value, dict) and len(value) > len(cls.model_fields) + SPARE_FIELDS:
            raise ValueError(f"it has {len(value):,} fields, and may have {len(cls.model_fields)}")
        return value


class RuleInput(Input):
    """A rule in a user's input: `when` is a comparison with the answer's value, or words (see conditions.py)."""

    flag: RuleFlag
    when: Annotated[Line, BeforeValidator(_as_written)]


class ColumnInput(Input):
    """A question in a user's input, in a file or a request."""

    name: Line
    prompt: Paragraph
    format: Format = "text"
    tags: Annotated[list[Line], Field(max_length=MOST_TAGS, fail_fast=True)] = []
    rules: Annotated[list[RuleInput], Field(max_length=20)] = []
    second_reading: SecondReading | None = None

    @field_validator("rules")
    @classmethod
    def _comparisons_can_be_made(cls, rules: list[RuleInput], info: ValidationInfo) -> list[RuleInput]:
        if "format" not in info.data:
            return rules  # the format itself is refused
        wrong = []
        for nr, rule in enumerate(rules):
            try:
                check_condition(rule.when, info.data["format"], info.data.get("tags", ()))
            except InputError as error:
                kind = PydanticCustomError("rule", "{sentence}", {"sentence": str(error)})
                wrong.append(InitErrorDetails(type=kind, loc=(nr, "when"), input=rule.when))
        if wrong:
            raise ValidationError.from_exception_data("rules", wrong)
        return rules

    @model_validator(mode="after")
    def _tags_fit_the_format(self) -> Self:
        if (self.format == "tag") != bool(self.tags):
            raise ValueError("format 'tag' needs a list 'tags', and no other format has one")
        return self

    def spec(self) -> ColumnSpec:
        """The same in the form that the rest of Columnist uses."""
        rules = tuple(Rule(rule.flag, rule.when) for rule in self.rules)
        return ColumnSpec(self.name, self.prompt, self.format, tuple(self.tags), rules, self.second_reading)


class _Loader(yaml.SafeLoader):
    """Refuses a key that occurs twice in a mapping: plain YAML silently drops the first one."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode):
                if (first := lines.get((key.tag, key.value))) is not None:
                    raise _TwiceError(f"line {line}: {key.value!r} is given twice, first in line {first}")
                lines[key.tag, key.value] = line
        return node


class _TwiceError(yaml.YAMLError):
    pass


def _names_differ(columns: list[ColumnInput]) -> list[ColumnInput]:
    names = Counter(column.name for column in columns)
    if twice := sorted(name for name, times in names.items() if times > 1):
        raise ValueError(f"two columns are called {twice[0]!r}")
    return columns


Columns = Annotated[list[ColumnInput], Field(max_length=200, fail_fast=True), AfterValidator(_names_differ)]


class _File(Input):
    name: Line | None = None
    columns: Annotated[Columns, Field(min_length=1)]


def read_columns(file: Path) -> list[ColumnSpec]:
    """The questions of a YAML file. Raises InputError naming the file, the line and what is wrong there."""
    try:
        text = file.read_text(encoding="utf-8")
        data = yaml.load(text, _Loader)  # noqa: S506 - it is a SafeLoader
    except _TwiceError as error:
        raise InputError(f"{file}, {error}.") from None
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{file} is not YAML: {' '.join(str(error).split())}.") from None
    return parse_columns(data, str(file), text)


_NO_MAPPING = "it should be fields with values, such as `name: Governing law`"


def parse_columns(data: Any, source: str, text: str | None = None) -> list[ColumnSpec]:
    """The questions of a mapping in the form of the YAML file. Raises InputError; `source` names it in the message,
    with the line if the `text` that it was read from is given."""
    try:
        parsed = _File.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = _place(data, first["loc"])
        line = f", line {_line_of(text, first['loc'])}" if text is not None else ""
        wrong = _NO_MAPPING if first["type"] == "model_type" else first["msg"].removeprefix("Value error, ")
        raise InputError(f"{source}{line}: {place + ': ' if place else ''}{wrong}.") from None
    return [column.spec() for column in parsed.columns]


def _place(data: Any, path: Sequence[int | str]) -> str:
    """A path into `data` for a person: counted from one, and columns by name where they have one."""
    parts = []
    for part in path:
        try:
            data = data[part]
        except (LookupError, TypeError):
            data = None  # a field that is missing
        name = data.get("name") if isinstance(data, dict) else None
        number = str(part + 1) if isinstance(part, int) else part
        parts.append(f"{number} ({name})" if name else number)
    return " → ".join(parts)


def _line_of(text: str, path: Sequence[int | str]) -> int:
    """The line (from 1) of the place in YAML, or of the node that should contain it."""
    node = yaml.compose(text, yaml.SafeLoader)
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), node)
    return int(node.start_mark.line) + 1 if node else 1
