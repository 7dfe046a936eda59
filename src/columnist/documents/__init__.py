"""Bytes → pages and words; where a quote stands. See `model` for the nouns."""
