"""The grid: showing, finding, sorting, grouping, copying."""

import re
from pathlib import Path

import openpyxl
import psycopg
from playwright.sync_api import Page, Route, expect

from tests.filled import fill
from tests.page.conftest import QUESTIONS, Opens, accessible, api_of, cell, filled, pdfs
from tests.patience import wait_until
from tests.processes import Served, contracts_in


def dates(page: Page, rows: int) -> list[str]:
    """The agreements' dates in the order in which the first rows show them."""
    shown = [cell(page, row, "Agreement date").inner_text().split("\n")[0] for row in range(rows)]
    return [date for date in shown if date[:2] in ("19", "20")]


def test_rows_are_sorted_filtered_searched_and_grouped_by_their_typed_answers(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(6))
    page = opens(f"{server.url}/reviews/{review}")
    expect(page.get_by_text("6 rows")).to_be_visible()
    expect(cell(page, 0, "Agreement date").locator(".cells-words")).not_to_be_empty()
    header = page.get_by_role("button", name="Agreement date", exact=True)
    header.click()
    page.wait_for_function("document.querySelector('.cells-arrow:not(:empty)')?.textContent === '↑'")
    wait_until(lambda: len(dates(page, 6)) > 2 and dates(page, 6) == sorted(dates(page, 6)))
    rising = dates(page, 6)
    header.click()
    wait_until(lambda: dates(page, 6) == rising[::-1])
    doubtful_first = page.get_by_role("button", name="Doubtful first")
    doubtful_first.click()
    with api_of(server) as api:
        window = api.get(f"/tabular/reviews/{review}/rows", params={"sort": "-doubt"}).json()
    expect(page.locator(".cells-name")).to_have_text([row["document"] for row in window["rows"]])
    expect(page.locator(".cells-arrow:not(:empty)")).to_have_count(0)
    header.click()
    wait_until(lambda: dates(page, 6) == rising)
    expect(doubtful_first).to_have_attribute("aria-pressed", "false")

    with api_of(server) as api:
        date = api.get(f"/tabular/reviews/{review}/columns").json()["columns"][1]["id"]
        (first,) = api.get(f"/tabular/reviews/{review}/rows", params={"sort": date, "limit": 1}).json()["rows"]
        api.delete(f"/tabular/reviews/{review}/cells/{first['document_id']}/{date}").raise_for_status()
    page.get_by_role("button", name="+ Filter").click()
    expect(page.get_by_label("Value", exact=True)).to_be_focused()
    page.get_by_role("combobox", name="Question").select_option(label="Agreement date")
    page.get_by_label("Comparison").select_option(label="is after")
    page.get_by_label("Value", exact=True).fill(rising[0])
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".Filters-chip")).to_contain_text(f"Agreement date is after {rising[0]}")
    expect(page.locator(".Filters-total")).to_have_text(f"{sum(date > rising[0] for date in rising)} rows")
    left_out = f"{7 - len(rising)} row{'s' * (len(rising) < 6)}"
    page.get_by_role("button", name=f"{left_out} without a value").click()
    expect(page.locator(".Filters-chip")).to_contain_text("Agreement date: Without a value")
    expect(page.locator(".Filters-total")).to_have_text(left_out)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".Filters-total")).to_have_text("6 rows")

    page.get_by_label("Search answers and documents").fill(pdfs(6)[2].name[:12])
    page.keyboard.press("Enter")
    expect(page.locator(".Filters-total")).to_have_text("1 row")
    page.get_by_role("button", name="Show all").click()

    page.get_by_role("button", name="Menu of Kind").click()
    page.get_by_role("menuitem", name="Group by these answers").click()
    groups = page.locator(".cells-groupRow")
    expect(groups.first).to_be_visible()

    def counted() -> list[int]:
        return [int(text) for text in page.locator(".cells-count").all_inner_texts()]

    wait_until(lambda: sum(counted()) == 6, "all groups")
    counts = counted()
    expect(page.locator(".Filters-total")).to_have_text("6 rows")
    groups.first.click()
    expect(groups.first).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".ag-row .cells-name")).to_have_count(6 - counts[0])
    expect(page.locator(".Filters-total")).to_have_text("6 rows")
    accessible(page)

    page.get_by_role("button", name="Questions ▾").click()
    page.get_by_role("menuitemcheckbox", name="Kind").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Kind", exact=True)).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Agreement date", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Kind", exact=True)).to_have_count(0)  # as it was left
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("menuitem", name="CSV: as shown")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Questions ▾").click()
    expect(page.get_by_role("menuitemcheckbox", name="Kind")).to_have_attribute("aria-checked", "false")
    page.get_by_role("menuitem", name="Show all").click()
    expect(page.get_by_role("button", name="Kind", exact=True)).to_be_visible()


