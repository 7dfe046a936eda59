"""The values of a static XFA form, which Adobe's programs show, and others do not."""

import ctypes
import re
from contextlib import suppress
from typing import Any

import lxml.etree
import pypdfium2.raw as pdfium_c

_DATA = "{http://www.xfa.org/schema/xfa-data/1.0/}data"
_LEAST = 3
"""Letters and digits of a value that is looked for: fewer are anywhere."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?")
_LARGEST = 4 * 1024**2


def xfa_values(document: Any) -> list[str]:
    """The letters and digits, in lower case, of each value in the data of a form's XFA: they should be on its pages,
    dates in another form."""
    values: dict[str, None] = {}
    for number in range(max(pdfium_c.FPDF_GetXFAPacketCount(document), 0)):
        with suppress(lxml.etree.XMLSyntaxError):
            root = lxml.etree.fromstring(_packet(document, number), lxml.etree.XMLParser(resolve_entities=False))
            leaves = (leaf for data in root.iter(_DATA) for leaf in data.iter() if not len(leaf))
            values |= dict.fromkeys((leaf.text or "").strip() for leaf in leaves)
    folded = ("".join(filter(str.isalnum, one)).casefold() for one in values if not _DATE.fullmatch(one))
    return [one for one in folded if len(one) >= _LEAST]


def _packet(document: Any, number: int) -> bytes:
    size = ctypes.c_ulong()
    pdfium_c.FPDF_GetXFAPacketContent(document, number, None, 0, size)
    if not 0 < size.value <= _LARGEST:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    pdfium_c.FPDF_GetXFAPacketContent(document, number, buffer, size.value, size)
    return buffer.raw
