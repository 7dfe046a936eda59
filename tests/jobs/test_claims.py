"""Claims are work-conserving and fair, whatever the number of jobs, places and processes."""

import json
import math
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from columnist.db.sql import statement
from tests.depth import depth

CLAIM, END = (statement("columnist.jobs", name) for name in ("claim_items", "end_items"))
CLAIMABLE = """
select j.id, count(i.id) as items from tabular_jobs j join tabular_job_items i on i.job_id = j.id
where i.completed_at is null and (i.lease_expires_at is null or i.lease_expires_at <= now())
  and j.status in ('pending', 'running') and j.cancel_requested_at is null and j.paused_at is null
  and j.model <> 'unaskable'
group by j.id"""


@dataclass
class Pool:
    """A process with this many places."""

    places: int
    held: list[dict[str, Any]] = field(default_factory=list)


def make_jobs(connection: psycopg.Connection[Any], sizes: list[int], kinds: list[str]) -> None:
    """Jobs with these numbers of items; items of kind `paused`, `cancelled` and `unaskable` must not be claimed."""
    connection.execute("truncate tabular_reviews, tabular_jobs, tabular_job_items cascade")
    for nr, (size, kind) in enumerate(zip(sizes, kinds, strict=True)):
        review, job = uuid4(), uuid4()
        connection.execute(
            "insert into tabular_reviews (id, user_id, name) values (%s, gen_random_uuid(), %s)", [review, str(nr)]
        )
        connection.execute(
            'insert into tabular_jobs (id, review_id, user_id, model, prompt_version, "only", total_items, total_cells,'
            " paused_at, cancel_requested_at) values (%s, %s, gen_random_uuid(), %s, '1', '{missing}', %s, 0,"
            " case when %s then now() end, case when %s then now() end)",
            [job, review, "unaskable" if kind == "unaskable" else "m", size, kind == "paused", kind == "cancelled"],
        )
        connection.execute(
            "insert into tabular_job_items (job_id, review_id, document_id, position)"
            " select %s, %s, gen_random_uuid(), nr from generate_series(1, %s) nr",
            [job, review, size],
        )


def claim(
    connection: psycopg.Connection[Any],
    pool: Pool,
    batch: int,
    models: list[str] | None,
    scarce: dict[str, int] | None = None,
) -> list[Any]:
    held = Counter(item["job_id"] for item in pool.held)
    values = {
        "lease_seconds": 3600.0,
        "batch": batch,
        "max_attempts": 3,
        "held_jobs": list(held),
        "held_items": list(held.values()),
        "models": models,
        "scarce_models": list(scarce or {}),
        "scarce_places": list((scarce or {}).values()),
        "worker_id": None,
    }
    return connection.execute(CLAIM, values).fetchall()


def end(connection: psycopg.Connection[Any], items: list[dict[str, Any]]) -> None:
    ended = [{"id": item["id"], "attempt": item["attempt"], "status": "completed", "error": None} for item in items]
    connection.execute(END, {"ended": json.dumps(ended)})


@settings(
    max_examples=depth(4, 30),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    jobs=st.integers(1, 200),
    places=st.lists(st.integers(1, 64), min_size=1, max_size=5),
    seed=st.integers(0, 2**32),
)
def test_a_free_place_gets_a_claimable_item_and_no_job_waits_longer_than_its_turn(
    admin_url: str, jobs: int, places: list[int], seed: int
) -> None:
    chance = random.Random(seed)
    kinds = [chance.choice(["plain"] * 7 + ["paused", "cancelled", "unaskable"]) for _ in range(jobs)]
    sizes = [chance.choice([1, 2, 3, 8]) for _ in range(jobs)]
    with psycopg.connect(admin_url, autocommit=True, row_factory=dict_row) as connection:
        make_jobs(connection, sizes, kinds)
        pools = [Pool(count) for count in places]
        waited: Counter[UUID] = Counter()
        while claimable := {row["id"]: row["items"] for row in connection.execute(CLAIMABLE).fetchall()}:
            pool = chance.choice(pools)
            room = pool.places - len(pool.held)
            claimed = claim(connection, pool, room, ["m"]) if room else []
            assert len(claimed) == min(room, sum(claimable.values())), "no place stays free while there is work"
            pool.held += claimed
            served = Counter(item["job_id"] for item in claimed)
            busy = {item["job_id"] for one in pools for item in one.held}
            for job in claimable:
                waited[job] = 0 if job in busy else waited[job] + len(claimed) - served[job]
                least_share = math.ceil(max(places) / 16)
                assert waited[job] <= kinds.count("plain") * least_share + max(places), "its turn has come"
            if pool.held:
                done = chance.sample(pool.held, chance.randint(1, len(pool.held)))
                end(connection, done)
                pool.held = [item for item in pool.held if item not in done]
        for pool in pools:
            end(connection, pool.held)
        open_kinds = connection.execute("select count(*) as n from tabular_jobs where status in ('pending', 'running')")
        assert open_kinds.fetchone() == {"n": sum(kind != "plain" for kind in kinds)}, "all others ran to their end"


