"""Exports agree with the page about any value, whatever the question's present format and the author."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import httpx
import openpyxl
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from columnist.db.connect import LOCAL_USER, Database
from columnist.documents.model import Citation
from columnist.documents.store import StoredFile, add_documents
from columnist.export.files import WRITERS, write_review
from columnist.export.values import Columns
from columnist.reviews import store
from columnist.reviews.model import Cell, ColumnSpec, EarlierAnswer, Format, GridRow, ModelInUse
from tests.depth import depth
from tests.processes import served
from tests.uploads import until_read, upload

FORMATS: tuple[Format, ...] = get_args(Format)
NOW = datetime(2026, 11, 29, 3, 30, tzinfo=UTC)
QUESTION, DOCUMENT = UUID(int=1), UUID(int=9)


@dataclass(frozen=True, slots=True)
class Read:
    """An exported review as programs read it: for each format, each document's columns by name."""

    csv: list[dict[str, str]]
    parquet: list[dict[str, Any]]
    json: dict[str, Any]
    review: list[dict[str, Any]]
    states: list[dict[str, Any]]
    evidence: list[dict[str, Any]]

    def says(self, name: str, nr: int = 0) -> set[str]:
        """The state that each export gives of a question."""
        document = self.json["documents"][nr]
        return {
            self.csv[nr][f"{name} (state)"],
            self.parquet[nr][f"{name} (state)"],
            document["cells"][name]["state"],
            self.states[nr][name] or "done",
        }


def read(folder: Path) -> Read:
    csv.field_size_limit(10**6)
    book = openpyxl.load_workbook(folder / "r.xlsx")

    def sheet(name: str) -> list[dict[str, Any]]:
        head, *lines = book[name].values
        return [dict(zip(map(str, head), line, strict=True)) for line in lines]

    return Read(
        [*csv.DictReader(io.StringIO((folder / "r.csv").read_bytes().decode("utf-8-sig"), newline=""))],
        pq.read_table(folder / "r.parquet").to_pylist(),
        json.loads((folder / "r.json").read_text(encoding="utf-8"), parse_constant=pytest.fail),
        sheet("Review"),
        sheet("States"),
        sheet("Evidence"),
    )


def exported(folder: Path, columns: Columns, *rows: GridRow) -> Read:
    async def streamed() -> AsyncIterator[GridRow]:
        for each in rows:
            yield each

    for suffix in WRITERS:
        asyncio.run(write_review(streamed(), columns, folder / f"r{suffix}"))
    return read(folder)


def cell(value: Any, summary: str | None = "As said.", **more: Any) -> Cell:
    return Cell("done", summary, value, None, None, (), None, None, more.pop("stale", False), "m", **more)


def one(asked: Cell | None, form: Format = "text") -> tuple[Columns, GridRow]:
    cells = {} if asked is None else {QUESTION: asked}
    return [(QUESTION, ColumnSpec("A", "?", form, ("x",)))], GridRow(DOCUMENT, "a.pdf", 1, None, cells, "in/a.pdf")


# ── Any value, whatever the format ──────────────────────────────────────────────────────────────────────────────────

texts = st.text(st.characters(), max_size=30)
figures = st.from_regex(r"-?[0-9]{1,45}(\.[0-9]{1,45})?", fullmatch=True)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**45), 10**45),
    st.floats(),
    texts,
    figures,
    st.sampled_from(
        ["NaN", "Infinity", "1e5", "1_0", "٣", " 5", "0000-01-01", "99999-01-01", "2014-02-30", "2014-W05-4"]
    ),
    st.sampled_from(["2014-05-08", "0001-01-01", "9999-12-31", "1900-02-28", "=1+1", "\x00", "\ud800", "x" * 40_000]),
)
amounts = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.one_of(figures, leaves),
        "currency": st.sampled_from(["USD", None, '"', "usd", 5, "\ud800"]),
    },
)
jsons = st.recursive(st.one_of(leaves, amounts), lambda some: st.lists(some, max_size=3), max_leaves=5)


