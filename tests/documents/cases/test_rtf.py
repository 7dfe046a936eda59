"""RTF: the text that Word shows, with the same letters and figures."""

from pathlib import Path

import pytest

from columnist.documents.model import RemarkKind
from columnist.documents.reading.flowing import Hidden
from columnist.documents.reading.office.rtf import rtf_lines
from tests.documents.cases.reading import FILES, kinds, read_whole, text_of

HEAD = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Times New Roman;}{\f1\fcharset128 MS Mincho;}"
    rb"{\f2\fcharset238 Arial CE;}{\f3\fnil Arial;}{\f6\fcharset2 Wingdings;}}"
    rb"{\colortbl;\red255\green255\blue255;\red0\green0\blue0;}"
)


def shown(body: bytes, head: bytes = HEAD) -> list[str]:
    """The lines that a person sees."""
    return [line for line in rtf_lines(head + body + b"}").lines if isinstance(line, str) and line.strip()]


def hidden(body: bytes) -> list[str]:
    """The hidden text."""
    return [line.text for line in rtf_lines(HEAD + body + b"}").lines if isinstance(line, Hidden)]


def test_deleted_text_is_gone_and_what_follows_is_there() -> None:
    text = text_of(FILES / "rtf-deleted-toggle.rtf")
    assert text.strip() == "The fee is $6,000 per month.\nThe cap is $1,000,000."
    assert shown(rb"{\deleted $5,000} $6,000\par") == [" $6,000"]
    assert shown(rb"a {\deleted b {\deleted0 c} d} e \deleted f\plain  g\par") == ["a c e  g"]


def test_a_header_of_other_pages_is_shown_if_the_file_has_such_pages() -> None:
    headers = rb"{\header Each\par}{\headerf First\par}{\headerl Left\par}Text\par"
    assert shown(headers) == ["Each", "Text"]
    assert shown(rb"\titlepg\facingp" + headers) == ["Each", "First", "Left", "Text"]


def test_moved_text_is_where_it_was_moved_to() -> None:
    assert shown(rb"{\mvf The fee is $5.} Term. {\mvt The fee is $5.}\par") == [" Term. The fee is $5."]
    assert shown(rb"{\mvf a {\mvf0 b} c} d\par") == ["b d"]


def test_a_field_without_a_result_is_drawn_or_said() -> None:
    field = rb"{\field{\*\fldinst { %s }}%s}"
    assert shown(rb"Cap " + field % (rb'SYMBOL 163 \\f "Symbol"', rb"{\fldrslt }") + rb"5\par") == ["Cap ≤5"]
    assert shown(rb"Share 2" + field % (rb"EQ \\f(1,2)", b"") + rb" %\par") == ["Share 2 1/2 %"]
    assert shown(rb"See " + field % (rb"REF a", rb"{\fldrslt 4.2}") + rb".\par") == ["See 4.2."]
    unknown = rtf_lines(HEAD + rb"Fee " + field % (b"= 3*4", b"") + field % (b"REF b", rb"{\fldrslt }") + rb"\par}")
    assert [(one.kind, one.detail) for one in unknown.remarks] == [(RemarkKind.FORMULA, "the field =")]
    nested = field % (rb"IF " + field % (b"REF a", rb"{\fldrslt 1}") + rb"= 1 a b", rb"{\fldrslt $5}")
    assert shown(nested + rb" due\par") == ["$5 due"]


def test_no_digit_of_a_formula_is_one_of_its_neighbours() -> None:
    half = rb"{\*\moMath{\mf{\mnum{\mr 1}}{\mden{\mr 2}}}}"
    assert shown(rb"Share 2" + half + rb"5 %\par") == ["Share 2 1/2 5 %"]
    low = rb"{\*\moMath{\mlimLow{\me{\mr 6}}{\mlim{\mr 8}}}{\mr 7}}"
    assert shown(low + rb"\par") == ["6_8 7"]
    assert shown(rb"{\*\moMath{\mr 1}{\mr 5}}\par") == ["15"]
    root = rb"{\*\moMath{\mr 2}{\mrad{\mdeg %s}{\me{\mr 8}}}}\par"
    assert [shown(root % rb"{\mr 3}"), shown(root % b"")] == [["2 3-√8"], ["2√8"]]


