"""A person's answer before it is stored: typed, flagged, and in doubt if it has no value."""

from dataclasses import replace

from columnist.answers.playbook import flagged_edit
from columnist.answers.values import in_column, measured, typed
from columnist.db.connect import Connection
from columnist.reviews.cells import CellKey, Edit, get_cell
from columnist.reviews.model import Flag
from columnist.reviews.store import choose_unit, get_column


async def typed_edit(
    connection: Connection, cell: CellKey, summary: str, flag: Flag | None, reasoning: str | None
) -> Edit:
    """The edit with its value. Without one the reasoning says why, and the flag is yellow unless a `flag` is given;
    such a sentence about the previous answer is removed. Raises NotFoundError."""
    column = await get_column(connection, cell.review_id, cell.column_id)
    question = column.question()
    found = measured(summary, question)
    if found.value is not None and found.unit is not None and question.unit is None:
        question = replace(question, unit=await choose_unit(connection, column.id, column.version, found.unit))
    value, doubt = in_column(found, question.unit)
    rule = None
    before = await get_cell(connection, cell)
    against = typed(before.summary or "", question).doubt
    mended = bool(against) and (before.reasoning or "").endswith(against)
    if doubt or mended:
        kept = (before.reasoning or "").removesuffix(against) if reasoning is None else reasoning
        reasoning = f"{kept.strip()} {doubt}".strip()
    if flag is None:
        flag, rule = flagged_edit(question, summary, value, doubt)
        flag = flag or ("green" if mended else None)
    return Edit(summary, value, None if value is None else column.format, flag, reasoning, rule)
