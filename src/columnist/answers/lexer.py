"""The tokens of a line: figures, words, signs, currencies, and what is known to be a date or a name of figures."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from columnist.answers.currencies import CURRENCIES, strange
from columnist.answers.numerals import from_figures


@dataclass(frozen=True, slots=True)
class Item:
    """A token, or several as one: `num` (also in words), `word`, `cur`, `pct`, `dash` and so on."""

    kind: str
    start: int
    end: int
    text: str
    values: tuple[Decimal, ...] = ()
    spelt: bool = False
    part: bool = False
    """A fraction."""


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a line, and what stands at and beside a place among them; nothing stands outside."""

    line: str
    items: Sequence[Item]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, at: int) -> Item:
        return self.items[at]

    def kind(self, at: int) -> str:
        return self.items[at].kind if 0 <= at < len(self.items) else ""

    def text(self, at: int) -> str:
        return self.items[at].text.lower() if 0 <= at < len(self.items) else ""

    def written(self, at: int) -> str:
        """A number as the line has it."""
        return self.line[self.items[at].start : self.items[at].end]

    def is_tight(self, at: int) -> bool:
        """Whether nothing is between the item at that index and the one before it."""
        return 0 < at < len(self.items) and self.items[at].start == self.items[at - 1].end

    def is_glued(self, at: int, kind: str) -> bool:
        return self.kind(at) == kind and self.is_tight(at)

    def is_beside(self, at: int) -> bool:
        """Whether only blanks are between the item at that index and the one before it."""
        return 0 < at < len(self.items) and not self.line[self.items[at - 1].end : self.items[at].start].strip()


_PERCENT = r"%|(?i:per\s?cent(?:um|age\s++points?)?|pct)\b\.?"
_TOKEN = re.compile(
    r"(?P<blank>_++|\*++|\[[\s_*•●.xX?-]{0,12}\]|\.{2,}+|…++|[•●■▪]++|\b[Xx]{2,}+\b)"
    rf"|{CURRENCIES.pattern}"
    rf"|(?P<pct>{_PERCENT})"
    r"|(?P<bps>(?i:basis\s++points?|bps?)\b)"
    r"|(?P<num>\.?\d++(?:[.,']\d++)*+)"
    r"|(?P<script>[¹²³⁰⁴⁵⁶⁷⁸⁹₀-₉])"
    r"|(?P<vul>[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])"
    r"|(?P<word>(?i:u\.s\.(?:a\.)?|p\.[amw]\.?)(?![^\W\d_])|[^\W\d_]++(?:'[^\W\d_]++)*+)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<dash>-++)|(?P<slash>[/⁄])|(?P<amp>&)|(?P<comma>,)|(?P<quote>[\"'`´])"
    r"|(?P<sign>[+±~≈<>≤≥=×÷^‰‱¹²³⁰⁴⁵⁶⁷⁸⁹#@]|[^\w\s.;:!?|\\])|(?P<punct>[.;:!?|\\])|(?P<other>\w)"
)
_SPACED = re.compile(r"\d{1,3}(?: \d{3}(?!\d))++(?:[.,]\d{1,2}(?!\d))?(?![.,]?\d)")
_TORN = re.compile(r"\d{1,3}(?:,\s\d{3}(?!\d)|\s,\s?\d{3}(?!\d))++(?:\.\d{2}(?!\d))?")
_NOT_COUNTED = frozenset("dollars euros francs rupees pesos thus plus less".split())
"""Words in -s after a number that are not what it counts."""


def items_of(line: str, known: Iterable[tuple[int, int]]) -> Items:
    """The tokens of a line. What is known already, from and to an index, is one item of the kind `part`."""
    found: list[Item] = []
    at = 0
    for part in [*known, None]:
        end = part[0] if part else len(line)
        while match := _TOKEN.search(line, at, end):
            item = _token(line, match, end)
            found.append(item)
            at = item.end
        if part:
            found.append(Item("part", *part, ""))
            at = max(at, part[1])
    return Items(line, found)


def _token(line: str, match: re.Match[str], end: int) -> Item:
    kind = match.lastgroup or "other"
    if kind in ("known", "strange"):
        kind = "strange" if strange(line, match) else "cur"
    if kind == "word" and not match[0].isascii() and any(char.isnumeric() for char in match[0]):
        kind = "script"
    if kind == "num":
        for pattern in (_SPACED, _TORN):
            wider = pattern.match(line, match.start(), end)
            if wider and wider.end() > match.end() and not line[match.start() - 1 : match.start()].isdigit():
                values = _spaced(line, wider) if pattern is _SPACED else _torn(wider)
                return Item("num", wider.start(), wider.end(), wider[0], values)
        return Item("num", match.start(), match.end(), match[0], from_figures(match[0]))
    return Item(kind, match.start(), match.end(), match[0])


def _spaced(line: str, match: re.Match[str]) -> tuple[Decimal, ...]:
    """`1 200 000` is one number; `5 100 units` may be two."""
    values = from_figures(match[0])
    if match[0].count(" ") == 1 and re.match(r"\s[a-z]{3,}s\b", line[match.end() : match.end() + 30]):
        after = re.match(r"\s[a-z]+", line[match.end() : match.end() + 30])
        if after and after[0].strip() not in _NOT_COUNTED:
            values += from_figures(match[0].partition(" ")[0])
    return values


def _torn(match: re.Match[str]) -> tuple[Decimal, ...]:
    """`30, 000` may be torn, `5, 100 units` is not."""
    return from_figures(re.sub(r"\s", "", match[0])) + from_figures(re.split(r"[\s,]", match[0])[0])