def test_the_second_byte_of_a_character_may_be_a_sign_of_rtf() -> None:
    assert shown(rb"{\f1 \'95\\ 5 \'83\{}\par") == ["表 5 ボ"]
    assert shown(rb"a\{b\}c\\d\uc1\u8364\{e\par") == ["a{b}c\\d€e"]


def test_a_number_of_a_list_that_is_not_in_the_file_is_said() -> None:
    lists = rb"{\*\listtable{\list{\listlevel\levelnfc%d}\listid1}}"

    def remarks(kind: int, body: bytes) -> list[tuple[int, str]]:
        return [(one.count, one.detail) for one in rtf_lines(HEAD + lists % kind + body + b"}").remarks]

    said = [(2, "a number of a list that Word draws")]
    assert remarks(0, rb"\pard\ls1 Rent\par Term\par\pard Other\par") == said
    assert remarks(0, rb"\pard\ls1{\listtext 1.\tab}Rent\par{\listtext 2.\tab}Term\par") == []
    assert remarks(23, rb"\pard\ls1 Rent\par") == []


def test_a_text_box_is_read_once() -> None:
    text = text_of(FILES / "rtf-textbox.rtf")
    assert text.count("The option fee is $3,300.") == 1
    assert text.strip().endswith("After.")
    old = rb"Before.\par{\*\do\dobxpage{\dptxbx{\dptxbxtext\pard The fee is $3,300.\par}}}After.\par"
    assert shown(old) == ["Before.", "The fee is $3,300.", "After."]
    assert "Embedded $5" in shown(rb"{\object\objemb{\*\objdata 0102}{\result Embedded $5\par}}")[0]


def test_characters_of_two_units_are_one_character() -> None:
    assert "Guarantor: 𠮷野 Taro and 😀" in text_of(FILES / "rtf-surrogates.rtf")
    assert shown(rb"\uc0\u-10174\u-8265 x\par") == ["𠮷x"]
    assert shown(rb"\uc2\u163 XX9 {\uc1\u8364 ?5} \u-10174?\par")[0].startswith("£9 €5 �")
    assert shown(rb"{\upr{?}{\*\ud{\u29992?}}}\u61694?\par") == ["用☒"]


def test_a_byte_has_the_meaning_of_its_font_or_of_the_file() -> None:
    assert text_of(FILES / "rtf-font-no-charset.rtf").strip() == "The price is £ 5,000 § 7."
    assert shown(rb"{\f1 \'8c_\'96\'f1} {\f2 \'b3\'b9ka} {\f3 \'a35}\par") == ["契約 łąka £5"]
    cyrillic = rb"{\rtf1\ansi\ansicpg1251\deff0{\fonttbl{\f0\fnil Arial;}}"
    assert shown("\\f0 Цена 5\\par".encode("cp1251"), cyrillic) == ["Цена 5"]
    assert shown(b"\\'a35 \\'a49\\par", b"{\\rtf1\\mac ") == ["£5 §9"]
    stated = {
        "Цена 5000 рублей в месяц, без НДС": "cp1251",
        "Czynsz: 5000 zł miesięcznie z góry": "cp1250",
        "£5 – § 9": "cp1252",
    }
    for said, code_page in stated.items():
        coded = "".join(chr(one) if one < 128 else f"\\'{one:02x}" for one in said.encode(code_page))
        for charset, is_guessed in ((rb"", code_page != "cp1252"), (rb"\fcharset0", False)):
            data = rb"{\rtf1\ansi\deff0{\fonttbl{\f0%b Arial;}}\f0 %b\par}" % (charset, coded.encode())
            read = rtf_lines(data)
            assert (read.lines == [said]) == (not charset or code_page == "cp1252")
            assert [one.kind for one in read.remarks] == [RemarkKind.GUESSED] * is_guessed
    assert shown(rb"{\f6\'fe} yes {\f6\'a8} no\par") == ["☒ yes ☐ no"]


