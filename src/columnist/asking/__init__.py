"""Answers of a language model: prompt, windows of long documents, verification."""
