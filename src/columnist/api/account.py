"""How much of each limit a user has used."""

from columnist.db.connect import Connection, User
from columnist.db.quotas import Usage
from columnist.db.sql import statement


async def usage_of(connection: Connection, user: User) -> Usage:
    """What the user has stored, is running, and has spent today."""
    row = await (await connection.execute(statement("columnist.api", "read_usage"), {"user_id": user.id})).fetchone()
    assert row
    return Usage(**row)
