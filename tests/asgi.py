"""The HTTP API in this process, called without a network, for tests that inspect it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from columnist.api.app import create_app
from columnist.api.health import Health
from columnist.db.probe import Probe
from columnist.process import Process, open_process
from columnist.settings import Settings


@asynccontextmanager
async def an_api(url: str, home: Path, **variables: str) -> AsyncIterator[tuple[Process, httpx.AsyncClient]]:
    """The process of this database and data directory, and a client of its local user; of nobody, if the settings ask
    for a token of somebody else."""
    settings = Settings.model_validate({"DATABASE_URL": url, "COLUMNIST_DATA_DIR": home, **variables})
    async with open_process(settings, connections=2) as process:
        app = create_app(process, Health(Probe(process.database.url), "untold"))
        local = app.state.gate.authenticator.local
        signed_in = {"Authorization": f"Bearer {local.token}"} if local else {}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/api", headers=signed_in) as client:
            yield process, client
