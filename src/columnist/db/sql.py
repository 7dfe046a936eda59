"""SQL is kept as SQL: one statement a file, in a folder `sql` beside the functions that run it."""

from functools import cache
from importlib import resources


@cache
def statement(package: str, name: str) -> str:
    """The text of `<package>/sql/<name>.sql`; parameters are written `%(name)s`."""
    return resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
