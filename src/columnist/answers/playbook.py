"""A column's playbook: which rule gives an answer its flag."""

from typing import Any

from columnist.answers.model import Content
from columnist.answers.nothing import says_nothing
from columnist.answers.units import plural
from columnist.reviews.conditions import read_condition, rules_in_words
from columnist.reviews.model import NOT_FOUND, Flag, Question, Rule


def flagged(question: Question, content: Content) -> tuple[Flag, str | None]:
    """The flag of an answer, and the rule or reason for it (None: no rule decided).

    The first rule that holds gives the flag. A comparison that cannot be made does not hold. If no other rule holds
    then, the flag is not green, and the reason is returned. A doubtful answer is not green, unless the rule is that
    nothing was found.
    """
    rule, obstacles = _first(question, content.summary != NOT_FOUND, content.value, content.held)
    if rule is None and obstacles:
        return "red" if content.flag == "red" else "yellow", _undecided(obstacles)
    if rule is None:
        return content.flag, None
    proves_itself = read_condition(rule.when, question.format, question.tags) and content.summary == NOT_FOUND
    if rule.flag == "green" and content.doubtful and not proves_itself:
        return "yellow", f"{rule}, but the answer is in doubt"
    return rule.flag, str(rule)


def flagged_edit(question: Question, summary: str, value: Any, doubt: str = "") -> tuple[Flag | None, str | None]:
    """Like `flagged`, for the answer of a person; `doubt`: why it has no value. The flag is None if nothing decides it.

    Rules in words are not applied to it: if the column has any, the flag is yellow. If no rule holds, it is green.
    """
    if not question.rules:
        return ("yellow", None) if doubt else (None, None)
    rule, obstacles = _first(question, value is not None or not says_nothing(summary), value, None)
    if rule is not None:
        return ("yellow" if rule.flag == "green" and doubt else rule.flag), str(rule)
    if doubt and not obstacles:
        return "yellow", None
    obstacles += [f"'{words.when}' is in words, which are not applied to an edit" for words in rules_in_words(question)]
    return ("yellow", _undecided(obstacles)) if obstacles else ("green", None)


def _first(question: Question, found: bool, value: Any, held: Rule | None) -> tuple[Rule | None, list[str]]:
    """The first rule that holds, and why comparisons before it could not be made."""
    obstacles: list[str] = []
    for rule in question.rules:
        comparison = read_condition(rule.when, question.format, question.tags)
        if comparison is None:
            if rule == held:
                return rule, obstacles
        elif found and comparison.operands and value is not None and question.unit:
            in_units = f"the answers are in {plural(question.unit)}, and neither question nor rule names a unit"
            obstacles.append(f"'{rule.when}' could not be compared: {in_units}")
        elif found and (obstacle := comparison.obstacle(value, question.format)):
            obstacles.append(f"'{rule.when}' could not be compared: {obstacle}")
        elif comparison.holds(found, value, question.format):
            return rule, obstacles
    return None, obstacles


def _undecided(obstacles: list[str]) -> str:
    return f"No rule decided: {'; '.join(obstacles)}"