def test_everything_is_done_by_keyboard(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(3))
    page = opens(f"{server.url}/reviews/{review}")
    first = cell(page, 0, "Governing law")
    expect(first.locator(".cells-words")).not_to_be_empty()
    first.click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_role("heading", name="Governing law")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading", name="Agreement date")).to_be_visible()
    name = panel.locator(".Panel-titles a").inner_text()
    page.keyboard.press("ArrowDown")
    expect(panel.locator(".Panel-titles a")).not_to_have_text(name)
    panel.get_by_role("button", name="Verify", exact=True).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(panel.locator(".Panel-titles a")).to_have_text(name)
    page.keyboard.press("Alt+ArrowRight")
    expect(panel.get_by_role("heading", name="Kind")).to_be_visible()
    page.keyboard.press("e")
    expect(panel.get_by_role("combobox", name="Answer", exact=True)).to_be_focused()
    panel.get_by_role("combobox", name="Answer", exact=True).select_option("Supply")
    page.keyboard.press("Control+Enter")
    expect(cell(page, 0, "Kind")).to_contain_text("Supply")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)

    # A range, copied as a table.
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("2 rows copied as a table.")).to_be_visible()
    table = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").split("\n")]
    assert table[0] == ["Agreement date", "Kind"]
    assert len(table) == 3 and table[1][1] == "Supply"
    # A question's head.
    page.keyboard.press("ArrowUp")
    head = page.locator(".ag-header-cell", has=page.get_by_role("button", name="Agreement date", exact=True))
    expect(head).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("menuitem", name="Filter …")).to_be_focused()
    accessible(page)
    page.keyboard.press("Escape")
    expect(head).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(head).to_have_attribute("aria-colindex", "5")
    page.reload()
    expect(head).to_have_attribute("aria-colindex", "5")

    page.keyboard.press("/")
    expect(page.get_by_label("Search answers and documents")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("h1 input").press("Escape")
    page.locator(".Filters-total").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    accessible(page)


def test_an_answer_is_copied_whole_however_long_it_is(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1), QUESTIONS[:1])
    long = "And so on and on. " * 60
    with api_of(server) as api:
        (row,) = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        (column,) = row["cells"]
        path = f"/tabular/reviews/{review}/cells/{row['document_id']}/{column}"
        assert api.patch(path, json={"summary": long}).is_success
    page = opens(f"{server.url}/reviews/{review}")
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_role("heading", name="Governing law")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.keyboard.press("Control+c")
    expect(page.get_by_text("1 row copied as a table.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == long.strip()


def test_what_is_shown_is_exported_and_stays_text(server: Served, opens: Opens, tmp_path: Path) -> None:
    review = filled(server, pdfs(2))
    with api_of(server) as api:
        row, _ = api.get(f"/tabular/reviews/{review}/rows").json()["rows"]
        column = api.get(f"/tabular/reviews/{review}/columns").json()["columns"][0]["id"]
        path = f"/tabular/reviews/{review}/cells/{row['document_id']}/{column}"
        assert api.patch(path, json={"summary": "=HYPERLINK(Texas)"}).is_success
    page = opens(f"{server.url}/reviews/{review}")
    page.get_by_role("combobox", name="State").select_option("edited")
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        page.get_by_role("menuitem", name="XLSX: as shown").click()
    downloading.value.save_as(tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 2
    answer = rows[1][rows[0].index("Governing law")]
    assert isinstance(answer, str) and "HYPERLINK(Texas)" in answer
    assert sheet.cell(2, rows[0].index("Governing law") + 1).data_type == "s"


def test_what_is_shown_is_there_again_on_the_way_back_and_after_a_reload(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(4))
    page = opens(f"{server.url}/reviews/{review}")
    page.get_by_role("combobox", name="State").select_option("done")
    page.get_by_role("button", name="Agreement date", exact=True).click()
    arrow = page.locator(".cells-arrow:not(:empty)")
    expect(arrow).to_have_text("↑")
    names = page.locator(".cells-name")
    expect(names).to_have_count(4)
    wait_until(lambda: dates(page, 4) == sorted(dates(page, 4)), "rising dates")
    rising = dates(page, 4)
    assert len(set(rising)) > 1
    page.get_by_role("button", name="Agreement date", exact=True).click()
    expect(arrow).to_have_text("↓")
    wait_until(lambda: dates(page, 4) == rising[::-1], "falling dates")
    last = cell(page, 3, "Agreement date").inner_text()
    order = names.all_inner_texts()

    names.nth(2).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(order[2])
    page.get_by_role("button", name="Previous document").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(order[1])
    page.get_by_role("link", name="Filled").click()
    for again in (lambda: None, page.reload):
        again()
        expect(page.locator(".Filters-chip")).to_contain_text("Answered")
        expect(arrow).to_have_text("↓")
        expect(cell(page, 3, "Agreement date")).to_have_text(last)
        expect(page.locator(".ag-cell-focus .cells-name")).to_have_text(order[1])
    names.nth(3).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(order[3])
    page.go_back()
    expect(page.locator(".ag-cell-focus .cells-name")).to_have_text(order[3])

    page.get_by_role("button", name="Menu of Kind").click()
    page.get_by_role("menuitem", name="Group by these answers").click()
    expect(page.locator(".cells-groupRow").first).to_be_visible()
    page.reload()
    expect(page.locator(".cells-groupRow").first).to_be_visible()
    page.get_by_role("button", name="Menu of Kind").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("button", name="Remove the question").click()
    expect(page.locator(".cells-groupRow")).to_have_count(0)
    expect(names).to_have_count(4)


def test_the_rows_to_come_are_read_before_they_are_seen(server: Served, opens: Opens, admin: str) -> None:
    with psycopg.connect(admin, autocommit=True) as database:
        review, _ = fill(database, 600, columns=5)
    page = opens(server.url)
    with page.expect_request("**/rows?*offset=50&*"):
        page.goto(f"{server.url}/reviews/{review}")
    rows = page.locator(".ag-row .cells-words")
    expect(rows.first).to_be_visible()
    page.mouse.move(900, 500)
    with page.expect_request("**/rows?*offset=350&*"):
        page.mouse.wheel(0, 310 * 38)
    expect(page.locator(".ag-row[row-index='310'] .cells-words").first).to_be_visible()
    with page.expect_request("**/rows?*offset=200&*"):
        page.mouse.wheel(0, -50 * 38)


def test_answers_that_are_too_many_for_groups_leave_the_rows(server: Served, opens: Opens, admin: str) -> None:
    with psycopg.connect(admin, autocommit=True) as database:
        review, _ = fill(database, 1_500, columns=5)
    page = opens(f"{server.url}/reviews/{review}", refused=True)
    expect(page.locator(".ag-row .cells-words").first).to_be_visible()
    page.get_by_role("button", name="Menu of Column 0").click()
    page.get_by_role("menuitem", name="Group by these answers").click()
    expect(page.get_by_role("alert")).to_contain_text("'Column 0' has over 1,000 different answers")
    expect(page.get_by_text("Grouped by")).to_have_count(0)
    expect(page.locator(".ag-row .cells-words").first).to_be_visible()


def test_rows_that_could_not_be_read_come_when_the_server_is_back(server: Served, opens: Opens, admin: str) -> None:
    with psycopg.connect(admin, autocommit=True) as database:
        review, _ = fill(database, 300, columns=5)
    page = opens(f"{server.url}/reviews/{review}", away=True, refused=True)
    expect(page.locator(".ag-row .cells-words").first).to_be_visible()
    page.context.set_offline(True)
    page.mouse.move(900, 500)
    page.mouse.wheel(0, 200 * 38)
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    expect(page.locator(".ag-row[row-index='200'] .cells-loadingRow")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("The server cannot be reached.")).to_have_count(0)
    expect(page.locator(".ag-row[row-index='200'] .cells-words").first).to_be_visible()
    with api_of(server) as api:
        assert api.delete(f"/tabular/reviews/{review}", params={"confirm": True}).is_success
    expect(page.get_by_role("heading", name="This review cannot be shown")).to_be_visible()


def test_a_page_whose_place_in_the_feed_is_refused_reads_everything_again(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(1))
    page = opens(server.url, refused=True)

    def of_another_version(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"cursor": "another-1:1:"})

    page.route("**/cells?cursor=now**", of_another_version)
    page.goto(f"{server.url}/reviews/{review}")
    with page.expect_response(lambda answer: "cursor=another" in answer.url and answer.status == 422):
        expect(page.locator(".ag-row .cells-words").first).to_be_visible()
    with api_of(server) as api:
        row = api.get(f"/tabular/reviews/{review}/rows").json()["rows"][0]
        place = f"/tabular/reviews/{review}/cells/{row['document_id']}/{next(iter(row['cells']))}"
        api.patch(place, json={"summary": "An edit elsewhere"}).raise_for_status()
    expect(page.locator(".ag-row .cells-words", has_text="An edit elsewhere")).to_be_visible()


def test_a_changed_question_makes_answers_stale_and_they_alone_are_asked_again(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(2))
    page = opens(f"{server.url}/reviews/{review}")
    page.get_by_role("button", name="Menu of Governing law").click()
    page.get_by_role("menuitem", name="Edit the question").click()
    page.get_by_role("textbox", name="Question").fill("Which law governs this agreement, in one word?")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".cells-stale")).to_have_count(2)
    page.get_by_role("button", name="Run …").click()
    page.get_by_label("Stale answers only").check()
    expect(page.locator(".Run-estimate")).to_contain_text("2 answers")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".cells-stale")).to_have_count(0)