@settings(max_examples=depth(30, 600), deadline=None)
@given(value=jsons, by=st.sampled_from([None, *FORMATS]), form=st.sampled_from(FORMATS), summary=st.none() | texts)
def test_any_value_is_exported_and_no_figure_becomes_another(
    tmp_path_factory: pytest.TempPathFactory, value: Any, by: Format | None, form: Format, summary: str | None
) -> None:
    asked = cell(value, summary, value_format=by)
    columns, row = one(asked, form)
    found = exported(tmp_path_factory.mktemp("any"), columns, row)
    kept, line = found.parquet[0], found.csv[0]
    words = summary or ("" if value is None else value if isinstance(value, str) else None)
    if words is not None:
        plain = words.encode("utf-8", "replace").decode()
        assert kept["A (shown)"] == plain
        assert line["A (shown)"].removeprefix("'") == plain.removeprefix("'")
    assert bool(line["A"]) == bool(line["A (shown)"] or kept["A"] not in (None, "", []))
    shown = found.review[0]["A"]
    if line["A"] and line["A"].isprintable():
        assert shown is not None
    if by not in (None, form):
        assert kept["A"] is None, "typed by another format, it is no value of this one"
        assert line["A"] == line["A (shown)"]
    if isinstance(kept["A"], float):
        assert Decimal(repr(kept["A"])) == Decimal(value) == Decimal(line["A"].removesuffix("%"))
    if isinstance(kept["A"], dict):
        assert kept["A"]["amount"] == Decimal(value["amount"])
        assert Decimal(line["A"].split(" ")[0]) == Decimal(value["amount"])
    if isinstance(shown, int | float) and not isinstance(shown, bool):
        figure = Decimal(value["amount"] if form == "monetary_amount" else value)
        assert Decimal(f"{shown:.15g}") == (figure / 100 if form == "percentage" else figure)
    if isinstance(kept["A"], date):
        assert kept["A"].isoformat() == value == line["A"]


@pytest.mark.parametrize("zeros", [21, 22, 28, 29, 40, 99])
@pytest.mark.parametrize("form", ["number", "percentage", "monetary_amount"])
def test_a_huge_figure_is_itself_in_every_export(tmp_path: Path, form: Format, zeros: int) -> None:
    figure = "7" + "0" * zeros
    value = {"amount": figure, "currency": "USD"} if form == "monetary_amount" else figure
    columns, row = one(cell(value, f"{figure} or so"), form)
    found = exported(tmp_path, columns, row)
    assert found.csv[0]["A"].removesuffix("%").removesuffix(" USD") == figure
    kept = found.parquet[0]["A"]
    assert kept in (float(figure), {"amount": Decimal(figure), "currency": "USD"}, None)
    assert kept is not None or found.parquet[0]["A (shown)"] == f"{figure} or so"


# ── The state of an answer, and who gave it ─────────────────────────────────────────────────────────────────────────

EARLIER = EarlierAnswer("Delaware", "Clause 9.", (Citation("of Delaware", 3, True, (), ()),), True, "m", "7")


@pytest.mark.parametrize(
    ("asked", "state"),
    [
        (None, "never asked"),
        (cell("x"), "done"),
        (cell(None, "Not found"), "not found"),
        (cell("x", stale=True), "stale"),
        (cell(None, "Not found", stale=True, outdated=True), "stale"),
        (cell("x", outdated=True), "outdated"),
        (cell("x", attempt_error="Away."), "done, last attempt failed"),
        (cell("x", stale=True, attempt_error="Away."), "stale, last attempt failed"),
        (Cell("error", None, None, None, None, (), None, "Away.", False, "m", attempt_error="Away."), "failed"),
        (Cell("pending", None, None, None, None, (), None, None, False, "m"), "cleared"),
    ],
)
@pytest.mark.parametrize("form", ["text", "date"])
def test_every_export_says_the_state(tmp_path: Path, asked: Cell | None, state: str, form: Format) -> None:
    columns, row = one(asked, form)
    found = exported(tmp_path, columns, row)
    assert found.says("A") == {state}
    failed = asked is not None and bool(asked.attempt_error)
    assert (found.csv[0]["A (error)"], found.parquet[0]["A (error)"]) == (("Away.", "Away.") if failed else ("", None))
    if asked is not None:
        assert (found.evidence[0]["State"], found.evidence[0]["Problem"]) == (state, "Away." if failed else None)
    if asked is None or asked.status != "done":
        assert (found.csv[0]["A"], found.parquet[0]["A"], found.review[0]["A"]) == ("", None, None)


