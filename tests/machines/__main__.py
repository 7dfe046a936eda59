"""`make machines`: a job over several machines, all of which fail again and again, and a table of the results."""

import argparse
import heapq
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.error import URLError
from uuid import UUID, uuid4

import boto3
import httpx
import jwt
import psycopg
from rich.console import Console
from rich.table import Table

from tests import preloaded
from tests.conftest import new_database
from tests.jobs.grid import QUESTIONS, a_job
from tests.machines.faults import KINDS, LEASE_SECONDS, Fault, walk
from tests.machines.hosts import LLMS, WORKERS, Site
from tests.patience import wait_until
from tests.processes import metric
from tests.signing import SECRET

PLACES = 8
"""How many documents a worker works on at a time."""
COLUMNS_PER_CALL = 2
CALLS = QUESTIONS // COLUMNS_PER_CALL
MEMBER = "people@example.org"
AT_ONCE = 3
"""How many faults there are at the same time."""
PAUSE_SECONDS = 0.35
"""Seconds between the beginnings of faults."""
LONGEST_ANSWER = 250
"""Tokens of the largest document, with a margin."""
FOLDER = Path("/mnt")
"""The mount point of the machines' disks: only this program sees the mounts."""
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


class Reader(threading.Thread):
    """A client that has the grid only from the feed, whatever happens to the servers."""

    def __init__(self, api: str, review_id: UUID) -> None:
        super().__init__(daemon=True)
        self.cells: dict[tuple[str, str], str] = {}
        self.polls: Counter[str] = Counter()
        self._ended = threading.Event()
        claims = {"sub": str(uuid4()), "email": MEMBER, "exp": time.time() + 86400}
        token = jwt.encode(claims, SECRET, "HS256")
        self._http = httpx.Client(base_url=f"{api}/api", headers={"Authorization": f"Bearer {token}"}, timeout=5)
        self._path = f"/tabular/reviews/{review_id}/cells"
        self._cursor = ""

    def run(self) -> None:
        while not self._ended.wait(0.2):
            self.poll()

    def poll(self) -> bool:
        """One poll; returns whether it reached the feed's present end."""
        try:
            answer = self._http.get(self._path, params={"cursor": self._cursor} if self._cursor else {})
        except httpx.HTTPError:
            self.polls["no answer"] += 1
            return False
        self.polls[str(answer.status_code)] += 1
        if answer.status_code != 200:
            return False
        page = answer.json()
        self._cursor = page["cursor"]
        self.cells |= {(cell["document_id"], cell["column_id"]): cell["summary"] for cell in page["cells"]}
        return not page["more"]

    def end(self) -> None:
        """Read the rest."""
        self._ended.set()
        self.join()
        wait_until(self.poll, "the end of the feed")
        wait_until(self.poll, "the end of the feed")


