"""Windows of the grid over HTTP: sorted, filtered and searched by a real server over a real database."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from columnist.db.connect import LOCAL_USER, Database
from columnist.reviews.grid import read_window
from tests.filled import fill
from tests.processes import served

FORMATS = ("text", "number", "monetary_amount", "date", "yes_no", "tag", "bulleted_list", "percentage", "currency")
NAMES = ("Zeta lease.pdf", "alpha_50%.pdf", "Beta 'NDA'.pdf", "gamma.pdf", "delta.pdf", "epsilon.pdf")
PUT = """
insert into tabular_cells (review_id, document_id, column_id, status, summary, value, flag, verified, error,
                           column_version, changed_xid)
values (%(review)s, %(document)s, %(column)s, %(status)s, %(summary)s, %(value)s, %(flag)s, %(verified)s, %(error)s,
        %(version)s, '0')
"""


class Grid:
    """A review with a column of each format and a document for each of NAMES; read over HTTP, filled by SQL."""

    def __init__(self, api: httpx.Client, database: psycopg.Connection) -> None:
        self.api, self._database = api, database
        columns: list[dict[str, Any]] = [{"name": name, "prompt": "?", "format": name} for name in FORMATS]
        columns[FORMATS.index("tag")]["tags"] = ["Lease", "NDA"]
        self.review: str = api.post("/tabular/reviews", json={"name": "R", "columns": columns}).json()["id"]
        found = api.get(f"/tabular/reviews/{self.review}/columns").json()["columns"]
        self.columns: dict[str, str] = {column["format"]: column["id"] for column in found}
        self.documents: list[UUID] = []
        for nr, name in enumerate(NAMES):
            row = database.execute(
                "insert into documents (user_id, name, sha256, size_bytes) "
                "select user_id, %s, %s, 1 from tabular_reviews where id = %s returning id",
                [name, f"{nr:064}", self.review],
            ).fetchone()
            assert row
            self.documents.append(row[0])
            database.execute("insert into review_documents values (%s, %s, %s)", [self.review, row[0], nr])

    def put(self, document: int, column: str, value: object, summary: str | None = None, **cell: object) -> None:
        """Write the cell of a document's number and a column's format."""
        values = {
            "review": self.review,
            "document": self.documents[document],
            "column": self.columns[column],
            "status": "done",
            "summary": str(value) if summary is None else summary,
            "value": None if value is None else Jsonb(value),
            "flag": "green",
            "verified": None,
            "error": None,
            "version": 1,
            **cell,
        }
        self._database.execute(PUT, values)

    def set(self, document: int, column: str, assignment: str) -> None:
        """Change an existing cell."""
        self._database.execute(
            f"update tabular_cells set {assignment} where document_id = %s and column_id = %s",
            [self.documents[document], self.columns[column]],
        )

    def window(self, **parameters: Any) -> dict[str, Any]:
        """The answer to a request for a window; columns are named by their format."""
        answer = self.get(**parameters)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def get(self, **parameters: Any) -> httpx.Response:
        """The response, whatever its status."""
        return self.api.get(f"/tabular/reviews/{self.review}/rows", params=parameters)

    def rows(self, *filters: str, **parameters: Any) -> list[int]:
        """The numbers of the documents found, in order; a filter's or a sort's column is named by its format."""
        named = []
        for text in filters:
            column, _, rest = text.partition(":")
            named.append(f"{self.columns.get(column, column)}:{rest}")
        if "sort" in parameters:
            sort = parameters["sort"]
            parameters["sort"] = sort[: sort.startswith("-")] + self.columns.get(sort.lstrip("-"), sort.lstrip("-"))
        window = self.window(filter=named, **parameters)
        found = [self.documents.index(UUID(row["document_id"])) for row in window["rows"]]
        assert window["total"] == len(found) or "limit" in parameters
        return found


@pytest.fixture
def grid(url: str, admin_url: str, tmp_path: Path) -> Iterator[Grid]:
    with (
        served("--no-worker", DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path) as server,
        httpx.Client(base_url=f"{server.url}/api") as api,
        psycopg.connect(admin_url, autocommit=True) as database,
    ):
        yield Grid(api, database)


def refused(answer: httpx.Response, field: str) -> str:
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert body["errors"][0]["field"].split(".")[0] == field
    return str(body["detail"])


def test_a_window_holds_compact_cells_of_the_columns_asked_for_and_is_not_sent_twice(grid: Grid) -> None:
    grid.put(0, "text", "x" * 400, "y" * 400, verified=True)
    grid.put(0, "number", None, None, status="error", error="It broke.", flag=None)
    grid.set(0, "text", "verified_at = now(), verified_by = 'ann@example.org'")
    window = grid.window(limit=2)
    assert window["total"] == len(NAMES)
    assert [row["document"] for row in window["rows"]] == list(NAMES[:2])
    first = window["rows"][0]
    assert (first["page_count"], first["error"]) == (None, None)
    assert set(first["cells"]) == {grid.columns["text"], grid.columns["number"]}
    assert first["cells"][grid.columns["text"]] == {
        "status": "done",
        "summary": "y" * 300,
        "value": "x" * 400,
        "flag": "green",
        "verified": True,
        "error": None,
        "stale": False,
        "outdated": False,
        "attempt_error": None,
        "edited": False,
        "verified_by": "ann@example.org",
        "checked": True,
        "job_id": None,
        "updated_at": first["cells"][grid.columns["text"]]["updated_at"],
    }
    assert first["cells"][grid.columns["number"]]["error"] == "It broke."
    assert window["rows"][1]["cells"] == {}
    one = grid.window(limit=1, column_ids=grid.columns["number"])
    assert list(one["rows"][0]["cells"]) == [grid.columns["number"]]
    assert grid.rows(document_ids=[str(grid.documents[4]), str(grid.documents[1])]) == [1, 4]
    answer = grid.get()
    again = grid.api.get(answer.request.url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == answer.headers["cache-control"] == "private, no-cache"


def test_every_column_sorts_as_its_format_says_with_empty_cells_last_both_ways(grid: Grid) -> None:
    amounts = [{"amount": amount, "currency": "EUR"} for amount in ("1000.00", "200", "30.5")]
    cases: dict[str, tuple[list[object], list[int], list[int]]] = {
        "number": (["10", "9", "-2.5", None, "9"], [2, 1, 4, 0], [0, 1, 4, 2]),
        "percentage": (["100", "12.5", "9", None, "12.5"], [2, 1, 4, 0], [0, 1, 4, 2]),
        "monetary_amount": ([*amounts], [2, 1, 0], [0, 1, 2]),
        "date": (["2014-10-01", "2013-12-31", "0999-01-01", None], [2, 1, 0], [0, 1, 2]),
        "yes_no": ([True, False, None, True], [1, 0, 3], [0, 3, 1]),
        "text": (["pear", "Apple", "10", "9", "apple"], [2, 3, 1, 4, 0], [0, 1, 4, 3, 2]),
        "tag": (["NDA", "Lease", None, "NDA"], [1, 0, 3], [0, 3, 1]),
        "currency": (["USD", "EUR", None, "GBP"], [1, 3, 0], [0, 3, 1]),
    }
    for column, (values, ascending, descending) in cases.items():
        for nr, value in enumerate(values):
            if value is None:
                grid.put(nr, column, None, "Not found", flag="grey")
            else:
                grid.put(nr, column, value)
        empty = [nr for nr in range(len(NAMES)) if nr not in ascending]
        assert (column, grid.rows(sort=column)) == (column, ascending + empty)
        assert (column, grid.rows(sort=f"-{column}")) == (column, descending + empty)


def test_answers_that_could_not_be_typed_come_between_the_typed_and_the_empty(grid: Grid) -> None:
    grid.put(0, "date", None, "in spring", flag="yellow")
    grid.put(1, "date", "2014-01-01")
    grid.put(2, "date", None, "at closing", flag="yellow")
    assert grid.rows(sort="date")[:4] == [1, 2, 0, 3]
    assert grid.rows(sort="-date")[:4] == [1, 0, 2, 3]


def test_a_cell_without_a_value_meets_no_comparison_and_not_found_is_empty_whatever_its_flag(grid: Grid) -> None:
    for column in ("currency", "tag", "text", "bulleted_list", "number"):
        value: object = {"bulleted_list": ["a"], "number": "5"}.get(column, "Lease")
        grid.put(0, column, value)
        grid.put(1, column, None, "dollars", flag="yellow")
        grid.put(2, column, None, "Not found", flag="red")
        grid.put(3, column, None, " not found ", flag="green")
        other = "7" if column == "number" else "x"
        assert (column, grid.rows(f"{column}:ne:{other}")) == (column, [0])
        assert column == "number" or grid.rows(f"{column}:eq:dollars") == grid.rows(f"{column}:eq:not found") == []
        assert (column, grid.rows(sort=f"-{column}")[2:]) == (column, [2, 3, 4, 5])
        path = f"/tabular/reviews/{grid.review}/rows/groups"
        groups = grid.api.get(path, params={"column_id": grid.columns[column]}).json()["groups"]
        assert (groups[-1]["label"], groups[-1]["count"], len(groups)) == (None, 4, 3)


def test_groups_never_mix_currencies(grid: Grid) -> None:
    for nr, (amount, currency) in enumerate([("100", "JPY"), ("100.00", "EUR"), ("100", "USD"), ("100", "EUR")]):
        grid.put(nr, "monetary_amount", {"amount": amount, "currency": currency}, f"{currency} 100")
    grid.put(4, "monetary_amount", {"amount": "100", "currency": None}, "100")
    path = f"/tabular/reviews/{grid.review}/rows/groups"
    groups = grid.api.get(path, params={"column_id": grid.columns["monetary_amount"]}).json()["groups"]
    assert [(one["label"], one["count"]) for one in groups] == [
        ("100", 1),
        ("EUR 100", 2),
        ("JPY 100", 1),
        ("USD 100", 1),
        (None, 1),
    ]
    assert grid.rows(sort="monetary_amount") == [4, 1, 3, 0, 2, 5]


def test_values_that_no_number_can_hold_are_stored_and_sorted_as_words(grid: Grid) -> None:
    for nr, value in enumerate(["9" * 400, "1e999", "NaN", "0." + "0" * 400 + "1", "٣"]):
        grid.put(nr, "number", value)
    grid.put(5, "number", "7")
    assert grid.rows(sort="number")[0] == 5
    assert grid.rows("number:gt:0") == [5]


def test_rows_sort_by_document_and_position(grid: Grid) -> None:
    assert grid.rows(sort="document") == [1, 2, 4, 5, 3, 0]
    assert grid.rows(sort="-document") == [0, 3, 5, 4, 2, 1]
    assert grid.rows(sort="-position") == [5, 4, 3, 2, 1, 0]


def test_the_row_with_the_most_doubtful_answer_that_nobody_has_looked_at_comes_first(grid: Grid) -> None:
    for document, column, doubt in (
        (0, "text", 0.3),
        (0, "date", 0.9),
        (1, "text", 0.6),
        (2, "text", 0.1),
        (3, "tag", 0.8),
    ):
        grid.put(document, column, None, "So")
        grid.set(document, column, f"doubt = {doubt}")
    assert grid.rows(sort="-doubt")[:3] == [0, 3, 1]
    assert grid.rows("any:state:doubtful") == [0, 1, 3], "a little doubt is everywhere"
    grid.set(0, "date", "verified_at = now(), verified_by = 'ann@example.org'")
    grid.set(3, "tag", "edited_at = now()")
    assert grid.rows("any:state:doubtful", sort="-doubt") == [1, 0]


def test_filters_compare_as_the_columns_format_says(grid: Grid) -> None:
    for nr, amount in enumerate(("1000.00", "200", "30.5")):
        grid.put(nr, "monetary_amount", {"amount": amount, "currency": "EUR"})
        grid.put(nr, "number", amount)
        grid.put(nr, "percentage", amount)
        grid.put(nr, "date", f"201{nr}-06-30")
        grid.put(nr, "yes_no", nr == 1)
        grid.put(nr, "text", ["It's 100% _done_", "Rent \\ fee", "rent"][nr])
        grid.put(nr, "tag", ["Lease", "NDA", "Lease"][nr], "as shown")
        grid.put(nr, "currency", ["USD", "EUR", "USD"][nr])
        grid.put(nr, "bulleted_list", ["a", "b"], "• first\n• SECOND")
    for column in ("number", "percentage", "monetary_amount"):
        assert grid.rows(f"{column}:eq:200.0") == [1]
        assert grid.rows(f"{column}:ne:200") == [0, 2]
        assert grid.rows(f"{column}:lt:200") == [2]
        assert grid.rows(f"{column}:lte:200") == [1, 2]
        assert grid.rows(f"{column}:gt:200") == [0]
        assert grid.rows(f"{column}:gte:30.5", f"{column}:lt:1000") == [1, 2]
    assert grid.rows("date:gte:2011-06-30") == [1, 2]
    assert grid.rows("date:lt:2011-06-30") == [0]
    assert grid.rows("yes_no:eq:yes") == grid.rows("yes_no:ne:No") == [1]
    assert grid.rows("tag:eq:lease") == grid.rows("tag:ne:NDA") == [0, 2]
    assert grid.rows("currency:eq:usd") == [0, 2]
    assert grid.rows("text:eq:RENT") == [2]
    assert grid.rows("text:contains:rent") == [1, 2]
    assert grid.rows("text:contains:100% _") == grid.rows("text:contains:it's") == [0]
    assert grid.rows("text:contains:\\") == [1]
    assert grid.rows("text:contains:%") == [0]
    assert grid.rows("bulleted_list:contains:second") == [0, 1, 2]
    assert grid.rows("number:gt:100", "tag:eq:NDA", "date:lt:2012-01-01") == [1]


def test_filters_find_flags_and_states_of_one_column_and_of_any(grid: Grid) -> None:
    grid.put(0, "text", "a", flag="red")
    grid.put(1, "text", "a", flag="yellow", verified=False)
    grid.put(2, "text", None, None, status="error", error="No.", flag=None)
    grid.put(3, "text", "a", verified=True, version=0)
    grid.put(4, "text", "a")
    grid.set(4, "text", "edited_at = now()")
    grid.set(3, "text", "verified_at = now()")
    for column in FORMATS[1:]:
        grid.put(0, column, None)
    expected = {
        "flag:red": [0],
        "flag:red,yellow": [0, 1],
        "state:failed": [2],
        "state:stale": [3],
        "state:unverified": [1],
        "state:edited": [4],
        "state:verified": [3],
        "state:unchecked": [0, 1, 3],  # what was verified is stale by now
    }
    for rest, rows in expected.items():
        assert (rest, grid.rows(f"text:{rest}")) == (rest, rows)
        assert (rest, grid.rows(f"any:{rest}")) == (rest, rows)
    assert grid.rows("text:state:done") == [0, 1, 3, 4]
    assert grid.rows("text:state:missing") == [5]
    assert grid.rows("any:state:missing") == [1, 2, 3, 4, 5]
    assert grid.rows("number:flag:red") == []
    grid.put(1, "date", "2014-01-31")
    grid.put(2, "date", None, "Not found", flag="grey")
    assert grid.rows("date:state:untyped") == [0]
    assert grid.rows("date:state:valueless") == [0, 2, 3, 4, 5]
    assert grid.rows("text:state:checked") == [4]
    answer = grid.api.get(
        f"/tabular/reviews/{grid.review}/rows/uncompared",
        params={
            "filter": [f"{grid.columns['date']}:lt:2000-01-01", "any:state:done", "any:flag:green,red,yellow,grey"]
        },
    )
    assert answer.json() == {"rows": {f"{grid.columns['date']}:lt:2000-01-01": 4}}, (
        "all answered rows but the dated one"
    )


def test_the_next_row_with_a_cell_in_a_state_is_found_in_the_order_of_the_window(grid: Grid) -> None:
    for row, number in enumerate((3, 1, 2, 5, 4)):
        grid.put(row, "number", number)
        grid.put(row, "text", "a")
    for row in (0, 1):
        grid.set(row, "text", "verified_at = now()")
    grid.set(2, "number", "edited_at = now()")

    def found(**parameters: Any) -> tuple[int, int, set[str]] | None:
        answer = grid.api.get(f"/tabular/reviews/{grid.review}/rows/next", params=parameters)
        assert answer.status_code == 200, answer.text
        if not (place := answer.json()["place"]):
            return None
        names = {name for name, column in grid.columns.items() if column in place["column_ids"]}
        return place["row"], grid.documents.index(UUID(place["document_id"])), names

    text, figure = grid.columns["text"], grid.columns["number"]
    assert found() == (0, 0, {"number"})
    assert found(column_ids=text) == (2, 2, {"text"})
    assert found(column_ids=text, sort=figure) == (1, 2, {"text"})
    assert found(offset=2, sort=f"-{figure}") == (2, 0, {"number"})
    assert found(filter=f"{figure}:gt:3", column_ids=text) == (0, 3, {"text"})
    assert found(offset=5) is None, "the last row was never asked"
    assert found(state="edited") == (2, 2, {"number"})
    assert refused(grid.api.get(f"/tabular/reviews/{grid.review}/rows/next", params={"state": "new"}), "state")


def test_a_search_finds_words_and_their_beginnings_in_one_answer_or_a_part_of_a_name(grid: Grid) -> None:
    grid.put(3, "text", "The lessee pays Müller & Söhne monthly")
    grid.put(4, "text", "The lessor")
    grid.put(4, "tag", "pays nothing")
    grid.put(5, "text", "The lessee of C:\\data isn't liable")
    assert grid.rows(q="LESSEE") == [3, 5]
    assert grid.rows(q="less") == [3, 4, 5]
    assert grid.rows(q="pays lessee") == [3]
    assert grid.rows(q="pays lessor") == []
    assert grid.rows(q="Müller") == [3]
    assert grid.rows(q="lease") == grid.rows(q=" zeta LEASE ") == [0]
    assert grid.rows(q="50%") == grid.rows(q="_") == [1]
    assert grid.rows(q="'nda'") == [2]
    assert grid.rows(q="   ") == list(range(6))
    assert grid.rows("text:contains:liable", q="less") == [5]
    for harmless in (
        "'",
        "''",
        "\\",
        '"',
        "lessee' | 'x",
        "!lessee",
        "& | ! ( ) <-> :*",
        "less:*",
        "a'); drop table x;--",
    ):
        assert grid.get(q=harmless).status_code == 200, harmless
    assert grid.rows(q="\\data") == [5]
    assert grid.rows(q=grid.review) == grid.rows(q=f"={grid.review}") == grid.rows(q="=") == []


def test_a_search_finds_words_of_any_script_and_width(grid: Grid) -> None:
    grid.put(0, "text", "本合同由上海市浦东新区人民法院管辖，第5条规定人民币５００万元。")
    grid.put(1, "text", "本契約は日本法に準拠する。")
    grid.put(3, "text", "Sitz: Große Straße 5, Café E\u0301te\u0301")
    grid.put(4, "text", "สัญญาเช่าอาคาร")
    grid.put(5, "text", "海上")
    for words, rows in {
        "浦东": [0],
        "上海": [0],
        "海市浦": [0],
        "上海市 法院": [0],
        "法": [0, 1],
        "第5条": [0],
        "500": [0],
        "５００": [0],
        "日本法": [1],
        "準拠する": [1],
        "上市": [],
        "STRASSE": [3],
        "strasse": [3],
        "STRAẞE": [3],
        "ÉTÉ": [3],
        "Cafe\u0301": [3],
        "เช่า": [4],
        "海上": [5],
    }.items():
        assert (words, grid.rows(q=words)) == (words, rows)
    assert grid.rows("text:contains:STRASSE") == grid.rows("text:contains:cafe\u0301 éTÉ") == [3]


def test_windows_tile_the_whole_grid_under_every_sort_and_filter(grid: Grid) -> None:
    for nr in range(len(NAMES)):
        if nr != 2:
            grid.put(nr, "text", "same")
            grid.put(nr, "date", f"2014-01-0{nr % 2 + 1}")
    sorts = [*FORMATS, "position", "document"]
    for sort in [*sorts, *(f"-{name}" for name in sorts)]:
        for filters in ([], ["text:eq:same"]):
            whole = grid.rows(*filters, sort=sort)
            assert sorted(whole) == [nr for nr in range(len(NAMES)) if nr != 2 or not filters]
            for size in (1, 4):
                tiles = [grid.rows(*filters, sort=sort, limit=size, offset=at) for at in range(0, 8, size)]
                assert [nr for tile in tiles for nr in tile] == whole, (sort, size)
    assert grid.window(offset=100) == {"rows": [], "total": len(NAMES)}


def test_a_wrong_filter_is_refused_with_what_would_be_right(grid: Grid) -> None:
    for text, right in (
        ("number:gte:ten", "a number"),
        ("number:gte:1e5", "a number"),
        ("number:eq:", "a number"),
        ("monetary_amount:eq:USD 5", "without a currency"),
        ("date:lt:2014-02-30", "2014-01-31"),
        ("date:lt:31.01.2014", "2014-01-31"),
        ("yes_no:eq:maybe", "yes or no"),
        ("yes_no:lt:yes", "eq, ne"),
        ("text:gt:a", "contains"),
        ("text:like:a", "contains"),
        ("text", "contains"),
        ("text:flag:blue", "green, yellow, red, grey"),
        ("text:state:lost", "unverified"),
        ("any:eq:5", "one column"),
        ("", "any"),
        ("nonsense:eq:5", "any"),
        ("text:eq:\x00", ""),
    ):
        column, colon, rest = text.partition(":")
        detail = refused(grid.get(filter=f"{grid.columns.get(column, column)}{colon}{rest}"), "filter")
        assert right in detail, (text, detail)


def test_wrong_parameters_are_refused_by_name_and_a_review_of_nobody_is_not_found(grid: Grid) -> None:
    refused(grid.get(filter=f"{uuid4()}:eq:5"), "filter")
    refused(grid.get(sort="name"), "sort")
    refused(grid.get(sort=f"-{uuid4()}"), "sort")
    refused(grid.get(column_ids=str(uuid4())), "column_ids")
    refused(grid.get(limit=501), "limit")
    refused(grid.get(limit=500, column_ids=[grid.columns["text"]] * 101), "limit")
    refused(grid.get(offset=-1), "offset")
    refused(grid.get(q="a\x00"), "q")
    assert grid.api.get(f"/tabular/reviews/{uuid4()}/rows").status_code == 404


def test_neither_rows_nor_the_search_behind_them_show_a_review_to_a_stranger(grid: Grid, admin_url: str) -> None:
    grid.put(0, "text", "secret")
    with psycopg.connect(admin_url, autocommit=True) as database:
        database.execute("update tabular_reviews set user_id = gen_random_uuid()")
        assert grid.get(q="secret").status_code == 404
        with database.transaction():
            database.execute(
                "select set_config('role', 'authenticated', true), "
                "set_config('request.jwt.claims', '{\"sub\": \"00000000-0000-0000-0000-000000000001\"}', true)"
            )
            for words in ("secret", "zeta"):
                found = database.execute("select documents_with_words(%s, %s)", [grid.review, words]).fetchall()
                assert found == []


def test_rows_are_gathered_by_a_columns_answers_in_the_order_in_which_they_are_sorted(grid: Grid) -> None:
    for document, tag in ((0, "NDA"), (1, "Lease"), (2, "NDA"), (4, "Lease"), (5, "NDA")):
        grid.put(document, "tag", tag)
    grid.put(0, "yes_no", True, "Yes")
    path = f"/tabular/reviews/{grid.review}/rows/groups"
    groups = grid.api.get(path, params={"column_id": grid.columns["tag"]}).json()["groups"]
    assert groups == [{"label": "Lease", "count": 2}, {"label": "NDA", "count": 3}, {"label": None, "count": 1}]
    assert grid.rows(sort="tag") == [1, 4, 0, 2, 5, 3]
    sure = f"{grid.columns['yes_no']}:eq:yes"
    found = grid.api.get(path, params={"column_id": grid.columns["tag"], "filter": sure}).json()["groups"]
    assert found == [{"label": "NDA", "count": 1}]
    for document, amount, summary in ((2, "5.00", "$5"), (3, "5", "five dollars"), (1, "40", "$40")):
        grid.put(document, "monetary_amount", {"amount": amount, "currency": "USD"}, summary)
    grid.put(0, "monetary_amount", None, "a fair price")
    groups = grid.api.get(path, params={"column_id": grid.columns["monetary_amount"]}).json()["groups"]
    assert [group["count"] for group in groups] == [2, 1, 1, 2]
    assert [group["label"] for group in groups][1:] == ["$40", "a fair price", None]
    refused(grid.api.get(path, params={"column_id": str(uuid4())}), "column_id")


def test_the_rows_that_a_filter_finds_are_exported_in_the_grids_order(grid: Grid) -> None:
    for document, number in ((0, "5"), (3, "7"), (1, "1")):
        grid.put(document, "number", number)
    path = f"/tabular/reviews/{grid.review}/export"
    exported = grid.api.get(path, params={"format": "csv", "filter": f"{grid.columns['number']}:gt:4"}).text
    assert [line.split(",")[0] for line in exported.splitlines()[1:]] == [NAMES[0], NAMES[3]]
    assert len(grid.api.get(path, params={"format": "csv", "q": "alpha"}).text.splitlines()) == 2


def test_a_window_looks_at_its_own_documents_only(url: str, admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        review, _ = fill(connection, 2_000, columns=1)
        connection.execute("vacuum analyze")

    async def scenario() -> None:
        async with Database(url) as database, database.act_as(LOCAL_USER) as connection:
            assert len(json.loads(await read_window(connection, review, limit=50))["rows"]) == 50
            cursor = await connection.execute(
                "select seq_tup_read from pg_stat_xact_user_tables where relname = 'documents'"
            )
            assert await cursor.fetchone() == {"seq_tup_read": 0}

    asyncio.run(scenario())