@pytest.mark.parametrize(("form", "value"), [("number", "5"), ("date", "2014-05-08"), ("text", None), ("yes_no", True)])
def test_an_answer_that_is_not_current_is_marked_where_it_stands_in_xlsx(
    tmp_path: Path, form: Format, value: Any
) -> None:
    columns, row = one(cell(value, stale=True), form)
    exported(tmp_path, columns, row)
    (found,) = [line[1] for line in openpyxl.load_workbook(tmp_path / "r.xlsx")["Review"].iter_rows(min_row=2)]
    assert found.number_format.endswith('" (stale)"')
    assert found.value in (5, datetime(2014, 5, 8), "As said.", "Yes"), "what it holds is not changed"


def test_a_persons_answer_is_not_the_models_nor_is_its_quote_their_evidence(tmp_path: Path) -> None:
    asked = Cell(
        "done", "Utah", "Utah", "red", None, (), None, None, False, None, value_format="text", column_version=2,
        edited_at=NOW, edited_by="ann@a.org", verified_at=NOW, verified_by="bob@a.org", earlier=EARLIER,
    )  # fmt: skip
    columns, row = one(asked)
    found = exported(tmp_path, columns, row)
    line, kept, full = found.csv[0], found.parquet[0], found.json["documents"][0]["cells"]["A"]
    assert [line[f"A ({name})"] for name in ("edited by", "verified by", "before edit", "model", "column version")] == [
        "ann@a.org", "bob@a.org", "Delaware", "", "2"
    ]  # fmt: skip
    assert datetime.fromisoformat(line["A (edited at)"]) == kept["A (edited at)"] == kept["A (verified at)"] == NOW
    assert [kept[f"A ({name})"] for name in ("edited by", "before edit", "model", "verified", "evidence")] == [
        "ann@a.org", "Delaware", None, None, []
    ]  # fmt: skip
    assert (full["edited_by"], full["model"], full["citations"]) == ("ann@a.org", None, [])
    assert (full["earlier"]["summary"], full["earlier"]["model"]) == ("Delaware", "m")
    assert full["earlier"]["citations"] == [asdict(EARLIER.citations[0]) | {"spans": [], "rectangles": []}]
    theirs, models = found.evidence
    assert (theirs["Answer"], theirs["Edited by"], theirs["Model"], theirs["Quote"]) == (
        "Utah",
        "ann@a.org",
        None,
        None,
    )
    assert (models["Answer"], models["State"]) == ("Delaware", "model's answer before the edit")
    assert (models["Model"], models["Quote"], models["Edited by"]) == ("m", "of Delaware", None)


def test_every_row_has_its_path_and_its_id(tmp_path: Path) -> None:
    columns, row = one(cell("x"))
    found = exported(tmp_path, columns, row)
    document = found.json["documents"][0]
    assert (document["path"], document["id"]) == ("in/a.pdf", str(DOCUMENT))
    for line in (found.csv[0], found.review[0], found.states[0], found.evidence[0]):
        assert (line["Path"], line["Document id"]) == ("in/a.pdf", str(DOCUMENT))
    assert (found.parquet[0]["path"], found.parquet[0]["document id"]) == ("in/a.pdf", str(DOCUMENT))


