"""A reader of the feed who keeps what it says, for tests."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass
class Follower:
    """A reader of a feed, with the grid as it knows it so far."""

    api: httpx.Client
    path: str
    cursor: str | None = None

    def __post_init__(self) -> None:
        self.cells: dict[tuple[str, str], dict[str, Any]] = {}

    def read(self, limit: int = 2) -> dict[tuple[str, str], dict[str, Any]]:
        """The grid as the feed has described it."""
        while True:
            params = {"limit": limit} | ({"cursor": self.cursor} if self.cursor else {})
            answer = self.api.get(self.path, params=params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            for cell in page["cells"]:
                key = cell["document_id"], cell["column_id"]
                if cell["status"] == "missing":
                    self.cells.pop(key, None)
                else:
                    self.cells[key] = cell
            self.cursor = page["cursor"]
            if not page["more"]:
                return self.cells


def shown(cells: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], tuple[Any, ...]]:
    names = "status", "summary", "value", "flag", "stale", "edited", "verified_by", "error"
    return {key: tuple(cell[name] for name in names) for key, cell in cells.items()}
