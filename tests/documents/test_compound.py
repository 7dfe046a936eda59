"""The server recognises kinds of OLE files and archives by their names at the top, in bounded time."""

import io
import struct

import olefile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from columnist.documents.reading.compound import MOST_NAMES, top_names
from columnist.documents.reading.formats import LARGEST_DIRECTORY, media_type
from columnist.errors import DocumentError
from tests.documents.ole import SECTOR, message, ole

MAIL = ole(message("Hi", "Body", [("a.txt", b"x"), ("inner.msg", message("Inner", "y", header=24))]))
DIRECTORY = 48
"""The offset in the header of the directory's first sector."""


def test_the_names_are_those_that_a_whole_parser_finds() -> None:
    large = ole({f"{number} stream": b"x" * 5_000 for number in range(300)} | {"Folder": {"WordDocument": b"inside"}})
    # Its directory comes after 8 MB, which the part of the allocation table in the header does not reach.
    larger = ole({"0": b"x" * 8_000_000} | {f"{number} stream": b"y" for number in range(9)})
    for file in (MAIL, large, larger):
        found = {path[0] for path in olefile.OleFileIO(io.BytesIO(file)).listdir(storages=True)}
        assert set(top_names(io.BytesIO(file))) == found
        assert "WordDocument" not in found


def test_an_archives_list_that_is_too_long_is_not_examined() -> None:
    listed = bytes(LARGEST_DIRECTORY + 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(listed), 4, 0)
    with pytest.raises(DocumentError, match="lists more files"):
        media_type(io.BytesIO(b"PK\3\4" + listed + end), "a.zip")


def test_a_directory_without_end_is_given_up() -> None:
    wide = ole({f"{number}": b"" for number in range(800)})
    assert len(top_names(io.BytesIO(wide))) == MOST_NAMES
    circle = bytearray(MAIL)
    (first,) = struct.unpack_from("<I", circle, DIRECTORY)
    root = (first + 1) * SECTOR
    struct.pack_into("<3I", circle, root + 128 + 68, 1, 1, 1)  # an entry beside itself
    assert len(top_names(io.BytesIO(bytes(circle)))) == 1
    struct.pack_into("<I", circle, root + 76, 0x00FFFFF0)  # an entry far beyond the end
    assert top_names(io.BytesIO(bytes(circle))) == []


@pytest.mark.parametrize("length", [0, 8, 100, 511, 512, 600, len(MAIL) // 2])
def test_a_file_that_is_cut_off_has_no_names(length: int) -> None:
    assert top_names(io.BytesIO(MAIL[:length])) == []


@given(st.data())
def test_damaged_bytes_never_hang_nor_raise(data: st.DataObject) -> None:
    file = bytearray(MAIL)
    for _ in range(data.draw(st.integers(1, 20))):
        struct.pack_into(
            "<I", file, 4 * data.draw(st.integers(0, len(file) // 4 - 1)), data.draw(st.integers(0, 2**32 - 1))
        )
    assert len(top_names(io.BytesIO(bytes(file)))) <= MOST_NAMES
