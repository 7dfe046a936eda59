"""The one door for text from outside: any text of a file, a header, a person or an LLM server can be stored."""

import asyncio
import json
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from columnist.db.connect import LOCAL_USER, Database
from columnist.db.text import REPLACEMENT, as_json, storable
from columnist.documents.model import Citation
from columnist.documents.store import StoredFile, add_documents
from columnist.jobs.ask import INCOMPLETE, Ask
from columnist.jobs.items import CellWrite, EndedItem, claim_items, end_items, write_cells
from columnist.jobs.job import create_job, pause_job
from columnist.reviews.model import CellContent, ColumnSpec
from columnist.reviews.store import open_review, put_columns, put_documents
from tests.depth import depth
from tests.jobs.grid import MODEL, PROMPT_VERSION, progress_of

WILD = st.text(
    st.one_of(st.characters(), st.sampled_from("\x00\ud800\udfff\U0001f3e0\\\"'{}\u0000\ufffe")),
    min_size=1,
    max_size=60,
)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | WILD, lambda inner: st.lists(inner) | st.dictionaries(WILD, inner)
    )
)
def test_json_is_storable_and_otherwise_as_it_was(value: object) -> None:
    encoded = as_json(value)
    assert "\\u0000" not in encoded.replace("\\\\", "")
    encoded.encode("utf-8")
    if "�" not in encoded and "NaN" not in str(value) and "inf" not in str(value) and "nan" not in str(value):
        assert json.loads(encoded) == value


def test_only_what_cannot_be_stored_is_replaced() -> None:
    assert storable("a\x00b\ud800c\U0001f3e0") == f"a{REPLACEMENT}b{REPLACEMENT}c\U0001f3e0"
    assert (
        as_json({"\x00": ["\udfff", 1, None, float("nan")]}) == f'{{"{REPLACEMENT}": ["{REPLACEMENT}", 1, null, null]}}'
    )


@settings(max_examples=depth(8, 60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WILD, min_size=8, max_size=8), length=st.sampled_from([1, 1, 5000]))
def test_every_text_from_outside_reaches_the_database(url: str, words: list[str], length: int) -> None:
    """Names, questions, answers with quotes and reasons, errors, pauses: none fails, nor do its neighbours."""

    async def scenario() -> None:
        file_name, prompt, summary, quote, reason, pause = (one * length for one in words[2:])
        async with Database(url) as database:
            async with database.act_as(LOCAL_USER) as connection:
                review = await open_review(connection, LOCAL_USER, f"{uuid4()} {words[0]}"[:200])
                columns = await put_columns(connection, review, [ColumnSpec(f"C {words[1]}"[:200], prompt)])
                files = [StoredFile(file_name[:255], f"{nr:064x}", 1) for nr in range(2)]
                documents = [one.id for one in await add_documents(connection, LOCAL_USER, files)]
                await put_documents(connection, review, documents)
                generated = await create_job(
                    connection, LOCAL_USER.id, Ask(review, MODEL, PROMPT_VERSION, INCOMPLETE, columns, documents)
                )
            async with database.worker() as connection:
                claimed = await claim_items(connection, 60, 10, 3, {}, None)
                mine = [item for item in claimed if item.job_id == generated.job_id]
                assert len(mine) == 2
                evidence = (Citation(quote, 1, False, (), ()),)
                content = CellContent(summary, [summary], "text", "green", None, reason, evidence)
                answer = CellWrite(columns[0], 1, content)
                await write_cells(connection, mine[0], 1, MODEL, PROMPT_VERSION, [answer])
                await pause_job(connection, generated.job_id, pause)
                ended = [EndedItem(mine[0], "completed"), EndedItem(mine[1], "error", reason)]
                assert len(await end_items(connection, ended)) == 2
            progress = await progress_of(database, generated.job_id)
            assert (progress.completed_items, progress.error_items) == (1, 1)

    asyncio.run(scenario())
