"""The numbers that Word computes for lists and headings and does not store: "2.", "2.1", "(a)", "iv."."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from columnist.documents.reading.office.styles import Styles, W, is_on, properties_of, value

_PLACE = re.compile(r"%([1-9])")
_ENCLOSED = {"numberInDash": "- {} -", "decimalEnclosedParen": "({})", "decimalEnclosedFullstop": "{}.", "hex": "{:X}"}
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщэюя"
_ALPHABETS = {
    "russianLower": _RUSSIAN,
    "russianUpper": _RUSSIAN.upper(),
    "hebrew1": "אבגדהוזחטי",
    "hebrew2": "אבגדהוזחטיכלמנסעפצקרשת",
    "arabicAlpha": "أبتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "arabicAbjad": "أبجدهوزحطيكلمنسعفصقرشتثخذضظغ",
    "thaiLetters": "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
    "ganada": "가나다라마바사아자차카타파하",
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
    "aiueoFullWidth": "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
}
"""The numbers of formats that are the letters of an alphabet."""
_COUNTED = frozenset(
    "chineseCounting chineseCountingThousand japaneseCounting taiwaneseCounting taiwaneseCountingThousand".split()
)
_HAN = ("", *"一二三四五六七八九")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_PADDED = re.compile("0+1(?=,)")
_SYMBOLS = re.compile("^[o\ue000-\uf8ff]$")
"""Bullets of symbol fonts, where these codes are not letters."""

_ROMAN = list(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "m cm d cd c xc l xl x ix v iv i".split(),
        strict=True,
    )
)
_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen""".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_IRREGULAR = dict(
    zip(
        "one two three five eight nine twelve".split(),
        "first second third fifth eighth ninth twelfth".split(),
        strict=True,
    )
)
"""Irregular ordinals."""


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a list. `restart`: the level (1-based) that begins it anew, 0 for none, None for any above it."""

    start: int
    format: str
    text: str
    restart: int | None
    legal: bool
    suffix: str
    style: str | None
    element: Any


@dataclass(frozen=True, slots=True)
class _List:
    """A numbering instance: the counters that it shares, its levels, and the levels that it restarts, each once."""

    counters: str
    levels: dict[int, _Level]
    starts: frozenset[int]


class Numbering:
    """Labels the numbered paragraphs of a document; call it in document order."""

    def __init__(self, numbering: Any | None, styles: Styles) -> None:
        self._styles = styles
        root = [] if numbering is None else numbering
        self._abstract = {one.get(f"{W}abstractNumId"): one for one in root if one.tag == f"{W}abstractNum"}
        self._instances = {one.get(f"{W}numId"): one for one in root if one.tag == f"{W}num"}
        self._lists: dict[str, _List | None] = {}
        self._counters: dict[str, dict[int, int]] = {}
        self._started: set[tuple[str, int]] = set()

    def label(self, paragraph: Any) -> tuple[str, Any | None]:
        """The number before a paragraph with its separator ("2.1 "), empty if it has none; and the element of its
        level."""
        found = self._place(paragraph)
        if found is None:
            return "", None
        number, one, index = found
        level = one.levels[index]
        counts = self._count(number, one, index)
        if level.format == "bullet":
            text = _SYMBOLS.sub("•", level.text)
        else:
            text = _PLACE.sub(lambda match: self._shown(one, counts, level, int(match[1]) - 1), level.text)
        return text + ("" if level.suffix == "nothing" or not text else " "), level.element

    def starts_page(self, paragraph: Any) -> bool:
        """Whether a page begins before the paragraph."""
        for properties in properties_of(self._styles, paragraph):
            found = properties.find(f"{W}pageBreakBefore")
            if found is not None:
                return is_on(found)
        return False

    def _place(self, paragraph: Any) -> tuple[str, _List, int] | None:
        """The list of a paragraph, and its level there."""
        places = [properties.find(f"{W}numPr") for properties in properties_of(self._styles, paragraph)]
        number = next((found for place in places if (found := value(place, "numId"))), "0")
        one = None if number == "0" else self._list(number)
        if one is None:
            return None
        index = value(paragraph.find(f"{W}pPr/{W}numPr"), "ilvl")
        if index is None:
            styles = {level.style: str(index) for index, level in one.levels.items()}
            index = next((styles[name] for name in self._styles.names(paragraph) if name in styles), None)
        if index is None:
            index = next((found for place in places if (found := value(place, "ilvl"))), None)
        level = _whole(index, 0)
        return (number, one, level) if level in one.levels else None

    def _list(self, number: str) -> _List | None:
        if number not in self._lists:
            self._lists[number] = self._read_list(number)
        return self._lists[number]

    def _read_list(self, number: str) -> _List | None:
        instance = self._instances.get(number)
        name = value(instance, "abstractNumId")
        abstract = self._abstract.get(name)
        link = value(abstract, "numStyleLink")
        style = self._styles.get(link)
        if style is not None:  # a list style: its own instance has the levels
            properties = style.find(f"{W}pPr/{W}numPr")
            linked = self._instances.get(value(properties, "numId"))
            name = value(linked, "abstractNumId")
            abstract = self._abstract.get(name)
        if instance is None or abstract is None or name is None:
            return None
        elements = {_whole(one.get(f"{W}ilvl"), 0): one for one in abstract.iter(f"{W}lvl")}
        starts: dict[int, int] = {}
        for override in instance.iter(f"{W}lvlOverride"):
            index = _whole(override.get(f"{W}ilvl"), 0)
            own, start = override.find(f"{W}lvl"), value(override, "startOverride")
            if own is not None:
                elements[index] = own
            if start is not None:
                starts[index] = _whole(start, 1)
        levels = {index: _level(element, starts.get(index)) for index, element in elements.items()}
        return _List(name, levels, frozenset(starts))

    def _count(self, number: str, one: _List, index: int) -> dict[int, int]:
        """Count the paragraph; returns the counters of the list's levels down to this one."""
        counts = self._counters.setdefault(one.counters, {})
        if index in one.starts and (number, index) not in self._started:
            self._started.add((number, index))
            counts.pop(index, None)
        for upper in range(index):
            if upper not in counts and upper in one.levels:
                counts[upper] = one.levels[upper].start
        counts[index] = counts[index] + 1 if index in counts else one.levels[index].start
        for deeper in [level for level in counts if level > index]:
            restart = one.levels[deeper].restart if deeper in one.levels else None
            if index < (deeper if restart is None else restart):
                del counts[deeper]
        return counts

    @staticmethod
    def _shown(one: _List, counts: dict[int, int], level: _Level, index: int) -> str:
        if index not in counts:
            return ""
        return number_in_words(counts[index], "decimal" if level.legal else one.levels[index].format)


