"""An OpenAI-compatible server without a model: token-timed, with slots, a prefix cache, metrics and faults on demand.

Run it as `python -m tests.llm.simulator --port 0 --slots 8`; its first line of output is its base URL. It copies its
quotes from the document in the prompt, so they are found there. A question with a phrase in double quotes is answered
with the text after that phrase in the document, or with null; so a test can plant a needle. It understands Columnist's
prompts, and imports nothing of Columnist: a document with `[Page N]` lines up to `</document>`, then questions that
start with the names of the schema's properties.
"""

import argparse
import asyncio
import hashlib
import json
import random
import re
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

from aiohttp import web

CHARACTERS_PER_TOKEN = 4
BLOCK_TOKENS = 16
"""Tokens that are cached together, as vLLM does."""
BLOCK = BLOCK_TOKENS * CHARACTERS_PER_TOKEN
LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults: probabilities from 0 to 1, tried in this order, until `left` faults were injected (-1: always).

    `retry_after` is sent unchanged with each 429 and 500. `refuse_json_schema` is no random fault and is not counted.
    """

    rate_limit: float = 0.0
    server_error: float = 0.0
    overloaded: float = 0.0
    """503, as vLLM answers with a full queue."""
    inside: float = 0.0
    """An error with status 200, as routers of several vendors answer."""
    blank: float = 0.0
    web_page: float = 0.0
    stall: float = 0.0
    malformed: float = 0.0
    cut: float = 0.0
    """The token limit ends the answer in its middle."""
    thoughts: float = 0.0
    """The answer comes as the model's thoughts."""
    left: int = -1
    retry_after: str = ""
    refuse_json_schema: bool = False
    hold_batches: bool = False
    """No batch makes progress while this is set."""
    expired: int = 0
    """How many calls of batches are not made in time."""
    broken: int = 0
    """How many calls of batches end with a server error."""
    omitted: str = ""
    """Completed batches have no reply to the calls with this text."""
    files_late: int = 0
    """How many times a file is not found yet."""
    no_batches: bool = False
    """The server has no paths for batches."""
    lose: str = ""
    """The operations with a lost next reply: `upload`, `create`, or `download`, which breaks off; with a `-` before it,
    it is not carried out either. `rest`: the next file that is downloaded lacks its end."""


FAULTS_OF_CHANCE = [one.name for one in fields(Faults) if one.type is float]


@dataclass(frozen=True, slots=True)
class Speed:
    """The capacity of the simulated server: tokens per second of each slot, and tokens of its cache and context."""

    slots: int = 8
    prompt_rate: float = 4_000.0
    decode_rate: float = 50.0
    cache_tokens: int = 1_000_000
    context_tokens: int = 131_072
    longest_queue: int = 1_000_000
    """Calls beyond this many in line are turned away with 429."""
    enqueued_tokens: int = 1_000_000_000
    """Most tokens of unended batches; a batch with more fails."""


class PrefixCache:
    """Remembers blocks of prompts by a hash over the prompt up to their end; drops the least recently used."""

    def __init__(self, tokens: int) -> None:
        self._most = tokens // BLOCK_TOKENS
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def blocks(self, prompt: str) -> list[int]:
        """The chained hashes of the prompt's whole blocks."""
        chain, found = 0, []
        for start in range(0, len(prompt) - BLOCK + 1, BLOCK):
            chain = hash((chain, prompt[start : start + BLOCK]))
            found.append(chain)
        return found

    def hit(self, blocks: list[int]) -> int:
        """Tokens of the longest cached prefix."""
        for nr, block in enumerate(blocks):
            if block not in self._blocks:
                return nr * BLOCK_TOKENS
            self._blocks.move_to_end(block)
        return len(blocks) * BLOCK_TOKENS

    def keep(self, blocks: list[int]) -> None:
        """Remember a prompt that was read."""
        for block in blocks:
            self._blocks[block] = None
            self._blocks.move_to_end(block)
        while len(self._blocks) > self._most:
            self._blocks.popitem(last=False)