def test_the_currency_is_there_for_programs(tmp_path: Path) -> None:
    amounts = [cell({"amount": "0.001", "currency": "EUR"}), cell({"amount": "5.00", "currency": "USD"}), cell(None)]
    columns, _ = one(amounts[0], "monetary_amount")
    exported(tmp_path, columns, *(GridRow(DOCUMENT, "a", 1, None, {QUESTION: one}, "a") for one in amounts))
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["Review"]
    assert [line[:3] for line in sheet.values] == [
        ("Document", "A", "A (currency)"), ("a", 0.001, "EUR"), ("a", 5, "USD"), ("a", "As said.", None)
    ]  # fmt: skip
    assert sheet["B2"].number_format == '"EUR" #,##0.000', "no digit is hidden"


@pytest.mark.parametrize(
    ("form", "value", "words", "comment"),
    [
        ("monetary_amount", {"amount": "500000", "currency": "USD"}, "Five Hundred Thousand Dollars", True),
        ("monetary_amount", {"amount": "500000", "currency": "USD"}, "$500,000", True),
        ("monetary_amount", {"amount": "500000", "currency": "USD"}, "500,000 USD", False),
        ("date", "2014-05-08", "the 8th day of May, 2014", True),
        ("date", "2014-05-08", "2014-05-08", False),
        ("number", "12", "one year", True),
        ("number", "90", "90 days", False),
        ("percentage", "2.5", "two and one-half percent", True),
        ("yes_no", True, "Yes", False),
    ],
)
def test_words_that_are_written_otherwise_than_their_value_go_with_it(
    tmp_path: Path, form: Format, value: Any, words: str, comment: bool
) -> None:
    columns, row = one(replace(cell(value), summary=words), form)
    found = exported(tmp_path, columns, row)
    note = openpyxl.load_workbook(tmp_path / "r.xlsx")["Review"]["B2"].comment
    assert (note is not None) == comment
    assert note is None or note.text == words
    assert found.csv[0]["A (shown)"] == found.parquet[0]["A (shown)"] == words


