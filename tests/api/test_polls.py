"""Polls by many people: the same changes for all, each at least once, one's own act at once, and only for members."""

import asyncio
import random
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
from hypothesis import given
from hypothesis import strategies as st

from columnist.api import polls
from columnist.api.cached import SMALLEST_GZIP, joined, piece
from columnist.db.connect import User
from tests.asgi import an_api
from tests.jobs.grid import Review, a_review, put_cell
from tests.patience import until
from tests.signing import SECRET, bearer

READERS = 2 * polls.MANY
WRITES, COLUMNS = 60, 12


class _Reader:
    """Follows the feed of a review over HTTP, with pauses, as a page does."""

    def __init__(self, client: httpx.AsyncClient, review: Review) -> None:
        self._client = client
        self._path = f"/tabular/reviews/{review.id}/cells"
        self.saw: dict[str, str] = {}
        self.cursor = ""
        self.answers: list[tuple[str, bytes]] = []

    async def read(self) -> bool:
        """One page; whether there is more."""
        limit = random.choice((3, 1_000))
        asked = {"limit": limit} | ({"cursor": self.cursor} if self.cursor else {})
        answer = await self._client.get(self._path, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["cells"]) <= limit
        self.saw |= {cell["column_id"]: cell["summary"] for cell in page["cells"]}
        self.answers.append((f"{limit} {self.cursor}", answer.content))
        self.cursor = page["cursor"]
        return bool(page["more"])

    async def follow(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            await self.read()
            await asyncio.sleep(random.uniform(0, 0.2))
        await asyncio.sleep(polls.MOST_SECONDS)
        while await self.read():
            pass


def test_many_readers_see_each_change_share_their_pages_and_see_their_own_acts_at_once(
    url: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with an_api(url, tmp_path) as (process, client):
            review = await a_review(process.database, documents=1, columns=COLUMNS + 1)
            readers = [_Reader(client, review) for _ in range(READERS)]
            ended = asyncio.Event()
            following = asyncio.gather(*(reader.follow(ended) for reader in readers))
            written = {}
            person = _Reader(client, review)
            async with process.database.worker() as connection:
                for number in range(WRITES):
                    column = random.randrange(COLUMNS)
                    change = f"change {number}".ljust(random.choice((9, 300)), "é")
                    written[str(review.columns[column])] = change
                    await put_cell(connection, review, column, change)
                    if number % 10 == 0:
                        mine = str(review.columns[COLUMNS])
                        written[mine] = f"act {number}"
                        cell = f"/tabular/reviews/{review.id}/cells/{review.documents[0]}/{mine}"
                        edited = await client.patch(cell, json={"summary": written[mine]})
                        assert edited.status_code == 200, edited.text
                        while await person.read():
                            pass
                        assert person.saw[mine] == written[mine]
                    await asyncio.sleep(0.03)
            ended.set()
            await following
            assert [reader.saw for reader in readers] == [written] * READERS
            answers = [one for reader in readers for one in reader.answers]
            assert len(set(answers)) < len(answers) / 3, "most of them were answered together"

    asyncio.run(scenario())


@given(st.lists(st.binary(max_size=3_000)))
def test_a_body_of_pieces_is_one_gzip_file(contents: list[bytes]) -> None:
    body = joined([piece(content) for content in contents])
    assert body.content == b"".join(contents)
    if body.zipped is not None:
        file = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        assert file.decompress(body.zipped) == body.content
        assert file.eof
        assert not file.unused_data, "browsers read one file, and ignore what follows"
    assert (body.zipped is None) == (len(body.content) < SMALLEST_GZIP)


def test_a_member_who_is_removed_polls_nothing_more_however_many_poll(url: str, tmp_path: Path) -> None:
    owner, guest = (User(uuid4(), f"{who}@example.org") for who in ("owner", "guest"))

    async def scenario() -> None:
        async with an_api(url, tmp_path, COLUMNIST_JWT_SECRET=SECRET) as (_, client):
            made = await client.post("/tabular/reviews", json={"name": "Shared"}, headers=bearer(owner))
            review = f"/tabular/reviews/{made.json()['id']}"
            member = f"{review}/members/{guest.email}"

            async def poll(user: User = guest) -> set[int]:
                paths = (f"{review}/cells", f"{review}/active-job")
                return {(await client.get(path, headers=bearer(user))).status_code for path in paths}

            async def let_in() -> None:
                await client.put(member, json={"role": "viewer"}, headers=bearer(owner))
                for _ in range(2 * polls.MANY):
                    assert await poll() == {200}

            await let_in()
            async with await psycopg.AsyncConnection.connect(url.replace("columnist@", "postgres@")) as elsewhere:
                await elsewhere.execute("delete from review_members")
            await until(lambda: is_out(poll), "the end of the guest's access")
            await let_in()
            assert (await client.delete(member, headers=bearer(owner))).status_code == 204
            assert await poll(owner) == {200}
            assert await poll() == {404}

    async def is_out(poll: Callable[[], Awaitable[set[int]]]) -> bool:
        return await poll() == {404}

    asyncio.run(scenario())
