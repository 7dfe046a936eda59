"""No cancel leaks a place: scarce resources are released wherever a cancel meets the task that holds them."""

import asyncio
import email.message
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from columnist.back_ends import BackEnds
from columnist.cancelling import off_loop
from columnist.cpu import usable_cores
from columnist.db.connect import LOCAL_USER, Database
from columnist.documents.blobs import BlobStore
from columnist.documents.model import Page
from columnist.documents.reading.formats import PDF
from columnist.documents.reading.reader import AttachedFile, ReadDocument, Reader
from columnist.documents.store import store_pages
from columnist.jobs.items import claim_items
from columnist.jobs.work import ItemWorker
from columnist.llm.client import ChatModel
from columnist.llm.limiter import Limiter
from columnist.settings import Settings
from columnist.telemetry import REGISTRY
from tests.asgi import an_api
from tests.cancelling import cancelled_everywhere
from tests.conftest import CONTRACTS
from tests.documents.readers import readers_of
from tests.files import put
from tests.jobs.grid import a_job
from tests.llm.simulated import simulator

PATIENCE_SECONDS = 30.0
TEXT = "This Agreement is governed by the laws of the State of Delaware. " * 20


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of this process."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, COLUMNIST_DATA_DIR=tmp_path / "home")


def places(kind: str) -> tuple[float, float]:
    """The used and the free places in the metrics."""
    found = [
        REGISTRY.get_sample_value("columnist_reader_places", {"kind": kind, "state": state})
        for state in ("in_use", "free")
    ]
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


