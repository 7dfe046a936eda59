"""Every regular expression of the package, texts that are meant to hurt it, and how its time grows with them."""

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from re import _constants as signs  # type: ignore[attr-defined]  # re has no public way into a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any, TypeGuard

import columnist

SHORT, LONG = 4_000, 16_000
"""Characters."""
MOST_GROWTH = 1.5 * LONG / SHORT
WORTH_A_LOOK = 0.03
"""Seconds for a long text: what is faster is linear enough."""
HOPELESS = 0.1
"""Seconds for a short text."""
_OF_CLASS = {
    signs.CATEGORY_SPACE: " \n",
    signs.CATEGORY_DIGIT: "1",
    signs.CATEGORY_WORD: "aA1_",
    signs.CATEGORY_NOT_SPACE: "a.",
    signs.CATEGORY_NOT_DIGIT: "a ",
    signs.CATEGORY_NOT_WORD: " .-",
}
_CALLS = {"search", "match", "fullmatch", "sub", "split", "findall", "finditer", "compile"}


def modules() -> Iterator[ModuleType]:
    """Every module of the package."""
    for found in pkgutil.walk_packages(columnist.__path__, "columnist."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[str]]:
    """Each regular expression of the package by where it is: those in variables, and those in calls of `re`."""
    found: dict[str, re.Pattern[str]] = {}

    def walk(place: str, value: object, depth: int = 0) -> None:
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            found[place] = value
        elif isinstance(value, Mapping) and depth < 4:
            for name, one in value.items():
                walk(f"{place}[{name!r}]", one, depth + 1)
        elif isinstance(value, list | tuple | set | frozenset) and depth < 4:
            for number, one in enumerate(value):
                walk(f"{place}[{number}]", one, depth + 1)
        elif hasattr(value, "__dataclass_fields__") and depth < 4:
            for name in value.__dataclass_fields__:
                walk(f"{place}.{name}", getattr(value, name, None), depth + 1)

    for module in modules():
        for name, value in vars(module).items():
            walk(f"{module.__name__}.{name}", value)
        for call in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if _is_of_re(call):
                given = [_constant(one, module) for one in (*call.args, *(one.value for one in call.keywords))]
                flags = [one for one in given if isinstance(one, re.RegexFlag)]
                if isinstance(given[0], str):
                    found[f"{module.__name__}:{call.lineno}"] = re.compile(given[0], *flags)
    return found


def _constant(node: ast.expr, module: ModuleType) -> object:
    """The value of an expression of constants; None of one with a variable of a function."""
    try:
        return eval(compile(ast.Expression(node), "", "eval"), vars(module))
    except NameError:
        return None


def _is_of_re(call: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "re"
        and call.func.attr in _CALLS
    )


def hostile(pattern: re.Pattern[str]) -> Iterator[str]:
    """Pieces which, repeated, may make it slow: its characters, pairs of them, and its words."""
    letters: dict[str, None] = {}
    words: dict[str, None] = {}
    _collect(parser.parse(pattern.pattern, pattern.flags), letters, words)
    some = list(letters)[:14]
    yield from some
    yield from dict.fromkeys(one + other for one, other in product(some[:8], some[:8]) if one != other)
    for word in list(words)[:12]:
        yield word
        yield word + " "
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
    """Processor time of `work`, the least of so many times."""
    least = float("inf")
    for _ in range(times):
        start = time.process_time()
        work(text)
        least = min(least, time.process_time() - start)
    return least


def grows_too_fast(work: Callable[[str], object], piece: str, ends: tuple[str, ...] = ("", "\0")) -> str | None:
    """What a text of this piece, again and again, costs, if that grows faster than half again as fast as its length."""
    for end in ends:
        short, long = ((piece * (size // len(piece) + 1))[:size] + end for size in (SHORT, LONG))
        if (first := seconds(work, short)) < WORTH_A_LOOK and seconds(work, long) < WORTH_A_LOOK:
            continue
        if first < HOPELESS:
            first, second = seconds(work, short, 3), seconds(work, long, 2)
            if second < WORTH_A_LOOK or second <= MOST_GROWTH * first:
                continue
            return f"{piece!r} … {end!r}: {first:.3f} s → {second:.3f} s"
        return f"{piece!r} … {end!r}: {first:.3f} s for {SHORT:,} characters"
    return None
