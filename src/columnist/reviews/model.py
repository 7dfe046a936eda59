"""The nouns of a review: a column's question, a cell, a row of the grid."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from columnist.documents.model import Citation, read_citations

Format = Literal[
    "text", "bulleted_list", "number", "percentage", "monetary_amount", "currency", "yes_no", "date", "tag"
]
"""How a column's answers are typed."""

Flag = Literal["green", "yellow", "red", "grey"]

NOT_FOUND = "Not found"
"""The summary of an answer that is not in the document; without a rule its flag is grey, and its value is None."""

RuleFlag = Literal["green", "yellow", "red"]
"""The flags that a rule may give to an answer; grey means that nothing was found."""

Role = Literal["viewer", "editor", "owner"]
"""A user's role in a review: they may see it, change it, or share and delete it."""


CellAction = Literal["edit", "verify", "unverify", "clear", "restore", "regenerate", "replace"]
"""A person's act on a cell; `replace`: a run replaced an answer that a person had acted on."""


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """The default model and its prompt version: other answers are outdated. `measured`: the models whose green can be
    trusted (Cell.colour)."""

    model: str
    prompt_version: str
    measured: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of a column's playbook: the flag of an answer when a condition holds (see conditions.py)."""

    flag: RuleFlag
    when: str

    def __str__(self) -> str:
        return f"{self.flag.capitalize()} if {self.when}"


SecondReading = Literal["order", "passages", "model"]
"""How an answer is read a second time: by the LLM with the questions in another order, or from the quoted passages
alone, or by another model. If the two differ, both are shown, and the flag is yellow."""


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A question of a user. `tags` are the allowed answers of format `tag`, else empty; the first of the `rules` that
    holds gives an answer its flag."""

    name: str
    prompt: str
    format: Format = "text"
    tags: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    second_reading: SecondReading | None = None

    def question(self, column_id: UUID) -> "Question":
        """The question that the column asks."""
        asked = Question(column_id, self.name, self.prompt, self.format, self.tags, self.rules)
        return replace(asked, second_reading=self.second_reading)


@dataclass(frozen=True, slots=True)
class Question:
    """A column as the back ends see it. `tags` are the allowed answers of format `tag`, else empty. Back ends answer
    its `rules` in words (conditions.py); the other rules are compared with the answer (playbook.py)."""

    id: UUID
    name: str
    prompt: str
    format: Format
    tags: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    unit: str | None = None
    second_reading: SecondReading | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A review as its user sees it: their role in it, its size, and its live job if there is one. `delete_at`: when it
    is deleted, None: never. `checked`: how many of its document_count × column_count cells a person has checked."""

    id: UUID
    name: str
    role: Role
    mine: bool
    document_count: int
    column_count: int
    active_job_id: UUID | None
    created_at: datetime
    updated_at: datetime
    delete_at: datetime | None
    checked: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a review; `version` grows with every edit that changes the question. `unit`: the unit of its numbers
    if the question names none: taken from the first answer, singular, empty for plain numbers; None before that."""

    id: UUID
    review_id: UUID
    index: int
    name: str
    prompt: str
    format: Format
    tags: list[str]
    rules: list[Rule]
    version: int
    unit: str | None
    second_reading: SecondReading | None
    created_at: datetime
    updated_at: datetime

    def spec(self) -> ColumnSpec:
        """The column's question as a spec."""
        tags, rules = tuple(self.tags), tuple(self.rules)
        return ColumnSpec(self.name, self.prompt, self.format, tags, rules, self.second_reading)

    def question(self) -> Question:
        """The question for the back ends."""
        return replace(self.spec().question(self.id), unit=self.unit)


@dataclass(frozen=True, slots=True)
class Member:
    """A person with whom a review is shared."""

    email: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CellContent:
    """The content of an answered cell. `value` is typed by `value_format`, None if it could not be; `rule`: the rule of
    the column that gave the flag, if any; `doubt` (0 to 1): orders answers so that people see the most doubtful first,
    None if an older version noted none."""

    summary: str
    value: Any
    value_format: Format | None
    flag: Flag
    rule: str | None
    reasoning: str
    citations: tuple[Citation, ...]
    doubt: float | None = None

    @property
    def verified(self) -> bool | None:
        """Whether every quote was found in the document; None without quotes."""
        return all(citation.verified for citation in self.citations) if self.citations else None


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """A model's answer, with its evidence, that a person has replaced. `summary` is None if an older version has not
    kept it."""

    summary: str | None
    reasoning: str | None
    citations: tuple[Citation, ...]
    verified: bool | None
    model: str | None
    prompt_version: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is exported; the fields are those of a FullCell. `stale`: its column changed since. `rule`: the
    column's rule or reason behind the flag, None if no rule gave it. `column_version`: of the question that it answers.
    For a person's answer (`edited_by`), model and evidence are None or empty: they belong to `earlier`."""

    status: Literal["pending", "done", "error"]
    summary: str | None
    value: Any
    flag: Flag | None
    reasoning: str | None
    citations: tuple[Citation, ...]
    verified: bool | None
    error: str | None
    stale: bool
    model: str | None
    rule: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    value_format: Format | None = None
    outdated: bool = False
    prompt_version: str | None = None
    column_version: int | None = None
    job_id: UUID | None = None
    attempt_error: str | None = None
    attempted_at: datetime | None = None
    edited_at: datetime | None = None
    edited_by: str | None = None
    verified_at: datetime | None = None
    verified_by: str | None = None
    earlier: EarlierAnswer | None = None
    doubt: float | None = None

    def colour(self, measured: Collection[str]) -> Flag | None:
        """The flag that colours the cell. Green vouches for an answer: it needs a rule of the playbook, a
        person, or one of the `measured` models, whose green answers are measured to be right more often than others."""
        vouched = self.rule or self.verified_by or self.model is None or self.model in measured
        return self.flag if vouched or self.flag != "green" else None


