"""Every question about every document: `columnist.run(paths, columns)` fills a grid and returns it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from columnist.python_api import Result, run

__all__ = ["Result", "run"]


def __getattr__(name: str) -> Any:
    # On first use: a reader subprocess imports this package, too, and needs none of it.
    if name in __all__:
        from columnist import python_api

        return getattr(python_api, name)
    raise AttributeError(f"module 'columnist' has no attribute {name!r}")