def test_a_failed_attempt_stands_beside_the_answer_and_an_outdated_one_is_found(
    server: Served, opens: Opens, admin: str
) -> None:
    review = filled(server, pdfs(2))
    with psycopg.connect(admin) as database:
        database.execute(
            "update tabular_cells set attempt_error = 'The model is gone.', attempted_at = now() where document_id = "
            "(select min(document_id::text)::uuid from tabular_cells where review_id = %(review)s) "
            "and review_id = %(review)s",
            {"review": review},
        )
        database.execute(
            "update tabular_cells set model = 'another', answer_key = 'another', flag = 'green' where review_id = %s",
            [review],
        )
    page = opens(f"{server.url}/reviews/{review}")
    page.get_by_label("State").select_option("Failed")
    expect(page.locator("[data-marks*='⚠'][data-marks*='◷']")).to_have_count(3)
    cell(page, 0, "Governing law").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(panel.get_by_role("alert")).to_contain_text("failed: The model is gone.")
    expect(panel.get_by_test_id("summary")).not_to_be_empty()
    expect(panel.locator(".parts-badge", has_text="outdated")).to_be_visible()
    dots = page.locator(".cells-green").first
    ring = "element => getComputedStyle(element, '::before').borderStyle"
    expect(panel.locator(".parts-unproven")).to_be_visible()
    assert dots.evaluate(ring) == "solid", "nobody has measured how often the green of this model is right"
    panel.get_by_role("button", name="Verify", exact=True).click()
    expect(panel.get_by_text("verified by")).to_be_visible()
    expect(panel.locator(".parts-unproven")).to_have_count(0)
    accessible(page)
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("State").select_option("Outdated")
    expect(page.locator("[data-marks*='◷']")).to_have_count(6)
    page.get_by_role("button", name="Run …").click()
    page.get_by_label("Outdated answers only").check()
    expect(page.locator(".Run-estimate")).to_contain_text("5 answers")
    expect(page.locator(".Run-estimate")).to_contain_text("1 answers that a person edited or verified are kept")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-marks*='◷']")).to_have_count(1)
    expect(page.locator("[data-marks*='⚠']")).to_have_count(1)