class Run:
    """A job on the machines of a site, and its known state."""

    def __init__(self, site: Site, folder: Path, documents: int, rate: float) -> None:
        self.site, self.documents = site, documents
        self.in_flight = self.answers = self._ended = 0
        self._llm_urls = {name: f"http://{site.network.ip(name)}:8000/v1" for name in LLMS}
        owner = new_database(site.cluster.admin.replace("/columnist", "/postgres"), "columnist")
        with psycopg.connect(site.cluster.admin, autocommit=True) as connection:
            connection.execute((Path(__file__).parent / "audit.sql").read_text())
        store = f"http://{site.network.ip('store')}:9000"
        shared = {**KEYS, "AWS_ENDPOINT_URL": store, "AWS_MAX_ATTEMPTS": 1, "COLUMNIST_BLOBS_URL": "s3://files"}
        site.add("store", "tests.machines.store", site.network.ip("store"), "9000")
        for name, url in self._llm_urls.items():
            site.add(
                name, "tests.llm.simulator", "--host", site.network.ip(name), "--port", "8000",
                "--prompt-rate", "1000000", "--decode-rate", str(rate), "--slots", "12",
            )  # fmt: skip
            wait_until(partial(_answers, f"{url}/models"), f"the LLM server of {name}")
        wait_until(lambda: _answers(store), "the store")
        os.environ |= {name: str(value) for name, value in shared.items()}
        boto3.client("s3").create_bucket(Bucket="files")
        a_job(owner, folder / "home", contracts(folder / "files", documents))
        product = {
            **shared,
            "DATABASE_URL": site.cluster.url,
            "OPENAI_BASE_URL": ",".join(self._llm_urls.values()),
            "COLUMNIST_MODEL": "simulated",
            "COLUMNIST_COLUMNS_PER_CALL": COLUMNS_PER_CALL,
            "COLUMNIST_LLM_TIMEOUT_SECONDS": max(5, LONGEST_ANSWER / rate),
            "TABULAR_JOB_LEASE_SECONDS": LEASE_SECONDS,
            "TABULAR_JOB_MAX_ATTEMPTS": 100,
            "TABULAR_WORKER_IDLE_MS": 200,
            "TABULAR_WORKER_GRACE_SECONDS": 1,
            "TABULAR_GENERATE_CONCURRENCY": PLACES,
        }
        api = site.network.ip("api")
        site.add(
            "api", "columnist", "serve", "--no-worker", "--host", api, "--port", "8000",
            **product, COLUMNIST_JWT_SECRET=SECRET, COLUMNIST_DRAIN_SECONDS=0, COLUMNIST_REQUESTS_PER_MINUTE=1_000_000,
        )  # fmt: skip
        for name in WORKERS:
            site.add(name, "columnist", "worker", **product)
        (review_id,) = self.one(
            f"insert into review_members (review_id, email, role) select review_id, '{MEMBER}', 'viewer' "
            "from tabular_jobs returning review_id"
        )
        self.reader = Reader(f"http://{api}:8000", review_id)
        self.reader.start()

    def one(self, query: str) -> tuple[Any, ...]:
        """A row of the primary, bypassing the network."""
        with psycopg.connect(self.site.cluster.admin, autocommit=True, connect_timeout=2) as connection:
            row = connection.execute(query).fetchone()
        assert row
        return row

    @property
    def ended(self) -> int:
        """How many documents have ended, by the primary's last answer."""
        with suppress(psycopg.Error):
            self._ended = self.one("select completed_items + error_items + skipped_items from tabular_jobs")[0]
        return self._ended

    def note(self) -> None:
        """Note the calls in flight before and after a fault: they may be asked again."""
        running = len(WORKERS) * PLACES
        with suppress(psycopg.Error):
            running = self.one("select count(*) from tabular_job_items where status = 'running'")[0]
        self.in_flight += running * CALLS

    def note_answers(self, name: str) -> None:
        """Note an LLM server's counts before it is killed. It waits for a server that has just started."""

        def answers() -> bool:
            with suppress(URLError):
                self.answers += int(metric(self._llm_urls[name], "llm_answers_total"))
                return True
            return False

        wait_until(answers, f"the count of {name}")

    def strike(self, faults: list[Fault], minutes: float) -> int:
        """Let the faults happen until the job has ended or the time is over; returns their number."""
        until = time.monotonic() + 60 * minutes
        active: list[tuple[float, int, Fault, ExitStack]] = []
        order = itertools.count()

        def heal(which: list[tuple[float, int, Fault, ExitStack]]) -> None:
            for one in which:
                active.remove(one)
                one[3].close()
                self.note()
            heapq.heapify(active)

        wait_until(lambda: self.one("select exists (select from tabular_cells)")[0], "the first answer")
        try:
            for number, fault in enumerate(faults):
                if self.ended == self.documents or time.monotonic() > until:
                    return number
                self.site.supervise()
                print(f"{number:>5} {self.ended:>6} {fault}", flush=True)
                everything = {fault.kind} & {"promote", "crash"}
                heal([one for one in active if everything or one[2].touches & fault.touches])
                while len(active) >= AT_ONCE or (active and active[0][0] <= time.monotonic()):
                    time.sleep(max(0.0, active[0][0] - time.monotonic()))
                    heal(active[:1])
                if everything:
                    wait_until(self.site.cluster.in_step, "a standby that has all")
                self.note()
                if fault.kind == "kill" and fault.machines[0] in LLMS:
                    self.note_answers(fault.machines[0])
                stack = ExitStack()
                stack.enter_context(KINDS[fault.kind].act(self.site, fault))
                heapq.heappush(active, (time.monotonic() + fault.seconds, next(order), fault, stack))
                time.sleep(PAUSE_SECONDS)
            return len(faults)
        finally:
            heal(list(active))

    def _is_further(self, before: int) -> bool:
        self.site.supervise()
        return self.ended > before

    def verdict(self) -> dict[str, tuple[object, bool]]:
        """Promise → finding, and whether it held."""
        cells = self.documents * QUESTIONS
        while (before := self.ended) < self.documents:
            wait_until(partial(self._is_further, before), "the end of the next document")
        self.reader.end()
        job = self.one(
            "select status, completed_items, error_items, skipped_items, done_cells, error_cells from tabular_jobs"
        )
        written, distinct, twice, stale = self.one(
            "select count(*), count(distinct (document_id, column_id)), "
            "count(*) - count(distinct (document_id, column_id)), "
            "count(*) filter (where worker is distinct from holder) from audit.writes"
        )
        calls, sent_twice = self.one("select count(distinct id), count(*) - count(distinct id) from audit.calls")
        counts, cost, counted, in_cells = self.one(
            "select (select count(*) from audit.costs), (select sum(tokens) from audit.costs), j.prompt_tokens, "
            "(select sum(prompt_tokens) from tabular_cells) from tabular_jobs j"
        )
        for name in LLMS:
            self.note_answers(name)
        again = max(0, self.answers - self.documents * CALLS)  # calls in the instant before a kill are not known
        with psycopg.connect(self.site.cluster.admin) as connection:
            rows = connection.execute(
                "select document_id::text, column_id::text, summary from tabular_cells"
            ).fetchall()
        grid = {(document, column): summary for document, column, summary in rows}
        return {
            "lost": (cells - len(grid), len(grid) == cells and job == ("completed", self.documents, 0, 0, cells, 0)),
            "cells written": (written, written == distinct == cells),
            "cells written more than once": (twice, twice == 0),
            "cells changed by a stale holder": (stale, stale == 0),
            "calls counted": (calls, calls >= self.documents * CALLS),
            "calls counted twice": (sent_twice, sent_twice == 0),
            "tokens of the job less those of its calls": (counted - cost, counted == cost and counts == calls),
            "tokens of cells beyond those of the job": (max(0, in_cells - counted), in_cells <= counted),
            f"answers asked again, of {self.in_flight:,} in flight": (again, again <= self.in_flight),
            "cells that the feed's reader has otherwise": (
                len(set(grid.items()) ^ set(self.reader.cells.items())), grid == self.reader.cells,
            ),
        }  # fmt: skip


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return bool(httpx.get(url).status_code)
    return False


