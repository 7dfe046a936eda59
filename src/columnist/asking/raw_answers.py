"""From a model's reply to the raw answer to each question, wherever in the reply it is.

Servers without schemas put words, thoughts and fences around the JSON, or bend its form. Only what the model finished
is read: thoughts are drafts, and so is the answer during which a reply was cut off.
"""

import html
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from enum import IntEnum
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

import json_repair
from pydantic import AliasChoices, BaseModel, Field, ValidationError, field_validator

from columnist.answers.plain import one_line
from columnist.asking.prompt import key
from columnist.errors import MalformedAnswerError
from columnist.llm.replies import Completion
from columnist.reviews.model import Question

Name = TypeVar("Name")


def _once(members: Iterable[tuple[Name, Any]]) -> dict[Name, Any]:
    """Members by name, without those that are given twice with two answers: neither counts."""
    found: dict[Name, Any] = {}
    disputed = set()
    for name, value in members:
        if name in found and name not in _ASIDE and _answer_in(found[name]) != _answer_in(value):
            disputed.add(name)
        found[name] = value
    return {name: value for name, value in found.items() if name not in disputed}


def _answer_in(value: Any) -> Any:
    return value.get("answer", value) if isinstance(value, dict) else value


_JSON = json.JSONDecoder(strict=False, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_once)
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
_KEY = re.compile(r"\bc\d{1,3}\b(?=[\"'”’]?\s?:)")
_EXACT_DIGITS = 15
"""How many digits of a number survive a float."""
_MOST_ENCODED = 3
"""How many times a reply is encoded as a string, at most."""
_SHOWN = 200
"""Most characters of a reply without JSON that its error quotes."""

