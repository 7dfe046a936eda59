"""What a guarded child does that is only to close itself, so that it can be told which layers hold here."""

from typing import BinaryIO


def warm() -> None:
    """There is nothing to load."""


def answer(requests: BinaryIO, frames: BinaryIO, file: BinaryIO | None) -> None:
    """Nothing is asked."""
