"""Which desk a command uses: the settings' server, or this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from columnist.desk.grid import Desk
from columnist.settings import Settings


@asynccontextmanager
async def command_desk(settings: Settings) -> AsyncIterator[Desk]:
    """The desk at the settings' server, if there is one, or else over their database. Raises ServerError,
    DatabaseError."""
    # Each imports modules that the other does not need: commands start sooner.
    if settings.server is not None:
        from columnist.cli.remote import remote_desk

        async with remote_desk(settings.server, settings.server_token) as remote:
            yield remote
    else:
        from columnist.desk.local import open_desk

        async with open_desk(settings) as local:
            yield local