def test_a_raised_figure_and_a_form_are_as_they_are_seen() -> None:
    assert shown(rb"Fee $5,000{\super 1} per m{\super 2}, CO{\sub 2}\par") == ["Fee $5,000[1] per m², CO2"]
    tick = rb"{\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres1}}}{\fldrslt }} paid "
    choice = rb"{\field{\*\fldinst FORMDROPDOWN {\*\formfield{\fftype2\ffres25\ffdefres1{\*\ffl 30}{\*\ffl 90}}}}}"
    assert shown(tick + choice + rb" days\par") == ["☒ paid 90 days"]
    assert shown(rb"$5,000{\up6\fs12 1}, 5{\super 1}/{\sub 2} %\par") == ["$5,000[1], 5 1/2 %"]
    assert shown(rb"5{\up6\fs12 3}/{\dn3\fs12 4} %, 6{\dn3 7}\par") == ["5 3/4 %, 67"]
    assert shown(rb"{\*\moMath{\mf{\mnum{\mr 1}}{\mden{\mr 2}}}{\msSup{\me{\mr 10}}{\msup{\mr 3}}}}\par") == [
        "1/2 10^3"
    ]
    unnamed = HEAD.replace(rb"\f6\fcharset2", rb"\f6")
    assert shown(rb"{\f6 \'fc} yes\par", unnamed) == ["✓ yes"]
    symbols = HEAD.replace(b"Wingdings", b"Symbol")
    assert shown(rb"Cap {\f6\'a3} $5, {\f6\u-3917?} 3\par", symbols) == ["Cap ≤ $5, ≥ 3"]


def test_a_row_is_a_line_and_numbers_and_notes_are_in_their_place() -> None:
    body = rb"\trowd\intbl Rent\par net\cell $5,000\cell\row\pard {\listtext 1.\tab}Term{\footnote  as amended}\par"
    assert shown(body) == ["Rent net\t$5,000", "1.\tTerm as amended"]
    assert shown(rb"{\header Draft\par}Body{\*\annotation no}\page Next\par")[0:2] == ["Draft", "Body\f"]


@pytest.mark.parametrize("secret", [rb"{\v SECRET}", rb"{\cf1 SECRET}", rb"{\fs2 SECRET}", rb"\v SECRET\v0 "])
def test_what_nobody_sees_is_kept_as_hidden(secret: bytes) -> None:
    assert [line.strip() for line in shown(rb"Seen." + secret + rb"\par")] == ["Seen."]
    assert hidden(rb"Seen." + secret + rb"\par") == ["SECRET"]


MORE_COLOURS = rb"{\colortbl;\red255\green0\blue0;\red16\green16\blue16;}"
"""Numbered from 4: after those of the head."""


@pytest.mark.parametrize(
    "secret",
    [
        rb"{\cf4\highlight4 SECRET}",
        rb"{\cf4\chcbpat4 SECRET}",
        rb"{\cf5\cbpat5 SECRET}",
        rb"{\charscalex1 SECRET}",
        rb"{\up3000 SECRET}",
    ],
)
def test_letters_of_the_colour_of_their_ground_and_of_no_size_are_kept_as_hidden(secret: bytes) -> None:
    assert [line.strip() for line in shown(MORE_COLOURS + rb"Seen." + secret + rb"\par")] == ["Seen."]
    assert hidden(MORE_COLOURS + secret) == ["SECRET"]
    for seen in (rb"{\cf4\highlight5 Shown}", rb"{\cf0\highlight5 Shown}", rb"{\charscalex90\up4 Shown}"):
        assert "Shown" in "".join(shown(MORE_COLOURS + seen + rb"\par"))


def row(definition: bytes, *cells: bytes) -> bytes:
    inner = b"".join(rb"\pard\plain\intbl " + cell + rb"\cell " for cell in cells)
    return rb"\trowd" + definition + inner + rb"\row\pard\plain "


def shape(properties: dict[bytes, int], inner: bytes, place: bytes = b"1000") -> bytes:
    said = b"".join(rb"{\sp{\sn %s}{\sv %d}}" % one for one in properties.items())
    sides = rb"\shpleft%s\shptop1000\shpright%d\shpbottom3000" % (place, int(place) + 4_000)
    return rb"{\shp{\*\shpinst" + sides + rb"{\shptxt " + inner + rb"\par}" + said + rb"}}\par "


