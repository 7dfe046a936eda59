"""The work of a guarded child that only closes itself, which shows which layers hold here."""

from typing import BinaryIO


def warm() -> None:
    """There is nothing to load."""


def answer(requests: BinaryIO, frames: BinaryIO, file: BinaryIO | None) -> None:
    """Nothing to answer."""
