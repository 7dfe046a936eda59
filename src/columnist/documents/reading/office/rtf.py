"""RTF: the text that Word shows, with tabs between cells, notes in place, text boxes, and every change accepted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading.encoding import codec, likeliest, of_code_page
from columnist.documents.reading.flowing import PAGE_BREAK, Hidden, Lines, pages_of
from columnist.documents.reading.office.formulas import DATE_PUT_IN, apart, unanswered
from columnist.documents.reading.office.formulas import field as field_drawn
from columnist.documents.reading.raised import add_mark, is_lower_half
from columnist.documents.reading.symbols import drawn_in, is_symbol, symbol
from columnist.documents.reading.visibility import (
    FAR_OFF_POINTS,
    FAR_UP,
    FLAT_POINTS,
    LEAST_CONTRAST,
    LEAST_MOVED,
    LEAST_SCALE,
    TINY_HALF_POINTS,
)

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|\\('?)|([{}])|[\r\n\0]+|"
    rb"([^\\{}\r\n\0]+)",
    re.S,
)
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 78: "shift_jis", 80: "gb2312", 128: "cp932", 129: "cp949", 130: "johab",
    134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
"""The encoding of a font's charset (\\fcharset); a font with any other charset has the encoding of the file."""
_STATED = re.compile(rb"\\(?:ansicpg|mac\b|pca?\b|fcharset(?!1\b))")
"""What says which encoding the bytes have; a font of the charset 1 has any."""
_ODD_BYTE, _CODED = re.compile(rb"\\'[89a-fA-F]|[\x80-\xff]"), re.compile(rb"\\'([0-9a-fA-F]{2})")
_CONTROL = re.compile(rb"\\[a-zA-Z]+-?[0-9]* ?|[{}\r\n]")
_SAMPLE = 65_536
_SYMBOLS = 2
_FILE_CHARSETS = {b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}
_SKIPPED = frozenset(
    b"""fonttbl colortbl stylesheet info generator listtable listoverridetable revtbl rsidtbl filetbl pict objdata
    objclass objname fldinst shprslt nonshppict xe tc rxe annotation atnid atnauthor atndate atnref atnparent ftnsep
    ftnsepc ftncn aftnsep aftnsepc aftncn template operator comment sp bkmkstart bkmkend datafield themedata
    colorschememapping latentstyles datastore xmlnstbl pgptbl private title author mmathPr""".split()
)
"""Destinations that a page does not show."""
_WITHOUT_WORDS = frozenset(
    b"""htmltag mhtmltag pgdsctbl docvar userprops protusertbl wgrffmtfilter defchp defpap listpicture picprop blipuid
    xmlopen xmlattr pn pnseclvl falt panose fname pntext pntxta pntxtb cs ts oldcprops oldpprops passwordhash
    docuid mailmerge writereservation hsv background""".split()
)
"""More destinations, marked as ignorable, that a page does not show."""
_WORD_LETTERS = re.compile(rb"(?<![A-Za-z0-9])(?![A-Fa-f]+\b)[A-Za-z]{2,}(?![A-Za-z0-9])")
_LEAST_LOST = 20
_SHOWN = frozenset(
    b"shpinst shptxt do dptxbxtext ud formfield moMath moMathPara mr mt shppict shpgrp ffname ffl fldrslt".split()
)
"""Destinations that old readers may ignore and a page shows, or that contain such a destination."""
_STRUCTURES = frozenset(b"mf msSup msSub msSubSup msPre mlimLow mlimUpp mrad mnary".split())
_MATHS = _STRUCTURES | frozenset(b"mnum mden msup msub mlim mdeg".split())
"""Parts of formulas: their digits are apart from those of their neighbours."""
_OPENED = frozenset(b"footnote upr field".split()) | _MATHS
_MARGINS = frozenset(b"header headerl headerr headerf footer footerl footerr footerf".split())
_PARAGRAPHS = _MARGINS | {b"shptxt", b"dptxbxtext"}
_CHARACTERS = {
    b"tab": "\t", b"cell": "\t", b"nestcell": "\t", b"line": "\n", b"lbr": "\n", b"row": "\n", b"nestrow": "\n",
    b"page": PAGE_BREAK, b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"column": "\n", b"softcol": "\n", b"softpage": "\n",
    b"mden": "/", b"msup": "^", b"msub": "_", b"mlim": "_",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ", b"qmspace": " ", b"softline": "\n",
}  # fmt: skip
_SIGNS = {b"~": " ", b"_": "-", b"\t": "\t"}
_LITERAL = (b"{", b"}", b"\\")
_LIST_NUMBER = re.compile(rb"\\levelnfcn?(?!23\b|255\b)[0-9]")
_LARGE = (4 * 1440) * (3 * 1440)
"""Square twips of a picture of four by three inches: a smaller one is a logo or a signature."""
_BREAKS = {b"\n", b"\r"}
_FIGURES = {
    b"cf": ("colour", 0), b"highlight": ("ground", 0), b"chcbpat": ("ground", 0), b"cb": ("ground", 0),
    b"chcfpat": ("fore", 0), b"chshdng": ("share", 0), b"charscalex": ("scale", 100), b"fs": ("size", 24),
    b"expndtw": ("apart", 0),
}  # fmt: skip
"""Control words about letters: the meaning of their number, and of a missing number."""
_OF_PARAGRAPHS = {
    b"cbpat": "paper", b"cfpat": "paper_fore", b"shading": "paper_share", b"li": "left", b"lin": "left", b"ri": "right",
    b"rin": "right", b"fi": "first", b"sl": "line", b"posx": "x", b"posnegx": "x", b"posy": "y", b"posnegy": "y",
}  # fmt: skip
"""Control words about paragraphs, with the meaning of their number: zero if it is missing, and after \\pard."""
_OF_SHEETS = {
    b"paperw": "width", b"paperh": "height", b"margl": "left", b"margr": "right", b"pgwsxn": "width",
    b"pghsxn": "height", b"marglsxn": "left", b"margrsxn": "right",
}  # fmt: skip
_DATES = (b"chdate", b"chdpl", b"chdpa", b"chtime")
_ALIGNED = (b"ql", b"qc", b"qj", b"qr")
_NESTED_SHADES = re.compile(rb"\\nesttableprops[^{}]{0,4000}\\clcbpat[1-9]")
_PROPERTY = re.compile(rb"\\sn\s+(\w{1,40})\s*\}\s*\{\s*\\sv\s+(-?[0-9]{1,10})")
_FLAT, _FAR_OFF = FLAT_POINTS * 20, FAR_OFF_POINTS * 20
"""Twips."""
_UPON_EACH_OTHER = -400
"""Spacing in twips at which letters lie on the previous ones."""
_PAPER = (255, 255, 255)

