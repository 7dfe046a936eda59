"""Guarded children end one by one: none ends another."""

import asyncio
from contextlib import nullcontext
from pathlib import Path

import psutil

from columnist.guarded.children import Places, Role
from columnist.guarded.template import NICENESS

MEGABYTE = 1024**2
ROUNDS, AT_ONCE = 40, 16


def test_a_child_that_ends_as_it_is_given_up_takes_no_other_with_it() -> None:
    """In some rounds both reach the template at once: it must not fail, which would end all its children."""

    async def scenario() -> None:
        places = Places("reading", Role("columnist.guarded.probe", 64 * MEGABYTE, 60.0), AT_ONCE, AT_ONCE)

        async def begin_and_leave() -> None:
            async with places.child(nullcontext(), "a user"):
                pass

        for _ in range(ROUNDS):
            await asyncio.gather(*(begin_and_leave() for _ in range(AT_ONCE)))
        await places.close()

    asyncio.run(scenario())


def test_children_leave_the_cores_to_the_process_that_they_serve_also_where_sessions_share_them() -> None:
    async def scenario() -> None:
        places = Places("quotes", Role("columnist.documents.locating.child", 64 * MEGABYTE, 60.0))
        async with places.child(nullcontext(), "a user"):
            templates = [one for one in psutil.Process().children() if "guarded.template" in str(one.cmdline())]
            ours = [one for template in templates for one in template.children(recursive=True)]
            assert max(one.nice() for one in ours) == psutil.Process().nice() + NICENESS
            for file in [file for one in ours if (file := Path(f"/proc/{one.pid}/autogroup")).exists()]:
                assert f"nice {NICENESS}\n" in file.read_text()
        await places.close()

    asyncio.run(scenario())
