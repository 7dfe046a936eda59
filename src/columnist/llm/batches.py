"""Batches of a provider by OpenAI's protocol: a file of calls goes in, a file of replies comes out within a day."""

import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Literal, TypeVar
from uuid import UUID

import openai
from openai import AsyncOpenAI
from openai.types import Batch
from openai.types.chat import ChatCompletion

from columnist.errors import RequestRefusedError
from columnist.llm.replies import completion
from columnist.llm.server import Server, TransientError
from columnist.llm.usage import NOTHING, Reply, Usage

Result = TypeVar("Result")

MOST_REQUESTS, MOST_BYTES = 50_000, 190_000_000
"""Most calls and bytes of a batch: the protocol's limits are 50,000 and 200 MB."""

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
MARK = "columnist_batch"
"""The name of our id in a batch's metadata."""

_ENDED = frozenset(("completed", "failed", "expired", "cancelled"))
_ACCEPTED = _ENDED - {"failed"} | {"in_progress", "finalizing", "cancelling"}
_NOT_RUN = frozenset(("batch_expired", "batch_cancelled"))
"""The codes of calls that were not made."""
_WAITING = re.compile(r"enqueued", re.I)
_LIMIT = re.compile(r"limit(?:\s+of)?:?\s+([\d,]+)(K|M)?\b", re.I)


@dataclass(frozen=True, slots=True)
class BatchState:
    """The progress of a batch. `completed`: all calls were made; `answered`: calls with a reply; `refusal`:
    why no call was made, else empty; `crowded`: too many tokens wait with the provider, which takes `most_tokens` if it
    says so; `files`: the files of replies."""

    id: str
    ended: bool
    completed: bool
    accepted: bool
    cancelling: bool
    answered: int
    refusal: str
    crowded: bool
    most_tokens: int | None
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replied:
    """A line of a batch's output. `answer`: the text of a completion, None for a refusal."""

    id: UUID
    reply: Reply
    answer: str | None
    usage: Usage


def line(request_id: UUID, body: str) -> bytes:
    """A call with this JSON body, as a line of a batch's file."""
    return f'{{"custom_id":"{request_id}","method":"POST","url":"{ENDPOINT}","body":{body}}}\n'.encode()


class Batches:
    """The batches of one server. Every method raises TransientError for a failure that may heal, LlmRefusedError for
    any other, including a server that does not speak the protocol."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def url(self) -> str:
        """The server's base URL."""
        return self._server.url

    async def find_file(self, batch_id: UUID) -> str | None:
        """The id of the file that was uploaded for a batch, if there is one."""

        async def find(client: AsyncOpenAI) -> str | None:
            async for file in client.files.list(purpose="batch"):
                if file.filename == _name(batch_id):
                    return file.id
            return None

        return await self._server.managed(find)

    async def upload(self, batch_id: UUID, lines: IO[bytes]) -> str:
        """Send the file of a batch, one `line` for each call; returns its id."""

        async def upload(client: AsyncOpenAI) -> str:
            file = await client.files.create(file=(_name(batch_id), lines, "application/jsonl"), purpose="batch")
            return file.id

        return await self._server.managed(_spoken(upload))

    async def create(self, batch_id: UUID, file_id: str) -> BatchState:
        """Begin a batch. If this fails, the outcome is in doubt, and `find` shows it."""

        async def create(client: AsyncOpenAI) -> BatchState:
            return _state(
                await client.batches.create(
                    input_file_id=file_id,
                    endpoint=ENDPOINT,
                    completion_window="24h",
                    metadata={MARK: str(batch_id)},
                    extra_headers={"Idempotency-Key": str(batch_id)},
                )
            )

        return await self._server.managed(_spoken(create))

    async def find(self, batch_id: UUID) -> BatchState | None:
        """The batch with our id, if there is one."""

        async def find(client: AsyncOpenAI) -> BatchState | None:
            async for batch in client.batches.list(limit=100):
                if (batch.metadata or {}).get(MARK) == str(batch_id):
                    return _state(batch)
            return None

        return await self._server.managed(find)

    async def look(self, provider_id: str) -> BatchState | None:
        """The batch's progress; None: the provider has no such batch."""

        async def look(client: AsyncOpenAI) -> BatchState | None:
            try:
                return _state(await client.batches.retrieve(provider_id))
            except openai.NotFoundError:
                return None

        return await self._server.managed(look)

    async def cancel(self, provider_id: str) -> None:
        """End it soon; replies so far still come."""

        async def cancel(client: AsyncOpenAI) -> None:
            try:
                await client.batches.cancel(provider_id)
            except (openai.NotFoundError, openai.ConflictError, openai.BadRequestError):
                return  # it has ended

        await self._server.managed(cancel)

    async def download(self, file_id: str, target: IO[bytes]) -> bool:
        """Write a file of replies to `target`: lines for `replied`, in any order. False: there is no such file."""

        async def download(client: AsyncOpenAI) -> bool:
            try:
                async with client.files.with_streaming_response.content(file_id) as response:
                    async for part in response.iter_bytes():
                        target.write(part)
            except openai.NotFoundError:
                return False
            except (openai.OpenAIError, OSError):
                raise
            except Exception as error:  # a stream raises those of the SDK's transport, which differs between versions
                raise TransientError(f"its file of replies breaks off ({error})", "connection") from error
            return True

        return await self._server.managed(download)

    async def forget(self, file_id: str) -> None:
        """Delete a file, which holds text of documents; it may be gone already."""

        async def delete(client: AsyncOpenAI) -> None:
            try:
                await client.files.delete(file_id)
            except openai.NotFoundError:
                return

        await self._server.managed(delete)


