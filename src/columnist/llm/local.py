"""A GGUF file served in this process by llama.cpp (optional extra `local`); it is asked like any other server."""

from functools import cache
from pathlib import Path
from typing import Any

from columnist.cpu import usable_cores
from columnist.errors import SettingsError


@cache
def serve(model: Path, context_tokens: int) -> tuple[Any, str]:
    """Load the model, once per process; returns the server, which lives as long as it is referred to, and its base URL.

    Raises SettingsError if the file or the extra `local` is missing.
    """
    model = model.expanduser()
    if not model.is_file():
        raise SettingsError(f"There is no model file {model}.")
    try:
        import xllamacpp
    except ImportError:
        raise SettingsError("A .gguf model needs the extra `local`: pip install 'columnist[local]'") from None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.n_ctx = context_tokens
    # One slot: the calls about a document follow each other and find its text in the cache.
    parameters.n_parallel = 1
    # One core is left for other work: if a thread of llama.cpp loses its core, all others spin until it is back.
    threads = max(usable_cores() - 1, 1)
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.ui = False
    parameters.verbosity = 0
    try:
        server = xllamacpp.Server(parameters)
    except (RuntimeError, ValueError) as error:
        raise SettingsError(f"{model} cannot be served: {error}") from error
    return server, f"{server.listening_address}/v1"
