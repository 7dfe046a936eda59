"""Only finished text under the name of its question counts as an answer in a model's reply."""

import json
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columnist.asking.raw_answers import raw_answers
from columnist.errors import MalformedAnswerError
from columnist.llm.replies import Completion
from columnist.reviews.model import Question

QUESTIONS = [Question(uuid5(UUID(int=0), name), name, "What?", "text") for name in ("Governing law", "Term", "Page")]


def said(answer: Any, quote: str = "as it says") -> dict[str, Any]:
    return {"reasoning": "So.", "quotes": [{"page": 1, "quote": quote}], "answer": answer, "flag": "green"}


WHOLE = {"c1": said("Delaware"), "c2": said("3 years"), "c3": said("seven")}
TEXT = json.dumps(WHOLE)
ANSWERS = {0: "Delaware", 1: "3 years", 2: "seven"}


def found(
    text: str, cut_off: bool = False, thoughts: str = "", questions: list[Question] = QUESTIONS
) -> dict[int, Any]:
    """The answers by index of their question; none if there are none."""
    try:
        raw = raw_answers(Completion(text, cut_off, 1, 0, 1, thoughts), questions)
    except MalformedAnswerError:
        return {}
    return {index: answer.answer for index, answer in raw.items()}


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        json.dumps(TEXT),
        f"```json\n{TEXT}\n```",
        f"Certainly.\n{TEXT}\nI hope this helps {{you}}.",
        json.dumps({"answers": WHOLE}),
        json.dumps({"result": {"answers": WHOLE}}),
        json.dumps([WHOLE]),
        json.dumps([{name: one} for name, one in WHOLE.items()]),
        json.dumps(list(WHOLE.values())),
        json.dumps([{"question": name} | one for name, one in reversed(WHOLE.items())]),
        json.dumps([{"field": name} | one for name, one in reversed(WHOLE.items())]),
        json.dumps([{"q": f"Q{index}"} | one for index, one in reversed([*enumerate(WHOLE.values(), 1)])]),
        json.dumps([one | {"confidence": "high"} for one in WHOLE.values()]),
        json.dumps(json.dumps(TEXT)),
        json.dumps({name: {key.title(): value for key, value in one.items()} for name, one in WHOLE.items()}),
        json.dumps({name: one | {"answer": {"value": one["answer"]}} for name, one in WHOLE.items()}),
        json.dumps([[name, one] for name, one in WHOLE.items()]),
        json.dumps({name: [one] for name, one in WHOLE.items()}),
        json.dumps({f"{name} ({one.name})": WHOLE[name] for name, one in zip(WHOLE, QUESTIONS, strict=True)}),
        json.dumps({f"{name}: {one.name}": WHOLE[name] for name, one in zip(WHOLE, QUESTIONS, strict=True)}),
        f"{TEXT}\n<think>Was it {json.dumps({'c1': said('Ohio')})}?",
        f"{json.dumps({'c1': said('Ohio')})} </think> {TEXT}",
        json.dumps({f"{index + 1}": one for index, one in enumerate(WHOLE.values())}),
        json.dumps({f"Q{index + 1}": one for index, one in enumerate(WHOLE.values())}),
        json.dumps({name: json.dumps(one) for name, one in WHOLE.items()}),
        json.dumps({name: one["answer"] for name, one in WHOLE.items()}),
        json.dumps({name: {"value": one["answer"]} for name, one in WHOLE.items()}),
        json.dumps({"Governing Law": WHOLE["c1"], "TERM": WHOLE["c2"], "c3": WHOLE["c3"]}),
        str(WHOLE),
        json.dumps({"name": "answers", "arguments": TEXT}),
        f"◁think▷{json.dumps({'c1': said('Ohio')})}◁/think▷{TEXT}",
        f"<|begin_of_thought|>{json.dumps({'c1': said('Ohio')})}<|end_of_thought|>{TEXT}",
        TEXT.replace("}}", "},}"),
        TEXT.replace('"answer"', "answer"),
        TEXT.replace('"So."', '"It is "so"."'),
        f"<think>A draft: {json.dumps({'c1': said('Ohio')})}</think>{TEXT}",
        f"A draft: {json.dumps({'c1': said('Ohio')})} </think>{TEXT}",
        f"[THINK]{json.dumps({'c2': said('9 years')})}[/THINK]{TEXT}",
        f"<|channel|>analysis<|message|>{json.dumps({'c1': said('Ohio')})}<|channel|>final<|message|>{TEXT}",
        f"<think>{TEXT}",
        f"{TEXT}[THINK]{json.dumps({'c1': said('Ohio')})}[/THINK]",
        f"{TEXT}<chain_of_thought>{json.dumps({'c1': said('Ohio')})}</chain_of_thought>",
        f"{TEXT}<|im_end|>\n<|im_start|>user\nThanks!<|im_end|>",
        TEXT.replace('"', "&quot;"),
        TEXT.replace('"', '\\"'),
        TEXT[1:-1],
        "\n".join(f"- {json.dumps({name: one})}" for name, one in WHOLE.items()),
        "\n".join(f"**{name}**\n{json.dumps({name: one})}" for name, one in WHOLE.items()),
        json.dumps({name.replace("c", "\N{CYRILLIC SMALL LETTER ES}"): one for name, one in WHOLE.items()}),
        json.dumps({f"Item {index}": one for index, one in enumerate(WHOLE.values(), 1)}),
        json.dumps({f"{name}_{part}": one[part] for name, one in WHOLE.items() for part in ("answer", "quotes")}),
        json.dumps({name: {"final_answer": one["answer"]} for name, one in WHOLE.items()}),
        json.dumps({"type": "object", "properties": {"c1": {"type": "object", "answer": {}}}}) + TEXT,
    ],
)
def test_an_answer_is_found_in_whatever_shape_a_finished_reply_has(text: str) -> None:
    assert found(text) == ANSWERS


