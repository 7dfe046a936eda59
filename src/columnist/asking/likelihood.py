"""How likely the model's own words were, if the server reports it (`logprobs`)."""

import json
import math
import re
from collections.abc import Sequence

from columnist.asking.prompt import key
from columnist.llm.replies import Completion
from columnist.reviews.model import Question

_ANSWER = re.compile(r'"answer"\s*:\s*')
_JSON = json.JSONDecoder(strict=False)


def likelihoods(completion: Completion, questions: Sequence[Question]) -> dict[int, float]:
    """Index of question → probability of the least likely token of its answer, 0 to 1. Only for formats whose values
    can be written in one way: text can be worded in many ways, none of them likely."""
    text = "".join(token for token, _ in completion.tokens)
    found = {}
    for index, question in enumerate(questions):
        begin = re.search(rf'"{key(index)}"\s*:\s*\{{', text)
        answer = _ANSWER.search(text, begin.end()) if begin else None
        if answer is None or question.format in ("text", "bulleted_list"):
            continue
        try:
            _, end = _JSON.raw_decode(text, answer.end())
        except ValueError:
            continue
        found[index] = math.exp(min(_between(completion.tokens, answer.end(), end)))
    return found


def _between(tokens: Sequence[tuple[str, float]], start: int, end: int) -> list[float]:
    """The logarithms of the probabilities of the tokens that have characters from `start` to `end`."""
    found, at = [], 0
    for token, logarithm in tokens:
        if at < end and at + len(token) > start:
            found.append(min(logarithm, 0.0))
        at += len(token)
    return found
