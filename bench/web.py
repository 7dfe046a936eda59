"""The page in a browser: time to the first rows, scrolling, and the cost of a change, of memory and of scripts."""

import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from playwright.sync_api import Browser, CDPSession, Page
from psycopg import conninfo

from bench.table import Row, print_table
from bench.windows import LARGE
from columnist.db.embedded import embedded_server
from columnist.db.migrate import migrate
from tests.db.superuser import let_in
from tests.filled import COLUMNS, fill
from tests.page.browser import chromium
from tests.processes import served

ROUNDS = 5
CHANGED_ROWS, CHANGED_COLUMNS = 25, 20
POLL_MS = 100
ROW_PIXELS, COLUMN_PIXELS = 38, 210
"""The size of a cell in the grid."""
ROWS_A_STEP = 50
SPEEDS = {"a quick wheel": 2_000, "a flick": 5_000}
"""Pixels per second: 53 and 132 rows."""
SCROLLED_ROWS = 800
ANSWER = ".ag-row .cells-words"

# These watch the page from outside, before its own scripts run, without any help from the page.
WATCH = """
const shown = (selector) => new Promise((resolve) => {
  const look = () => document.querySelector(selector) ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
});
const changes = [];
window.bench = { shown, changes, frames: [] };
const json = Response.prototype.json, text = Response.prototype.text;
const watched = (read) => async function () {
  const body = await read.call(this);
  const isFeed = new URL(this.url).pathname.endsWith("/cells");
  const cells = isFeed ? (typeof body === "string" ? JSON.parse(body) : body).cells : [];
  if (cells.length) {
    const handed = performance.now();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => changes.push({ cells: cells.length, milliseconds: performance.now() - handed });
    requestAnimationFrame(() => port2.postMessage(null));  // comes when that frame has been painted
  }
  return body;
};
Response.prototype.json = watched(json);
Response.prototype.text = watched(text);
"""

FRAMES = """
() => {
  const frames = bench.frames = [];
  const frame = (at) => { frames.push(at); if (bench.frames === frames) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}
"""

CHANGE = """
update tabular_cells cell set summary = %(summary)s
from review_documents r, tabular_columns c
where cell.review_id = %(review)s and r.review_id = cell.review_id and r.document_id = cell.document_id
  and c.id = cell.column_id and r.position <= %(rows)s and c.index < %(columns)s
"""


def run() -> list[Row]:
    """All figures, each beside its limit; medians of several rounds."""
    with (
        tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as folder,
        embedded_server(Path(folder)) as url,
        psycopg.connect(conninfo.make_conninfo(let_in(Path(folder)), dbname="columnist"), autocommit=True) as database,
    ):
        migrate(url)
        review, _ = fill(database, LARGE)
        database.execute("vacuum analyze")
        with (
            served(COLUMNIST_DATA_DIR=folder, TABULAR_POLL_MS=POLL_MS, COLUMNIST_REQUESTS_PER_MINUTE=10**6) as server,
            chromium() as browser,
        ):
            return _measure(browser, f"{server.url}/reviews/{review}", database, review)


