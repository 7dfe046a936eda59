"""From a model's reply to the raw answer to each question, wherever in the reply it is.

Servers without schemas put words, thoughts and fences around the JSON, or bend its form. Only what the model finished
is read: thoughts are drafts, and so is the answer during which a reply was cut off.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import accumulate
from typing import Any, NamedTuple

import json_repair
from pydantic import BaseModel, ValidationError, field_validator

from columnist.answers.plain import one_line
from columnist.asking.prompt import key
from columnist.errors import MalformedAnswerError
from columnist.llm.replies import Completion
from columnist.reviews.model import Question

_JSON = json.JSONDecoder(strict=False, parse_float=Decimal, parse_int=Decimal)
"""Accepts line breaks inside strings, which models write. Numbers keep their digits as written."""

LONGEST_QUOTE, LONGEST_TEXT = 2_000, 20_000
"""Most characters of a quote, and of an answer or a reasoning: longer ones take long to process. The schema limits
counts only: limits of lengths slow down the servers that enforce them."""
MOST = 500
"""Most quotes or items that are processed, from a server without schemas."""

_MOST_LOOKS, _TRY, _DEEP = 10, 100, 1_000
"""How many times the length of a reply may be read in vain, from one bracket after the other; how much a try counts at
least; and how much one that ended at brackets nested too deeply."""

_LONGEST_REPAIRED = 20_000
"""Most characters of a repair: with open quotation marks its time grows with their square."""
_LONGEST_NUMBER = 60
"""Most digits of a number that is written out; a longer one is shown as the model wrote it."""
_UNQUOTED = re.compile(
    r"(?:[\"'”’]|[{,]\s*\w+)\s*:\s*(?![\s\"'“‘`{\[]|(?:true|false|null|none|undefined)\b"
    r"|[-+]?(?:\d++\.?\d*+|\.\d++)(?:e[-+]?\d++)?\s*(?:[,}\]\n\r#]|//|\Z))",
    re.I,
)
"""A value without quotation marks that is no number: a repair would keep a part of it, 5 of `5 to 10`."""
_EXACT_DIGITS = 15
"""How many digits of a number survive a float."""
_MOST_ENCODED = 3
"""How many times a reply is encoded as a string, at most."""
_SHOWN = 200
"""Most characters of a reply without JSON that its error quotes."""

_THOUGHTS = (
    "(?:ant)?think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratchpad|deliberation|cot|chain_of_thought"
    "|(?:inner_)?monologue|draft|plan(?:ning)?|brainstorm(?:ing)?"
)
_BEGIN = re.compile(
    rf"<\|?\s?(?:\w+:)?(?:begin_of_|start_)?(?:{_THOUGHTS})(?:_start|_begin)?\b[^<>\n]{{0,80}}\s?>|&lt;(?:{_THOUGHTS})&gt;"
    r"|\[THINK\]|◁think▷"
    r"|<\|channel\|?>\s*(?:analysis|commentary|thought)|<details\b[^<>\n]{0,80}reasoning[^<>\n]{0,80}>"
    r"|<details>\s*<summary>[^<>\n]{0,80}(?:reason|think|thought)",
    re.I,
)
_END = re.compile(
    rf"<\s?\\?/(?:\w+:)?(?:{_THOUGHTS})\s?>|&lt;/(?:{_THOUGHTS})&gt;|<\|(?:{_THOUGHTS})_end\|>"
    rf"|<\|/?(?:end_of_|end_)?(?<!<\|)(?:{_THOUGHTS})\|>|\[/THINK\]|◁/think▷|</details>"
    r"|<\|channel\|>final(?:<\|message\|>)?|<channel\|>",
    re.I,
)
_AROUND = " \t\r\n`]},"
"""Marks that may follow the last object of a reply without further words."""
_BRACKET = re.compile(r"[{\[]")
_SPACE = re.compile(r"\s*")
_TWO_NAMES = re.compile(r"\s*(c\d+)\s*[:(.–-]+\s*(.{1,400}?)[\s)]*", re.S)
_OPENED = re.compile(r'\{\s*(?:"\w*)?')
"""An object that is cut off, and is not inside another."""
_FROM_ZERO = re.compile(r"\s*(?:[a-z]+[\s_-]*)?0+", re.I)
"""A name by which questions are counted from 0, perhaps: a guess would shift all answers."""
_FIELDS = frozenset(("answer", "value", "words", "reasoning", "quotes", "quote", "page", "rule", "flag"))
"""The names inside an answer; a question with such a name is recognised by its key alone."""


_PARTS = frozenset(("value", "answer", "text", "amount", "number", "currency", "unit", "page"))
"""The names inside an answer that is given in parts: `{"amount": 500, "currency": "USD"}`."""


class Quote(BaseModel):
    """A quote as the model gave it."""

    page: int | None = None
    quote: str

    @field_validator("page", mode="before")
    @classmethod
    def _as_page(cls, value: Any) -> int | None:
        """The page is only a hint: `Page 3` and "3" are the same, anything else counts as None."""
        found = re.search(r"\d{1,6}", str(value))
        return int(found[0]) if found else None


class RawAnswer(BaseModel):
    """An answer by the schema; servers without schemas may leave out or bend what is not essential."""

    answer: str | bool | list[str] | None
    words: str = ""
    reasoning: str = ""
    quotes: list[Quote] = []
    rule: int | None = None
    flag: str | None = None

    @field_validator("answer", mode="before")
    @classmethod
    def _as_answer(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [_in_words(item) for item in value if item is not None]
        if isinstance(value, dict) and value and _PARTS.issuperset(value):
            return " ".join(_in_words(one) for name, one in value.items() if name != "page" and one is not None)
        return _in_words(value) if isinstance(value, dict | Decimal) else value

    @field_validator("quotes", mode="before")
    @classmethod
    def _as_quotes(cls, value: Any) -> list[Any]:
        several = value if isinstance(value, list) else [value]
        quotes = [{"quote": one} if isinstance(one, str) else one for one in several]
        return [one for one in quotes if isinstance(one, dict) and isinstance(one.get("quote"), str)]

    @field_validator("words", "reasoning", "flag", mode="before")
    @classmethod
    def _as_words(cls, value: Any) -> str:
        return "" if value is None else _in_words(value)

    @field_validator("rule", mode="before")
    @classmethod
    def _as_rule(cls, value: Any) -> int | None:
        return int(str(value)) if re.fullmatch(r"[0-9]{1,6}", str(value)) else None

    def bounded(self) -> "RawAnswer":
        """The answer without what is over a limit."""
        answer = self.answer[:LONGEST_TEXT] if isinstance(self.answer, str) else self.answer
        if isinstance(answer, list):
            ends = accumulate(map(len, answer))
            answer = [item for item, end in zip(answer[:MOST], ends, strict=False) if end <= LONGEST_TEXT]
        quotes = [
            one if len(one.quote) <= LONGEST_QUOTE else Quote(page=one.page, quote=one.quote[:LONGEST_QUOTE])
            for one in self.quotes[:MOST]
        ]
        texts = {"words": self.words[:LONGEST_QUOTE], "reasoning": self.reasoning[:LONGEST_TEXT]}
        return self.model_copy(update={"answer": answer, "quotes": quotes, **texts})


class _Object(NamedTuple):
    """The answers of an object in a reply, by index of question. `begun`: whether an object without an end has any.
    `end`: how far it was read."""

    answers: dict[int, Any]
    begun: bool
    end: int


def raw_answers(completion: Completion, questions: Sequence[Question]) -> dict[int, RawAnswer]:
    """The finished answers by index of their question. Raises MalformedAnswerError if a reply that was not cut off has
    none.

    The last object that answers a question counts. In a reply that was cut off only the last object counts, as far as
    it is finished: earlier ones may be drafts.
    """
    names = _names(questions)
    final, draft = _parted(completion.text)
    found = _answers(final, names, completion.cut_off)
    if not found and not completion.cut_off:
        # A model that does not end its thoughts, or a server that takes all for thoughts, leaves the answer there.
        found = _answers(draft, names, False) or _answers(completion.thoughts, names, False)
    if found or completion.cut_off:
        return found
    said = one_line(final).strip()
    words = f" It said: “{said[:_SHOWN]}{'…' * (len(said) > _SHOWN)}”" if said and "{" not in said else ""
    raise MalformedAnswerError(f"The model's answer was not the JSON that was asked for, twice.{words}")


def _names(questions: Sequence[Question]) -> dict[str, int]:
    """The names that a model may use for each question: its key, its number or its name, unless two questions share
    it."""
    called = [(form, index) for index, one in enumerate(questions) for form in {*_numbered(index), _folded(one.name)}]
    uses = Counter(form for form, _ in called)
    keys = {key(index): index for index in range(len(questions))}
    return {form: index for form, index in called if form and uses[form] == 1 and form not in _FIELDS} | keys


def _numbered(index: int) -> Iterator[str]:
    yield from (f"{word}{index + 1}" for word in ("", "q", "question", "column", "answer"))


def _index(name: object, names: dict[str, int]) -> int | None:
    """The question that a name means: by its key, its number, its name, or two of these together."""
    found = names.get(_folded(name))
    if found is None and (both := _TWO_NAMES.fullmatch(str(name))):
        found, other = (names.get(_folded(one)) for one in both.groups())
        return found if other in (found, None) else None
    return found


def _folded(name: object) -> str:
    return re.sub(r"[\W_]+", "", str(name)).casefold()


def _parted(text: str) -> tuple[str, str]:
    """A reply without its thoughts, and the unfinished thoughts, which are a draft."""
    if text.lstrip().startswith(("{", "[", "```")) and not _BEGIN.match(text.lstrip()):
        end = _end_of_first(text)
        begin, finish = _BEGIN.search(text, end), _END.search(text, end)
        if begin and (finish is None or begin.start() < finish.start()):
            rest, draft = _parted(text[begin.start() :])
            return text[: begin.start()] + rest, draft
        return (text[finish.end() :] if finish else text), ""
    ends = [end.end() for end in _END.finditer(text)]
    rest = text[ends[-1] if ends else 0 :]
    begin = _BEGIN.search(rest)
    return (rest[: begin.start()], rest[begin.end() :]) if begin else (rest, "")


def _end_of_first(text: str) -> int:
    """The end of the JSON value at the start of a text: marks inside it do not count."""
    start = _BRACKET.search(text)
    try:
        return _JSON.raw_decode(text, start.start())[1] if start else len(text)
    except (ValueError, RecursionError):
        return len(text)


def _answers(text: str, names: dict[str, int], cut_off: bool) -> dict[int, RawAnswer]:
    objects = list(_objects(text, names))
    if cut_off:
        # Words after a complete object mean that the model goes on thinking, whatever the mark.
        objects = [one for one in objects[-1:] if one.begun or not text[one.end :].strip(_AROUND)]
    raw = {index: value for one in objects for index, value in one.answers.items()}
    found = _valid(raw)
    if len(found) < len(set(names.values())) and not cut_off:
        found = _valid(_repaired(text, names)) | found
    return found


def _valid(raw: dict[int, Any]) -> dict[int, RawAnswer]:
    found = {}
    for index, value in raw.items():
        if isinstance(value, str) and (inner := _decoded(value)) is not None:
            value = inner
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and "answer" in value[0]:
            value = value[0]
        if isinstance(value, dict):
            value = {_field(name): inner for name, inner in value.items()}
        if isinstance(value, dict) and "answer" not in value and "value" in value:
            value = value | {"answer": value["value"]}
        try:
            found[index] = RawAnswer.model_validate(value if isinstance(value, dict) else {"answer": value})
        except ValidationError:
            continue
    return found


def _field(name: str) -> str:
    return name.lower() if name.lower() in _FIELDS else name


def _decoded(text: str) -> Any:
    """The object or list that a text encodes, or None."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return _JSON.decode(text.strip())
    except (ValueError, RecursionError):
        return None


