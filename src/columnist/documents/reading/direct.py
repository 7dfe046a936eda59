"""PDFium's functions, called without conversion of their arguments: that takes most of the time of a call, and a page
takes some thousand calls."""

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as pdfium_c

Pointer = ctypes.c_void_p


def direct(name: str, result: Any = ctypes.c_int) -> Callable[..., Any]:
    """PDFium's function `name`.

    Its arguments may only be numbers that are `int` in C, `Pointer` and `byref`. `result`: `int` in C; or `Pointer` for
    an address, as a number, None for a null pointer.
    """
    return ctypes.PYFUNCTYPE(result)(address_of(getattr(pdfium_c, name)))


def address_of(pointer: Any) -> int:
    """The address in a pointer of any type; 0 for a null pointer."""
    return ctypes.cast(pointer, Pointer).value or 0