@pytest.mark.parametrize("jobs", [11, 40])
def test_more_live_jobs_than_places_run_to_the_end(admin_url: str, jobs: int) -> None:
    with psycopg.connect(admin_url, autocommit=True, row_factory=dict_row) as connection:
        make_jobs(connection, [3] * jobs, ["plain"] * jobs)
        pool = Pool(10)
        for _ in range(3 * jobs):
            pool.held += claim(connection, pool, 10 - len(pool.held), ["m"])
            if not pool.held:
                break
            end(connection, [pool.held.pop(0)])
        assert connection.execute("select count(*) as n from tabular_jobs where status = 'completed'").fetchone() == {
            "n": jobs
        }


def test_of_a_scarce_model_no_more_is_claimed_than_it_takes_and_others_get_the_rest(admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True, row_factory=dict_row) as connection:
        make_jobs(connection, [20, 20], ["plain", "plain"])
        connection.execute(
            "update tabular_jobs set model = 'n' where id = (select min(id::text) from tabular_jobs)::uuid"
        )
        pool = Pool(10)
        claimed = claim(connection, pool, pool.places, None, {"n": 2})
        models = {
            row["id"]: row["model"] for row in connection.execute("select id, model from tabular_jobs").fetchall()
        }
        assert Counter(models[item["job_id"]] for item in claimed) == {"n": 2, "m": 8}


@pytest.mark.parametrize("name", ["end_items", "start_jobs", "pause_unaskable", "resume_model", "report_trouble"])
def test_all_that_change_several_jobs_lock_them_in_one_order(admin_url: str, name: str) -> None:
    """Otherwise two of them would wait for each other, and PostgreSQL would end one (a deadlock)."""
    with (
        psycopg.connect(admin_url, autocommit=True, row_factory=dict_row) as connection,
        psycopg.connect(admin_url) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        make_jobs(connection, [1] * 8, ["normal"] * 8)
        items = claim(connection, Pool(8), 8, None)
        if name == "resume_model":
            connection.execute("update tabular_jobs set paused_at = now(), pause_cause = 'refusal', pause_reason = 'r'")
        ended = [{"id": item["id"], "attempt": item["attempt"], "status": "completed", "error": None} for item in items]
        values = {
            "ended": json.dumps(ended),
            "job_ids": [item["job_id"] for item in items],
            "model": "m",
            "reason": "no server",
            "trouble": "no server",
        }
        ids = sorted(item["job_id"] for item in items)
        other.execute("select from tabular_jobs where id = %s for no key update", [ids[3]])
        done = thread.submit(connection.execute, statement("columnist.jobs", name), values)
        with psycopg.connect(admin_url, autocommit=True) as watcher:
            while watcher.execute("select from pg_locks where not granted").fetchone() is None:
                assert not done.done()
                time.sleep(0.01)
            free = watcher.execute("select id from tabular_jobs order by id for no key update skip locked").fetchall()
        other.commit()
        done.result()
    assert [row[0] for row in free] == ids[4:], "it holds those before the one that it waits for, and none after it"