_Colour = tuple[int, int, int]


def read_rtf(file: BinaryIO) -> Iterator[Page]:
    """The pages of an RTF file. Raises DocumentError if there is no text."""
    read = rtf_lines(file.read())
    return pages_of(read.lines, remarks=read.remarks)


def rtf_lines(data: bytes) -> Lines:
    """The text of an RTF, line by line."""
    reading = _Reading(data)
    reading.run()
    return Lines(reading.lines, reading.remarks)


def _guess(data: bytes) -> tuple[str, str]:
    """The encoding of a file that states none, by its first odd byte and what follows; and a remark on it, if it is not
    the usual one or in doubt."""
    found = _ODD_BYTE.search(data)
    if found is None:
        return "cp1252", ""
    sample = data[max(found.start() - _SAMPLE, 0) : found.start() + _SAMPLE]
    plain = _CODED.sub(lambda one: bytes([int(one[1], 16)]), _CONTROL.sub(b"", sample))
    likely, doubts = likeliest(plain)
    return likely, ": ".join([likely, *doubts]) if doubts or likely != "cp1252" else ""


@dataclass(slots=True)
class _Group:
    """The state inside a pair of braces."""

    is_shown: bool = True
    is_unknown: bool = False
    font: int | None = None
    skipped_after_unicode: int = 1
    is_deleted: bool = False
    is_hidden: bool = False
    is_struck: bool = False
    colour: int = 0
    ground: int = 0
    paper: int = 0
    fore: int = 0
    share: int = 0
    paper_fore: int = 0
    paper_share: int = 0
    size: int = 24
    scale: int = 100
    moved: int = 0
    apart: int = 0
    left: int = 0
    right: int = 0
    first: int = 0
    line: int = 0
    x: int = 0
    y: int = 0
    is_to_the_right: bool = False
    shape: "_Shape | None" = None
    raised: str = ""
    in_table: bool = False
    list: int = 0
    destination: bytes = b""