def contracts(folder: Path, count: int) -> Path:
    """Different contracts."""
    folder.mkdir()
    for nr in range(count):
        (folder / f"contract-{nr:05}.txt").write_text(
            f"This Agreement number {nr:05} is made on May 11, 2014 between Alpha {nr:05} Inc. and Beta LLC. "
            f"The fee is ${nr:05}.00. This Agreement is governed by the laws of the State of Delaware.\n" * 3
        )
    return folder


def alone(arguments: list[str]) -> NoReturn:
    """Restart this program in separate namespaces: everything that it starts and mounts is gone with it."""
    assert os.geteuid() == 0, "make machines needs root: it makes network namespaces and small disks."
    os.environ.pop(preloaded.SHARED, None)  # its programs start in other namespaces
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    os.execvp(command[0], [*command, sys.executable, "-m", "tests.machines", "--here", *arguments])


def main() -> NoReturn:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--faults", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--rate", type=float, default=40, help="tokens a second of each LLM server's slot")
    parser.add_argument("--minutes", type=float, default=45, help="after which no further fault begins")
    parser.add_argument("--here", action="store_true", help="in the namespaces that are there")
    given = parser.parse_args()
    if not given.here:
        print(f"make machines FAULTS={given.faults} DOCUMENTS={given.documents} SEED={given.seed}", flush=True)
        alone([*sys.argv[1:], "--seed", str(given.seed)])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "machines", FOLDER], check=True)
    fine = False
    try:
        fine = walked(walk(given.seed, given.faults), given.documents, given.rate, given.minutes)
    finally:
        if not fine:
            kept = tempfile.mkdtemp(prefix="machines-logs-")
            for log in [*FOLDER.glob("*.log"), *FOLDER.glob("*/log")]:
                shutil.copy(log, Path(kept, str(log.relative_to(FOLDER)).replace("/", ".")))
            print(f"The machines' logs are in {kept}")
    sys.exit(not fine)


def walked(faults: list[Fault], documents: int, rate: float, minutes: float) -> bool:
    """Walk, and print a table of the results; returns whether all promises held."""
    began = time.monotonic()
    run = Run(Site(FOLDER), FOLDER, documents, rate)
    struck = run.strike(faults, minutes)
    found = run.verdict()
    table = Table("Promise", "Found", "Held")
    for promise, (figure, held) in found.items():
        table.add_row(promise, f"{figure:,}", "yes" if held else "NO")
    kinds = Counter(fault.kind for fault in faults[:struck])
    Console(width=100).print(
        table,
        f"{struck} faults ({', '.join(f'{many} {kind}' for kind, many in sorted(kinds.items()))}) in "
        f"{time.monotonic() - began:.0f} s; polls of the feed: {dict(run.reader.polls)}; programs started again that "
        f"had given up: {run.site.given_up}",
    )
    if struck < len(faults):
        print(f"{struck} of {len(faults)} faults: a lower --rate makes the job longer, --minutes the walk.")
    return all(held for _, held in found.values())


if __name__ == "__main__":
    main()
