"""Query and path parameters that several routes share."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field

STORABLE = r"^[^\x00]*$"
"""PostgreSQL stores every character except this one."""

NameSearch = Annotated[str | None, Query(max_length=200, pattern=STORABLE, description="Only names that contain this.")]
Words = Annotated[
    str | None,
    Query(max_length=200, pattern=STORABLE, description="Words of an answer, or a part of a document's name or path."),
]
Filter = Annotated[
    list[Annotated[str, Field(max_length=1_000, pattern=STORABLE)]],
    Query(
        max_length=20,
        description="`column:op:value`; a row must match all of them. The column is a column's id, and the op is eq, "
        "ne, lt, lte, gt, gte (the value as its format says: `12.5`, `2014-01-31`, `yes`), contains, flag "
        "(`red,yellow`) or state (done, failed, missing, stale, outdated, edited, verified, unverified, "
        "doubtful, checked: edited or verified in the present wording of the question, unchecked: answered and not "
        "checked, untyped: answered without a value, valueless: without a value for any reason). The column may be "
        "`any`, with flag or state.",
    ),
]
Confirm = Annotated[bool, Query(description="Set to true to confirm a destructive request.")]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
PageSize = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[
    str | None,
    Query(
        max_length=10_000,
        pattern="^(now|[0-9a-f:,/-]*)$",
        description="The cursor of the previous answer. Absent: everything; `now`: no cells, only a cursor.",
    ),
]
SomeColumns = Annotated[list[UUID] | None, Query(max_length=1_000, description="Absent: all.")]
PageNumber = Annotated[int, Path(ge=1, le=1_000_000)]
TemplateId = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9-]+$")]
