"""Units of numbers: their names in writing, and exact conversions between those of a kind."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from columnist.answers.numerals import FINEST

_SPELLINGS = {
    "day": "days",
    "week": "weeks wk wks",
    "month": "months mo mos mth mths",
    "year": "years yr yrs",
    "hour": "hours hr hrs",
    "minute": "minutes min mins",
    "foot": "feet ft",
    "yard": "yards yd yds",
    "mile": "miles",
    "metre": "metres meter meters",
    "kilometre": "kilometres kilometer kilometers km kms",
    "square foot": "sqft",
    "square metre": "sqm",
    "acre": "acres",
    "hectare": "hectares",
    "kilogram": "kilograms kilogramme kilogrammes kg kgs",
    "gram": "grams gramme grammes",
    "tonne": "tonnes",
    "ton": "tons",
    "ounce": "ounces oz",
    "litre": "litres liter liters",
    "gallon": "gallons",
    "barrel": "barrels bbl bbls",
    "kilowatt hour": "kwh",
    "megawatt hour": "mwh",
    "kilowatt": "kilowatts kw",
    "megawatt": "megawatts mw",
    "gigabyte": "gigabytes gb",
    "terabyte": "terabytes tb",
}
NAMES = {name: unit for unit, others in _SPELLINGS.items() for name in (unit, *others.split()) if " " not in name}
"""Each spelling of a unit in one word, in lower case."""
for _name in (
    "second seconds sec secs fortnight fortnights quarter quarters decade decades semester semesters trimester "
    "trimesters season seasons night nights weekend weekends term-years anniversary anniversaries biennium inch inches "
    "lb lbs sf rsf gsf knot knots carat carats furlong furlongs tsubo bigha dunam dunams feddan feddans bps kbps "
    "mbps gbps tbps byte bytes kilobyte kilobytes megabyte megabytes petabyte petabytes mcf mmcf bcf tcf boe btu "
    "btus mmbtu therm therms watt watts volt volts ampere amperes amp amps joule joules lumen lumens millisecond "
    "milliseconds horsepower psi rpm mph kph quinquennium quinquennia centimetre centimetres centimeter "
    "centimeters cm millimetre millimetres millimeter millimeters mm "
    "stone stones fathom fathoms rood roods pint pints quart quarts calorie calories degree degrees"
).split():
    NAMES.setdefault(_name, _name.rstrip("s"))
NAMES |= dict.fromkeys(("century", "centuries"), "century") | {"halves": "halve", "millennia": "millennium"}
TIME = frozenset(("day", "week", "month", "year", "hour", "minute"))
"""The units of time that are understood."""
MEASURES = frozenset(_SPELLINGS) - TIME | {
    f"square {unit}" for unit in ("foot", "yard", "mile", "metre", "kilometre")
} | {f"cubic {unit}" for unit in ("foot", "yard", "metre")}  # fmt: skip
UNDERSTOOD = TIME | MEASURES
POWERS = {"square": "square", "sq": "square", "cubic": "cubic", "cu": "cubic"}
"""The words before a unit of length that make it one of area or volume."""

_LENGTHS = {"foot": "0.3048", "yard": "0.9144", "mile": "1609.344", "metre": "1", "kilometre": "1000"}
_SIZES: dict[str, tuple[str, Fraction]] = {
    "day": ("days", Fraction(1)),
    "week": ("days", Fraction(7)),
    "month": ("months", Fraction(1)),
    "year": ("months", Fraction(12)),
    "gram": ("weight", Fraction(1)),
    "kilogram": ("weight", Fraction(1_000)),
    "tonne": ("weight", Fraction(1_000_000)),
    "hectare": ("square", Fraction(10_000)),
    "acre": ("square", Fraction("4046.8564224")),
    "kilowatt hour": ("energy", Fraction(1)),
    "megawatt hour": ("energy", Fraction(1_000)),
    "kilowatt": ("power", Fraction(1)),
    "megawatt": ("power", Fraction(1_000)),
    **{unit: ("length", Fraction(size)) for unit, size in _LENGTHS.items()},
    **{f"square {unit}": ("square", Fraction(size) ** 2) for unit, size in _LENGTHS.items()},
    **{f"cubic {unit}": ("cubic", Fraction(size) ** 3) for unit, size in _LENGTHS.items()},
}
"""Kind and size of the units that convert. A month has no exact number of days, and a day no exact number of business
hours."""
_IRREGULAR = {"foot": "feet", "inch": "inches", "century": "centuries"}
_LONG = [name for name, unit in NAMES.items() if unit in UNDERSTOOD and (len(name) > 3 or name in ("day", "km", "kg"))]
_SPELT = rf"(?:square|sq|cubic|cu)\.?\s+(?:{'|'.join(NAMES)})|{'|'.join(_LONG)}"
_UNIT = re.compile(rf"\b(?:{_SPELT})\b", re.I)
_HOW_MANY = re.compile(
    r"\b(?:how\s+many|number\s+of|in)\s+(?:(?!(?:per|an?|the|in|for|of|each|every|to|are|is|may|can|must)\b)\w+\s+){0,3}?"
    rf"({_SPELT})\b",
    re.I,
)
_OF_WHAT = re.compile(r"\b(?:how\s+(?:many|often)|number\s+of)\b", re.I)


def plural(unit: str) -> str:
    """The plural of a unit."""
    before, _, last = unit.rpartition(" ")
    return f"{before} {_IRREGULAR.get(last, f'{last}s')}".strip()


def units(text: str) -> Iterator[str]:
    """The units that a text names, singular and in order: `how many days` → day."""
    for match in _UNIT.finditer(text):
        power, _, name = match[0].lower().replace(".", " ").rpartition(" ")
        unit = f"{POWERS[power.strip()]} {NAMES[name]}" if power else NAMES[name]
        if unit in UNDERSTOOD:
            yield unit


def unit_asked_for(asked: str) -> str | None:
    """The unit that a question asks for: the one after `how many`, else the first. None if there is no unit, or no
    known one (`how many audits`)."""
    found = _HOW_MANY.search(asked)
    if not found and _OF_WHAT.search(asked):
        return None
    return next(units(found[1] if found else asked), None)


def converted(values: tuple[Decimal, ...], unit: str, wanted: str) -> tuple[Decimal, ...]:
    """The values in another unit; none if they are not exact in it, or, for time, not whole."""
    if unit == wanted:
        return values
    kind, size = _SIZES.get(unit, ("", Fraction(1)))
    other, wanted_size = _SIZES.get(wanted, (None, Fraction(1)))
    if kind != other:
        return ()
    places = 0 if wanted in TIME else FINEST
    scaled = [Fraction(value) * size / wanted_size * 10**places for value in values]
    if any(one.denominator != 1 for one in scaled):
        return ()
    return tuple(Decimal(format(Decimal(one.numerator).scaleb(-places).normalize(), "f")) for one in scaled)
