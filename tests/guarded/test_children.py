"""Guarded children end one by one: none ends another."""

import asyncio
from contextlib import nullcontext

from columnist.guarded.children import Places, Role

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
