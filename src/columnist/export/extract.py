"""The contents of an export, and the order for its process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from columnist.db.connect import User
from columnist.export.values import Columns
from columnist.reviews.model import ModelInUse

TEMPORARY = "temporary"
"""The folder beside the file of an export in which its process keeps temporary files."""


@dataclass(frozen=True, slots=True)
class Extract:
    """The part of a review to export. `document_ids`: None means all."""

    review_id: UUID
    review: str
    columns: Columns
    document_ids: Sequence[UUID] | None
    in_use: ModelInUse
    units: Mapping[UUID, str | None]


@dataclass(frozen=True, slots=True)
class Writing:
    """A file to write, from the database at `url`, as `user` may see it. `environment`: variables for the
    connection."""

    url: str
    user: User
    extract: Extract
    target: Path
    environment: Mapping[str, str]
