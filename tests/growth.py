"""Every regular expression of the package, texts that are meant to slow it down, and how its time grows with them."""

import ast
import gc
import importlib
import pkgutil
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from re import _constants as signs  # type: ignore[attr-defined]  # re has no public way into a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any, NamedTuple, TypeGuard

import columnist

SHORT, LONG = 4_000, 16_000
"""Characters. Each is compared with `LONGER` times as many."""
LONGER = 4
MOST_GROWTH = 1.5 * LONGER
_PLAINLY_SLOW = 0.05
"""Seconds: a search that takes as long, each time that it is tried, is tried with no longer text."""
_HOPELESS = {24: 0.05, 60: 0.05, 250: 0.05, 1_000: 0.5}
"""Characters → too many seconds for them: with more characters, a pattern that is worse than quadratic never ends."""
_CHEAPEST = re.compile("0+1")
"""A pattern that is quadratic when searched among zeros, with the least work for each pair of characters. A pattern
that takes less than half of its time for a quarter of a short text is not quadratic."""
_SUSPECT = 1.15
"""If the growth from a quarter of a short text to a short one is within this factor of linear, it stays within
`MOST_GROWTH` up to a long text: a quadratic part that is small enough here is small enough there."""
_OF_CLASS = {
    signs.CATEGORY_SPACE: " \n",
    signs.CATEGORY_DIGIT: "1",
    signs.CATEGORY_WORD: "aA1_",
    signs.CATEGORY_NOT_SPACE: "a.",
    signs.CATEGORY_NOT_DIGIT: "a ",
    signs.CATEGORY_NOT_WORD: " .-",
}
_METHODS = {
    "match": "match",
    "fullmatch": "fullmatch",
    **dict.fromkeys(("search", "sub", "subn", "split", "findall", "finditer"), "finditer"),
}
"""Methods, and those of the same cost that are tried in their place."""


class Search(NamedTuple):
    """A regular expression, and the method that applies it."""

    pattern: re.Pattern[str]
    method: str = "finditer"

    def meet(self, text: str) -> None:
        """Search for all matches in a text."""
        found = getattr(self.pattern, self.method)(text)
        if self.method == "finditer":
            deque(found, maxlen=0)


class _CallOfRe(ast.Call):
    func: ast.Attribute


def modules() -> Iterator[ModuleType]:
    """Every module of the package."""
    for found in pkgutil.walk_packages(columnist.__path__, "columnist."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def patterns() -> dict[str, Search]:
    """Each regular expression of the package, once, by its place and use: those in variables, and those in calls of
    `re`. One of unknown use is searched for everywhere in a text."""
    calls: list[tuple[ModuleType, _CallOfRe]] = []
    methods: dict[str, set[str]] = {}
    for module in modules():
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in _METHODS and isinstance(node.value, ast.Name):
                methods.setdefault(node.value.id, set()).add(_METHODS[node.attr])
            elif _is_of_re(node):
                calls.append((module, node))
    found: dict[tuple[str, int, str], tuple[str, Search]] = {}
    named = set()

    def note(place: str, pattern: re.Pattern[str], method: str) -> None:
        found.setdefault((pattern.pattern, pattern.flags, method), (place, Search(pattern, method)))

    def walk(place: str, name: str, value: object, depth: int = 0) -> None:
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            named.add((value.pattern, value.flags))
            for method in methods.get(name, {"finditer"}):
                note(place, value, method)
        elif isinstance(value, Mapping) and depth < 4:
            for key, one in value.items():
                walk(f"{place}[{key!r}]", "", one, depth + 1)
        elif isinstance(value, list | tuple | set | frozenset) and depth < 4:
            for number, one in enumerate(value):
                walk(f"{place}[{number}]", "", one, depth + 1)
        elif hasattr(value, "__dataclass_fields__") and depth < 4:
            for field in value.__dataclass_fields__:
                walk(f"{place}.{field}", "", getattr(value, field, None), depth + 1)

    for module in modules():
        for name, value in vars(module).items():
            walk(f"{module.__name__}.{name}", name, value)
    for module, call in calls:
        given = [_constant(one, module) for one in (*call.args, *(one.value for one in call.keywords))]
        flags = [one for one in given if isinstance(one, re.RegexFlag)]
        if isinstance(given[0], str):
            pattern = re.compile(given[0], *flags)
            if call.func.attr != "compile" or (pattern.pattern, pattern.flags) not in named:
                note(f"{module.__name__}:{call.lineno}", pattern, _METHODS.get(call.func.attr, "finditer"))
    return dict(found.values())


def _constant(node: ast.expr, module: ModuleType) -> object:
    """The value of an expression of constants; None for one with a variable of a function."""
    try:
        return eval(compile(ast.Expression(node), "", "eval"), vars(module))
    except NameError:
        return None


def _is_of_re(call: ast.AST) -> TypeGuard["_CallOfRe"]:
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "re"
        and call.func.attr in (*_METHODS, "compile")
    )


