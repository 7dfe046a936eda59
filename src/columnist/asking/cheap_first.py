"""The back end of two models: a cheap one answers first, a large one answers what is left in doubt."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from uuid import UUID

from columnist.answers.model import Answer, Answerer
from columnist.asking.language_model import Another, question_keys
from columnist.documents.model import DocumentText
from columnist.llm.usage import NOTHING, UNCOUNTED, Beside, Ledger, Usage, total
from columnist.reviews.conditions import rules_in_words
from columnist.reviews.model import Question
from columnist.settings import CHAIN, EXTRACTIVE


class CheapFirst:
    """An answer of the first model counts if its doubt is at most `most_doubt`: where its quotes are verified, its
    value is typed and its readings agree, as far as that has been measured. Each answer names its model."""

    def __init__(self, first: Another, large: Answerer, most_doubt: float) -> None:
        self.model = CHAIN.join((first.answerer.model, large.model))
        self.prompt_version = CHAIN.join((first.answerer.prompt_version, large.prompt_version))
        self.together = large.together
        self._first = first
        self._large = large
        self._most_doubt = most_doubt

    def asked(self, name: str, questions: Sequence[Question]) -> str:
        both = [one.asked(name, questions) for one in (self._first.answerer, self._large)]
        return json.dumps([*both, self._most_doubt])

    async def answer(
        self,
        document: DocumentText,
        questions: Sequence[Question],
        ledger: Ledger = UNCOUNTED,
        urgent: bool = False,
    ) -> AsyncGenerator[list[Answer], None]:
        """Yields what the first model answers alone, then the large one's answers. Raises as both do."""
        first, large = self._first.answerer, self._large
        is_free = first.model == EXTRACTIVE
        # A later attempt, after a pause or with the replies of a batch, asks fewer questions together: it would ask the
        # first model again what that has left in doubt.
        about = [self.model, self.prompt_version, self._most_doubt]
        doubts = {} if is_free else question_keys(about, document, questions, ledger)
        # The built-in rules cannot answer rules in words, and a second reading must be of the large model's answer.
        asked = [
            one
            for one in questions
            if one.second_reading != "model"
            and (not rules_in_words(one) if is_free else await ledger.kept(doubts[one.id]) is None)
        ]
        spent: dict[UUID, Usage] = {}
        alone: set[UUID] = set()
        async with aclosing(first.answer(document, asked, Beside(ledger, self._first.prices), urgent)) as found:
            async for answers in found:
                sure = [one for one in answers if one.content and one.content.doubt <= self._most_doubt]
                alone |= {one.question_id for one in sure}
                spent |= {one.question_id: one.usage for one in answers}
                for one in answers:
                    if one.question_id in doubts.keys() - alone:
                        await ledger.count(NOTHING, doubts[one.question_id], "")
                if sure:
                    yield [replace(one, by=(first.model, first.prompt_version)) for one in sure]
        left = [one for one in questions if one.id not in alone]
        async with aclosing(large.answer(document, left, ledger, urgent)) as found:
            async for answers in found:
                yield [
                    replace(
                        one,
                        by=(large.model, large.prompt_version),
                        usage=total([one.usage, spent.get(one.question_id, NOTHING)]),
                    )
                    for one in answers
                ]
