"""`columnist.run` from Python and from inside a running event loop, as in a notebook."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

import columnist
from columnist.errors import InputError
from tests.conftest import CONTRACTS
from tests.processes import contracts_in

COLUMNS = [
    {"name": "Governing law", "prompt": "Which law governs the agreement?"},
    {"name": "Date", "prompt": "What is the date of this agreement?", "format": "date"},
]


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COLUMNIST_DATA_DIR": tmp_path / "home", "DATABASE_URL": url, "TABULAR_POLL_MS": 50}.items():
        monkeypatch.setenv(name, str(value))


def test_a_grid_is_a_data_frame(tmp_path: Path) -> None:
    result = columnist.run(contracts_in(tmp_path / "files", 3), COLUMNS, model="extractive")
    frame = result.to_pandas()
    assert list(frame["document"]) == ["contract-0000.txt", "contract-0001.txt", "contract-0002.txt"]
    assert [day.isoformat() for day in frame["Date"]] == ["2014-05-01", "2014-05-02", "2014-05-03"]
    assert all(frame["Date (verified)"])
    assert result.to_polars()["Governing law (shown)"].to_list() == list(frame["Governing law (shown)"])
    assert result.failures == []


def test_a_data_frame_can_be_worked_with_though_answers_are_missing(tmp_path: Path) -> None:
    files = contracts_in(tmp_path / "files", 2)
    (files / "a<b>.txt").write_text("Thank you for the flowers.")
    fee = {"name": "Fee", "prompt": "What is the fee?", "format": "monetary_amount"}
    result = columnist.run(files, [*COLUMNS, fee], model="extractive")
    frame = result.to_pandas()
    assert frame["Date"].dt.year.dropna().to_list() == [2014, 2014]
    assert len(frame[frame["Date (verified)"]]) == len(frame[~frame["Date (verified)"].isna()]) == 2
    assert frame["Fee"].max() == Decimal(2000)
    assert frame.groupby("Fee (currency)")["Fee"].sum().to_dict() == {"USD": Decimal(3000)}
    assert "3 documents × 3 questions, 0 cells failed" in repr(result)
    assert "<td>2014-05-01</td>" in result._repr_html_()
    assert "<td>a&lt;b&gt;.txt</td>" in result._repr_html_()


def test_it_runs_inside_an_event_loop(tmp_path: Path) -> None:
    async def notebook() -> columnist.Result:
        return columnist.run([sorted(CONTRACTS.glob("TICKETS*"))[0]], COLUMNS, model="extractive")

    assert asyncio.run(notebook()).table.num_rows == 1


def test_what_failed_is_said_not_raised(tmp_path: Path) -> None:
    torn = tmp_path / "torn.pdf"
    torn.write_bytes(b"%PDF-")
    (failure,) = columnist.run(torn, COLUMNS).failures
    assert "damaged" in failure.error
    assert failure.columns == ["Governing law", "Date"]


def test_a_wrong_question_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="format"):
        columnist.run(contracts_in(tmp_path / "files", 1), [{"name": "A", "prompt": "B", "format": "colour"}])
    with pytest.raises(InputError, match="columns → 1: it should be fields with values"):
        columnist.run(tmp_path / "files", ["Which law governs?"])  # type: ignore[list-item]
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        columnist.run("This Agreement is made between Alpha and Beta. " * 30, "ndas")