def _objects(text: str, names: dict[str, int]) -> Iterator[_Object]:
    """The objects and lists of a reply that answer questions, or have begun to do so."""
    for _ in range(_MOST_ENCODED):
        if text.lstrip().startswith('"'):  # JSON as a string in JSON
            with suppress(ValueError):
                text = str(_JSON.raw_decode(text.lstrip())[0])
    bracket = _BRACKET.search(text)
    left = _MOST_LOOKS * (len(text) + _DEEP)
    while bracket and left > 0:
        start = bracket.start()
        try:
            value, end = _JSON.raw_decode(text, start)
            one = _Object(_named(value, names), False, end)
        except (ValueError, RecursionError) as error:
            left -= max(error.pos - start, _TRY) if isinstance(error, json.JSONDecodeError) else _DEEP
            one = _unfinished(text, start, names)
        if one.answers or one.begun:
            yield one
        bracket = _BRACKET.search(text, one.end)


def _unfinished(text: str, start: int, names: dict[str, int]) -> _Object:
    """The complete members of an object that is cut off, or stops being JSON somewhere."""
    members: dict[str, Any] = {}
    name = ""
    at = end = start
    try:
        while text[at] in "{,":
            name, colon = _JSON.raw_decode(text, _after_space(text, at + 1))
            colon = _after_space(text, colon)
            if not isinstance(name, str) or text[colon] != ":":
                break
            value, end = _JSON.raw_decode(text, _after_space(text, colon + 1))
            at = _after_space(text, end)
            if text[at] not in ",}":  # more of it was to come
                break
            members[name] = value
    except (ValueError, IndexError, RecursionError):
        pass
    whole = _by_index(members, names)
    opened = _OPENED.fullmatch(text, start) and not text[max(start - 9, 0) : start].rstrip().endswith((":", ",", "["))
    begun = bool(whole or opened) or _index(name, names) is not None
    # A name that is no question's may hold an object that answers questions.
    return _Object(whole, begun, end if whole else start + 1)


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _named(value: Any, names: dict[str, int]) -> dict[int, Any]:
    """The answers in a decoded value: an object by names, a list of objects that name their questions, or as many as
    there are questions, in their order; else the answers of the values inside it."""
    if isinstance(value, dict):
        found = _by_index(value, names)
        inside: Sequence[Any] = list(value.values())
    elif isinstance(value, list):
        pairs = [one for one in value if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str)]
        found = _by_index(dict(pairs), names) if len(pairs) == len(value) else {}
        inside = value
        if value and all(isinstance(one, dict) and ("answer" in one or "value" in one) for one in value):
            found = {index: one for index, one in zip(_labels(value, names), value, strict=True) if index is not None}
    else:
        inner = _decoded(value) if isinstance(value, str) else None  # JSON as a string in JSON
        return {} if inner is None else _named(inner, names)
    if found:
        return found
    return {index: one for each in inside for index, one in _named(each, names).items()}