def _measure(browser: Browser, address: str, database: psycopg.Connection, review: UUID) -> list[Row]:
    opened = [_open(browser, address) for _ in range(ROUNDS)]
    *others, (page, cdp, _, script_bytes) = opened
    for other, *_ in others:
        other.context.close()
    seconds = [each for _, _, each, _ in opened]
    changes = _changes(page, database, review)
    frames = {
        f"{SCROLLED_ROWS:,} rows down, {words}, p95 frame": [
            _frames(page, cdp, speed, y=-SCROLLED_ROWS * ROW_PIXELS) for _ in range(ROUNDS)
        ]
        for words, speed in SPEEDS.items()
    }
    frames["all columns across, p95 frame"] = [
        _frames(page, cdp, min(SPEEDS.values()), x=way * COLUMNS * COLUMN_PIXELS) for way in (-1, 1, -1, 1, -1)
    ]
    heap = _heap_after_everything(page, cdp)
    section = f"The page in Chromium, {LARGE:,} × {COLUMNS}, 1440 × 900, medians of {ROUNDS}"
    return [
        Row(section, "first rows on the screen, cold cache", f"{median(seconds):.2f} s", "limit 1.5 s"),
        *(Row(section, name, f"{median(times):.1f} ms", "limit 20 ms") for name, times in frames.items()),
        Row(section, "500 changed cells, response to paint", f"{median(changes):.1f} ms", "limit 30 ms"),
        Row(section, "JavaScript heap, every row seen", f"{heap / 1e6:.0f} MB", "limit 400 MB"),
        Row(section, "scripts until the grid shows, as sent", f"{script_bytes / 1e3:.0f} KB", "limit 450 KB"),
    ]


def _open(chromium: Browser, address: str) -> tuple[Page, CDPSession, float, int]:
    """A tab with an empty cache: seconds until answers are on the screen, and bytes of scripts loaded."""
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(WATCH)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    scripts: set[str] = set()
    sent: dict[str, int] = {}
    hosts: set[str] = set()

    def received(event: dict[str, Any]) -> None:
        hosts.add(urlsplit(event["response"]["url"]).netloc)
        if event["type"] == "Script":
            scripts.add(event["requestId"])

    cdp.on("Network.responseReceived", received)
    cdp.on("Network.loadingFinished", lambda event: sent.update({event["requestId"]: int(event["encodedDataLength"])}))
    page.goto(address, wait_until="commit")
    seconds = page.evaluate("selector => bench.shown(selector)", ANSWER) / 1000
    if hosts - {urlsplit(address).netloc, ""}:
        raise RuntimeError(f"The page asks others: {hosts}")
    return page, cdp, seconds, sum(sent[script] for script in scripts)


def _changes(page: Page, database: psycopg.Connection, review: UUID) -> list[float]:
    """Milliseconds from the feed's answer to the painted cells, for 500 changed cells a time."""
    for nr in range(ROUNDS):
        summary = f"Changed in round {nr}"
        values = {"review": review, "summary": summary, "rows": CHANGED_ROWS, "columns": CHANGED_COLUMNS}
        database.execute(CHANGE, values)
        page.locator(ANSWER, has_text=summary).first.wait_for()
    applied = page.evaluate("bench.changes")
    if [one["cells"] for one in applied] != [CHANGED_ROWS * CHANGED_COLUMNS] * ROUNDS:
        raise RuntimeError(f"The changes came in other pieces: {applied}")
    return [one["milliseconds"] for one in applied]


def _frames(page: Page, cdp: CDPSession, speed: int, x: int = 0, y: int = 0) -> float:
    """95th percentile of frame times in milliseconds, while the wheel scrolls by that distance at that speed."""
    page.evaluate(FRAMES)
    way = {"xDistance": x, "yDistance": y, "speed": speed, "gestureSourceType": "mouse"}
    cdp.send("Input.synthesizeScrollGesture", {"x": 900, "y": 500, **way})
    at = page.evaluate("() => { const { frames } = bench; bench.frames = null; return frames; }")
    times = sorted(after - before for before, after in pairwise(at))
    return float(times[int(len(times) * 0.95)])


def _heap_after_everything(page: Page, cdp: CDPSession) -> float:
    """Bytes that the page's scripts hold once every row has been on the screen."""
    page.reload()
    page.mouse.move(900, 500)
    for first in range(0, LARGE, ROWS_A_STEP):
        page.evaluate("selector => bench.shown(selector)", f".ag-row[row-index='{first}'] .cells-words")
        page.mouse.wheel(0, ROWS_A_STEP * ROW_PIXELS)
    cdp.send("Performance.enable")
    cdp.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"])


if __name__ == "__main__":
    print_table(run())
