"""`bench/quality.py`: the same model asked plainly and by Columnist, over labels; it continues where it was stopped."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.quality import main
from tests.llm.simulated import Reply, completion, scripted

QUESTIONS = 'columns: [{name: Law, prompt: "Which law governs it?"}, {name: Term, prompt: "How long?", format: number}]'


def test_a_plain_prompt_and_ours_are_scored_by_the_same_labels_and_nothing_is_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    labels = ["document,column,answer,quote"]
    for nr in range(5):
        (folder / f"{nr}.txt").write_text(f"Contract {nr}. The law of Ohio governs it. The term is {nr + 3} years.")
        labels += [f"{nr}.txt,Law,Ohio,The law of Ohio governs it.", f"{nr}.txt,Term,{nr + 3} years,"]
    (folder / "labels.csv").write_text("\n".join(labels))
    (tmp_path / "questions.yaml").write_text(QUESTIONS)
    calls: list[bool] = []

    def reply(request: dict[str, Any]) -> Reply:
        calls.append("response_format" in request)
        (term,) = re.findall(r"term is (\d+ years)", request["messages"][-1]["content"])
        quote = "The law of Ohio governs it." if calls[-1] else "Ohio law shall govern."
        law = {"reasoning": "", "quotes": [{"page": 1, "quote": quote}], "answer": "Ohio", "flag": "green"}
        years = {"reasoning": "", "quotes": [], "words": term, "answer": term if calls[-1] else None, "flag": "green"}
        return 200, completion(json.dumps({"c1": law, "c2": years}))

    with scripted(reply) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        asked = [str(folder), "--columns", str(tmp_path / "questions.yaml"), "--model", "simulated"]
        asked += ["--ways", "plain,ours", "--output", str(tmp_path / "out")]
        main([*asked, "--documents", "3"])
        assert (calls.count(True), calls.count(False)) == (3, 3)
        capsys.readouterr()
        main(asked)
        assert (calls.count(True), calls.count(False)) == (5, 5), "what was answered is kept"
    table = " ".join(capsys.readouterr().out.split())
    for what in (
        "right, plain │ 50.0",
        "right, ours │ 100.0 │ +50.0 points",
        "quotes that stand, plain │ 0.0",
        "quotes that stand, ours │ 100.0",
        "missed 5, invented 0,",
    ):
        assert what in table, table
