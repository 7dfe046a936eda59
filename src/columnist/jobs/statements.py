"""The statements of this package, `sql/NAME.sql`."""

from functools import partial

from columnist.db.sql import statement

sql = partial(statement, "columnist.jobs")
"""The text of a statement, by its name."""