def test_a_range_is_selected_by_the_mouse_copied_and_verified(server: Served, opens: Opens) -> None:
    review = filled(server, pdfs(3))
    page = opens(f"{server.url}/reviews/{review}")
    first, last = cell(page, 0, "Governing law"), cell(page, 2, "Agreement date")
    expect(first.locator(".cells-words")).not_to_be_empty()
    chosen = page.locator(".Grid-inRange")
    first.hover()
    page.mouse.down()
    last.hover()
    page.mouse.up()
    expect(chosen).to_have_count(6)
    expect(page.get_by_role("complementary")).to_have_count(0)
    cell(page, 1, "Kind").click(modifiers=["Shift"])
    expect(chosen).to_have_count(6)  # 2 rows × 3 questions
    page.keyboard.press("Control+c")
    expect(page.get_by_text("2 rows copied as a table.")).to_be_visible()
    table = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").split("\n")]
    assert table[0] == ["Governing law", "Agreement date", "Kind"]
    page.keyboard.press("Control+a")
    expect(chosen).to_have_count(3 * 4)
    last.click()
    expect(chosen).to_have_count(1)
    bar = page.get_by_role("toolbar", name="Selection")
    expect(bar).to_have_count(0)

    # Current answers of a range are verified after a question, and all of that is undone.
    with api_of(server) as api:
        column, *_ = api.get(f"/tabular/reviews/{review}/columns").json()["columns"]
        api.put(f"/tabular/reviews/{review}/columns/{column['id']}", json=QUESTIONS[0] | {"prompt": "Which law?"})
    expect(page.locator(".cells-stale")).to_have_count(3)
    page.keyboard.press("Escape")
    cell(page, 1, "Kind").click(modifiers=["Shift"])
    page.keyboard.press("Escape")
    expect(bar).to_contain_text("2 × 2 answers")
    page.keyboard.press("Control+a")
    expect(bar).to_contain_text("3 × 3 answers")
    accessible(page)
    page.keyboard.press("v")
    dialog = page.get_by_role("dialog", name="Verify 6 answers?")
    expect(dialog).to_contain_text("Left as they are: 3 stale.")
    accessible(page)
    page.keyboard.press("Enter")
    expect(page.locator(".cells-checked")).to_have_count(6)
    expect(page.get_by_test_id("checked")).to_have_text("6 of 9 checked")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".cells-checked")).to_have_count(0)
    expect(page.get_by_test_id("checked")).to_have_text("0 of 9 checked")
    # Chosen rows.
    page.locator(".ag-row .ag-selection-checkbox").nth(1).click()
    expect(bar).to_contain_text("1 row selected")
    bar.get_by_role("button", name="Verify …").click()
    dialog = page.get_by_role("dialog", name="Verify 2 answers?")
    dialog.get_by_role("button", name="Cancel").click()
    bar.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        page.get_by_role("menuitem", name="CSV").click()
    assert len(downloading.value.path().read_text().splitlines()) == 2
    bar.get_by_role("button", name="Clear the selection").click()
    expect(bar).to_have_count(0)