RED, NOT_RED = rb"{\cf4 SECRET}", rb"{\cf1 SECRET}"
UNSEEN = {
    "white, with another word marked": rb"{\highlight4 Marked}\par{\cf1 SECRET}\par",
    "white beside a dark cell": row(rb"\clcbpat5\cellx3000\cellx6000", b"", NOT_RED),
    "of its cell's colour": row(rb"\cellx3000\clcbpat4\cellx6000", b"", RED),
    "of its cell's pattern": row(rb"\clshdng10000\clcfpat4\cellx3000", RED),
    "of its paragraph's pattern": rb"\pard\shading10000\cfpat4" + RED + rb"\par",
    "in a cell that the one above takes in": row(rb"\clvmgf\cellx3000", b"a") + row(rb"\clvmrg\cellx3000", b"SECRET"),
    "in a row without height": row(rb"\trrh-1\cellx3000", b"SECRET"),
    "in a table beside the page": row(rb"\trleft-20000\cellx-15000", b"SECRET"),
    "in a line without height": rb"\pard\sl-1\slmult0 SECRET\par",
    "far to the right": rb"\pard\li30000 SECRET\par",
    "far to the left": rb"\pard\li-30000 SECRET\par",
    "in a line that begins far to the left": rb"\pard\fi-20000 SECRET\par",
    "aligned far to the right": rb"\pard\qr\ri-20000 SECRET\par",
    "in a frame beside the page": rb"\pard\phpg\posx20000\absw2000 SECRET\par",
    "in a frame left of the page": rb"\pard\phpg\posnegx-9000\absw2000 SECRET\par",
    "upon each other": rb"{\expndtw-1000 SECRET}\par",
    "far below its line": rb"{\dn3000 SECRET}\par",
    "in a hidden shape": shape({b"fHidden": 1}, b"SECRET"),
    "in a shape beside the page": shape({}, b"SECRET", b"20000"),
    "of its shape's colour": shape({b"fillColor": 255}, RED),
    "white in a shape of the usual fill": shape({}, NOT_RED),
}
SHOWN = {
    "white in a dark cell": row(rb"\clcbpat5\cellx3000\cellx6000", NOT_RED, b""),
    "white in a dark paragraph": rb"\pard\cbpat5" + NOT_RED + rb"\par",
    "in a row that grows": row(rb"\trrh1\cellx3000", b"SECRET"),
    "in a row of an inch": row(rb"\trrh-1440\cellx3000", b"SECRET"),
    "in a line of twelve points": rb"\pard\sl-240\slmult0 SECRET\par",
    "indented": rb"\pard\li1440\fi-720 SECRET\par",
    "after a paragraph without height": rb"\pard\sl-1\slmult0\pard SECRET\par",
    "in a frame": rb"\pard\phpg\posx5000\posy5000\absw3000 SECRET\par",
    "a little closer": rb"{\expndtw-20 SECRET}\par",
    "in a shape": shape({b"fHidden": 0}, b"SECRET"),
    "white in a red shape": shape({b"fillColor": 255}, NOT_RED),
}


@pytest.mark.parametrize("way", UNSEEN)
def test_what_colours_and_places_hide_is_kept_as_hidden(way: str) -> None:
    assert "SECRET" not in "".join(shown(MORE_COLOURS + rb"Seen.\par" + UNSEEN[way]))
    assert "SECRET" in hidden(MORE_COLOURS + rb"Seen.\par" + UNSEEN[way])


@pytest.mark.parametrize("way", SHOWN)
def test_what_colours_and_places_show_is_read(way: str) -> None:
    assert "SECRET" in "".join(shown(MORE_COLOURS + rb"Seen.\par" + SHOWN[way]))


def test_a_large_picture_is_passed_over_and_a_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    assert shown(rb"{\pict\jpegblip " + b"89ab\n" * 1_000_000 + rb"}after\par") == ["after"]
    assert shown(rb"{\pict\wmetafile8\bin6 {}{\}}}after\par") == ["after"]
    path = tmp_path / "cut.rtf"
    path.write_bytes(HEAD + rb"The fee is $5,000.\par {\b and")
    text, remarks = read_whole(path)
    assert "The fee is $5,000." in text
    assert kinds(remarks) == [RemarkKind.NOT_READ]


def test_a_word_in_which_a_file_breaks_off_is_no_amount_of_it() -> None:
    rich = rtf_lines(rb"{\rtf1\ansi The lease.\par The fee is $5,0")
    assert [line for line in rich.lines if isinstance(line, str)] == ["The lease.", "The fee is"]
    assert [one.detail for one in rich.remarks] == ["the rest, because the file is cut off"]
