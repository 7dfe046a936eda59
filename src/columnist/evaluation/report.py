"""An evaluation as files: JSON for comparing and computing, HTML for reading the misses side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from lxml import html
from lxml.html import builder as e
from pydantic import TypeAdapter, ValidationError

from columnist.errors import InputError
from columnist.evaluation.flags import FLAGS, by_flag, order_of_flags, out_of_order
from columnist.evaluation.official import CUAD_MATCH, official
from columnist.evaluation.reliability import calibration_error, order, reliability
from columnist.evaluation.scores import Measures, Quoted, ScoredCell, mean, measures
from columnist.reviews.model import ColumnSpec, Format

JSON_FILE = "evaluation.json"
HTML_FILE = "report.html"

HEADINGS = (
    ("Cells", "labelled cells"),
    ("Right", "the headline: presence as labelled, and the label's answer"),
    ("Exact", "share of answers that equal the label's, as typed values"),
    ("Match", "the same without case, punctuation, articles; an absent clause is No"),
    ("P", "precision of presence: share of the answered cells that are present"),
    ("R", "recall of presence: share of the present cells that were answered"),
    ("F1", "of both"),
    ("Quotes", "token F1 of the quotes against the labelled spans"),
    ("Jaccard", "Jaccard of the same"),
    ("Verified", "share of the quotes that are in the document"),
    ("Missed", "present, but answered as not found"),
    ("Invented", "absent, but answered"),
    ("Failed", "cells without an answer, which are wrong"),
    ("Open", "cells whose label cannot be compared: neither right nor wrong"),
    ("Tokens", "in prompts and answers"),
)

_SHARES = ("right", "exact", "normalised", "precision", "recall", "f1", "token_f1", "jaccard", "verified")
"""The measures after the number of cells, in the order of HEADINGS."""
_F1 = 1 + _SHARES.index("f1")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run over labels: the model, every cell beside its label, and the cost.

    `seconds` and `price` (US dollars) are those of the job, which asked `asked_cells` of the cells; a stored answer is
    free. `notes`: lists of labels that were not used, or not used as written.
    """

    model: str
    prompt_version: str
    version: str
    finished_at: datetime
    documents: int
    asked_cells: int
    seconds: float
    price: Decimal
    columns: tuple[str, ...]
    cells: tuple[ScoredCell, ...]
    questions: tuple[ColumnSpec, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def cost(self) -> str:
        """The number of cells asked, the time and the price, in words."""
        return f"{self.asked_cells:,} cells asked in {self.seconds:,.1f} s, ${self.price:,.2f}"

    @property
    def headline(self) -> str:
        """The share of right answers, the share that "No" to everything would have, and presence averaged in both
        ways."""
        judged = [cell for cell in self.cells if cell.right is not None]
        absent = mean(not cell.expected for cell in judged if cell.expected is not None)
        total = measures(self.cells)
        (_, average) = self.rows()[-1]
        return (
            f"Right: {percent(total.right)} % of {total.judged:,} cells; always saying No or Not found: "
            f"{percent(absent)} %. F1 of presence: {percent(total.f1)} over all cells (micro), "
            f"{average[_F1]} as the mean of the questions (macro)."
        )

    def rows(self) -> list[tuple[str, list[str]]]:
        """The figures under HEADINGS, as printed: for each question in order, for all cells, and the questions'
        mean."""
        by_question = [measures([cell for cell in self.cells if cell.column == name]) for name in self.columns]
        averages = [percent(mean(getattr(one, name) for one in by_question)) for name in _SHARES]
        counts = len(HEADINGS) - len(_SHARES) - 1
        return [
            *((name, shown(figures)) for name, figures in zip(self.columns, by_question, strict=True)),
            ("All", shown(measures(self.cells))),
            ("Mean of questions", ["", *averages, *[""] * counts]),
        ]


_adapter = TypeAdapter(Evaluation)


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """Write both files into `folder`, which is created. Raises InputError if they cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / JSON_FILE).write_bytes(_adapter.dump_json(evaluation, indent=1))
        (folder / HTML_FILE).write_text(_html(evaluation), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}.") from None


def read_evaluation(path: Path) -> Evaluation:
    """The evaluation in a folder or JSON file. Raises InputError with its name."""
    file = path / JSON_FILE if path.is_dir() else path
    try:
        return _adapter.validate_json(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{part}: " for part in first["loc"])
        raise InputError(f"{file} is not an evaluation: {place}{first['msg']}.") from None


def shown(figures: Measures) -> list[str]:
    """The figures under HEADINGS, as printed."""
    open_cells = figures.cells - figures.judged
    return [
        f"{figures.cells:,}",
        *(percent(getattr(figures, name)) for name in _SHARES),
        *(f"{count:,}" for count in (figures.missed, figures.invented, figures.failed, open_cells)),
        f"{figures.prompt_tokens + figures.completion_tokens:,}",
    ]


def percent(share: float | None) -> str:
    """`97.3`, or a dash if nothing is labelled."""
    return "–" if share is None else f"{100 * share:.1f}"


def _html(evaluation: Evaluation) -> str:
    """One page without scripts or links; lxml escapes the text of documents and models."""
    what = f"{evaluation.model} · {evaluation.documents:,} documents × {len(evaluation.columns)} questions"
    took = (
        f"{evaluation.finished_at:%Y-%m-%d %H:%M} · prompt version {evaluation.prompt_version} · Columnist "
        f"{evaluation.version} · {evaluation.cost}"
    )
    table = e.TABLE(
        e.TR(e.TH("Question"), *(e.TH(name, title=meaning) for name, meaning in HEADINGS)),
        *(e.TR(e.TH(name), *map(e.TD, figures)) for name, figures in evaluation.rows()),
    )
    style = files("columnist.evaluation").joinpath("report.css").read_text(encoding="utf-8")
    page = e.HTML(
        e.HEAD(e.META(charset="utf-8"), e.TITLE(f"Evaluation of {evaluation.model}"), e.STYLE(style)),
        e.BODY(
            e.H1(f"Evaluation of {what}"),
            e.P(took),
            e.P(e.STRONG(evaluation.headline)),
            *(e.PRE("\n".join(map(_clean, note.splitlines()))) for note in evaluation.notes),
            table,
            e.DL(*(part for name, meaning in HEADINGS for part in (e.DT(name), e.DD(meaning)))),
            *_further(evaluation),
            e.H2("Where answer and label differ"),
            *(_misses(name, [cell for cell in evaluation.cells if cell.column == name]) for name in evaluation.columns),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{html.tostring(page, encoding='unicode')}\n"


def _further(evaluation: Evaluation) -> list[html.HtmlElement]:
    """The measures of SQuAD and CUAD, and how far the flags can be trusted."""
    return [
        e.H2("By the definitions of SQuAD and CUAD"),
        e.TABLE(*(e.TR(e.TH(name), e.TD(figure)) for name, figure in official_rows(evaluation))),
        e.H2("Right by flag"),
        e.TABLE(*(e.TR(e.TH(row[0]), *map(e.TD, row[1:])) for row in flag_rows(evaluation))),
        *map(e.P, flag_sentences(evaluation)),
        e.H2("Wrong by doubt"),
        _diagram(evaluation),
        e.TABLE(*(e.TR(e.TH(row[0]), *map(e.TD, row[1:])) for row in doubt_rows(evaluation))),
        *map(e.P, doubt_sentences(evaluation)),
    ]


def _diagram(evaluation: Evaluation) -> html.HtmlElement:
    """The reliability diagram: the share of wrong answers over the mean doubt of each bin, with its interval. On the
    diagonal doubt would be a probability."""
    side = 260
    svg = html.Element("svg", {"viewBox": f"-40 -10 {side + 60} {side + 50}", "width": "360", "role": "img"})
    svg.append(html.Element("title"))
    svg[0].text = "Share of wrong answers by doubt"

    def add(name: str, text: str = "", **placed: float | str) -> None:
        part = html.Element(name, {key.replace("_", "-"): str(value) for key, value in placed.items()})
        part.text = text or None
        svg.append(part)

    line = {"stroke": "currentColor", "fill": "none"}
    add("rect", x=0, y=0, width=side, height=side, opacity=0.4, **line)
    add("line", x1=0, y1=side, x2=side, y2=0, stroke_dasharray="4", opacity=0.5, **line)
    for one in reliability(evaluation.cells):
        x, y = side * one.doubt, side * (1 - one.wrong)
        if one.interval:
            add("line", x1=x, x2=x, y1=side * (1 - one.interval[0]), y2=side * (1 - one.interval[1]), **line)
        add("circle", cx=x, cy=y, r=4, fill="currentColor")
    add("text", "doubt →", x=side - 60, y=side + 20, fill="currentColor")
    add("text", "wrong ↑", x=-38, y=10, fill="currentColor", font_size="11")
    return svg


def doubt_rows(evaluation: Evaluation) -> list[list[str]]:
    """The number of answers at each doubt, and the share of wrong ones; the first row is the heading."""
    rows = [["Doubt up to", "Answers", "Mean doubt %", "Wrong %", "95 % interval"]]
    for one in reliability(evaluation.cells):
        ends = " … ".join(map(percent, one.interval)) if one.interval else "too few documents"
        rows.append([f"{one.end:g}", f"{one.cells:,}", percent(one.doubt), percent(one.wrong), ends])
    return rows


def doubt_sentences(evaluation: Evaluation) -> list[str]:
    """The worth of the doubt's order and size; empty without answers of known doubt."""
    ordered, error = order(evaluation.cells), calibration_error(evaluation.cells)
    if ordered is None or error is None:
        return []
    return [
        f"Of a wrong and a right answer, the wrong one has more doubt in {percent(ordered)} % of cases "
        f"(50: no better than chance). Doubt and share of wrong answers are {100 * error:.1f} points apart."
    ]


def official_rows(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Names and figures of the quotes by the scripts of SQuAD and CUAD."""
    figures = official(evaluation.cells)
    return [
        ("SQuAD F1, by its words: all quotes against all spans", percent(figures.squad_f1)),
        ("CUAD Jaccard, by its words: all quotes against all spans", percent(figures.cuad_jaccard)),
        (f"CUAD precision: quotes that match a span (Jaccard {CUAD_MATCH})", percent(figures.cuad_precision)),
        ("CUAD recall: spans that a quote matches", percent(figures.cuad_recall)),
    ]


def flag_rows(evaluation: Evaluation) -> list[list[str]]:
    """How many answers of each format have a flag, and how many of these are right; the first row is the heading."""
    formats = _formats(evaluation)
    rows = [["Format", *(flag.capitalize() for flag in FLAGS)]]
    kinds = dict.fromkeys(formats[cell.column] for cell in evaluation.cells if cell.column in formats)
    for kind in (*kinds, None):
        cells = [cell for cell in evaluation.cells if kind in (None, formats.get(cell.column))]
        shares = by_flag(cells)
        figures = [
            f"{percent(shares[flag].right)} of {shares[flag].cells:,}" if flag in shares else "–" for flag in FLAGS
        ]
        rows.append([kind.replace("_", " ") if kind else "All", *figures])
    return rows


def flag_sentences(evaluation: Evaluation) -> list[str]:
    """Whether the flags are in order, over all answers and in each format."""
    turned = out_of_order(evaluation.cells, _formats(evaluation))
    return [*order_of_flags(evaluation.cells), *([f"Not in order: {'; '.join(turned)}."] if turned else [])]


def _formats(evaluation: Evaluation) -> dict[str, Format]:
    return {question.name: question.format for question in evaluation.questions}


def _misses(column: str, cells: Sequence[ScoredCell]) -> html.HtmlElement:
    misses = [cell for cell in cells if cell.miss]
    head = e.TR(*map(e.TH, ("Document", "What", "Label", "Answer")))
    rows = [
        e.TR(
            e.TD(_clean(cell.document)),
            e.TD(cell.miss or ""),
            e.TD(_clean(cell.label or "–"), *map(_quote, (Quoted(quote, None, True) for quote in cell.label_quotes))),
            e.TD(_clean(cell.error or cell.answer or "–"), *map(_quote, cell.quotes)),
        )
        for cell in misses
    ]
    title = f"{column}: {len(misses)} of {len(cells)}"
    return e.DETAILS(e.SUMMARY(title), e.TABLE(head, *rows, {"class": "misses"}))


def _quote(quoted: Quoted) -> html.HtmlElement:
    page = f"Page {quoted.page}: " if quoted.page else ""
    return e.BLOCKQUOTE(page + _clean(quoted.quote) + ("" if quoted.verified else " (not found in the document)"))


def _clean(text: str) -> str:
    """Without the control characters that markup cannot hold."""
    return "".join(character if character.isprintable() else " " for character in text)
