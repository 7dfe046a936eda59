"""The file and the question of a label."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from columnist.documents.reading.formats import SUFFIXES

_BETWEEN_WORDS = re.compile(r"""[\s_.,;:/\\'"()\[\]{}‐-―-]+""")


@dataclass(frozen=True, slots=True)
class Joined:
    """The meaning of names: `meant` by name, `similar` those of them that are spelled differently, `absent` names
    without a meaning, `unclear` sentences about names that may mean several things, or about several names for the same
    thing."""

    meant: dict[str, str]
    similar: list[tuple[str, str]]
    absent: list[str]
    unclear: list[str]


def join_documents(names: Iterable[str], files: Mapping[str, Path]) -> Joined:
    """The files (by their path in the run) that labels name: by this path, then by file name (with or without folders,
    then without suffix), at last by a similar spelling."""

    def tails(path: str) -> Iterator[str]:
        parts = (path, *files[path].absolute().parts)
        return ("/".join(parts[at:]) for at in range(1, len(parts)))

    return _joined(
        names,
        list(files),
        [
            (str, lambda path: [path]),
            (str, tails),
            (str, lambda path: map(_without_suffix, tails(path))),
            (
                lambda name: _similar(_without_suffix(name)),
                lambda path: (_similar(_without_suffix(tail)) for tail in tails(path)),
            ),
        ],
    )


def join_columns(names: Iterable[str], columns: Sequence[str]) -> Joined:
    """The questions that labels name: by name, then by a similar spelling."""
    return _joined(names, columns, [(str, lambda column: [column]), (_similar, lambda column: [_similar(column)])])


def _joined(
    names: Iterable[str],
    things: Sequence[str],
    steps: Sequence[tuple[Callable[[str], str], Callable[[str], Iterable[str]]]],
) -> Joined:
    """A step has a name's spelling and a thing's spellings. It joins pairs that are unique on both sides; a thing that
    an earlier step has joined is not joined to another name."""
    left = list(dict.fromkeys(names))
    meant: dict[str, str] = {}
    similar: list[tuple[str, str]] = []
    unclear: list[str] = []
    for spelled, spellings in steps:
        by_spelling = defaultdict(list)
        for thing in things:
            for spelling in dict.fromkeys(spellings(thing)):
                by_spelling[spelling].append(thing)
        taken = set(meant.values())
        found: dict[str, str] = {}
        for name in left:
            candidates = by_spelling.get(spelled(name), [])
            if len(candidates) > 1:
                unclear.append(f"{name!r} may mean {' or '.join(map(repr, candidates))}")
            elif candidates and candidates[0] not in taken:
                found[name] = candidates[0]
        claimed = defaultdict(list)
        for name, thing in found.items():
            claimed[thing].append(name)
        for thing, rivals in claimed.items():
            if len(rivals) > 1:
                unclear.append(f"{' and '.join(map(repr, rivals))} may all mean {thing!r}")
            else:
                meant[rivals[0]] = thing
                if spelled is steps[-1][0]:
                    similar.append((rivals[0], thing))
        left = [name for name in left if name not in found and len(by_spelling.get(spelled(name), [])) < 2]
    return Joined(meant, similar, left, unclear)


def _without_suffix(name: str) -> str:
    suffix = PurePath(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in SUFFIXES else name


def _similar(name: str) -> str:
    """Without case, and with one space for punctuation, blanks and dashes; signs and diacritics are kept."""
    return _BETWEEN_WORDS.sub(" ", unicodedata.normalize("NFKC", name).casefold()).strip()
