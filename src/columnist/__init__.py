"""Every question about every document: `columnist.run(paths, columns)` fills a grid and returns it, and
`columnist.Client` does it at a server."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from columnist.client import Client
    from columnist.python_api import Result, run

__all__ = ["Client", "Result", "run"]

_HOMES = {"Client": "client", "Result": "python_api", "run": "python_api"}


def __getattr__(name: str) -> Any:
    # On first use: a reader subprocess imports this package, too, and needs none of it.
    if name in _HOMES:
        return getattr(import_module(f"columnist.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'columnist' has no attribute {name!r}")