@dataclass(slots=True)
class _Sheet:
    """The paper, in twips."""

    width: int = 12_240
    height: int = 15_840
    left: int = 1_800
    right: int = 1_800


@dataclass(slots=True)
class _Row:
    """The present row of a table. `edges`: the ends of its cells; `grounds`: their shades; `merged`: those that belong
    to the cell above."""

    is_low: bool = False
    at: int = 0
    edges: list[int] = field(default_factory=list)
    grounds: list[tuple[int, int, int]] = field(default_factory=list)
    shade: list[int] = field(default_factory=lambda: [0, 0, 0])
    merged: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape. `ground`: its fill, None if it is not known; `is_gone`: it is invisible."""

    ground: _Colour | None
    is_gone: bool


@dataclass(slots=True)
class _Field:
    """A form's field: its kind, its choice, its default choice, and the possible choices."""

    kind: int = -1
    choice: int = 25
    usual: int = 0
    choices: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Drawn:
    """A field that Word draws or computes: its instruction, whether the file has its result, and whether that has
    letters."""

    code: str = ""
    is_answered: bool = False
    has_letters: bool = False


class _Reading:
    """Turns one file into lines."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        start = data.find(b"{\\rtf")
        self._position = max(start, 0)
        self._groups = [_Group()]
        self._file_codec, said = ("cp1252", "") if _STATED.search(data) else _guess(data)
        self._fonts: dict[int, tuple[str | None, int]] = {}
        self._font_names: dict[int, str] = {}
        self._default_font: int | None = None
        self._font = 0
        self._colours: list[tuple[int, int, int]] = []
        self._colour = [0, 0, 0]
        self._bytes = bytearray()
        self._goal = [0, 0]
        self._units: list[str] = []
        self._hidden: list[str] = []
        self._struck: list[str] = []
        self._mark: list[str] = []
        self._skip = 0
        self._lost = 0
        self._may_be_ignored = False
        self._field: _Field | None = None
        self._drawn: list[_Drawn] = []
        self._is_apart = False
        self._degree = 0
        self._has_numbers = _LIST_NUMBER.search(data) is not None
        self._is_numbered = False
        self._unnumbered = 0
        self._paper: _Colour | None = None if b"\\background" in data and b"\\viewbksp1" in data else _PAPER
        self._unused = (() if b"\\titlepg" in data else (b"headerf", b"footerf")) + (
            () if b"\\facingp" in data else (b"headerl", b"footerl")
        )
        self._has_nested_shades = _NESTED_SHADES.search(data) is not None
        self._shapes = data.count(b"\\shpinst") + data.count(b"\\pict")
        self._sheet, self._section = _Sheet(), _Sheet()
        self._row = _Row()
        self._new_page = True
        self.lines: list[str | Hidden] = []
        self.remarks = [Remark(RemarkKind.GUESSED, detail=said)] * bool(said)

    def run(self) -> None:
        data, length = self._data, len(self._data)
        while self._position < length and (found := _TOKEN.match(data, self._position)):
            self._position = found.end()
            word, number, code, sign, _, brace, text = found.groups()
            if word is not None:
                self._word(word, None if number is None else int(number))
            elif brace == b"{":
                self._flush()
                self._groups.append(replace(self._groups[-1], destination=b""))
                self._skip = 0
            elif brace == b"}":
                self._end_group()
            elif code is not None:
                self._byte(bytes([int(code, 16)]))
            elif sign is not None:
                self._sign(sign)
            elif text is not None:
                self._byte(text)
        self._flush()
        is_cut = len(self._groups) > 1
        if is_cut and self._units:  # the last word may be a part of an amount
            self._units[:] = [re.sub(r"\S+\Z", "", "".join(self._units))]
        self._end_line()
        if is_cut:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="the rest, because the file is cut off"))
        if self._unnumbered:
            said = Remark(RemarkKind.NOT_READ, self._unnumbered, detail="a number of a list that Word draws")
            self.remarks.append(said)
        if self._lost >= _LEAST_LOST:
            self.remarks.append(Remark(RemarkKind.LOST, self._lost))

    @property
    def _group(self) -> _Group:
        return self._groups[-1]

    def _end_group(self) -> None:
        self._flush()
        self._skip = 0
        if len(self._groups) == 1:
            return  # a brace too many: the rest is still read
        ended = self._groups.pop()
        if ended.destination == b"mdeg":
            self._add("-√" if len(self._units) > self._degree else "√")
        self._is_apart = self._is_apart or ended.destination in _MATHS
        if ended.destination == b"pict" and self._group.is_shown and self._goal[0] * self._goal[1] >= _LARGE:
            self.remarks.append(Remark(RemarkKind.NOT_READ, detail="a large picture"))
        if ended.destination == b"field" and ended.is_shown and self._drawn:
            self._end_drawn(self._drawn.pop())
        elif ended.destination == b"formfield":
            self._end_field()
        elif ended.destination in _PARAGRAPHS and ended.is_shown:
            self._end_line()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._may_be_ignored = True
        elif sign in _BREAKS:
            self._word(b"par", None)
        elif sign in _LITERAL:
            self._byte(sign)  # it may be the second byte of a character
        elif sign in _SIGNS:
            self._add(_SIGNS[sign])

    def _word(self, word: bytes, number: int | None) -> None:
        may_be_ignored, self._may_be_ignored = self._may_be_ignored, False
        group = self._group
        if word == b"bin":
            self._position += max(number or 0, 0)
            return
        if word == b"u":
            self._unicode(number or 0)
            return
        if self._skip and word not in (b"uc",):
            self._skip -= 1
        self._flush()
        if word in _SKIPPED or (may_be_ignored and word not in _SHOWN):
            if word == b"objdata" and group.is_shown:
                self.remarks.append(Remark(RemarkKind.NOT_READ, detail="embedded object"))
            group.is_unknown = group.is_shown and word not in _SKIPPED | _WITHOUT_WORDS
            group.is_shown = False
            group.destination = word
            self._goal = [0, 0]
        elif word in _SHOWN or word in _MARGINS or word in _OPENED:
            self._begin_destination(word)
        elif group.destination in (b"fonttbl", b"colortbl") or not group.is_shown:
            self._define(word, number)
        else:
            self._format(word, number)

    def _begin_destination(self, word: bytes) -> None:
        group = self._group
        if word == b"field" and group.is_shown and group.destination != word:
            self._drawn.append(_Drawn())
        group.destination = word
        group.is_shown = group.is_shown and word not in self._unused
        if word == b"shpinst":
            group.shape = self._shape_from(self._position)
        if word == b"upr":
            group.is_shown = False
        elif word == b"ud":
            group.is_shown = len(self._groups) < 3 or self._groups[-3].is_shown
        elif word == b"formfield":
            self._field = _Field()
            group.is_shown = False
        elif word == b"fldrslt" and self._drawn:
            self._drawn[-1].is_answered = True
        elif word == b"footnote":
            self._add(" ", is_layout=True)  # at its reference, separate from the text
        elif word in _MATHS:
            self._is_apart = self._is_apart or word in _STRUCTURES
            if word in _CHARACTERS:
                self._add(_CHARACTERS[word])
            self._degree = len(self._units)
        elif word in _PARAGRAPHS and group.is_shown:
            self._end_line()

    def _define(self, word: bytes, number: int | None) -> None:
        """A control word of the tables at the head of the file, or of a form's field."""
        value = number or 0
        if word == b"f":
            self._font = value
            self._fonts.setdefault(value, (None, 1))
        elif word == b"fcharset":
            self._fonts[self._font] = (_CHARSETS.get(value), value)
        elif word == b"cpg":
            self._fonts[self._font] = (codec(of_code_page(value)) or self._fonts.get(self._font, (None, 1))[0], 1)
        elif word in (b"red", b"green", b"blue"):
            self._colour[(b"red", b"green", b"blue").index(word)] = value
        elif word in (b"picwgoal", b"pichgoal"):
            self._goal[word == b"pichgoal"] = value
        elif self._field is not None:
            if word == b"fftype":
                self._field.kind = value
            elif word == b"ffres":
                self._field.choice = value
            elif word == b"ffdefres":
                self._field.usual = value

    def _format(self, word: bytes, number: int | None) -> None:
        group = self._group
        if word in _CHARACTERS:
            in_row = word in (b"cell", b"nestcell", b"row", b"nestrow")
            group.in_table = group.in_table and word not in (b"row",)
            self._add(_CHARACTERS[word], is_layout=in_row)
            if word in (b"cell", b"row"):
                self._row.at = self._row.at + 1 if word == b"cell" else 0
        elif word == b"par":
            self._end_paragraph()
            self._add(" " if group.in_table else "\n", is_layout=True)
        elif word == b"sect":
            self._add(PAGE_BREAK if self._new_page else "\n", is_layout=True)
        elif word == b"intbl":
            group.in_table = True
        elif word == b"sbknone":
            self._new_page = False
        elif word in (b"sbkpage", b"sbkodd", b"sbkeven", b"sectd"):
            self._new_page = True
            self._section = replace(self._sheet) if word == b"sectd" else self._section
        elif word == b"deff":
            self._default_font = number
        elif word == b"ansicpg":
            self._file_codec = codec(of_code_page(number)) or self._file_codec
        elif word in _FILE_CHARSETS:
            self._file_codec = _FILE_CHARSETS[word]
        elif not self._paragraph_format(word, number or 0) and not self._row_format(word, number or 0):
            self._character_format(word, number)

    def _paragraph_format(self, word: bytes, number: int) -> bool:
        """Note a control word about paragraphs or the paper, or a date; returns whether it is one."""
        group = self._group
        if word in (b"listtext", b"pntext"):
            self._is_numbered = True
        elif word in _DATES:
            self.remarks.append(DATE_PUT_IN)
        elif word == b"ls":
            group.list = number
        elif word == b"pard":
            for name in _OF_PARAGRAPHS.values():
                setattr(group, name, 0)
            group.is_to_the_right = group.in_table = False
            group.list = 0
        elif word in _OF_PARAGRAPHS:
            setattr(group, _OF_PARAGRAPHS[word], number)
        elif word in _ALIGNED:
            group.is_to_the_right = word == b"qr"
        elif word in _OF_SHEETS:
            for sheet in (self._section,) if word.endswith(b"sxn") else (self._sheet, self._section):
                setattr(sheet, _OF_SHEETS[word], number)
        else:
            return False
        return True

    def _row_format(self, word: bytes, number: int) -> bool:
        """Note a control word about a row; returns whether it is one."""
        row = self._row
        if word == b"trowd":
            self._row = _Row(at=row.at)
        elif word == b"trrh":
            row.is_low = -_FLAT <= number < 0
        elif word in (b"clcbpat", b"clcfpat", b"clshdng"):
            row.shade[(b"clcbpat", b"clcfpat", b"clshdng").index(word)] = number
        elif word == b"clvmrg":
            row.merged.add(len(row.edges))
        elif word == b"cellx":
            row.edges.append(number)
            row.grounds.append((row.shade[0], row.shade[1], row.shade[2]))
            row.shade = [0, 0, 0]
        else:
            return False
        return True

    def _character_format(self, word: bytes, number: int | None) -> None:
        group = self._group
        is_on = number != 0
        if word == b"expnd":
            group.apart = 5 * (number or 0)
        elif word == b"uc":
            group.skipped_after_unicode = max(number or 0, 0)
        elif word == b"f":
            group.font = number
        elif word in (b"deleted", b"mvf"):
            group.is_deleted = is_on
        elif word == b"v":
            group.is_hidden = is_on
        elif word in (b"strike", b"striked"):
            group.is_struck = is_on
        elif word in _FIGURES:
            name, usual = _FIGURES[word]
            setattr(group, name, usual if number is None else number)
        elif word in (b"up", b"dn"):
            moved = LEAST_MOVED + 2 if number is None else number
            group.moved = moved if word == b"up" else -moved
            group.raised = "" if moved < LEAST_MOVED else "super" if word == b"up" else "sub"
        elif word in (b"super", b"sub"):
            group.raised = word.decode() if is_on else ""
        elif word == b"nosupersub":
            group.raised = ""
        elif word == b"plain":
            group.font, group.is_deleted, group.is_hidden, group.is_struck, group.raised = None, False, False, False, ""
            group.colour, group.ground, group.size, group.scale, group.moved = 0, 0, 24, 100, 0
            group.fore, group.share, group.apart = 0, 0, 0

    def _font_name(self) -> str:
        font = self._default_font if self._group.font is None else self._group.font
        return self._font_names.get(font if font is not None else -1, "")

    def _unicode(self, number: int) -> None:
        self._flush()
        unit = number if 0xFFFF < number < 0x110000 else number & 0xFFFF
        self._skip = self._group.skipped_after_unicode
        self._add(symbol(self._font_name(), unit) if is_symbol(unit) else chr(unit))

    def _byte(self, text: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(text))
            self._skip -= skipped
            text = text[skipped:]
        self._bytes += text

    def _flush(self) -> None:
        """Decode the bytes so far: a character may have several."""
        if not self._bytes:
            return
        data = bytes(self._bytes)
        self._bytes.clear()
        group = self._group
        if group.destination == b"ffl" and self._field is not None:
            self._field.choices.append(data.decode(self._file_codec, "replace"))
        if any(one.destination == b"fonttbl" for one in self._groups[-3:]):
            name = data.decode("latin-1").partition(";")[0].strip()
            self._font_names[self._font] = self._font_names.get(self._font) or name
        if any(one.destination == b"colortbl" for one in self._groups[-2:]):
            for _ in range(data.count(b";")):
                self._colours.append((self._colour[0], self._colour[1], self._colour[2]))
                self._colour = [0, 0, 0]
        if not group.is_shown:
            self._instruct(data.decode(self._file_codec, "replace"))
            if group.is_unknown:
                self._lost += sum(map(len, _WORD_LETTERS.findall(data)))
            return
        font = self._default_font if group.font is None else group.font
        encoding, charset = self._fonts.get(font if font is not None else -1, (None, 1))
        if charset == _SYMBOLS:
            self._add("".join(symbol(self._font_name(), byte) if byte > 0x20 else " " for byte in data))
            return
        encoding = encoding or self._file_codec
        text = data.decode(encoding, "replace")
        if (bad := text.count("�")) and "�" not in data.decode("utf-8", "ignore"):
            self.remarks.append(Remark(RemarkKind.UNDECODABLE, bad))
        self._add(drawn_in(self._font_name(), text))

    def _add(self, text: str, is_layout: bool = False) -> None:
        if self._bytes:
            self._flush()
        group = self._group
        if not group.is_shown:
            self._instruct(text)
            return
        if group.is_deleted and not is_layout:
            return
        for one in self._drawn:
            one.has_letters = one.has_letters or bool(text.strip())
        if not is_layout and self._is_unseen(group):
            self._hidden.append(text)
            return
        if group.is_struck and not is_layout and text.strip():
            self._struck.append(text)
            return
        if (group.raised or group.moved < 0) and not is_layout and text.strip():
            before = "".join(self._units[-3:])
            is_mark = group.raised and (group.raised == "super" or before[-1:].isdigit() or self._mark)
            if is_mark or is_lower_half(before):
                self._mark.append(text)
                return
        self._end_mark()
        if self._is_apart and text:
            is_within = text[:1].isdigit() and "".join(self._units[-1:])[-1:].isdigit()
            text, self._is_apart = f" {text}" if is_within else text, False
        if group.destination == b"footnote" and self._units[-1:] == [" "]:
            text = text.lstrip(" ")
        self._units.append(text)
        if "\n" in text or PAGE_BREAK in text:
            self._end_line()

    def _is_unseen(self, group: _Group) -> bool:
        if group.is_hidden or group.size <= TINY_HALF_POINTS or group.scale < LEAST_SCALE:
            return True
        if abs(group.moved) >= FAR_UP or group.apart <= _UPON_EACH_OTHER or self._is_away(group):
            return True
        colours, ground = self._colours, self._ground(group)
        if ground is None or not 0 < group.colour < len(colours):
            return False
        pairs = zip(colours[group.colour], ground, strict=True)
        return max(abs(one - other) for one, other in pairs) < LEAST_CONTRAST

    def _ground(self, group: _Group) -> _Colour | None:
        """The colour behind letters: their own, their paragraph's, cell's or shape's; None if it is not known."""
        shades = [(group.ground, group.fore, group.share), (group.paper, group.paper_fore, group.paper_share)]
        row = self._row
        if group.in_table:
            shades += row.grounds[row.at : row.at + 1]
        for back, fore, share in shades:
            if share >= 10_000:
                return self._colours[fore] if 0 < fore < len(self._colours) else (0, 0, 0)
            if share > 0:
                return None
            if 0 < back < len(self._colours):
                return self._colours[back]
        if group.in_table and self._has_nested_shades:
            return None
        return self._paper if group.shape is None else group.shape.ground

    def _is_away(self, group: _Group) -> bool:
        """Whether letters are in a line or row without height, or off the page."""
        sheet, row = self._section, self._row
        if -_FLAT <= group.line < 0 or (group.shape is not None and group.shape.is_gone):
            return True
        if group.in_table:
            starts = row.edges[row.at - 1] if 0 < row.at <= len(row.edges) else 0
            ends = row.edges[row.at] if row.at < len(row.edges) else 1
            return row.is_low or row.at in row.merged or sheet.left + ends <= 0 or sheet.left + starts >= sheet.width
        if group.x >= sheet.width or group.x <= -_FAR_OFF * 2 or abs(group.y) >= sheet.height:
            return True
        begins, ends = sheet.left + group.left, sheet.right + group.right
        if group.is_to_the_right:
            return ends <= -_FAR_OFF
        return begins >= sheet.width or begins + min(group.first, 0) <= -_FAR_OFF

    def _shape_from(self, start: int) -> _Shape:
        """A shape, from the text up to the next one: its properties and its text may come in any order."""
        data, sheet = self._data, self._section
        end = data.find(b"\\shpinst", start)
        region = data[start : len(data) if end < 0 else end]
        said = {name: int(value) for name, value in _PROPERTY.findall(region)}
        sides = [
            re.search(rb"\\shp" + name + rb"(-?[0-9]{1,8})", region) for name in (b"left", b"top", b"right", b"bottom")
        ]
        is_gone = said.get(b"fHidden") == 1
        if all(sides):
            left, top, right, bottom = (int(one[1]) for one in sides if one is not None)
            is_flat = min(right - left, bottom - top) <= _FLAT and said.get(b"fFitShapeToText") != 1
            is_gone = is_gone or is_flat or left >= sheet.width or top >= sheet.height
            is_gone = is_gone or right + sheet.left <= 0 or bottom <= -sheet.height
        value = said.get(b"fillColor", 0xFFFFFF)
        ground: _Colour | None = (value & 0xFF, value >> 8 & 0xFF, value >> 16 & 0xFF)
        if said.get(b"fillType", 0) or (said.get(b"fFilled") == 0 and self._shapes > 1):
            ground = None
        elif said.get(b"fFilled") == 0:
            ground = self._paper
        return _Shape(ground, is_gone)

    def _end_paragraph(self) -> None:
        """Count a paragraph of a list whose number is not in the file."""
        if self._group.list and self._has_numbers and not self._is_numbered and "".join(self._units).strip():
            self._unnumbered += self._group.is_shown
        self._is_numbered = False

    def _instruct(self, text: str) -> None:
        """Note a part of the instruction of a field."""
        if self._drawn and any(one.destination == b"fldinst" for one in self._groups):
            self._drawn[-1].code += text

    def _end_drawn(self, ended: _Drawn) -> None:
        """If Word draws a field without a result in the file, it is computed, or else remarked on."""
        if ended.has_letters:
            return
        if (drawn := field_drawn(ended.code)) is not None:
            self._add(apart("".join(self._units[-3:]), drawn) + drawn)
        elif not ended.is_answered and (name := unanswered(ended.code)) is not None:
            self.remarks.append(Remark(RemarkKind.FORMULA, detail=name))

    def _end_mark(self) -> None:
        if self._mark:
            mark = "".join(self._mark)
            self._mark.clear()
            add_mark(self._units, mark)

    def _end_line(self) -> None:
        self._end_mark()
        for pieces in (self._hidden, self._struck):
            if pieces:
                self.lines.append(Hidden(_whole("".join(pieces)), is_struck=pieces is self._struck))
                pieces.clear()
        if self._units:
            self.lines += [line.rstrip("\t ") for line in _whole("".join(self._units)).removesuffix("\n").split("\n")]
            self._units.clear()

    def _end_field(self) -> None:
        """Show a tick box, or the choice of a list; a text field has its result after it."""
        found, self._field = self._field, None
        if found is None:
            return
        choice = found.usual if found.choice == 25 else found.choice
        inside = [one.destination for one in self._groups]
        around = inside.index(b"fldinst") - 1 if b"fldinst" in inside else -1
        if not self._groups[around].is_shown:
            return
        if found.kind == 1:
            self._units.append("☒" if choice else "☐")
        elif found.kind == 2 and choice < len(found.choices):
            self._units.append(found.choices[choice].strip())


def _whole(text: str) -> str:
    """Join characters of two UTF-16 units; half a character becomes �."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