_THOUGHTS = (
    r"think|thought|reason|reflect|analys|commentary(?! to)|scratch|deliberat|monolog|draft|brainstorm|rational"
    r"|critique|\bcot\b|plan(?:ning)?\b|chain_of|inner_prefix"
)
_MARK = re.compile(
    r"<\|(?:channel|start|im_start)\|?>[ \n]?\w{0,20}(?: to=)?|<\s?[/\\|]{0,2}\s?[\w!][^<>\n]{0,80}(?<!/)>|-->"
    r"|&lt;[/\w][^&\n]{0,80}&gt;|◁[^◁▷\n]{1,20}▷|\Aanalysis\b|assistantfinal"
    rf"|(?:\[/?|```)(?:\w{{1,20}}[ _])?(?:{_THOUGHTS})\w{{0,20}}[\]\n]",
    re.I,
)
"""What begins or ends a part of a reply: an element, or a token of a chat template, some with the word after it."""
_CLOSING = re.compile(r"^(?:&lt;|\W{1,5})[/\\]|(?<![a-z])end(?![a-z])|suffix|^<channel\||-->|[>t]final$|to=$", re.I)
_OF_THOUGHTS = re.compile(_THOUGHTS, re.I)
_OF_ANSWERS = re.compile(r"answer|final|output|response|result|json|tool|function|call|argument", re.I)
_BETWEEN = re.compile(r"(?:[\s,;`*•>-]|json|\d[.)])*", re.I)
"""What may stand between objects that belong together."""
_LONGEST_INTRODUCTION = 100
"""Most characters before an answer that was cut off: in more words a model thinks."""
_AROUND = " \t\r\n`]},"
"""Marks that may follow the last object of a reply without further words."""
_ANNOUNCED = re.compile(r"(?:[:：]\W{0,20}(?:```\w{0,20}\s{0,20})?|<[^<>]*)\Z")
_BACKSLASHED = re.compile(r'\s*[{\[]\s*\\"')
_MEMBER = re.compile(r'\s*"[^"\n]{1,80}"\s*:\s*{')
_BRACKET = re.compile(r"[{\[]")
_SPACE = re.compile(r"\s*")
_TWO_NAMES = re.compile(r"\s*(c\d+)\s*[:(.–-]+\s*(.{1,400}?)[\s)]*", re.S)
_OPENED = re.compile(r'\{\s*(?:"\w*)?')
"""An object that is cut off, and is not inside another."""
_WITHIN = re.compile(r"(?:[\"'”’]\s*:|[,\[])\s*\Z")
_LOOKS_LIKE = str.maketrans("с", "c")
"""A letter of another alphabet in the keys of questions."""
_FROM_ZERO = re.compile(r"\s*(?:[a-z]+[\s_-]*)?0+", re.I)
"""A name by which questions are counted from 0, perhaps: a guess would shift all answers."""
_FIELDS = frozenset(("answer", "value", "words", "reasoning", "quotes", "quote", "page", "rule", "flag"))
"""The names inside an answer; a question with such a name is recognised by its key alone."""
_LIKE_ANSWER = AliasChoices("answer", "value", "final_answer", "response", "result")
"""The names of an answer."""
_ASIDE = _FIELDS - {"answer", "value"}
_PARTS = frozenset(("value", "answer", "text", "amount", "number", "currency", "unit", "page"))
"""The names inside an answer that is given in parts: `{"amount": 500, "currency": "USD"}`."""
_PLACEHOLDER = re.compile(r"\s*(?:\.{3}|…|<[\w |]{1,40}>|string)\s*", re.I)


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

    answer: str | bool | list[str] | None = Field(validation_alias=_LIKE_ANSWER)
    words: str = ""
    reasoning: str = ""
    quotes: list[Quote] = Field(default=[], validation_alias=AliasChoices("quotes", "quote"))
    rule: int | None = None
    flag: str | None = None

    @field_validator("answer", mode="before")
    @classmethod
    def _as_answer(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [_in_words(item) for item in value if item is not None]
        if isinstance(value, dict) and value and _PARTS.issuperset(value):
            return " ".join(_in_words(one) for name, one in value.items() if name != "page" and one is not None)
        if (isinstance(value, str) and _PLACEHOLDER.fullmatch(value)) or _is_schema(value):
            raise ValueError("an example instead of an answer")
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
    """The answers of an object in a reply, by index of question, and where it was read. `begun`: whether an object
    without an end has any."""

    answers: dict[int, Any]
    begun: bool
    start: int
    end: int


class _Place(IntEnum):
    """What a part of a reply is, by the marks around it."""

    DRAFT = 0
    UNMARKED = 1
    ANSWER = 2


class _Part(NamedTuple):
    start: int
    end: int
    place: _Place


def raw_answers(completion: Completion, questions: Sequence[Question]) -> dict[int, RawAnswer]:
    """The finished answers by index of their question. Raises MalformedAnswerError if a reply that was not cut off has
    none.

    Of several objects the last counts, but marked answers before all others, and drafts after them. In a reply that was
    cut off the last one counts as far as it is finished: earlier ones may be drafts.
    """
    names = _names(questions)
    text, thoughts = _unwrapped(completion.text), _unwrapped(completion.thoughts)
    objects = list(_objects(text, names))
    if completion.cut_off:
        return _valid(_before_the_cut(text, objects))
    if _ends_early(text, objects):  # without saying so
        found = _valid(_before_the_cut(text, objects))
    else:
        found = _answers(text, objects, _parts(text, objects), names)
    if not found and thoughts:  # a server may take all for thoughts
        found = _answers(thoughts, [*_objects(thoughts, names)], [_Part(0, len(thoughts), _Place.DRAFT)], names)
    if found:
        return found
    said = one_line(text).strip()
    words = f" It said: “{said[:_SHOWN]}{'…' * (len(said) > _SHOWN)}”" if said and "{" not in said else ""
    raise MalformedAnswerError(f"The model's answer was not the JSON that was asked for, twice.{words}")


def _names(questions: Sequence[Question]) -> dict[str, int]:
    """The names that a model may use for each question: its key, number, name or words, unless two questions share
    them."""
    called = [
        (form, index)
        for index, one in enumerate(questions)
        for form in {*_numbered(index), *map(_folded, (one.name, one.prompt, one.name + one.prompt))}
    ]
    uses = Counter(form for form, _ in called)
    keys = {key(index): index for index in range(len(questions))}
    return {form: index for form, index in called if form and uses[form] == 1 and form not in _FIELDS} | keys


def _numbered(index: int) -> Iterator[str]:
    yield from (f"{word}{index + 1}" for word in ("", "q", "question", "column", "col", "answer", "item", "field"))


def _index(name: object, names: dict[str, int]) -> int | None:
    """The question that a name means: by its key, its number, its name, or two of these together."""
    found = names.get(_folded(name))
    if found is None and (both := _TWO_NAMES.fullmatch(str(name))):
        found, other = (names.get(_folded(one)) for one in both.groups())
        return found if other in (found, None) else None
    return found


def _folded(name: object) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", str(name))).casefold().translate(_LOOKS_LIKE)


def _unwrapped(text: str) -> str:
    """A reply without what it is wrapped in: JSON strings, escapes, or no brackets at all."""
    if '"' not in text and "&" in text:
        text = html.unescape(text)
    if _BACKSLASHED.match(text):
        text = f'"{text}"'
    for _ in range(_MOST_ENCODED):
        if text.lstrip().startswith('"'):
            with suppress(ValueError):
                text = str(_JSON.decode(text.strip()))
    return f"{{{text}}}" if _MEMBER.match(text) else text


def _answers(
    text: str, objects: Sequence[_Object], parts: Sequence[_Part], names: dict[str, int]
) -> dict[int, RawAnswer]:
    for place in reversed(_Place):
        here = [part for part in parts if part.place is place]
        if place is _Place.DRAFT:  # thoughts that do not end may end in the answer
            here = [part for part in here[-1:] if not text[text.rfind("}", 0, part.end) + 1 : part.end].strip(_AROUND)]
        inside = [(part, one) for part in here for one in objects if one.answers and part.start <= one.start < part.end]
        broken = not inside or any(one.begun for _, one in inside)
        if broken and (place is _Place.DRAFT or (inside and _thinks(text, objects))):
            continue
        found = _valid(_last(text, inside, names))
        if broken:
            repaired = (_valid(_repaired(text[part.start : part.end], names)) for part in reversed(here))
            found = next(filter(None, repaired), {}) | found
        if found:
            return found
    return {}


def _ends_early(text: str, objects: Sequence[_Object]) -> bool:
    """Whether a reply ends in the middle of an object that follows others, or before one that it announces."""
    if objects and not objects[-1].begun:
        return bool(_ANNOUNCED.search(text, objects[-1].end))
    return len(objects) > 1 and text.count("{", objects[-1].start) > text.count("}", objects[-1].start)


def _before_the_cut(text: str, objects: Sequence[_Object]) -> dict[int, Any]:
    """The finished answers of the object in which a reply was cut off."""
    if not objects or _thinks(text, objects):
        return {}
    last = objects[-1]
    # Words after a complete object mean that the model goes on thinking, whatever the mark.
    return {} if not last.begun and text[last.end :].strip(_AROUND) else last.answers


def _thinks(text: str, objects: Sequence[_Object]) -> bool:
    """Whether the last object of a reply that ends too early may be a part of the model's thoughts."""
    last = objects[-1]
    part = _parts(text[: last.start], objects[:-1])[-1]
    introduction = text[max(part.start, *(one.end for one in objects[-2:-1]), 0) : last.start]
    if part.place is _Place.DRAFT or _OF_THOUGHTS.search(introduction):
        return True
    return len(introduction) > _LONGEST_INTRODUCTION or not (last.begun or _BETWEEN.fullmatch(introduction))


def _parts(text: str, objects: Sequence[_Object]) -> list[_Part]:
    """A reply by its marks. What comes before the end of something that has not begun belongs to it."""
    parts: list[_Part] = []
    opened: list[tuple[str, _Place]] = []
    start = before = 0
    for mark in _marks(text, objects):
        said, closing = mark[0], _CLOSING.search(mark[0])
        thoughts, template = _OF_THOUGHTS.search(said), said.startswith("<|")
        name = re.sub(r"\W*(\w*).*", r"\1", said, flags=re.S).lower()
        answers = not thoughts and _OF_ANSWERS.search(said)
        if not (closing or thoughts or answers) and (template or not _begins(text, mark.start())):
            continue
        place = _Place.ANSWER if answers else _Place.DRAFT
        parts.append(_Part(start, mark.start(), opened[-1][1] if opened else _Place.UNMARKED))
        start = mark.end()
        if not closing:
            opened.append((name, min(place, opened[-1][1]) if opened else place))
        elif opened:
            while opened and opened.pop()[0] != name:
                pass
        elif thoughts or name == "channel" or not template:
            place = place if said.startswith("</") else _Place.DRAFT
            parts[before:] = [part._replace(place=place) for part in parts[before:]]
            before = len(parts)
    parts.append(_Part(start, len(text), opened[-1][1] if opened else _Place.UNMARKED))
    return parts


def _marks(text: str, objects: Sequence[_Object]) -> Iterator[re.Match[str]]:
    """The marks outside of whole objects."""
    at = 0
    for one in objects:
        if not one.begun:
            yield from _MARK.finditer(text, at, one.start)
            at = one.end
    yield from _MARK.finditer(text, at)


def _begins(text: str, at: int) -> bool:
    """Whether an element of unknown name may begin here: the words of a document may be in such brackets, too."""
    return text[max(at - 9, 0) : at].rstrip(" \t")[-1:] in ("", *"\n>}]`:")


def _last(text: str, objects: Sequence[tuple[_Part, _Object]], names: dict[str, int]) -> dict[int, Any]:
    """The answers of the last object, and of those before it that belong to it: with nothing between, or with the name
    of the next one's question. An answer that begins its part stands alone, and none counts if another contradicts
    it."""
    found: dict[int, Any] = {}
    first = end = 0
    for part, one in objects:
        between = _MARK.sub("", text[end : one.start])
        known = [index for index in one.answers if index in found]
        joined = not found or _BETWEEN.fullmatch(between) or (not known and _is_named(between, one, names))
        if not joined and not _BETWEEN.fullmatch(text, part.start, first):
            found = {}
        elif any(_answer_in(found[index]) != _answer_in(one.answers[index]) for index in known):
            return {}
        if joined or not found:
            first = first if found else one.start
            found = found | one.answers
            end = one.end
    return found


def _is_named(words: str, one: _Object, names: dict[str, int]) -> bool:
    folded = _folded(words)
    return any(form in folded for form, index in names.items() if index in one.answers and len(form) > 1)


def _valid(raw: dict[int, Any]) -> dict[int, RawAnswer]:
    found = {}
    for index, value in raw.items():
        if isinstance(value, str) and (inner := _decoded(value)) is not None:
            value = inner
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and "answer" in value[0]:
            value = value[0]
        if isinstance(value, dict):
            value = _once((_field(name), inner) for name, inner in value.items())
        try:
            found[index] = RawAnswer.model_validate(value if isinstance(value, dict) else {"answer": value})
        except ValidationError:
            continue
    return found


def _field(name: str) -> str:
    folded = _folded(name)
    return folded if folded in _FIELDS else name


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
    bracket = _BRACKET.search(text)
    left = _MOST_LOOKS * (len(text) + _DEEP)
    while bracket and left > 0:
        start = bracket.start()
        try:
            value, end = _JSON.raw_decode(text, start)
            one = _Object(_named(value, names) or _nameless(text, start, value, names), False, start, end)
        except (ValueError, RecursionError) as error:
            left -= max(error.pos - start, _TRY) if isinstance(error, json.JSONDecodeError) else _DEEP
            one = _unfinished(text, start, names)
        if one.answers or one.begun:
            yield one
        bracket = _BRACKET.search(text, one.end)


def _unfinished(text: str, start: int, names: dict[str, int]) -> _Object:
    """The complete members of an object that is cut off, or stops being JSON somewhere."""
    members: list[tuple[str, Any]] = []
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
            members.append((name, value))
    except (ValueError, IndexError, RecursionError):
        pass
    whole = _by_index(_once(members), names)
    opened = _OPENED.fullmatch(text, start) and not _is_inside(text, start)
    begun = bool(whole or opened) or _index(name, names) is not None
    # A name that is no question's may hold an object that answers questions.
    return _Object(whole, begun, start, end if whole else start + 1)


def _is_inside(text: str, start: int) -> bool:
    """Whether something that starts here is inside of an object or a list."""
    return bool(_WITHIN.search(text, max(start - 9, 0), start))


def _nameless(text: str, start: int, value: Any, names: dict[str, int]) -> dict[int, Any]:
    """The answer to the only question, which needs no name."""
    if len(set(names.values())) > 1 or _is_inside(text, start):
        return {}
    while isinstance(value, dict) and "answer" not in map(_field, value):
        value = next(iter(value.values())) if len(value) == 1 and _OF_ANSWERS.search(*value) else None
    return {0: value} if isinstance(value, dict) else {}


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _named(value: Any, names: dict[str, int]) -> dict[int, Any]:
    """The answers in a decoded value: an object by names, a list of objects that name their questions, or as many as
    there are questions, in their order; else the answers of the values inside it."""
    if isinstance(value, dict):
        value = _nested(value, names)
        found = _by_index(value, names)
        inside: Sequence[Any] = [one for name, one in value.items() if not _OF_THOUGHTS.search(name)]
    elif isinstance(value, list):
        pairs = [(*one,) for one in value if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str)]
        found = _by_index(_once(pairs), names) if len(pairs) == len(value) else {}
        inside = value
        if value and all(isinstance(one, dict) and ("answer" in one or "value" in one) for one in value):
            labelled = zip(_labels(value, names), value, strict=True)
            found = _once((index, one) for index, one in labelled if index is not None)
    else:
        inner = _decoded(value) if isinstance(value, str) else None  # JSON as a string in JSON
        return {} if inner is None else _named(inner, names)
    if found:
        return found
    return _once(answer for each in inside for answer in _named(each, names).items())