def _by_index(members: dict[str, Any], names: dict[str, int]) -> dict[int, Any]:
    """Members by the questions that they name."""
    if any(map(_FROM_ZERO.fullmatch, members)):
        return {}
    named = ((_index(one, names), value) for one, value in members.items())
    return {index: value for index, value in named if index is not None}


def _labels(items: Sequence[dict[str, Any]], names: dict[str, int]) -> Sequence[int | None]:
    """The question that each item of a list answers: by a member that names one; if no member distinguishes them, by
    their order."""
    labels = [
        [str(value) for by, value in one.items() if _field(by) not in _FIELDS and isinstance(value, str | Decimal)]
        for one in items
    ]
    known = [[index for label in each if (index := _index(label, names)) is not None] for each in labels]
    said = [each[0] if each else None for each in known]
    if any(_FROM_ZERO.fullmatch(label) for each in labels for label in each):
        return [None] * len(items)
    if said != [None] * len(items):
        return said
    if len(items) != len(set(names.values())) or (
        len(items) > 1 and len({tuple(each) for each in labels}) == len(items)
    ):
        return said
    return range(len(items))


def _repaired(text: str, names: dict[str, int]) -> dict[int, Any]:
    """The answers of a reply that is nearly JSON: single quotes, a comma too many, Python's words. What comes after its
    last bracket does not count: it may be half of something."""
    start, end = text.find("{"), text.rfind("}")
    if not 0 <= start < end < start + _LONGEST_REPAIRED or _UNQUOTED.search(text, start, end + 1):
        return {}
    try:
        return _named(_exact(json_repair.loads(text[start : end + 1], skip_json_loads=True)), names)
    except (ValueError, RecursionError):
        return {}


def _exact(value: Any) -> Any:
    """A number as a decimal. Raises ValueError for one that a float may have changed."""
    match value:
        case dict():
            return {name: _exact(inner) for name, inner in value.items()}
        case list():
            return [_exact(inner) for inner in value]
        case float():
            number = Decimal(repr(value))
            if not number.is_finite() or len(number.as_tuple().digits) > _EXACT_DIGITS:
                raise ValueError("a number that is not exact")
            return number
        case int() if not isinstance(value, bool):
            return Decimal(value)
    return value


def _in_words(value: Any) -> str:
    """A string as it is, a number in plain digits, anything else as JSON."""
    if isinstance(value, Decimal):
        # 1e999999999 written out would fill the memory.
        short = value.is_finite() and abs(value.adjusted()) < _LONGEST_NUMBER and len(value.as_tuple().digits) < 5_000
        return format(value, "f") if short else str(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_in_words)
