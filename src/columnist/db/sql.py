"""SQL is kept as SQL: one statement a file, in a folder `sql` beside the functions that run it."""

from functools import cache
from importlib import resources
from typing import LiteralString, cast


@cache
def statement(package: str, name: str) -> LiteralString:
    """The text of `<package>/sql/<name>.sql`; parameters are written `%(name)s`."""
    text = resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    # The package's own files are as trustworthy as its code.
    return cast(LiteralString, text)