LAW, NINE, DRAFT = (
    json.dumps({f"c{index + 1}": said(answer) for index, answer in answers})
    for answers in ([(0, "Delaware")], [(1, "9 years")], [(0, "Ohio"), (1, "9 years"), (2, "one")])
)
STYLES = [
    "<notes>{}</notes>{}",
    "<step>{}</step><answer>{}</answer>",
    "<details><summary>Thinking</summary>{}</details>{}",
    "Maybe {}. <answer>{}</answer>",
    "Thought: {}\nFinal answer: {}",
    "Draft: {}\nFinal: {}",
    "## Reasoning\n{}\n## Answer\n{}",
    "思考：{}\n最終答案：{}",
    "analysis{}assistantfinal{}",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>",
    "<|channel|>analysis<|message|>{}<|start|>assistant<|channel|>commentary to=functions.f<|message|>{}<|call|>",
    "<|im_start|>think\n{}<|im_end|>\n<|im_start|>answer\n{}",
    "<|channel>thought\n{}<channel|>{}",
    "<longcat_think>{}</longcat_think>{}",
    "[BEGIN THINKING]{}[END THINKING]{}",
    "<think><step>{}</step></think>{}",
]


@pytest.mark.parametrize("style", STYLES)
def test_no_answer_of_a_draft_is_added_to_those_of_the_answer(style: str) -> None:
    for draft in (DRAFT, NINE):
        whole = style.format(draft, LAW)
        assert found(whole) == {0: "Delaware"}
        for cut_off in (True, False):
            for at in (len(LAW) // 2, len('{"c')):
                assert found(whole[: whole.index(LAW) + at], cut_off) == {}
    for announced in (f"Draft: {NINE}\nFinal:\n```json\n", f"Draft: {NINE} **Final**: ", f"{NINE}<|end|><|start"):
        assert found(announced) == {}


@pytest.mark.parametrize("after", ["<notes>{}</notes>", "I rejected {}.", "</answer> Before: {}"])
def test_nothing_that_comes_after_an_answer_is_added_to_it(after: str) -> None:
    assert found(LAW + after.format(NINE)) == {0: "Delaware"}


@pytest.mark.parametrize(
    "text",
    [
        '{"c1": {"answer": "Ohio"}, "c1": {"answer": "Delaware"}, "c2": {"answer": "3 years"}}',
        '{"c1": {"answer": "Ohio", "answer": "Delaware"}, "c2": {"answer": "3 years"}}',
        '{"c1": {"answer": "Ohio"}, "Governing law": {"answer": "Delaware"}, "c2": {"answer": "3 years"}}',
        '[{"q": "c1", "answer": "Ohio"}, {"q": "c1", "answer": "Delaware"}, {"q": "c2", "answer": "3 years"}]',
        '[["c1", "Ohio"], ["c1", "Delaware"], ["c2", "3 years"]]',
        '{"a": {"c1": "Ohio"}, "b": {"c1": "Delaware", "c2": "3 years"}}',
        '{"draft": {"c1": "Ohio"}, "final": {"c2": "3 years"}}',
    ],
)
def test_an_answer_that_is_given_twice_with_two_values_is_none(text: str) -> None:
    assert found(text) == {1: "3 years"}
    for two in (f"{DRAFT}\n{LAW}", f"{DRAFT}\n\nThinking...\n{LAW}", "{'c1': 'Ohio', 'c1': 'Delaware'}"):
        assert found(two) == {}
    assert found(LAW + LAW) == {0: "Delaware"}


def test_the_only_question_needs_no_name_and_an_example_is_no_answer() -> None:
    assert found(json.dumps(said("Delaware")), questions=QUESTIONS[:1]) == {0: "Delaware"}
    assert found(json.dumps({"result": said("Delaware")}), questions=QUESTIONS[:1]) == {0: "Delaware"}
    assert found(f"The answer is: {json.dumps(said('Delaware'))}", questions=QUESTIONS[:1]) == {0: "Delaware"}
    assert found(json.dumps(said("Delaware"))) == {}
    for other in ('{"c2": {"answer": "9 years"}}', '{"c2": {"answer": "9 years"}, "c3": {'):
        assert found(other, questions=QUESTIONS[:1]) == {}
    for example in ("...", "<string>", "string", {"type": ["string", "null"]}):
        assert found(json.dumps({"c1": said(example)})) == {}


def test_an_answer_that_a_server_took_for_thoughts_counts_if_there_is_no_other() -> None:
    assert found("", thoughts=TEXT) == ANSWERS
    assert found(json.dumps({"c1": said("Ohio")}), thoughts=TEXT) == {0: "Ohio"}
    assert found("", cut_off=True, thoughts=TEXT) == {}


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{TEXT}",
        f"<think>{TEXT} but wait, ",
        f"A draft is {TEXT}. The answer is {{",
        f'A draft is {TEXT}. The answer is {{"c1',
        f"<seed:think>{TEXT} is a draft",
        f"◁think▷{TEXT}",
        f"<|START_THINKING|>{TEXT}",
        f'<details type="reasoning">{TEXT}',
        f"[THINK]{TEXT}",
        f"< think >{TEXT}",
        f"<|reasoning_start|>{TEXT}",
        f"&lt;think&gt;{TEXT}",
        f"<details><summary>Reasoning</summary>{TEXT}",
        f"<a mark that nobody knows>{TEXT} but wait, ",
        f'A draft is {TEXT}. The answer is {{"c1": {{"reasoning": "It',
    ],
)
def test_a_draft_before_the_cut_is_no_answer(text: str) -> None:
    assert found(text, cut_off=True) == {}