def test_the_unit_that_a_columns_first_answer_chose_is_in_its_head(tmp_path: Path) -> None:
    columns, row = one(cell("12"), "number")

    async def written(suffix: str) -> None:
        async def streamed() -> AsyncIterator[GridRow]:
            yield row

        await write_review(streamed(), columns, tmp_path / f"r.{suffix}", units={QUESTION: "month"})

    for suffix in ("csv", "xlsx", "json", "parquet"):
        asyncio.run(written(suffix))
    assert (tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()[0].count("A (months)") > 1
    assert openpyxl.load_workbook(tmp_path / "r.xlsx")["Review"]["B1"].value == "A (months)"
    assert json.loads((tmp_path / "r.json").read_text())["columns"][0]["unit"] == "month"
    assert json.loads(pq.read_schema(tmp_path / "r.parquet").metadata[b"columnist.columns"])[0]["unit"] == "month"


def test_a_parquet_file_says_what_it_is_of(tmp_path: Path) -> None:
    columns, row = one(cell("x"))

    async def streamed() -> AsyncIterator[GridRow]:
        yield row

    asyncio.run(write_review(streamed(), columns, tmp_path / "r.parquet", review="Leases"))
    metadata = pq.read_schema(tmp_path / "r.parquet").metadata
    assert metadata[b"columnist.review"] == b"Leases"
    assert json.loads(metadata[b"columnist.columns"])[0]["prompt"] == "?"


# ── From a database ───────────────────────────────────────────────────────────────────────────────────────────────

VALUES: dict[Format, Any] = {
    "text": None,
    "bulleted_list": ["one", "two"],
    "number": "12.5",
    "percentage": "12.5",
    "monetary_amount": {"amount": "1500.00", "currency": "USD"},
    "currency": "EUR",
    "yes_no": True,
    "date": "2014-05-08",
    "tag": "Lease",
}
BROKEN = [
    "[[1],[2]]",
    '{"amount": null, "currency": "USD"}',
    '{"amount": "12", "currency": 5}',
    '{"amount": {}, "x": []}',
    '"2014-02-30"',
    '"0000-01-01"',
    '"99999-01-01"',
    "1e5000",
    "-1e400",
    "[" * 3000 + "]" * 3000,
    '"' + "x" * 40_000 + '"',
    "null",
    "false",
    '"NaN"',
    "123456789012345678901234567890",
]


async def _grid(url: str, formats: list[Format]) -> tuple[UUID, list[UUID], UUID]:
    """A review of one document and a column for each format: its id, the columns' and the document's."""
    async with Database(url) as database, database.act_as(LOCAL_USER) as connection:
        review = await store.create_review(connection, LOCAL_USER, "Leases")
        specs = [ColumnSpec(f"Q{nr}", "?", form, ("Lease",)) for nr, form in enumerate(formats)]
        columns = [column.id for column in await store.add_columns(connection, review, specs)]
        stored = [StoredFile("a.pdf", "0" * 64, 1, path="in/a.pdf")]
        (document,) = [one.id for one in await add_documents(connection, LOCAL_USER, stored)]
        await store.put_documents(connection, review, [document])
    return review, columns, document


async def _write_all(url: str, review: UUID, folder: Path) -> None:
    async with Database(url) as database, database.act_as(LOCAL_USER) as connection:
        columns = [(column.id, column.spec()) for column in await store.list_columns(connection, review)]
        for suffix in WRITERS:
            rows = store.grid_rows(connection, review, in_use=ModelInUse("m", "1"))
            await write_review(rows, columns, folder / f"r{suffix}")


@pytest.mark.parametrize("state", ["stale", "edited", "verified", "failed"])
def test_a_question_of_another_format_breaks_no_export(url: str, admin_url: str, tmp_path: Path, state: str) -> None:
    pairs = [(one, other) for one in FORMATS for other in FORMATS]
    review, columns, document = asyncio.run(_grid(url, [one for one, _ in pairs]))
    stamps = {
        "stale": "job_id = null",
        "edited": "edited_at = now(), edited_by = 'ann@a.org'",
        "verified": "verified_at = now(), verified_by = 'ann@a.org'",
        "failed": "attempt_error = 'Away.', attempted_at = now()",
    }[state]
    with psycopg.connect(admin_url, autocommit=True) as database:
        for column, (form, _) in zip(columns, pairs, strict=True):
            value = VALUES[form]
            database.execute(
                "insert into tabular_cells (review_id, document_id, column_id, status, summary, value, value_format, "
                "column_version, model, prompt_version, changed_xid) "
                "values (%s, %s, %s, 'done', 'As said.', %s, %s, 1, 'm', '1', pg_current_xact_id())",
                [review, document, column, None if value is None else Jsonb(value), value and form],
            )
        database.execute(f"update tabular_cells set {stamps}")
        for column, (_, form) in zip(columns, pairs, strict=True):
            database.execute("update tabular_columns set format = %s where id = %s", [form, column])
    asyncio.run(_write_all(url, review, tmp_path))
    found = read(tmp_path)
    table = pa.Table.from_pylist(found.parquet)
    for nr, (form, other) in enumerate(pairs):
        name = f"Q{nr}"
        current = "stale" if form != other else "done"
        assert found.says(name) == {f"{current}, last attempt failed" if state == "failed" else current}
        if form != other:
            assert found.csv[0][name] == found.review[0][name] == found.parquet[0][f"{name} (shown)"] == "As said."
            assert found.parquet[0][name] is None
        elif form != "text":
            assert found.parquet[0][name] is not None
            assert found.csv[0][name] not in ("", "As said.")
    assert table.num_rows == 1
    if state in ("edited", "verified"):
        assert all(found.csv[0][f"Q{nr} ({state} by)"] == "ann@a.org" for nr in range(len(pairs)))


@pytest.mark.parametrize("form", FORMATS)
def test_a_value_that_somebody_broke_by_hand_breaks_no_export(
    url: str, admin_url: str, tmp_path: Path, form: Format
) -> None:
    review, columns, document = asyncio.run(_grid(url, [form] * len(BROKEN)))
    with psycopg.connect(admin_url, autocommit=True) as database:
        for column, value in zip(columns, BROKEN, strict=True):
            database.execute(
                "insert into tabular_cells (review_id, document_id, column_id, status, summary, value, "
                "column_version, citations, changed_xid) "
                "values (%s, %s, %s, 'done', 'As said.', %s::jsonb, 1, %s, pg_current_xact_id())",
                [review, document, column, value, Jsonb([5, {"page": "x"}, {}])],
            )
    asyncio.run(_write_all(url, review, tmp_path))
    found = read(tmp_path)
    for nr in range(len(BROKEN)):
        assert found.says(f"Q{nr}") == {"done"}
        assert found.csv[0][f"Q{nr}"], BROKEN[nr]
        assert found.review[0][f"Q{nr}"] is not None, BROKEN[nr]
        assert found.parquet[0][f"Q{nr} (shown)"] == "As said."


def test_what_people_did_is_in_every_export(url: str, tmp_path: Path) -> None:
    text = b"This Agreement is governed by the laws of the State of Delaware."
    laws = [
        {"name": name, "prompt": "Which state's law governs the agreement?"} for name in ("Law", "Edited", "Checked")
    ]
    with (
        served(DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path / "home", TABULAR_POLL_MS=100) as server,
        httpx.Client(base_url=f"{server.url}/api", timeout=60) as api,
    ):
        review = api.post("/tabular/reviews", json={"name": "Leases", "columns": laws}).json()["id"]
        (document,) = [file["document_id"] for file in upload(api, ("in/a.txt", text), review_id=review)["files"]]
        until_read(api, review)
        columns = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
        reworded = {"name": "Law", "prompt": "Where is the seat of arbitration?"}
        api.put(f"/tabular/reviews/{review}/columns/{columns[0]['id']}", json=reworded).raise_for_status()
        cells = f"/tabular/reviews/{review}/cells/{document}"
        api.patch(f"{cells}/{columns[1]['id']}", json={"summary": "Utah"}).raise_for_status()
        api.post(f"{cells}/{columns[2]['id']}/verify", json={"verified": True}).raise_for_status()
        for suffix in WRITERS:
            params = {"format": suffix.removeprefix(".")}
            answer = api.get(f"/tabular/reviews/{review}/export", params=params).raise_for_status()
            (tmp_path / f"r{suffix}").write_bytes(answer.content)
        me = api.get("/me").json()["email"]
    found = read(tmp_path)
    assert found.json["review"] == "Leases"
    assert (found.says("Law"), found.says("Edited"), found.says("Checked")) == ({"stale"}, {"done"}, {"done"})
    line, kept, full = found.csv[0], found.parquet[0], found.json["documents"][0]["cells"]
    for values in (line, kept):
        assert values["Edited"] == "Utah"
        assert values["Edited (edited by)"] == values["Checked (verified by)"] == me
        assert "Delaware" in values["Edited (before edit)"]
        assert (values["Edited (model)"] or None, values["Checked (model)"]) == (None, "extractive")
        assert values["Edited (edited at)"]
        assert values["Checked (verified at)"]
        assert values["Checked (prompt version)"]
    assert "Delaware" in kept["Checked (evidence)"][0]["quote"]
    assert kept["Edited (evidence)"] == full["Edited"]["citations"] == []
    assert full["Edited"]["earlier"]["model"] == "extractive"
    lines = {(one["Column"], one["State"]): one for one in found.evidence}
    assert lines["Edited", "done"]["Quote"] is None
    assert "Delaware" in lines["Edited", "model's answer before the edit"]["Quote"]
    assert lines["Law", "stale"]["Path"] == "in/a.txt"
