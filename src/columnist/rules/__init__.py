"""Answers of built-in rules, without a language model: a first pass that is free, and the baseline of every evaluation.

The rules are frozen. Nothing is added for a contract that they miss; a change has to gain on contracts that nobody
looked at while writing it (docs/evaluation.md).
"""