def replied(line: bytes) -> Replied | None:
    """A line of a file of replies; None if its call was not made, or is not ours."""
    try:
        said = json.loads(line)
        request_id = UUID(str(said["custom_id"]))
        response, error = said.get("response"), said.get("error") or {}
        if response is None:
            if error.get("code") in _NOT_RUN:
                return None
            response = {"status_code": 500, "body": {"error": error}}
        status, body = int(response["status_code"]), response.get("body")
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    reply = Reply(status, json.dumps(body, ensure_ascii=False))
    if status != 200 or not isinstance(body, dict):
        return Replied(request_id, reply, None, NOTHING)
    read = completion(ChatCompletion.construct(**body))
    return Replied(request_id, reply, None if read.declined or read.cut_off else read.text, read.usage)


def is_whole(line: bytes) -> bool:
    """Whether a line of a file of replies is not cut off."""
    with suppress(ValueError):
        return line.endswith(b"\n") or bool(json.loads(line))
    return False


def _spoken(act: Callable[[AsyncOpenAI], Awaitable[Result]]) -> Callable[[AsyncOpenAI], Awaitable[Result]]:
    """Run the act; if the server has no such path, the error says so."""

    async def run(client: AsyncOpenAI) -> Result:
        try:
            return await act(client)
        except openai.APIStatusError as error:
            if error.status_code not in (404, 405, 501):
                raise
            raise RequestRefusedError(
                f"The LLM server {client.base_url.host} has no batches: cancel the job and run it without --batch. "
                f"It says: {error.message}"
            ) from error

    return run


def _name(batch_id: UUID) -> str:
    return f"{MARK}_{batch_id}.jsonl"


def _state(batch: Batch) -> BatchState:
    counts = batch.request_counts
    errors = (batch.errors and batch.errors.data) or []
    refusal = "; ".join(error.message or error.code or "" for error in errors) if batch.status == "failed" else ""
    if batch.status == "failed" and not refusal:
        refusal = "it does not say why."
    crowded = any(error.code == "token_limit_exceeded" or _WAITING.search(error.message or "") for error in errors)
    return BatchState(
        batch.id,
        batch.status in _ENDED,
        batch.status == "completed",
        batch.status in _ACCEPTED,
        batch.status == "cancelling",
        (counts.completed + counts.failed) if counts else 0,
        refusal,
        bool(refusal) and crowded,
        _most(refusal) if crowded else None,
        tuple(one for one in (batch.output_file_id, batch.error_file_id) if one),
    )


def _most(message: str) -> int | None:
    found = _LIMIT.search(message)
    if found is None or "token" not in message.lower():
        return None
    return int(found[1].replace(",", "")) * {None: 1, "K": 1_000, "M": 1_000_000}[found[2]]