def hostile(pattern: re.Pattern[str]) -> Iterator[str]:
    """Pieces whose repetition may make it slow: its characters, pairs of them, and its words."""
    letters: dict[str, None] = {}
    words: dict[str, None] = {}
    _collect(parser.parse(pattern.pattern, pattern.flags), letters, words)
    some = list(letters)[:10]
    yield from some
    yield from dict.fromkeys(one + other for one, other in product(some[:5], some[:5]) if one != other)
    for number, word in enumerate(words):
        yield word + " "
        if number < 3:
            yield word
            yield " " + word
            yield word + "."


def _collect(parsed: Any, letters: dict[str, None], words: dict[str, None]) -> None:
    word = ""
    for sign, value in parsed:
        if sign is signs.LITERAL:
            word += chr(value)
            letters.setdefault(chr(value))
            continue
        if len(word) > 1:
            words.setdefault(word)
        word = ""
        if sign is signs.IN:
            for inner, inside in value:
                if inner is signs.LITERAL:
                    letters.setdefault(chr(inside))
                elif inner is signs.RANGE:
                    letters.setdefault(chr(inside[0]))
                elif inner is signs.CATEGORY:
                    letters.update(dict.fromkeys(_OF_CLASS.get(inside, "a")))
                elif inner is signs.NEGATE:
                    letters.update(dict.fromkeys("a .\n"))
        elif sign in (signs.ANY, signs.NOT_LITERAL):
            letters.update(dict.fromkeys("a "))
        elif sign in (signs.MAX_REPEAT, signs.MIN_REPEAT, signs.POSSESSIVE_REPEAT):
            _collect(value[2], letters, words)
        elif sign is signs.SUBPATTERN:
            _collect(value[3], letters, words)
        elif sign is signs.ATOMIC_GROUP:
            _collect(value, letters, words)
        elif sign is signs.BRANCH:
            for one in value[1]:
                _collect(one, letters, words)
        elif sign in (signs.ASSERT, signs.ASSERT_NOT):
            _collect(value[1], letters, words)
    if len(word) > 1:
        words.setdefault(word)


def seconds(work: Callable[[str], object], text: str, times: int = 1) -> float:
    """Processor time of `work`, the least of several runs: other work of the machine only adds to it. No garbage is
    collected meanwhile: a collection takes its time from whoever is running, for all that the process holds."""
    least = float("inf")
    gc.disable()
    try:
        for _ in range(times):
            start = time.thread_time()
            work(text)
            least = min(least, time.thread_time() - start)
    finally:
        gc.enable()
    return least


@cache
def _worth_a_look() -> float:
    return seconds(_CHEAPEST.search, "0" * (SHORT // LONGER), 5) / 2


def grows_too_fast(work: Callable[[str], object], piece: str, end: str = "\0") -> str | None:
    """The cost of a text that repeats this piece, if it grows more than half again as fast as the length."""

    def of(size: int) -> str:
        return (piece * (size // len(piece) + 1))[:size] + end

    for size, most in _HOPELESS.items():
        if (taken := seconds(work, of(size))) > most and (taken := seconds(work, of(size), 2)) > most:
            return f"{piece!r} … {end!r}: {taken:.3f} s for {size} characters"
    if (first := seconds(work, of(SHORT // LONGER))) < _worth_a_look():
        return None
    if seconds(work, of(SHORT)) <= _SUSPECT * LONGER * min(first, seconds(work, of(SHORT // LONGER), 2)):
        return None
    for size in (SHORT, LONG):  # a cost that comes once, such as more memory for a longer text, is no growth
        short, long = of(size), of(LONGER * size)
        for times in (1, 3, 5):
            first, second = seconds(work, short, times + 1), seconds(work, long, times)
            told = f"{piece!r} … {end!r}: {first:.3f} s → {second:.3f} s"
            if second <= MOST_GROWTH * first:
                return None
        if second > _PLAINLY_SLOW:
            return told
    return told