def test_a_reviewer_goes_from_answer_to_answer_that_nobody_has_checked(
    server: Served, opens: Opens, admin: str
) -> None:
    review = filled(server, pdfs(2), QUESTIONS[:2])
    page = opens(f"{server.url}/reviews/{review}", away=True, refused=True)
    checked = page.get_by_test_id("checked")
    expect(checked).to_have_text("0 of 4 checked")
    page.get_by_role("button", name="Next unchecked").click()
    panel = page.get_by_role("complementary", name="Answer and evidence")
    expect(cell(page, 0, "Governing law")).to_be_focused()
    expect(panel.get_by_role("heading", name="Governing law")).to_be_visible()
    page.keyboard.press("Shift+V")
    expect(cell(page, 0, "Agreement date")).to_be_focused()
    panel.get_by_role("button", name="Verify, next").click()
    expect(cell(page, 1, "Governing law")).to_be_focused()
    expect(checked).to_have_text("2 of 4 checked")
    expect(page.get_by_role("button", name="Governing law", exact=True)).to_have_attribute(
        "title", re.compile(r"\n1 of 2 checked$")
    )
    page.keyboard.press("v")
    expect(panel.get_by_role("button", name="Verified ✔")).to_be_visible()
    page.get_by_label("State").select_option("Not checked by a person")
    expect(page.locator(".Filters-total")).to_have_text("1 row")
    # An answer that was replaced since the grid showed it is verified by no key, before it was looked at again.
    cell(page, 0, "Agreement date").click()
    expect(panel.get_by_role("button", name="Verify, next")).to_be_visible()
    page.route("**/reviews/*/cells?*", lambda route: route.abort())  # news comes late
    with psycopg.connect(admin, autocommit=True) as database:
        database.execute(
            "update tabular_cells set summary = 'Another' where verified_at is null and review_id = %s", [review]
        )
    page.keyboard.press("Shift+V")
    expect(page.get_by_text("Not verified: it has changed since you saw it.")).to_be_visible()
    page.keyboard.press("v")
    expect(page.get_by_text("Somebody has changed this cell meanwhile")).to_be_visible()
    expect(checked).to_have_text("3 of 4 checked")
    page.unroute("**/reviews/*/cells?*")
    expect(cell(page, 0, "Agreement date")).to_contain_text("Another")
    page.keyboard.press("Shift+V")
    expect(page.get_by_text("No answer in this view waits to be checked.")).to_be_visible()
    expect(checked).to_have_text("4 of 4 checked")
    expect(page.get_by_role("button", name="Next unchecked")).to_be_disabled()
    accessible(page)
    page.get_by_role("link", name="Columnist").click()
    expect(page.get_by_role("row").filter(has_text="4 of 4")).to_be_visible()


