"""Whether two texts mean the same, and how much two sets of quotes have in common."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from columnist.answers.mentions import numbers, percentages
from columnist.answers.plain import UNSPACED, one_line

_ALIAS = re.compile(r"""\([^()]*(?:"[^"()]+"|(?<!\w)'[^'()]+'(?!\w))[^()]*\)|(?<=\S)\s*"[^"]+"$""")
"""`("Fox")`, `(the "Company")`, and a final `"Fox"`: the contract's defined term. `(UK)` is a part of a name."""
_KEPT_SIGNS = frozenset("%‰#&@§")
_BETWEEN_DIGITS = frozenset(".,:/-'")
_ARTICLES = frozenset(("a", "an", "the"))
_DESIGNATED = frozenset(
    ("class", "series", "schedule", "exhibit", "annex", "appendix", "section", "part", "type", "tranche", "grade")
)
"""Words before an A that is a name: `Class A shares`."""
_NO_SPACES = re.compile(f"[{UNSPACED}]")
_RATING = re.compile(r"(?<!\w)[A-Da-d]{1,3}-(?![\w-])")
"""`A-` is not `A`; a hyphen where a word breaks off does not count."""
_PLACE = re.compile(r"^(?:laws? of )?(?:(?:state|commonwealth|province) of )?(.+?)(?: laws?)?$")

_OF_BUSINESS = re.compile(r"\b(?:business|working|banking|trading)\b", re.I)
_RAISED = re.compile("[¹²³⁰⁴-⁹]")


def same_words(one: str, other: str) -> bool:
    """Whether two texts are the same without case, punctuation, articles and line breaks.

    Figures, signs and letters count, in any script; `thirty`, `30` and `thirty (30)` are equal, and so are `State of
    Delaware` and `Delaware`.
    """
    return _folded(one) == _folded(other)


def same_items(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two lists have the same items, in any order; an item's defined term (`("Fox")`) is left out."""
    ours, theirs = ({_folded(_unnamed(one)) for one in items} - {""} for items in (some, others))
    return ours == theirs


def overlap(quotes: Iterable[str], spans: Iterable[str]) -> tuple[float, float]:
    """F1 over the multisets, and Jaccard over the sets, of the words of all quotes and of all labelled spans."""
    ours, theirs = (Counter(word for text in texts for word in words(text)) for texts in (quotes, spans))
    shared = sum((ours & theirs).values())
    total = sum(ours.values()) + sum(theirs.values())
    either = len(ours | theirs)
    return (2 * shared / total if total else 0.0), (len(ours & theirs) / either if either else 0.0)


def words(text: str) -> list[str]:
    """The words, figures and signs of a text in lower case; each letter of a script without spaces is one."""
    return [word.casefold() for word in _words(text)]


def _unnamed(item: str) -> str:
    return _ALIAS.sub(" ", one_line(item))


def _folded(text: str) -> str:
    kept = _words(_in_figures(one_line(_visible(text))))
    shouted = not any(character.islower() for character in text)
    said = [
        word.casefold()
        for at, word in enumerate(kept)
        if not (_is_article(word, kept[at - 1] if at else "", shouted) and len(kept) > 1)
    ]
    place = _PLACE.match(" ".join(said))
    return place[1] if place else ""


def _is_article(word: str, before: str, shouted: bool) -> bool:
    if word.casefold() == "a":
        return before.casefold() not in _DESIGNATED and (word == "a" or not before or shouted)
    return word.casefold() in _ARTICLES


def _in_figures(text: str) -> str:
    """The text with digits for numbers and percentages in words, and each unit in one spelling."""
    for read, sign in ((percentages, " %"), (numbers, "")):
        for mention in sorted(read(text), key=lambda mention: mention.start, reverse=True):
            said = text[mention.start : mention.end]
            if len(mention.values) == 1 and re.search(r"[^\W\d_]", said):
                unit = f"{' business' if _OF_BUSINESS.search(said) else ''} {mention.unit}" if mention.unit else sign
                text = f"{text[: mention.start]}{mention.values[0].normalize():f}{unit}{text[mention.end :]}"
    return text


def _words(text: str) -> list[str]:
    raised = _RAISED.sub(lambda match: f"^{match[0]}", text)
    spaced = "".join(_spaced(one_line(unicodedata.normalize("NFKC", _visible(raised)))))
    return [re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", word) for word in spaced.split()]


def _visible(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _spaced(text: str) -> Iterator[str]:
    """The characters that count, with spaces between words and signs."""
    for at, character in enumerate(text):
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        match unicodedata.category(character)[0]:
            case "L" if _NO_SPACES.match(character):
                yield f" {character}"
            case "L" | "N" | "M":
                yield character
            case "S":
                yield f" {character} "
            case _ if character in _KEPT_SIGNS:
                yield f" {character} "
            case _ if character in _BETWEEN_DIGITS and before.isdigit() and after.isdigit():
                yield character
            case _ if character == "/" and _single(text, at - 1) and _single(text, at + 1):
                yield character
            case _ if character in "-." and after.isdigit() and not (before.isalnum() or before == ")"):
                yield f" {character}"
            case "P" if character == "-" and _RATING.search(text[max(0, at - 4) : at + 2]):
                yield f"{character} "
            case "P" if character == "-" and not before.isalnum() and unicodedata.category(after or " ")[0] == "S":
                yield f" {character} "
            case "P" if character == "'" or (character == "." and not text[max(0, at - 2) : at - 1].isalpha()):
                yield ""
            case _:
                yield " "


def _single(text: str, at: int) -> bool:
    """Whether a letter is alone: `A/S`."""
    return text[max(0, at) : at + 1].isalpha() and not any(
        text[max(0, one) : one + 1].isalnum() for one in (at - 1, at + 1)
    )
