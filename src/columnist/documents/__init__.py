"""Documents and their files. See `model` for the nouns."""