def test_rows_have_room_for_as_many_lines_as_a_reader_wants(server: Served, opens: Opens) -> None:
    page = opens(f"{server.url}/reviews/{filled(server, pdfs(1), QUESTIONS[:1])}")
    row = page.locator(".ag-row[row-id]").first
    expect(row).to_have_css("height", "38px")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitemcheckbox", name="Rows of 8 lines").click()
    expect(row).to_have_css("height", "136px")
    page.reload()
    expect(row).to_have_css("height", "136px")
    expect(cell(page, 0, "Governing law").locator(".cells-words")).to_have_attribute(
        "title", re.compile(r"^.+\n(Green|Yellow|Red|Grey): ")
    )


def test_what_is_half_typed_and_files_that_miss_the_dialog_are_not_lost(
    server: Served, opens: Opens, tmp_path: Path
) -> None:
    page = opens(f"{server.url}/reviews/{filled(server, pdfs(1), QUESTIONS[:1])}")
    expect(page.locator(".ag-row[row-id]")).to_have_count(1)
    page.get_by_role("button", name="Add a question").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Rent")
    page.keyboard.press("Escape")
    expect(page.get_by_role("alert")).to_have_text(re.compile("not saved"))
    accessible(page)
    page.get_by_role("button", name="Keep writing").click()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("Rent")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Run …").click()
    expect(page.get_by_text("There is nothing to ask")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    page.keyboard.press("Escape")
    (dropped,) = contracts_in(tmp_path, 1).iterdir()
    drag = page.context.new_cdp_session(page)
    for step in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(dropped)], "dragOperationsMask": 1}
        drag.send("Input.dispatchDragEvent", {"type": step, "x": 700, "y": 400, "data": data})
    expect(page.get_by_role("dialog", name="Add documents").get_by_text(dropped.name)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".ag-row[row-id]")).to_have_count(2)