@given(st.integers(min_value=0, max_value=len(TEXT)))
def test_of_a_reply_that_was_cut_off_the_whole_answers_count_and_no_other(at: int) -> None:
    got = found(TEXT[:at], cut_off=True)
    assert got.items() <= ANSWERS.items()
    ends = [TEXT.index(f'"c{index + 2}"') - 2 if index < 2 else len(TEXT) - 1 for index in range(3)]
    assert set(got) == {index for index, end in enumerate(ends) if at > end}


@given(st.integers(min_value=0, max_value=len(TEXT)))
def test_a_reply_that_ends_in_the_middle_without_saying_so_gives_no_half_answer(at: int) -> None:
    assert found(TEXT[:at]).items() <= ANSWERS.items()


@pytest.mark.parametrize(
    "text",
    [
        # Quotes have a page and a column is called Page; a quote contains JSON.
        json.dumps({"c1": said("Delaware", '{"c2": {"answer": "99 years"}}')}),
        json.dumps({"c1": said("Delaware"), "c3": {"reasoning": "cut"}}),
        json.dumps({"c1": said("Delaware")})[:-1] + ', "c2": {"quotes": [{"page": 3, "quote": "x"}',
        json.dumps([said("Delaware") | {"key": "c1"}, said("9") | {"key": "c9"}]),
        json.dumps({"c1": said("Delaware"), "c2 (Governing law)": said("9")}),
    ],
)
def test_nothing_lands_in_another_questions_cell(text: str) -> None:
    assert found(text) == {0: "Delaware"}


