"""The delta feed: every change of a cell at least once, including its removal, whatever the order of commits."""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.errors import DataError

from columnist.db.connect import Connection
from columnist.errors import InputError
from columnist.jobs.statements import sql
from columnist.reviews.model import ModelInUse

FEED_LETTERS = 12
"""How many characters of the id of a feed's job or review are in its cursors."""

NOW = "now"
"""The cursor that means "from now on": it brings no cells, only a starting point."""


@dataclass(frozen=True, slots=True)
class ChangedCells:
    """A page of the delta feed, each change at least once, and the cursor to go on from.

    `encoded`: compact cells as JSON, with commas between them (fields as in read_changed_cells.sql); `count`: their
    number. `more`: there may be more by now, to be read at once.
    """

    encoded: str
    count: int
    cursor: str
    more: bool

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells, decoded."""
        cells: list[dict[str, Any]] = json.loads(f"[{self.encoded}]")
        return cells


async def changed_cells(
    connection: Connection,
    review_id: UUID,
    cursor: str | None = None,
    job_id: UUID | None = None,
    limit: int = 1000,
    in_use: ModelInUse | None = None,
    until: str | None = None,
) -> ChangedCells:
    """The delta feed: compact cells that changed since `cursor` (None: since ever, or since the job began).

    A cursor is `feed:history-snapshot` between readings and `feed:history-snapshot/next snapshot/xid/document/column`
    within one that takes several pages; it is valid only in its own feed, because others have sent other changes. `now`
    brings no cells, only a cursor, for a reader who already has the grid. `in_use` decides which cells are outdated;
    None: no cell is. `until`: a reading that begins here ends at this cursor between readings; None: at the present
    moment. Raises InputError for an invalid cursor.
    """
    feed = (job_id or review_id).hex[:FEED_LETTERS]
    if cursor == NOW:
        cursor_now = (
            "select transaction_history() as history, pg_current_snapshot()::text as snapshot, "
            "newest_change(%s)::text as newest"
        )
        row = await (await connection.execute(cursor_now, [review_id])).fetchone()
        assert row
        return ChangedCells("", 0, f"{feed}:{row['history']}-{_lasting(row['snapshot'], row['newest'])}", more=False)
    history, seen, next_seen, after = _parse_cursor(cursor or f"{feed}:-1:1:", feed)
    began_earlier = next_seen is not None
    until_history = history
    if until is not None and not began_earlier:
        until_history, next_seen, *_ = _parse_cursor(until, feed)
    after_xid, after_document, after_column = after
    values = {
        "review_id": review_id,
        "job_id": job_id,
        "seen": seen,
        "until": next_seen,
        "after_xid": after_xid,
        "after_document": after_document,
        "after_column": after_column,
        "limit": limit,
        "model": in_use and in_use.model,
        "prompt_version": in_use and in_use.prompt_version,
    }
    try:
        found = await (await connection.execute(sql("read_changed_cells"), values)).fetchone()
    except DataError:  # it looks like a cursor and is not one: all other values are typed
        raise _no_cursor(cursor) from None
    assert found
    if until is not None and until_history != found["history"]:
        return await changed_cells(connection, review_id, cursor, job_id, limit, in_use)
    if (cursor is not None and history != found["history"]) or _end(seen) > _end(found["snapshot"]):
        # The cursor belongs to another history, or to changes that were lost in a crash: the feed starts from the
        # beginning.
        return await changed_cells(connection, review_id, None, job_id, limit, in_use)
    next_seen = next_seen or _lasting(found["snapshot"], found["newest"])
    here = f"{feed}:{found['history']}"
    if found["count"] == limit:
        return ChangedCells(
            found["cells"] or "", found["count"], f"{here}-{seen}/{next_seen}/{found['last']}", more=True
        )
    if not found["count"] and not began_earlier and cursor is not None:
        return ChangedCells("", 0, cursor, more=False)  # still valid, and the same answer as the last one: a 304
    # A reading of several pages has one snapshot: later changes belong to the next reading.
    return ChangedCells(found["cells"] or "", found["count"], f"{here}-{next_seen}", more=began_earlier)


def _end(snapshot: str) -> int:
    """The first transaction after the snapshot."""
    return int(snapshot.split(":")[1])


def _lasting(snapshot: str, newest: str) -> str:
    """The part of the snapshot that survives a crash: up to the newest change that it shows. After a crash or a
    fail-over PostgreSQL may reuse the ids of later transactions, which left no trace."""
    low, _, running = snapshot.split(":")
    end = min(_end(snapshot), int(newest) + 1)
    before = [one for one in running.split(",") if one and int(one) < end]
    return f"{min(int(low), end)}:{end}:{','.join(before)}"


_SNAPSHOT = r"[0-9]{1,20}:[0-9]{1,20}:[0-9,]*"
_CURSOR = re.compile(
    rf"([0-9a-f]+)(?::([0-9a-f]*))?-({_SNAPSHOT})(?:/({_SNAPSHOT})/([0-9]{{1,20}})/([0-9a-f-]{{36}})/([0-9a-f-]{{36}}))?"
)


def _no_cursor(cursor: str | None) -> InputError:
    return InputError(f"{cursor!r} is no cursor of this feed: start again without one.", "cursor")


def _parse_cursor(cursor: str, feed: str) -> tuple[str, str, str | None, tuple[str, str, str]]:
    match = _CURSOR.fullmatch(cursor)
    if match is None or match[1] != feed:
        raise _no_cursor(cursor)
    _, history, seen, next_seen, *after = match.groups()
    low, high, *_ = seen.split(":")
    if not 0 < int(low) <= int(high):
        raise _no_cursor(cursor)
    if next_seen is None:
        return history, seen, None, (low, str(UUID(int=0)), str(UUID(int=0)))  # what is older was seen
    return history, seen, next_seen, (after[0], after[1], after[2])
