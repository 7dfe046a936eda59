"""The language model: an OpenAI-compatible server, asked no faster than it can answer."""