@pytest.mark.parametrize("label", ["label", "index", "id"])
def test_items_that_are_labelled_in_a_way_that_is_not_known_are_asked_again(label: str) -> None:
    names = {"label": ("x", "y", "z"), "index": (0, 1, 2), "id": ("c0", "c1", "c2")}[label]
    assert found(json.dumps([{label: name} | one for name, one in zip(names, WHOLE.values(), strict=True)])) == {}
    assert found(json.dumps(dict(zip(map(str, names), WHOLE.values(), strict=True)))) == {}


@pytest.mark.parametrize("reply", ['{"c1": {"answer": "x", "quote": "y"}}', '{"c1_answer": "x", "c1_quote": "y"}'])
def test_a_single_quote_counts_too(reply: str) -> None:
    (answer,) = raw_answers(Completion(reply, False, 1, 0, 1), QUESTIONS).values()
    assert [one.quote for one in answer.quotes] == ["y"]


def test_an_answer_in_parts_is_written_in_words() -> None:
    money = {"c1": {"answer": {"amount": 500, "currency": "USD"}}, "c2": {"answer": {"value": 30, "unit": "days"}}}
    assert found(json.dumps(money)) == {0: "500 USD", 1: "30 days"}


def test_a_list_that_is_shorter_or_longer_than_the_questions_is_no_answer() -> None:
    assert found(json.dumps([said("Delaware"), said("3 years")])) == {}


def test_a_number_that_a_repair_may_have_changed_is_asked_for_again() -> None:
    near = "{'c1': {'answer': 12345678901234567.25}}"
    assert found(near) == {}
    assert found(near.replace("12345678901234567.25", "0.00001")) == {0: "0.00001"}
    for more in ("5 to 10", "12*500", "5 years", "-$1,500", "EUR 1.500,00", "5%", "($500)"):
        assert found(near.replace("12345678901234567.25", more)) == {}, more


def test_words_instead_of_json_are_quoted() -> None:
    with pytest.raises(MalformedAnswerError, match=r"It said: “I'm sorry, I can't help with that\.”"):
        raw_answers(Completion("I'm sorry,\nI can't help with that.", False, 1, 0, 1), QUESTIONS)


@given(st.text(alphabet='{}[]",:c12 \\nan"', max_size=60))
def test_no_reply_breaks_the_reading(text: str) -> None:
    for cut_off in (False, True):
        assert set(found(text, cut_off)) <= {0, 1, 2}
