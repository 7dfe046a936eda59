"""Text from bytes: by a byte-order mark, by the declared charset, as UTF-8, or guessed."""

import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from unicodedata import category

import chardet
import webencodings

from columnist.documents.model import Remark, RemarkKind

_MARKS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_SUPERSETS = {"gbk": "gb18030", "iso8859-1": "cp1252", "euc_jis_2004": "euc_jp", "iso2022_jp_2": "iso2022_jp_ext"}
"""The encoding that is used instead, by Python's name: text often has characters that its label lacks."""

_OF_WINDOWS = {"iso8859-8": "cp1255", "iso8859-11": "cp874"}
"""The same for a guess: these encodings have a currency sign more, and none was declared."""

_ADDED = re.compile(rb"[\t\n\r -~]{3,}")
_LEAST_ADDED, _SURELY, _ENOUGH = 3, 24, 12
"""How many bytes of ASCII are no letters of UTF-16: in a Western text with so many characters beside them, and in any
text, as so many letters with two such bytes each do not follow one another."""
_WESTERN = re.compile("[\t\n\f\r -~\u00a0-\u024f\u2010-\u205f\u20a0-\u20cf\u2122]*")
_UTF_7 = re.compile(r"\+[A-Za-z0-9+/]{3,}+-?")
_LIKELY = re.compile('["&<>@\u00a0-\u052f\u1e00-\u1fff\u2010-\u205f\u20a0-\u20cf\u2122]+')
"""Signs and letters of Europe: what UTF-7 packs."""
_ZEROS = re.compile("\0\0+")
"""What fills a field of a record; a single zero is a stray byte."""

_SAMPLE = 256 * 1024
"""How many bytes decide about UTF-16 without a mark."""

_LATIN = {
    "cp1252": 0.0, "iso8859-15": -1.0, "mac-roman": -3.0, "cp1250": -3.0, "iso8859-2": -3.5, "cp1254": -3.0,
    "iso8859-9": -3.5, "cp1257": -4.0, "cp850": -4.0, "cp858": -4.5, "cp437": -4.5, "cp852": -5.0,
}  # fmt: skip
"""The encodings of Latin letters that a guess weighs, each with its score before the text is seen."""
_RARE = -8.0
"""The score of any other encoding, which is weighed only if chardet has found it."""
_WINDOWS = "cp1252"
_DETECTED = 6.0
"""The bonus for the encoding that chardet has found: it is right for 365 of 394 sentences in 25 languages."""
_UNSURE = 0.3
"""chardet's confidence in a wrong encoding of other letters is lower, except for a word or two."""
_CLOSE = 3.0
"""A guess is not sure if another encoding's score is this close."""

_MOST_SCORED = 5_000
"""How many characters outside ASCII a guess examines."""

