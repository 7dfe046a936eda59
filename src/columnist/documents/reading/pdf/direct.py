"""PDFium's functions, called without conversion of their arguments: that takes most of the time of a call, and a page
takes some thousand calls."""

import ctypes
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import pypdfium2.raw as pdfium_c

Pointer = ctypes.c_void_p


def direct(name: str, result: Any = ctypes.c_int) -> Callable[..., Any]:
    """PDFium's function `name`.

    Its arguments may only be numbers that are `int` in C, `Pointer`, `pointer_to` and `byref`. `result`: `int` in C; or
    `Pointer` for an address, as a number, None for a null pointer.
    """
    return ctypes.PYFUNCTYPE(result)(address_of(getattr(pdfium_c, name)))


def pointer_to(address: int) -> Any:
    """A pointer to an address, as an argument: a call takes a sixth less time than with a `Pointer`."""
    return ctypes.byref(ctypes.c_char.from_address(address))


def address_of(pointer: Any) -> int:
    """The address in a pointer of any type; 0 for a null pointer."""
    return ctypes.cast(pointer, Pointer).value or 0


class Room:
    """Memory for values that a C function writes: its last arguments are pointers to them.

    One for the whole process, which makes one call to PDFium at a time.
    """

    def __init__(self, kind: Any, values: int, at_once: int = 1024) -> None:
        self._width, self._at_once = values, at_once
        self._room = (kind * (values * at_once))()
        self._values = memoryview(self._room).cast("B").cast(kind._type_)
        places = range(0, ctypes.sizeof(self._room), ctypes.sizeof(kind))
        self._pointers = [[ctypes.byref(self._room, at) for at in places[first::values]] for first in range(values)]
        self._first = [column[0] for column in self._pointers]

    def one(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The values that the function writes; None if it reports that there are none."""
        return self._values[: self._width].tolist() if function(*arguments, *self._first) else None

    def columns(self, function: Callable[..., Any], *arguments: Iterable[Any]) -> tuple[list[Any], list[list[Any]]]:
        """The function's result for each of its arguments, and a list for each of the values. `map` makes the calls,
        without a step of Python in between: a page takes thousands."""
        streams = list(map(iter, arguments))
        said: list[Any] = []
        written: list[Any] = []
        while True:
            some = (islice(stream, self._at_once) for stream in streams)
            now = list(map(function, *some, *self._pointers))
            said += now
            written += self._values[: self._width * len(now)].tolist()
            if len(now) < self._at_once:
                return said, [written[first :: self._width] for first in range(self._width)]
