"""Which of its column's tags an answer names."""

import re

from rapidfuzz import fuzz

from columnist.answers.outcomes import Typed, Undecided
from columnist.answers.plain import one_line
from columnist.reviews.model import Question

_TAG_SIMILARITY = 90.0
"""The least rapidfuzz ratio of a misspelt word of a tag: one wrong letter in ten."""
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|non|without|except|excluding|excludes|other than|rather than|instead of|cannot"
    r"|\w+n't|nothing|none|unlike|un|against"
    r"|or|either|partly|partially|between|former|formerly|previous|previously|until|terminated|expired)\b"
)
_ABOUT_A_FIGURE = re.compile(
    r"\b(?:below|above|over|under|to|than|less|more|plus|minus|up|between|from|half|times|of)\b"
)
_HARMLESS = frozenset(
    "a an the this that it its is are as of by in under with and to be been has will shall may which such each all "
    "party parties agreement agreements contract contracts licence license document deed clause term terms "
    "provision provisions type kind category class basis nature form classified described called titled entitled "
    "named known follows following hereto hereof governed governing law laws state commonwealth province country "
    "jurisdiction courts court applicable valid clearly simply standard general ordinary mutual written dated "
    "entered into between made effective grant grants granted right rights days payment period".split()
)
"""Words beside a tag that do not change its meaning; nor do the question's own words."""


def exact_tag(text: str, question: Question) -> str | None:
    """The tag that equals the answer, apart from case, blanks, dashes and slashes."""
    folded = _folded(text).replace(" ", "")
    if text in question.tags:
        return text
    below_zero = re.search(r"\s-\d", one_line(text))
    same = [tag for tag in question.tags if not below_zero and _folded(tag).replace(" ", "") == folded]
    return next((tag for tag in same if _folded(tag) == _folded(text)), same[0] if same else None)


def named_tag(text: str, question: Question) -> Typed:
    answer = _folded(text)
    folded = {tag: _folded(tag) for tag in question.tags}
    inside = [
        tag
        for tag, form in folded.items()
        if form and re.search(rf"(?<![\w.,$€£%-]){re.escape(form)}(?![\w%]|[.,]\d)", answer)
    ]
    # "Service Level" contains "Service"; the longer tag is meant, unless the shorter one is also named elsewhere.
    for tag in sorted(inside, key=lambda one: -len(folded[one])):
        longer = [folded[other] for other in inside if folded[tag] in folded[other] and other != tag]
        alone = answer
        for form in longer:
            alone = alone.replace(form, "\0")
        if longer and not re.search(rf"(?<!\w){re.escape(folded[tag])}(?!\w)", alone):
            inside.remove(tag)
    alike = inside or [tag for tag, form in folded.items() if _alike(form, answer)]
    if len(alike) > 1:
        return Typed(None, Undecided(f"It names more than one tag: {' or '.join(alike)}."))
    if not alike:
        return Typed(None, "It is not one of the column's tags.")
    if inside and _turned(one_line(text).casefold(), folded[alike[0]], f"{question.name} {question.prompt}"):
        return Typed(None, f"It names {alike[0]}, but not that alone.")
    return Typed(alike[0])


def _turned(text: str, form: str, asked: str) -> bool:
    """Whether the text around a tag may change its meaning: `not a lease`, `sub-lease`, `lease/licence`, `Tier 1+`,
    `similar to a lease`."""
    inside = re.compile(
        r"[\s/-]+".join(map(re.escape, form.replace(" and ", " & ").split())).replace("\\&", "(?:&|and)")
    )
    match = inside.search(text)
    if match is None:
        return True
    before, after = text[: match.start()], text[match.end() :]
    joined = re.search(r"[\w)]\s?[-/]$|/\s*$", before) or re.match(r"[-/]\w|\s*/", after)
    rest = f"{before} {after}"
    figures = re.search(r"\d", form) and (
        re.search(r"\s-\d", match[0]) or re.search(r"[^\w\s.,;:\"']", rest) or _ABOUT_A_FIGURE.search(rest)
    )
    words = set(re.findall(r"[^\W\d_]+", rest))
    strange = words - _HARMLESS - set(re.findall(r"[^\W\d_]+", asked.casefold()))
    return bool(joined or figures or strange or re.search(r"[\d?~]", rest) or _NEGATION.search(rest))


def _alike(one: str, other: str) -> bool:
    """Compare word by word, so that a small difference counts in a long name, too."""
    words, others = one.split(), other.split()
    return len(words) == len(others) and all(map(_misspelt, words, others))


def _misspelt(word: str, actual: str) -> bool:
    """Whether a word equals another one, or nearly so, unless it is derived from it, as `leased` is."""
    derived = actual.startswith(word) and actual.removeprefix(word) not in ("", "s")
    return word == actual or (
        word.isalpha() and word[:1] == actual[:1] and not derived and fuzz.ratio(word, actual) >= _TAG_SIMILARITY
    )


def _folded(text: str) -> str:
    """In lower case, with `and` for `&`, spaces for dashes and slashes between words, and trimmed."""
    plain_text = one_line(text).casefold().replace("&", " and ")
    between_words = re.sub(r"(?<=\w)\s*[-/]\s*(?=\w)", " ", re.sub(r"^\s*-\s+", "", plain_text))
    return re.sub(r"^[\s\"']*(?:\.(?!\d)[\s\"']*)*", "", " ".join(between_words.split()).rstrip(" .\"'"))