_LANGUAGES: Mapping[str, tuple[str, str]] = {
    "en": ("the of and to shall in any by this for", "éèêëïöçñ"),
    "de": ("der die und das von mit ist den für nicht des dem ein", "äöüßé"),
    "fr": ("le la les et de des du en un une est pour dans que", "éèêëàâçîïôùûüœæÿ"),
    "es": ("el la los las de del y en que por con se será una", "áéíóúüñªº"),
    "it": ("il la di che e del della per sono con non gli le", "àèéìîòùº"),
    "pt": ("o os de do da que em para com não uma por dos das", "ãõáâàéêíóôúçªº"),
    "nl": ("de het een van en is dat op te zijn voor met", "ëéèïöüêóáç"),
    "sv": ("och att det som en av för är med den till ska", "åäöé"),
    "da": ("og at det som en af for er med den til skal der", "æøåéö"),
    "is": ("og er sem til um ekki hann frá eða skal", "áéíóúýþæöð"),
    "fi": ("ja on ei se että tai sen voi kuin ovat", "äöåšž"),
    "pl": ("i w na z do nie jest oraz lub przez od za", "ąćęłńóśźż"),
    "cs": ("a v na je se z do o nebo za podle od", "áčďéěíňóřšťúůýž"),
    "sk": ("a v na je sa z do o alebo za podľa od", "áäčďéíĺľňóôŕšťúýž"),
    "hu": ("a az és egy hogy nem is vagy szerint meg", "áéíóöőúüű"),
    "ro": ("de la si in cu se pe nu este din sau prin", "ăâîșțşţ"),
    "hr": ("i u je na se za od ili da s koji prema", "čćđšž"),
    "tr": ("ve bir bu ile da de olan olarak veya", "çğıöşüİâî"),
    "lt": ("ir yra su kad nuo arba pagal", "ąčęėįšųūž"),
    "lv": ("un ir par ar no vai kas pret", "āčēģīķļņšūž"),
}
"""Languages of Latin letters: frequent words, and the letters outside ASCII."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and remarks for its readers."""

    text: str
    remarks: tuple[Remark, ...] = ()


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """The text of bytes whose charset may be declared, by a WHATWG label or a name that Python knows.

    A byte-order mark counts most, then the declared charset. If none is declared, or a wrong one: UTF-8, even with
    stray invalid bytes, else the likeliest encoding. Bytes without a meaning become �, and a remark counts them.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            while data.startswith(mark):  # a file joined from others may have two
                data = data[len(mark) :]
            return _wide(data, encoding)
    wide = wide_encoding(data)
    if wide is not None:
        return _wide(data, wide)
    stated = codec(declared)
    if stated is not None and not stated.startswith(("utf-16", "utf-32")):  # without zeros it cannot be that
        return _stated(data, stated, is_sure=declared not in _UNMEANT)
    if _is_utf_8(data):
        return _decoded(data, "utf-8")
    return _guessed(data)


def unpacked(decoded: Decoded) -> Decoded:
    """A text in ASCII with its parts in UTF-7 as letters, `+AKM-` as £, if all that may be such parts are likely ones.
    Not for web pages, where browsers do not unpack it, and addresses have such parts."""
    parts = (
        {found[0]: _of_utf_7(found[0]) for found in _UTF_7.finditer(decoded.text) if found[0][-1] == "-"}
        if decoded.text.isascii()
        else {}
    )
    if not parts or not all(map(_LIKELY.fullmatch, parts.values())):
        return decoded
    return Decoded(
        _UTF_7.sub(lambda found: parts.get(found[0], found[0]), decoded.text),
        (Remark(RemarkKind.GUESSED, detail="utf-7"),),
    )


def _of_utf_7(part: str) -> str:
    try:
        return part.encode().decode("utf-7")
    except UnicodeDecodeError:
        return ""


def _wide(data: bytes, encoding: str) -> Decoded:
    """Text of a Unicode encoding, to which a program may have added lines in ASCII, as a log's."""
    added = _added(data, encoding) if encoding.startswith("utf-16") else []
    decoded = _with_added(data, encoding, added)
    sure = [(start, stop) for start, stop in added if stop - start >= _SURELY]
    if len(sure) == len(added):
        return decoded
    rest = len(decoded.text) - sum(stop - start for start, stop in added)
    if rest < _ENOUGH or not _WESTERN.fullmatch(decoded.text):  # short ones may be letters of East Asia
        return _with_added(data, encoding, sure)
    guessed = Remark(RemarkKind.GUESSED, detail=f"ascii in a text of {encoding}")
    return Decoded(decoded.text, (guessed, *decoded.remarks))


def _with_added(data: bytes, encoding: str, added: Iterable[tuple[int, int]]) -> Decoded:
    found: list[str] = []
    remarks: list[Remark] = []
    end = 0
    for start, stop in added:
        before = _decoded(data[end:start], encoding)
        found += [before.text, data[start:stop].decode("ascii")]
        remarks += before.remarks
        end = stop
    last = _decoded(data[end:], encoding)
    return Decoded("".join([*found, last.text]), (*remarks, *last.remarks))


def _added(data: bytes, encoding: str) -> list[tuple[int, int]]:
    """The places of lines in ASCII."""
    found = []
    for run in _ADDED.finditer(data):
        start, stop = run.span()
        start += data[start - 1 : start] == b"\0" and encoding.endswith("be")  # the half of a letter before it
        stop -= data[stop : stop + 1] == b"\0" and encoding.endswith("le")
        if stop - start >= _LEAST_ADDED:
            found.append((start, stop))
    return found


