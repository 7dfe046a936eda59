"""People at work, from a server's view."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import httpx

from tests.depth import depth
from tests.patience import until

GOOD = {200, 201, 202, 204, 304}
ROUNDS = 10
PAUSE_SECONDS = depth(1.0, 0.5)


class Clients:
    """People at one address: some poll, some write, some upload, with short pauses. `failures`: everything that they
    would have seen as one."""

    def __init__(self, name: str, url: str, job_id: UUID, review_id: UUID, token: str | None = None) -> None:
        self.name = name
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=f"{url}/api", headers=headers)
        self._job = f"/tabular/jobs/{job_id}"
        self._review = f"/tabular/reviews/{review_id}"
        self.rounds = 0

    async def _ask(self, method: str, path: str, **options: object) -> httpx.Response | None:
        try:
            answer = await self._http.request(method, path, **options)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            self.failures.append(f"{self.name}: {method} {path}: {type(error).__name__} {error}")
            return None
        self.statuses[answer.status_code] += 1
        if answer.status_code not in GOOD:
            self.failures.append(f"{self.name}: {method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    async def poll(self) -> None:
        cursor = ""
        while True:
            await self._ask("GET", self._job)
            feed = await self._ask("GET", f"{self._review}/cells", params={"cursor": cursor} if cursor else {})
            if feed is not None and feed.status_code == 200:
                cursor = feed.json()["cursor"]
            self.rounds += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def write(self) -> None:
        while True:
            await self._ask("POST", "/tabular/reviews", json={"name": f"Made through {self.name}: {uuid4()}"})
            await asyncio.sleep(PAUSE_SECONDS)

    async def upload(self) -> None:
        for number in itertools.count():
            content = f"Contract {number} through {self.name}. ".encode() * 10_000
            await self._ask("POST", "/documents", files={"files": (f"{self.name} {number}.txt", content)})
            await asyncio.sleep(PAUSE_SECONDS)

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        async with self._http, asyncio.TaskGroup() as people:
            tasks = [people.create_task(one) for one in (self.poll(), self.poll(), self.write(), self.upload())]
            yield
            for task in tasks:
                task.cancel()


async def go_on(people: Sequence[Clients]) -> None:
    """Wait until each of them has got many more answers."""
    wanted = [clients.rounds + ROUNDS for clients in people]

    async def answered() -> bool:
        return all(clients.rounds >= rounds for clients, rounds in zip(people, wanted, strict=True))

    await until(answered, "answers")