def _nested(members: dict[str, Any], names: dict[str, int]) -> dict[str, Any]:
    """Members without flat names: `c1_answer` and `c1_quote` are parts of `c1`."""
    nested: dict[str, Any] = {}
    for name, value in members.items():
        whole, _, part = name.rpartition("_")
        if whole in names and _field(part) in _FIELDS and whole not in members and _index(name, names) is None:
            nested.setdefault(whole, {})[part] = value
        else:
            nested[name] = value
    return nested


def _by_index(members: dict[str, Any], names: dict[str, int]) -> dict[int, Any]:
    """Members by the questions that they name."""
    if any(map(_FROM_ZERO.fullmatch, members)):
        return {}
    named = ((_index(one, names), value) for one, value in members.items() if not _is_schema(value))
    return _once((index, value) for index, value in named if index is not None)


def _is_schema(value: Any) -> bool:
    """Whether it is a part of the schema, which some models repeat."""
    return isinstance(value, dict) and "type" in value and not _PARTS.issuperset(map(_field, value))


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
    last bracket does not count: it may be half of something. Nor does one that answers a question twice."""
    start, end = text.find("{"), text.rfind("}")
    if not 0 <= start < end < start + _LONGEST_REPAIRED or _UNQUOTED.search(text, start, end + 1):
        return {}
    keys = _KEY.findall(text, start, end)
    if len(keys) != len({*keys}) or _OF_THOUGHTS.search(text, 0, start):
        return {}
    try:
        value = _exact(json_repair.loads(text[start : end + 1], skip_json_loads=True))
        last = value[-1] if isinstance(value, list) and value else value
        return _named(last, names)
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