def _stated(data: bytes, stated: str, is_sure: bool) -> Decoded:
    """Text with a declared charset. Another one is used if most of the text cannot be that, or if it can only be
    UTF-8."""
    text = _decoded(data, stated)
    bad = sum(one.count for one in text.remarks)
    if stated == "utf-8":
        return text if _is_utf_8(data) else _guessed(data, f"{{}}, as it is not the {stated} that it states")
    if (not bad and stated in _MULTIBYTE) or not _is_strictly_utf_8(data):
        wrong = bad * 50 > len(text.text)
        return _guessed(data, f"{{}}, as it is not the {stated} that it states") if wrong else text
    remark = Remark(RemarkKind.GUESSED, detail=f"utf-8, although {stated} is stated")
    return Decoded(data.decode("utf-8"), (remark,) if is_sure else ())


_UNMEANT = ("us-ascii", "ascii", "US-ASCII")
"""Charsets that programs declare without knowing."""

_MULTIBYTE = ("cp932", "euc_jp", "gb18030", "big5hkscs", "cp949", "iso2022_jp", "iso2022_jp_ext", "iso2022_kr", "hz")

_ESCAPES = [(b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_ext")]


def codec(label: str | None) -> str | None:
    """Python's name of the encoding that a label means on the web, or elsewhere; None for an unknown label."""
    label = (label or "").strip(" \t\r\n'\";").lower()
    known = webencodings.lookup(label)
    try:
        if known is not None and known.name != "replacement":
            found = known.codec_info.name
        else:
            found = codecs.lookup(label.replace("windows_", "cp")).name
            b"".decode(found)
    except (LookupError, UnicodeError, ValueError, TypeError):
        return None
    return _SUPERSETS.get(found, "cp1252" if found in ("x-user-defined", "ascii") else found)


_CODE_PAGES = {
    1200: "utf-16-le", 1201: "utf-16-be", 10000: "macintosh", 10007: "x-mac-cyrillic", 20127: "us-ascii",
    20866: "koi8-r", 21866: "koi8-u", 20932: "euc-jp", 50220: "iso-2022-jp", 50221: "iso-2022-jp",
    50222: "iso-2022-jp", 50225: "iso-2022-kr", 51932: "euc-jp", 51936: "gb2312", 51949: "euc-kr", 52936: "hz",
    54936: "gb18030", 65000: "utf-7", 65001: "utf-8",
}  # fmt: skip


def of_code_page(number: int | None) -> str | None:
    """The label of a code page of Windows; None if there is no number."""
    if number is None:
        return None
    if 28591 <= number <= 28606:
        return f"iso-8859-{number - 28590}"
    return _CODE_PAGES.get(number, f"cp{number}")


_PRINTED = bytes(range(32, 127)) + b"\t\r\n"


def wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, recognised by the places of their zeros; None if it is neither."""
    start = data[:_SAMPLE]
    start = start[: len(start) // 4 * 4]
    if len(start) < 4 or b"\0" not in start:
        return None
    quarter = len(start) // 4
    zeros = [start[place::4].count(0) for place in range(4)]
    for encoding, empty, full in (
        ("utf-32-le", (2, 3), (0,)),
        ("utf-32-be", (0, 1), (3,)),
        ("utf-16-le", (1, 3), (0, 2)),
        ("utf-16-be", (0, 2), (1, 3)),
    ):
        if all(zeros[place] > quarter * 0.7 for place in empty) and all(zeros[place] < quarter * 0.1 for place in full):
            return encoding
    # Of other letters than Latin ones, spaces and figures alone have a zero, always in the same place.
    bare = start.replace(b"\0", b"")
    is_latin = len(bare.translate(None, _PRINTED)) < len(bare) / 5
    for encoding, place in () if is_latin else (("utf-16-le", 0), ("utf-16-be", 1)):
        text = start.decode(encoding, "replace")[:-1]
        if 0 not in start[place::2] and "�" not in text and "".join(text.split()).isprintable():
            return encoding
    return None


def _decoded(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    bad = text.count("�")
    if bad:  # some may be in the file
        bad -= len(re.findall("�", data.decode(encoding, "ignore")))
    # A zero byte is invisible, and would split a figure.
    text = _ZEROS.sub(lambda run: " " * len(run[0]), text).replace("\0", "")
    return Decoded(text, (Remark(RemarkKind.UNDECODABLE, bad),) if bad > 0 else ())


_UTF_8 = re.compile(b"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(b"[\x80-\xff]")
_SPACE = b"\xa0"
"""The non-breaking space, on Windows and in ISO 8859."""


def _is_utf_8(data: bytes) -> bool:
    """Whether bytes are UTF-8 apart from stray ones: bytes that continue a character are at least as many as those that
    do not."""
    if any(escape in data for escape, _ in _ESCAPES):
        return False
    good = _UTF_8.findall(data)
    in_good = sum(map(len, good))
    bad = len(_HIGH.findall(data)) - in_good
    return not bad or (in_good > 0 and in_good - len(good) >= bad)


def _is_strictly_utf_8(data: bytes) -> bool:
    """Whether bytes are valid UTF-8 with a character outside ASCII."""
    try:
        return not data.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def _guessed(data: bytes, why: str = "{}") -> Decoded:
    """The text by a guessed encoding. `why` is a part of the remark, with a place for the encoding; without it there is
    a remark only in doubt."""
    escaped = next((encoding for escape, encoding in _ESCAPES if escape in data), None)
    if escaped:
        return _decoded(data, escaped)
    likely, doubts = likeliest(data)
    decoded = _decoded(data, likely)
    if not doubts and why == "{}":
        return decoded
    detail = ": ".join([why.format(likely), *doubts])
    return Decoded(decoded.text, (Remark(RemarkKind.GUESSED, detail=detail), *decoded.remarks))


def likeliest(data: bytes) -> tuple[str, list[str]]:
    """The likeliest encoding of bytes, and why that is in doubt."""
    seen = data
    is_spaced = data.count(_SPACE) > len(data) / 20 and len(re.findall(b"[A-Za-z]", data)) > len(data) / 2
    if is_spaced:  # no letter is that frequent: it is a space, and no evidence
        seen = data.replace(_SPACE, b" ")
    detected = chardet.detect(seen, compat_names=False)
    found = detected["encoding"] or _WINDOWS
    likely = _SUPERSETS.get(found, _OF_WINDOWS.get(found, found))
    if likely not in _LATIN and _has_words_of_other_letters(seen):
        doubts = ["the text is short"] * (detected["confidence"] < _UNSURE)
    else:
        likely, doubts = _likeliest_latin(seen, likely, detected["language"])
    if is_spaced and _character(likely, _SPACE[0]) != "\xa0":
        likely = _WINDOWS
    return likely, doubts


def _has_words_of_other_letters(data: bytes) -> bool:
    """Whether bytes outside ASCII often follow each other, which is rare in text of Latin letters."""
    high = len(_HIGH.findall(data))
    together, words = (sum(map(len, re.findall(b"[\x80-\xff]{%d,}" % least, data))) for least in (2, 4))
    return together > high / 2 and (words > high / 2 or high > len(re.findall(b"[A-Za-z]", data)) / 2)


def _likeliest_latin(data: bytes, likely: str, language: str | None) -> tuple[str, list[str]]:
    """The likeliest encoding of Latin letters, and how the next likely one differs, if that matters.

    The score depends on the characters and their neighbours.
    """
    places = _places(data)
    letters = _letters_of(data, language)
    scores = {
        encoding: prior + _DETECTED * (encoding == likely) + _score(places, encoding, letters)
        for encoding, prior in ({likely: _RARE} | _LATIN).items()
    }
    best, *others = sorted(scores, key=lambda encoding: -scores[encoding])
    for other in others:
        if scores[best] - scores[other] > _CLOSE:
            break
        if differs := _difference(data, best, other):
            return best, [differs]
    return best, []


def _places(data: bytes) -> dict[tuple[str, int, str], int]:
    """The bytes outside ASCII, each with the bytes before and after it, and how often. A "~" is another such byte."""
    found: dict[tuple[str, int, str], int] = {}
    for match in _HIGH.finditer(data):
        start, end = match.span()
        key = (_ascii(data[max(start - 1, 0) : start]), data[start], _ascii(data[end : end + 2]))
        found[key] = found.get(key, 0) + 1
        if len(found) >= _MOST_SCORED:
            break
    return found


def _ascii(data: bytes) -> str:
    return "".join(chr(byte) if byte < 128 else "~" for byte in data)


def _letters_of(data: bytes, language: str | None) -> frozenset[str]:
    """The letters outside ASCII of the detected language, and of languages whose frequent words occur."""
    words = re.findall(rb"\b[a-z]+\b", data[:_SAMPLE].lower())
    counts: dict[bytes, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    hits = {
        one: sum(counts.get(word.encode(), 0) for word in frequent.split() if word.isascii())
        for one, (frequent, _) in _LANGUAGES.items()
    }
    most = max(hits.values())
    chosen = [one for one, count in hits.items() if count >= max(most * 0.6, 1) or one == language]
    if not chosen:
        chosen = ["en", "de", "fr", "es"]
    lower = "".join(_LANGUAGES[language][1] for language in chosen)
    return frozenset(lower + lower.upper())


def _score(places: Mapping[tuple[str, int, str], int], encoding: str, letters: frozenset[str]) -> float:
    total = 0.0
    for (before, byte, after), count in places.items():
        # The tenth time is weaker evidence than the first.
        total += _plausible(before, _character(encoding, byte), after, letters) * min(count, 3)
    return total


@cache
def _character(encoding: str, byte: int) -> str:
    return bytes([byte]).decode(encoding, "replace")


def _plausible(before: str, character: str, after: str, letters: frozenset[str]) -> float:
    """How well a character fits between its neighbours."""
    kind = category(character)
    if kind in ("Cc", "Cn", "Co") or character == "�":
        return -6
    left, right = before[-1:], after[:1]
    if kind.startswith("L"):
        return _plausible_letter(left, character, right, letters)
    by_digit = left.isdigit() or right.isdigit() or (right == " " and after[1:2].isdigit())
    if kind == "Sc":
        if character == "¤":
            return -4
        spaced = left == " " or not left or not left.isalpha()
        return 4 if (by_digit and spaced) or (left.isdigit() and not right.isalpha()) else 0.5 if spaced else -3
    if "\u2500" <= character <= "\u259f":  # the lines of a table
        return 1 if "~" in left + right or left in "\r\n" or right in "\r\n" else -2
    if character in "§¶":
        return 2 if right in ("§", " ", "~") or right.isdigit() or left == "~" else 0
    if character in "“‘„«‚‹”’»›":
        inner = left.isalpha() and right.isalpha()
        opens = not left.isalnum() and (right.isalnum() or right == "$")
        closes = not right.isalnum() and (left.isalnum() or left in ".,;:!?)%")
        fits = (inner and character == "’") or (opens and character in "“‘„«‚‹“") or (closes and character in "”’»›“‘")
        return 2 if fits else -1
    if character in "–—":
        return 1.5 if left in " ~" or right in " ~" or left.isdigit() or left.isalpha() else 0
    if character in "\xa0…•·°™®©":
        return 1 if character == "\xa0" or not (left.isalpha() and right.isalpha()) else -2
    if character in "²³¹½¼¾º":
        return 0.5 if left.isalnum() or right == " " else -1
    return -2


def _plausible_letter(left: str, character: str, right: str, letters: frozenset[str]) -> float:
    if left.isdigit() or right.isdigit() or left in ("$", "#"):
        return -4
    beside = left.isalpha() or right.isalpha()
    if character.isupper() and (left.islower() or (right.islower() and left.isalpha())):
        return -3
    if not beside:
        return 0.3 if character in letters and "~" in left + right else -0.5
    if character in letters:
        return 1.5
    return -4 if character in "þÞðÐ" else -1  # only Icelandic has it


def _difference(data: bytes, encoding: str, other: str) -> str:
    """The first digit, letter or currency sign that two encodings decode differently, in both forms; empty if there is
    none."""
    for match in _HIGH.finditer(data):
        one, two = (_character(name, match[0][0]) for name in (encoding, other))
        if one != two and any(category(either)[0] in "LN" or category(either) == "Sc" for either in (one, two)):
            after = re.split(r"[\s~]", _ascii(data[match.end() : match.end() + 12]))[0]
            return f"“{one}{after}” may be “{two}{after}” ({other})"
    return ""
