"""Sets of questions: templates and files of questions."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from columnist.client.transport import Transport, parsed
from columnist.paths import PathLike
from columnist.reviews.columns_file import parse_columns, read_columns
from columnist.reviews.model import ColumnSpec
from columnist.reviews.templates import Template

Columns = PathLike | Sequence[Mapping[str, Any] | ColumnSpec]
"""A YAML file of questions, or the questions: mappings with name, prompt, format and tags."""


def as_specs(columns: Columns) -> list[ColumnSpec]:
    """The questions of a file or of mappings. Raises InputError naming the place and what is wrong there."""
    if isinstance(columns, str | os.PathLike):
        return read_columns(Path(columns))
    given = [asdict(one) if isinstance(one, ColumnSpec) else dict(one) for one in columns]
    return parse_columns({"columns": given}, "columns") if given else []


class Templates:
    """Sets of questions: the built-in ones and the user's own."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, columns: Columns) -> Template:
        """A new template of the user. Raises ConflictError if they have one of that name."""
        body = {"name": name, "columns": [asdict(spec) for spec in as_specs(columns)]}
        return parsed(Template, self._transport.request("POST", "/tabular/templates", json=body))

    def get(self, template_id: UUID | str) -> Template:
        """One of them. Raises NotFoundError."""
        return self._transport.read(Template, f"/tabular/templates/{template_id}")

    def list(self) -> Sequence[Template]:
        """The built-in ones, then the user's own."""
        return self._transport.read(dict[str, Sequence[Template]], "/tabular/templates")["templates"]

    def delete(self, template_id: UUID | str) -> None:
        """Delete one of the user's own templates. Raises NotFoundError."""
        self._transport.request("DELETE", f"/tabular/templates/{template_id}")
