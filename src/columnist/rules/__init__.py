"""Answers of built-in rules, without a language model: a free first pass, and the baseline of every evaluation.

The rules are frozen. No rule is added for a contract that they miss; a change must gain on contracts that nobody looked
at while writing it (docs/evaluation.md).
"""