async def until(holds: Callable[[], bool], what: object) -> None:
    """Work that a cancelled task leaves to a thread ends soon."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.005)


def left_behind(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def write_mail(path: Path) -> Path:
    mail = email.message.EmailMessage()
    mail.set_content(TEXT)
    mail.add_attachment(TEXT.encode(), maintype="text", subtype="plain", filename="attached.txt")
    path.write_bytes(mail.as_bytes())
    return path


@pytest.mark.parametrize("asked", ["read", "attached", "warm"])
def test_a_reader_has_all_its_places_after_any_cancels(settings: Settings, tmp_path: Path, asked: str) -> None:
    text, mail = tmp_path / "text.txt", write_mail(tmp_path / "mail.eml")
    text.write_text(TEXT)
    blobs = BlobStore(settings)

    async def take(attached: AttachedFile) -> None:
        async with off_loop(blobs.receiving(attached.name)) as incoming:
            await asyncio.to_thread(incoming.write, attached.content)

    async def run() -> None:
        reader = await Reader(settings).__aenter__()

        async def read() -> None:
            if asked == "attached":
                await reader.attached(mail, mail.name, take)
            else:
                async with off_loop(blobs.writing_boxes("0" * 64)) as boxes:
                    await reader.read(text, text.name, boxes)

        rounds = 0
        async for how in cancelled_everywhere(read):
            rounds += 1
            assert places("reading") == (0, usable_cores()), how
            await until(lambda: not left_behind(settings.data_dir / "blobs" / "incoming"), how)
            if asked != "warm" or rounds % 7 == 1:  # a subprocess takes a second to start, and is killed by a cancel
                await reader.__aexit__()
                reader = await Reader(settings).__aenter__()
        async with reader, asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(read() for _ in range(2 * usable_cores())))
        assert rounds > 10

    asyncio.run(run())
    assert not set(readers_of(os.getpid()))


def test_a_context_of_files_is_left_after_any_cancels(settings: Settings, tmp_path: Path) -> None:
    blobs = BlobStore(settings)
    contract = tmp_path / "contract.txt"
    contract.write_text(TEXT)
    sha256, _ = put(blobs, contract)
    incoming_files = settings.data_dir / "blobs" / "incoming"

    async def take_in() -> None:
        async with off_loop(blobs.receiving("file")) as incoming, off_loop(blobs.reading(sha256)) as path:
            await asyncio.to_thread(incoming.copy, path)
            await asyncio.sleep(0)

    async def run() -> None:
        async for how in cancelled_everywhere(take_in):
            await until(lambda: not left_behind(incoming_files), how)

    asyncio.run(run())


@pytest.mark.parametrize("user", [None, LOCAL_USER])
def test_a_pool_of_connections_has_all_of_them_after_any_cancels(url: str, user: object) -> None:
    async def run() -> None:
        async with Database(url, connections=1) as database:

            async def ask() -> None:
                async with AsyncExitStack() as stack:
                    if user is None:
                        connection = await stack.enter_async_context(database.worker())
                        await stack.enter_async_context(connection.transaction())
                    else:
                        connection = await stack.enter_async_context(database.act_as(LOCAL_USER))
                    await connection.execute("select 1")

            async for how in cancelled_everywhere(ask):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await asyncio.gather(ask(), ask()), how

    asyncio.run(run())


def test_a_limiter_has_all_its_places_after_any_cancels() -> None:
    async def run() -> None:
        limiter = Limiter(1)

        async def call() -> None:
            async with limiter.document(), limiter.slot():
                await asyncio.sleep(0)

        async def crowded() -> None:
            """It waits for both, because another task holds them at first."""
            others = [asyncio.create_task(call()) for _ in range(3)]
            await asyncio.sleep(0)
            await call()
            await asyncio.gather(*others)

        async for how in cancelled_everywhere(crowded):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(call(), call()), how

    asyncio.run(run())


def test_calls_of_a_language_model_give_back_their_slots_and_connections_after_any_cancels() -> None:
    question = [{"role": "user", "content": "<document>\n[Page 1]\nThe rent is 900.\n</document>\n\nc1. What?"}]
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}

    async def run(settings: Settings) -> None:
        async with ChatModel(settings, "simulated", settings.openai_base_url) as chat:

            async def ask() -> None:
                await chat.complete(question, schema, 100)  # type: ignore[arg-type]

            async for how in cancelled_everywhere(ask):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await asyncio.gather(ask(), ask()), how

    with simulator() as server:
        asyncio.run(run(server.settings(llm_max_in_flight=1)))


def test_an_item_that_is_worked_on_gives_back_all_it_held_after_any_cancels(
    url: str, admin_url: str, settings: Settings, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "contract.txt").write_text(TEXT)
    a_job(url, settings.data_dir, files, "extractive")
    incoming = settings.data_dir / "blobs" / "incoming"

    async def run() -> None:
        async with Database(url, 2) as database, Reader(settings) as reader, BackEnds(settings) as back_ends:
            worker = ItemWorker(database, reader, BlobStore(settings), back_ends)
            async with database.worker() as connection:
                (item,) = await claim_items(connection, 600, 1, 3, {}, None)

            async def work() -> None:
                await worker(item)

            async for how in cancelled_everywhere(work, cancels=2):
                assert places("reading") == (0, usable_cores()), how
                await until(lambda: not left_behind(incoming), how)
                with psycopg.connect(admin_url) as forgetting:
                    forgetting.execute("delete from document_readings")
                    forgetting.execute("delete from tabular_cells")
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(work(), work())

    asyncio.run(run())


@pytest.fixture(params=["upload", "original", "page image", "export"])
def request_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


def test_a_request_that_is_cancelled_leaves_no_file_no_connection_and_no_reader(
    url: str, settings: Settings, tmp_path: Path, temporary: Path, request_kind: str
) -> None:
    mail = write_mail(tmp_path / "mail.eml").read_bytes()
    pdf = next(CONTRACTS.glob("*.pdf")).read_bytes()

    async def run() -> None:
        async with an_api(url, settings.data_dir) as (_, api):
            review = (await api.post("/tabular/reviews", json={"name": "Review"})).json()["id"]

            async def upload(name: str, content: bytes) -> httpx.Response:
                return await api.post("/documents", files=[("files", (name, content))], params={"review_id": review})

            (file,) = (await upload("contract.pdf", pdf)).json()["files"]
            document = file["document_id"]
            async with Database(url) as database, database.worker() as connection:
                read = ReadDocument(PDF, "en", [Page(1, TEXT, 612, 792)])
                await store_pages(connection, UUID(document), "0" * 64, read)
            paths = {
                "original": f"/documents/{document}/original",
                "page image": f"/documents/{document}/pages/1/image",
                "export": f"/tabular/reviews/{review}/export?format=csv",
            }

            async def ask() -> None:
                asked = upload("mail.eml", mail) if request_kind == "upload" else api.get(paths[request_kind])
                answer = await asked
                assert answer.status_code == 200, answer.text

            # An export starts a writer in another process each time: its second cancels would take minutes.
            async for how in cancelled_everywhere(ask, cancels=1 if request_kind == "export" else 2):
                await until(lambda: places("reading") == (0, usable_cores()), how)
                await until(lambda: not left_behind(temporary, settings.data_dir / "blobs" / "incoming"), how)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    answers = await asyncio.gather(*(api.get("/documents") for _ in range(4)))
                assert {answer.status_code for answer in answers} == {200}, how
            async with asyncio.timeout(PATIENCE_SECONDS):
                await ask()

    asyncio.run(run())