_CHICAGO = "*†‡§"


def number_in_words(number: int, format_: str) -> str:
    """A number as one of Word's number formats (w:numFmt) writes it; rare ones, and far letters, as digits."""
    if format_ == "none":
        return ""
    padded = _PADDED.match(format_)
    if padded:
        return str(number).zfill(len(padded[0]))
    if number < 1 or format_ == "decimal":
        return str(number)
    if format_ in ("lowerRoman", "upperRoman") and number < 4000:
        return _cased(_roman(number), format_)
    if format_ in ("lowerLetter", "upperLetter"):
        return _cased(chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 20), format_)
    if format_ == "chicago":
        return _CHICAGO[(number - 1) % 4] * min((number - 1) // 4 + 1, 20)
    if format_ in _ENCLOSED:
        return _ENCLOSED[format_].format(number)
    if format_ == "decimalZero":
        return f"{number:02}"
    if format_ == "ordinal":
        ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending}"
    if format_ in ("cardinalText", "ordinalText") and number < 100:
        return _english(number, ordinal=format_ == "ordinalText").capitalize()
    return _in_other_scripts(number, format_)


def _in_other_scripts(number: int, format_: str) -> str:
    letters = _ALPHABETS.get(format_, "")
    if number <= len(letters):
        return letters[number - 1]
    if format_ in _COUNTED and number < 100:
        tens, ones = divmod(number, 10)
        return f"{_HAN[tens][tens < 2 :]}{'十' * (tens > 0)}{_HAN[ones]}"
    return str(number).translate(_FULL_WIDTH) if format_.startswith("decimalFullWidth") else str(number)


def _roman(number: int) -> str:
    letters = ""
    for worth, letter in _ROMAN:
        letters += letter * (number // worth)
        number %= worth
    return letters


def _cased(letters: str, format_: str) -> str:
    return letters.upper() if format_.startswith("upper") else letters


def _english(number: int, *, ordinal: bool) -> str:
    words: Sequence[str] = [_SMALL[number]] if number < 20 else [_TENS[number // 10 - 2], _SMALL[number % 10]]
    words = [word for word in words if word != "zero"]
    if ordinal:
        last = words[-1]
        words = [*words[:-1], _IRREGULAR.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")]
    return "-".join(words)


def _level(element: Any, start: int | None) -> _Level:
    restart = value(element, "lvlRestart")
    legal = element.find(f"{W}isLgl")
    return _Level(
        _whole(value(element, "start"), 0) if start is None else start,
        _format(element),
        value(element, "lvlText") or "",
        None if restart is None else _whole(restart, 0),
        is_on(legal),
        value(element, "suff") or "tab",
        value(element, "pStyle"),
        element,
    )


def _format(level: Any) -> str:
    """The number format of a level; of a custom one its pattern, "001, 002, 003, ..."."""
    found = next(level.iter(f"{W}numFmt"), None)  # a custom format is in an alternative
    if found is None:
        return "decimal"
    format_: str = found.get(f"{W}format" if found.get(f"{W}val") == "custom" else f"{W}val", "decimal")
    return format_


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and re.fullmatch(r"\d{1,9}", text) else otherwise
