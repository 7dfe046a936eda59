"""One cell of a review: read, edited, verified, asked again."""

from columnist.client.jobs import Job
from columnist.client.transport import Transport, parsed
from columnist.jobs.job import Generated
from columnist.reviews.model import CellChange, Flag, FullCell


class Cell:
    """The answer at a document and a column. Every step raises NotFoundError if the review has no such cell."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path

    def read(self) -> FullCell:
        """The whole cell: content, reasoning, quotes with their places, who edited or verified it."""
        return self._transport.read(FullCell, self._path)

    def edit(self, summary: str | None = None, flag: Flag | None = None, reasoning: str | None = None) -> FullCell:
        """Replace the answer by hand; `summary` is typed by the column's format, None leaves a field unchanged. Returns
        the cell."""
        content = {"summary": summary, "flag": flag, "reasoning": reasoning}
        return parsed(FullCell, self._transport.request("PATCH", self._path, json=content))

    def verify(self, *, verified: bool = True) -> FullCell:
        """Note that a person has checked the evidence and agrees, or take that back."""
        return parsed(FullCell, self._transport.request("POST", f"{self._path}/verify", json={"verified": verified}))

    def regenerate(self) -> "Job":
        """Ask the cell again, whatever its answer. Raises ConflictError while a job runs over the review."""
        return Job(self._transport, parsed(Generated, self._transport.request("POST", f"{self._path}/regenerate")))

    def clear(self) -> None:
        """Remove the answer: the next generate asks it."""
        self._transport.request("DELETE", self._path)

    def restore(self) -> FullCell:
        """Bring a cleared answer back. Raises ConflictError if the cell has changed since. Returns the cell."""
        return parsed(FullCell, self._transport.request("POST", f"{self._path}/restore"))

    def history(self) -> list[CellChange]:
        """Its changes by people, with the content before and after; newest first."""
        return self._transport.read(dict[str, list[CellChange]], f"{self._path}/history")["changes"]