@dataclass(frozen=True, slots=True)
class FullCell:
    """A cell with everything; `missing`: it was never asked. `verified`: every quote was found; `verified_by`: a person
    has looked and agrees. `rule`: the column's rule or reason behind the flag, None if no rule gave it.
    `attempt_error`: why the last attempt failed, None if it did not; the answer is then an older one. `outdated`:
    another model or prompt version gave the answer. `value_format`: the format that `value` was typed for. `doubt` (0
    to 1): the signs against the model's answer, for ordering answers; it is no probability. `checked`: a person has
    edited or verified the answer, in the present wording of the question; None if there is no answer."""

    document_id: UUID
    column_id: UUID
    status: Literal["missing", "pending", "done", "error"]
    summary: str | None
    value: Any
    value_format: Format | None
    flag: Flag | None
    rule: str | None
    reasoning: str | None
    citations: tuple[Citation, ...]
    verified: bool | None
    error: str | None
    attempt_error: str | None
    attempted_at: datetime | None
    stale: bool
    outdated: bool
    model: str | None
    prompt_version: str | None
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    job_id: UUID | None
    edited_at: datetime | None
    edited_by: str | None
    verified_at: datetime | None
    verified_by: str | None
    updated_at: datetime | None
    doubt: float | None = None
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class PastCell:
    """A cell in its history; the fields are those of a FullCell, None if an older version did not keep one."""

    status: Literal["pending", "done", "error"]
    summary: str | None = None
    value: Any = None
    value_format: Format | None = None
    flag: Flag | None = None
    rule: str | None = None
    reasoning: str | None = None
    citations: tuple[Citation, ...] = ()
    verified: bool | None = None
    error: str | None = None
    column_version: int | None = None
    model: str | None = None
    prompt_version: str | None = None
    job_id: UUID | None = None
    attempt_error: str | None = None
    attempted_at: datetime | None = None
    attempt_job_id: UUID | None = None
    edited_at: datetime | None = None
    edited_by: str | None = None
    verified_at: datetime | None = None
    verified_by: str | None = None
    doubt: float | None = None

    @classmethod
    def read(cls, stored: dict[str, Any] | None) -> Self | None:
        """From the JSON of the history; None if there was no cell."""
        if stored is None:
            return None
        typed = stored | {"citations": read_citations(stored.get("citations"))}
        for names, read in _TYPED.items():
            typed |= {name: read(stored[name]) for name in names if stored.get(name) is not None}
        return cls(**typed)


_TYPED: dict[tuple[str, ...], Callable[[str], Any]] = {
    ("job_id", "attempt_job_id"): UUID,
    ("attempted_at", "edited_at", "verified_at"): datetime.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class CellChange:
    """An entry of a cell's history: an act, its time, and the content before and after (None: there was no cell).
    `email`: the person, or the model if a run replaced the answer."""

    action: CellAction
    email: str
    before: PastCell | None
    after: PastCell | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewChange(CellChange):
    """An entry of a review's history. `document` and `column` are names, None if they are gone."""

    document_id: UUID
    column_id: UUID
    document: str | None
    column: str | None


@dataclass(frozen=True, slots=True)
class GridRow:
    """A document with its cells by column id; a question that was never asked has no cell. `path`, `language`,
    `how_read`: as a Document's; `same_as`: the path of the first row with the same content, unless this is the first;
    `newer_file_at`: when the newest later file of the same path was taken in, None if this is the newest; `error`: why
    the document cannot be read."""

    document_id: UUID
    document: str
    page_count: int | None
    error: str | None
    cells: dict[UUID, Cell] = field(default_factory=dict)
    path: str = ""
    language: str | None = None
    how_read: str | None = None
    same_as: str | None = None
    newer_file_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The cells of a document that failed for the same reason: `columns` are their columns' names. `document` is its
    name, `path` its place in the upload."""

    document_id: UUID
    document: str
    path: str
    error: str
    columns: list[str]
