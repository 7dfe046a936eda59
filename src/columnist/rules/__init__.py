"""Answers of built-in rules, without a language model."""
