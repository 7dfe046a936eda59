"""Every regular expression of the package, texts that are meant to hurt it, and how its time grows with them."""

import ast
import importlib
import pkgutil
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from re import _constants as signs  # type: ignore[attr-defined]  # re has no public way into a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any, NamedTuple, TypeGuard

import columnist

SHORT, LONG = 4_000, 16_000
"""Characters."""
MOST_GROWTH = 1.5 * LONG / SHORT
WORTH_A_LOOK = 0.004
"""Seconds for a short text: a pattern that looks at each pair of its characters takes several times that."""
HOPELESS = 1.0
"""Seconds for a short text: a pattern that takes this is not tried with a long one."""
_OF_CLASS = {
    signs.CATEGORY_SPACE: " \n",
    signs.CATEGORY_DIGIT: "1",
    signs.CATEGORY_WORD: "aA1_",
    signs.CATEGORY_NOT_SPACE: "a.",
    signs.CATEGORY_NOT_DIGIT: "a ",
    signs.CATEGORY_NOT_WORD: " .-",
}
_CALLS = {"search", "match", "fullmatch", "sub", "split", "findall", "finditer", "compile"}


class Search(NamedTuple):
    """A regular expression, and the method by which it meets a text."""

    pattern: re.Pattern[str]
    method: str = "finditer"

    def meet(self, text: str) -> None:
        """Look for it in a text, as often as it is there."""
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
    """Each regular expression of the package by where it is: those in variables, which are searched for everywhere in a
    text, and those in calls of `re`, which are used as they are there."""
    found: dict[str, Search] = {}

    def walk(place: str, value: object, depth: int = 0) -> None:
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            found[place] = Search(value)
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
                    how = call.func.attr if call.func.attr in ("match", "fullmatch") else "finditer"
                    found[f"{module.__name__}:{call.lineno}"] = Search(re.compile(given[0], *flags), how)
    return found


def _constant(node: ast.expr, module: ModuleType) -> object:
    """The value of an expression of constants; None of one with a variable of a function."""
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
        and call.func.attr in _CALLS
    )


def hostile(pattern: re.Pattern[str]) -> Iterator[str]:
    """Pieces which, repeated, may make it slow: its characters, pairs of them, and its words."""
    letters: dict[str, None] = {}
    words: dict[str, None] = {}
    _collect(parser.parse(pattern.pattern, pattern.flags), letters, words)
    some = list(letters)[:10]
    yield from some
    yield from dict.fromkeys(one + other for one, other in product(some[:5], some[:5]) if one != other)
    for word in list(words)[:6]:
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
        first = seconds(work, short)
        if first < WORTH_A_LOOK:
            continue
        if first > HOPELESS and (first := seconds(work, short, 3)) > HOPELESS:
            return f"{piece!r} … {end!r}: {first:.3f} s for {SHORT:,} characters"
        # The second time for a machine that was busy with something else.
        for times in (2, 4):
            first, second = seconds(work, short, times + 1), seconds(work, long, times)
            if second <= MOST_GROWTH * first:
                break
        else:
            return f"{piece!r} … {end!r}: {first:.3f} s → {second:.3f} s"
    return None
