"""Find what a text mentions in words or digits: money, percentages, numbers, currencies (dates: `dates`).

A mention has one value if the text is clear, several if it is ambiguous (`5/8/14`), none if it is incomplete
(`September __, 2018`). Its positions index the text as given.
"""

from decimal import Decimal

from columnist.answers.currencies import CURRENCIES, DOLLARS, bare_dollars, code, strange
from columnist.answers.mention import Mention, MonetaryAmount
from columnist.answers.parts import Kind, parts
from columnist.answers.plain import one_line
from columnist.answers.units import UNDERSTOOD


def currencies(text: str) -> list[Mention[str]]:
    """The currencies that `text` names. `$` and `dollars` alone mean US dollars unless `text` names other dollars. `¥`
    alone and unknown currencies have no value."""
    line = one_line(text)
    codes = [(match, None if strange(line, match) else code(match.group())) for match in CURRENCIES.finditer(line)]
    others = {named for _, named in codes if named in DOLLARS}
    found = []
    for match, named in codes:
        if len(others) == 1 and bare_dollars(match.group()) and named:
            named = next(iter(others))
        found.append(Mention(match.start(), match.end(), (named,) if named else ()))
    return found


def amounts(text: str) -> list[Mention[MonetaryAmount]]:
    """The sums of money of `text`: digits or words beside a currency, with `million`, `k`, `and 50/100` and so on."""
    others = {value for mention in currencies(text) for value in mention.values} & DOLLARS
    found = []
    for part in parts(text):
        if part.kind is Kind.MONEY:
            values: tuple[MonetaryAmount, ...] = part.values
            if len(others) == 1 and part.bare:
                values = tuple(MonetaryAmount(value.amount, next(iter(others))) for value in values)
            found.append(Mention(part.start, part.end, values))
    return found


def percentages(text: str) -> list[Mention[Decimal]]:
    """The percentages of `text` in percent: `one and one-half percent` and `150 basis points` are both 1.5."""
    return [Mention(part.start, part.end, part.values) for part in parts(text) if part.kind is Kind.PERCENT]


def numbers(text: str) -> list[Mention[Decimal]]:
    """The numbers of `text`, without dates, money, percentages and section references.

    If words and digits disagree, the mention has two values.
    """
    return [
        Mention(part.start, part.end, part.values, part.unit)
        for part in parts(text)
        if part.kind is Kind.COUNT and part.unit in ("", *UNDERSTOOD)
    ]
