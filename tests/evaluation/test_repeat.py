"""When two answers count as the same."""

from uuid import uuid4

import pytest

from columnist.answers.model import Content
from columnist.documents.model import Citation, Span
from columnist.evaluation.repeat import Repeated, agreement
from columnist.reviews.model import NOT_FOUND, Question, Rule

NOTICE = Question(uuid4(), "Notice", "How long is the notice?", "number", rules=(Rule("red", "> 60"),))


def content(summary: str, value: float | None = None, at: int | None = None) -> Content:
    cited = [] if at is None else [Citation("quote", 1, True, (Span(1, at, at + 5),), ())]
    return Content(summary, value, "green", citations=tuple(cited))


def shares(*pairs: tuple[Content | None, Content | None]) -> dict[str, float | None]:
    found = agreement([Repeated("a.pdf", NOTICE, *pair) for pair in pairs])
    return dict(zip(("answer", "found", "words", "quotes", "flag"), (one.share for one in found), strict=True))


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (content("30 days", 30), content("30  DAYS", 30), (1, 1, 1, None, 1)),
        (content("30 days", 30), content("thirty days", 30), (1, 1, 0, None, 1)),
        (content("30 days", 30), content("90 days", 90), (0, 1, 0, None, 0)),
        (content("30 days", 30), content(NOT_FOUND), (0, 0, 0, None, 1)),
        (content("30 days", 30, at=7), content("30 days", 30, at=7), (1, 1, 1, 1, 1)),
        (content("30 days", 30, at=7), content("30 days", 30, at=9), (1, 1, 1, 0, 1)),
        (content("30 days", 30, at=7), content("30 days", 30), (1, 1, 1, 0, 1)),
        (content("30 days", 30), None, (0, None, None, None, None)),
        (None, None, (1, None, None, None, None)),
    ],
)
def test_each_part_of_an_answer_is_compared(
    first: Content | None, second: Content | None, wanted: tuple[float | None, ...]
) -> None:
    assert tuple(shares((first, second)).values()) == wanted
    assert tuple(shares((second, first)).values()) == wanted


def test_an_interval_is_over_documents_and_never_certain() -> None:
    same = content("30 days", 30)
    cells = [Repeated(f"{number}.pdf", NOTICE, same, same) for number in range(20)]
    first = agreement(cells)[0]
    assert (first.cells, first.share) == (20, 1.0)
    assert first.interval is not None
    assert 0.8 < first.interval[0] < 0.99
    assert first.interval[1] == 1.0
    assert agreement(cells[:4])[0].interval is None, "too few documents"
    assert agreement([])[0].share is None