class Simulator:
    """The state of one server."""

    def __init__(self, speed: Speed, models: list[str], api_key: str, faults: Faults) -> None:
        self.speed = speed
        self.models = models
        self.api_key = api_key
        self.faults = faults
        self.running = self.waiting = self.most_at_once = 0
        self.busy_seconds = self.service_seconds = 0.0
        self.counts: Counter[str] = Counter()
        self._chance = random.Random(1)
        self._slots = asyncio.Semaphore(speed.slots)
        self._cache = PrefixCache(speed.cache_tokens)
        self._files: dict[str, dict[str, Any]] = {}
        self._batches: dict[str, dict[str, Any]] = {}

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=256 * 1024**2)
        app.router.add_get("/v1/models", self.list_models)
        app.router.add_post("/v1/chat/completions", self.complete)
        app.router.add_get("/metrics", self.metrics)
        app.router.add_post("/_faults", self.set_faults)
        app.router.add_post("/v1/files", self.upload)
        app.router.add_get("/v1/files", self.list_files)
        app.router.add_get("/v1/files/{id}/content", self.file_content)
        app.router.add_delete("/v1/files/{id}", self.delete_file)
        app.router.add_post("/v1/batches", self.create_batch)
        app.router.add_get("/v1/batches", self.list_batches)
        app.router.add_get("/v1/batches/{id}", self.get_batch)
        app.router.add_post("/v1/batches/{id}/cancel", self.cancel_batch)
        return app

    async def list_models(self, request: web.Request) -> web.Response:
        """The list of models, with `max_model_len` as in vLLM."""
        if not self._may(request):
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        listed = [
            {"id": name, "object": "model", "owned_by": "simulator", "max_model_len": self.speed.context_tokens}
            for name in self.models
        ]
        return web.json_response({"object": "list", "data": listed})

    async def set_faults(self, request: web.Request) -> web.Response:
        """Replace the faults by the JSON object in the body; absent fields mean no fault."""
        self.faults = Faults(**await request.json())
        return web.json_response({})

    async def metrics(self, _: web.Request) -> web.Response:
        """Prometheus text."""
        figures = {
            "vllm:num_requests_running": self.running,
            "vllm:num_requests_waiting": self.waiting,
            "llm_running": self.running,
            "llm_waiting": self.waiting,
            "llm_most_at_once": self.most_at_once,
            "llm_files": len(self._files),
            **{f"llm_{name}_total": figure for name, figure in sorted(self.counts.items())},
            "llm_busy_slot_seconds_total": self.busy_seconds,
            "llm_service_seconds_total": self.service_seconds,
        }
        return web.Response(text="".join(f"{name} {figure}\n" for name, figure in figures.items()))

    async def complete(self, request: web.Request) -> web.Response:
        """A chat completion, in the time that its tokens take."""
        body = await request.json()
        self.counts["requests"] += 1
        if not self._may(request):
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        if body["model"] not in self.models:
            return _error(404, f"The model `{body['model']}` does not exist.", "model_not_found")
        fault = self._fault()
        if fault:
            self.counts[f"fault_{fault}"] += 1
        headers = {"Retry-After": self.faults.retry_after} if self.faults.retry_after else {}
        if fault == "rate_limit" or self.waiting >= self.speed.longest_queue:
            self.counts["turned_away"] += 1
            return _error(429, "Too many requests.", "rate_limit_exceeded", headers)
        if fault == "server_error":
            return _error(500, "Something broke.", "server_error", headers)
        if fault == "overloaded":
            return _error(503, "The engine is currently busy, please try again later.", "service_unavailable")
        if fault == "inside":
            return web.json_response({"error": {"message": "Provider returned an error", "code": 502}})
        if fault == "blank":
            return web.Response()
        if fault == "web_page":
            return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        form = body.get("response_format") or {}
        if self.faults.refuse_json_schema and form.get("type") == "json_schema":
            return _error(400, "response_format of type json_schema is not supported.", "invalid_request_error")
        prompt, prompt_tokens = _prompt(body)
        most = body.get("max_tokens") or body.get("max_completion_tokens") or self.speed.context_tokens - prompt_tokens
        if prompt_tokens + most > self.speed.context_tokens:
            return _error(
                400,
                f"This model's maximum context length is {self.speed.context_tokens} tokens. However, you requested "
                f"{prompt_tokens + most} tokens ({prompt_tokens} in the messages, {most} in the completion).",
                "context_length_exceeded",
            )
        text = self._answer(form, str(body["messages"][-1]["content"]))
        if fault == "malformed":
            text = "Certainly! Here is what I found: " + text[: len(text) // 2]
        finish_reason = "length" if fault == "cut" or len(text) > most * CHARACTERS_PER_TOKEN else "stop"
        if fault == "cut":
            text = text[: len(text) // 2]
        text = text[: most * CHARACTERS_PER_TOKEN]
        async with self._slot():
            if fault == "stall":
                await asyncio.Event().wait()
            cached, tokens = await self._serve(prompt, prompt_tokens, text)
        tokens = most if fault == "cut" else tokens
        said = {"content": None, "reasoning_content": text} if fault == "thoughts" else {"content": text}
        return web.json_response(self._completion(body, finish_reason, said, prompt_tokens, cached, tokens))

    def _completion(
        self, body: dict[str, Any], finish_reason: str, said: dict[str, Any], prompt: int, cached: int, tokens: int
    ) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self.counts['answers']}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", **said}}],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": tokens,
                "total_tokens": prompt + tokens,
                "prompt_tokens_details": {"cached_tokens": cached},
            },
        }

    # ── Batches ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """A file for a batch."""
        if (refused := self._managing(request)) is not None:
            return refused
        form = await request.post()
        upload = form["file"]
        assert isinstance(upload, web.FileField)
        assert form["purpose"] == "batch"
        if self._loses("-upload"):
            return _broken_off(request)
        file_id = f"file-{self.counts['uploads']}"
        self.counts["uploads"] += 1
        self._files[file_id] = {"name": upload.filename, "content": upload.file.read(), "purpose": "batch"}
        return _broken_off(request) if self._loses("upload") else web.json_response(self._file(file_id))

    def _file(self, file_id: str) -> dict[str, Any]:
        file = self._files[file_id]
        return {
            "id": file_id,
            "object": "file",
            "bytes": len(file["content"]),
            "created_at": int(time.time()),
            "filename": file["name"],
            "purpose": file["purpose"],
            "status": "processed",
        }

    async def list_files(self, request: web.Request) -> web.Response:
        """The files of one purpose."""
        purpose = request.query.get("purpose")
        listed = [self._file(one) for one, file in self._files.items() if file["purpose"] == purpose]
        return web.json_response({"object": "list", "data": listed, "has_more": False})

    async def file_content(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file."""
        file = self._files.get(request.match_info["id"])
        if file is not None and self.faults.files_late:
            self.faults = replace(self.faults, files_late=self.faults.files_late - 1)
            file = None
        if file is None:
            return _error(404, "No such File object.", "not_found")
        if self._loses("download"):
            part = web.StreamResponse(headers={"Content-Length": str(len(file["content"]))})
            await part.prepare(request)
            await part.write(file["content"][: len(file["content"]) // 2])
            return _broken_off(request)
        content = file["content"]
        if self._loses("rest"):
            content = content[: len(content) * 2 // 3]
        return web.Response(body=content, content_type="application/octet-stream")

    async def delete_file(self, request: web.Request) -> web.Response:
        """Forget a file."""
        if self._files.pop(request.match_info["id"], None) is None:
            return _error(404, "No such File object.", "not_found")
        return web.json_response({"id": request.match_info["id"], "object": "file", "deleted": True})

    async def create_batch(self, request: web.Request) -> web.StreamResponse:
        """Begin a batch of an uploaded file."""
        if (refused := self._managing(request)) is not None:
            return refused
        body = await request.json()
        if self._loses("-create"):
            return _broken_off(request)
        calls = [json.loads(line) for line in self._files[body["input_file_id"]]["content"].splitlines()]
        tokens = sum(_prompt(call["body"])[1] for call in calls)
        waiting = sum(one["tokens"] for one in self._batches.values() if one["shown"]["status"] == "in_progress")
        batch_id = f"batch_{self.counts['batches']}"
        self.counts["batches"] += 1
        shown = body | {
            "id": batch_id,
            "object": "batch",
            "status": "in_progress",
            "created_at": int(time.time()),
            "request_counts": {"total": len(calls), "completed": 0, "failed": 0},
        }
        if waiting + tokens > self.speed.enqueued_tokens:
            self.counts["batches_refused"] += 1
            message = f"Enqueued token limit reached. Limit: {self.speed.enqueued_tokens:,} enqueued tokens."
            error = {"code": "token_limit_exceeded", "message": message, "line": None, "param": None}
            shown |= {"status": "failed", "errors": {"object": "list", "data": [error]}}
        else:
            self.counts["batched_requests"] += len(calls)
        self._batches[batch_id] = {"shown": shown, "calls": calls, "tokens": tokens}
        return _broken_off(request) if self._loses("create") else web.json_response(shown)

    async def list_batches(self, _: web.Request) -> web.Response:
        """All batches, newest first."""
        listed = [one["shown"] for one in reversed(self._batches.values())]
        return web.json_response({"object": "list", "data": listed, "has_more": False})

    async def get_batch(self, request: web.Request) -> web.Response:
        """The progress of a batch. It advances when it is polled, except for held parts."""
        batch = self._batches.get(request.match_info["id"])
        if batch is None:
            return _error(404, "No batch found.", "not_found")
        if batch["shown"]["status"] == "in_progress" and not self.faults.hold_batches:
            self._work_on(batch, "completed")
        return web.json_response(batch["shown"])

    async def cancel_batch(self, request: web.Request) -> web.Response:
        """End a batch, with half of it answered."""
        batch = self._batches[request.match_info["id"]]
        if batch["shown"]["status"] != "in_progress":
            return _error(409, "Cannot cancel a batch that has ended.", "conflict")
        self.counts["batches_cancelled"] += 1
        self._work_on(batch, "cancelled")
        return web.json_response(batch["shown"])

    def _work_on(self, batch: dict[str, Any], status: str) -> None:
        answered, failed = [], []
        for nr, call in enumerate(batch["calls"]):
            if status == "cancelled" and nr >= len(batch["calls"]) / 2:
                failed.append(_line(call, None, {"code": "batch_cancelled", "message": "It was cancelled."}))
            elif self.faults.expired:
                self.faults = replace(self.faults, expired=self.faults.expired - 1)
                status = "expired"
                failed.append(_line(call, None, {"code": "batch_expired", "message": "It was not executed in time."}))
            elif self.faults.omitted and self.faults.omitted in json.dumps(call["body"]):
                self.counts["omitted"] += 1
            elif self.faults.broken:
                self.faults = replace(self.faults, broken=self.faults.broken - 1)
                failed.append(_line(call, _error_response(500, "Something broke.", "server_error"), None))
            else:
                answered.append(_line(call, self._batched(call["body"]), None))
        shown = batch["shown"]
        shown["status"] = status
        shown["request_counts"] = {"total": len(batch["calls"]), "completed": len(answered), "failed": len(failed)}
        for name, lines in (("output_file_id", answered), ("error_file_id", failed)):
            if lines:
                shown[name] = f"{shown['id']}_{name}"
                content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in reversed(lines)).encode()
                self._files[shown[name]] = {"name": name, "content": content, "purpose": "batch_output"}

    def _batched(self, body: dict[str, Any]) -> dict[str, Any]:
        text = self._answer(body.get("response_format") or {}, str(body["messages"][-1]["content"]))
        if self._fault(["malformed"]):
            text = text[: len(text) // 2]
        prompt_tokens = _prompt(body)[1]
        if prompt_tokens + body["max_tokens"] > self.speed.context_tokens:
            return _error_response(400, "This model's maximum context length is exceeded.", "context_length_exceeded")
        tokens = -(-len(text) // CHARACTERS_PER_TOKEN)
        self.counts["batched_prompt_tokens"] += prompt_tokens
        self.counts["batched_completion_tokens"] += tokens
        completion = self._completion(body, "stop", {"content": text}, prompt_tokens, 0, tokens)
        return {"status_code": 200, "request_id": "1", "body": completion}

    def _managing(self, request: web.Request) -> web.Response | None:
        """The refusal of a call that manages batches, if it meets one."""
        if self.faults.no_batches:
            return _error(404, "Not Found", "not_found")
        if not self._may(request):
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        if self._fault(["rate_limit"]):
            self.counts["turned_away"] += 1
            return _error(429, "Too many requests.", "rate_limit_exceeded", {"Retry-After": self.faults.retry_after})
        return None

    def _loses(self, what: str) -> bool:
        lose = self.faults.lose.split()
        if what not in lose:
            return False
        self.faults = replace(self.faults, lose=" ".join(one for one in lose if one != what))
        self.counts["lost"] += 1
        return True

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Wait in line for a slot and hold it; a client that hangs up gives either back."""
        self.waiting += 1
        self.most_at_once = max(self.most_at_once, self.waiting + self.running)
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        started = time.perf_counter()
        try:
            yield
        except asyncio.CancelledError:
            self.counts["aborted"] += 1
            raise
        finally:
            self.running -= 1
            self.busy_seconds += time.perf_counter() - started
            self._slots.release()

    async def _serve(self, prompt: str, prompt_tokens: int, text: str) -> tuple[int, int]:
        """Take the time; returns cached and completion tokens."""
        started = time.perf_counter()
        blocks = self._cache.blocks(prompt)
        cached = self._cache.hit(blocks)
        tokens = -(-len(text) // CHARACTERS_PER_TOKEN)
        reading = (prompt_tokens - cached) / self.speed.prompt_rate
        service = reading + tokens / self.speed.decode_rate
        await _sleep_until(started + reading)
        self._cache.keep(blocks)
        await _sleep_until(started + service)
        self.counts["answers"] += 1
        self.counts["prompt_tokens"] += prompt_tokens
        self.counts["cached_tokens"] += cached
        self.counts["completion_tokens"] += tokens
        self.service_seconds += service
        return cached, tokens

    def _may(self, request: web.Request) -> bool:
        return not self.api_key or request.headers.get("Authorization") == f"Bearer {self.api_key}"

    def _fault(self, names: Sequence[str] = FAULTS_OF_CHANCE) -> str:
        """The fault that this call gets among these, or an empty string."""
        if self.faults.left:
            for name in names:
                if self._chance.random() < getattr(self.faults, name):
                    self.faults = replace(self.faults, left=self.faults.left - 1)
                    return name
        return ""

    def _answer(self, form: dict[str, Any], prompt: str) -> str:
        """JSON by the schema of the request, or by the one at the end of the prompt; else a sentence."""
        document, _, questions = prompt.rpartition("</document>")
        if form.get("type") == "json_schema":
            schema = form["json_schema"]["schema"]
        elif (start := questions.find('{"type": "object"')) >= 0:
            schema = json.JSONDecoder().raw_decode(questions, start)[0]
        else:
            return "There is nothing to answer by."
        found = {}
        for name, of in schema["properties"].items():
            match = re.search(rf"^{re.escape(name)}\. (.*(?:\n(?!c\d+\. ).*)*)", questions, re.MULTILINE)
            found[name] = Evidence.of(document, match[1] if match else name).value(name, of)
        return json.dumps(found)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The answer to one question: a sentence of the document, its page, the answer; `found` is False for
    a phrase that is not there. `luck` is a number that depends on the question alone."""

    page: int
    quote: str
    answer: str
    found: bool
    luck: int

    @staticmethod
    def of(document: str, question: str) -> "Evidence":
        """Look up the question's phrase; without one, use any sentence, but always the same one."""
        luck = int.from_bytes(hashlib.sha256(question.encode()).digest()[:4])
        phrase = re.search(r'"([^"]+)"', question)
        first = max(document.find("[Page "), 0)
        if phrase:
            place = document.find(phrase[1], first)
            if place < 0:
                return Evidence(1, "", "", False, luck)
        else:
            place = first + luck % max(len(document) - first, 1)
        marker = re.match(r"\[Page (\d+)\]\n", document[document.rfind("[Page ", 0, place + 1) :])
        after = document.find("[Page ", place + 1)
        stop = after if after >= 0 else len(document)
        if marker:
            place = max(place, document.rfind("[Page ", 0, place + 1) + len(marker[0]))
        start = max(document.rfind(end, 0, place) + len(end) for end in (". ", "\n"))
        ends = [document.find(end, place, stop) for end in (". ", "\n")]
        end = min([end for end in ends if end >= 0], default=stop)
        quote = document[max(start, place - LONGEST_QUOTE // 2) : min(end, place + LONGEST_QUOTE // 2)].strip()
        answer = document[place + len(phrase[1]) : end].strip(" .") if phrase else quote
        return Evidence(int(marker[1]) if marker else 1, quote, answer, True, luck)

    def value(self, name: str, schema: dict[str, Any]) -> Any:
        """A value by the schema, for the property `name`."""
        if "enum" in schema:
            choices = [choice for choice in schema["enum"] if choice is not None]
            if None in schema["enum"] and not self.found:
                return None
            said = [choice for choice in choices if str(choice).casefold() == self.answer.casefold()]
            return said[0] if said else choices[self.luck % len(choices)]
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if "null" in types and not self.found:
            return None
        match types[0]:
            case "object":
                return {key: self.value(key, of) for key, of in schema["properties"].items()}
            case "array":
                return [self.value(name, schema["items"])] if self.found else []
            case "integer" | "number":
                return self.page
            case "boolean":
                return bool(self.luck % 2)
        if name == "quote":
            return self.quote
        return (
            self.answer
            if name in ("answer", "words")
            else f"Page {self.page} says so."
            if self.found
            else "It is not there."
        )


def _error(status: int, message: str, code: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(_error_response(status, message, code)["body"], status=status, headers=headers)


def _prompt(body: dict[str, Any]) -> tuple[str, int]:
    """The prompt, role by role as a chat template lays it out, and its tokens."""
    prompt = "".join(f"<{message['role']}>{message['content']}\n" for message in body["messages"])
    return prompt, -(-len(prompt) // CHARACTERS_PER_TOKEN)


def _line(call: dict[str, Any], response: dict[str, Any] | None, error: dict[str, str] | None) -> dict[str, Any]:
    return {"id": "1", "custom_id": call["custom_id"], "response": response, "error": error}


def _error_response(status: int, message: str, code: str) -> dict[str, Any]:
    body = {"error": {"message": message, "type": code, "code": code, "param": None}}
    return {"status_code": status, "request_id": "1", "body": body}


def _broken_off(request: web.Request) -> web.StreamResponse:
    """The connection ends without a reply."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))


async def serve(simulator: Simulator, host: str, port: int) -> None:
    """Serve until cancelled; prints the base URL first. A client that hangs up cancels its call."""
    runner = web.AppRunner(simulator.application(), handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=4096)
    await site.start()
    print(f"http://{host}:{runner.addresses[0][1]}/v1", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--model", action="append", help="a model's name; more than once for more (default: simulated)")
    parser.add_argument("--api-key", default="", help="refuse calls without it")
    for defaults in (Speed(), Faults()):
        for one in fields(defaults):
            value = getattr(defaults, one.name)
            flag = "--" + one.name.replace("_", "-")
            if isinstance(value, bool):
                parser.add_argument(flag, action="store_true")
            else:
                parser.add_argument(flag, type=type(value), default=value, help=f"default: {value!r}")
    given = vars(parser.parse_args())
    speed = Speed(**{one.name: given[one.name] for one in fields(Speed)})
    faults = Faults(**{one.name: given[one.name] for one in fields(Faults)})

    async def run() -> None:
        simulator = Simulator(speed, given["model"] or ["simulated"], given["api_key"], faults)
        await serve(simulator, given["host"], given["port"])

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
