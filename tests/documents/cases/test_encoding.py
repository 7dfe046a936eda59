"""Text files in every encoding: every amount, name and paragraph sign is as its author wrote it."""

import re
from pathlib import Path

import pytest
import webencodings
from hypothesis import given
from hypothesis import strategies as st

from columnist.documents.model import RemarkKind
from columnist.documents.reading.child import read_file
from columnist.documents.reading.encoding import codec, decode
from columnist.documents.reading.pdf.pages import read_pdf
from columnist.errors import DocumentError
from tests.conftest import CONTRACTS
from tests.documents.cases.reading import FILES, kinds, read_whole, text_of

ENGLISH = ["cp1252", "iso8859_1", "iso8859_15", "mac_roman", "cp850", "cp858", "cp437", "utf_8", "utf_16", "utf_16_be",
           "utf_16_le", "utf_32", "utf_32_le"]  # fmt: skip
_AMOUNT = re.compile(r"[£€$] ?\d[\d,.]*")

OTHERS = {
    "cp1252 iso8859_15 mac_roman cp850 cp1250": "Zwischen der Müller GmbH, München, und der Käfer & Söhne KG wird "
    "folgender Vertrag geschlossen. Die Miete beträgt 5.000,00 € zuzüglich Nebenkosten gemäß § 3. Änderungen bedürfen "
    "der Schriftform. Für Schäden haftet der Mieter.",
    "cp1252 iso8859_15 mac_roman cp850 cp437": "Entre la société Alpha, située à Paris, et la société Bêta, il a été "
    "convenu ce qui suit. Le loyer mensuel s’élève à 5 000 € hors taxes, payable à l’échéance. En cas de résiliation "
    "anticipée, une indemnité égale à trois mois de loyer sera due.",
    "cp1252 iso8859_15 mac_roman": "Entre la compañía Alpha y el señor José Muñoz se acuerda lo siguiente. La renta "
    "mensual será de 5.000 € más el impuesto correspondiente, según la cláusula 9ª. ¿Quién responde?",
    "cp1250 iso8859_2 cp852": "Zawarta pomiędzy spółką Alpha a spółką Beta. Czynsz miesięczny wynosi 5.000 zł i jest "
    "płatny z góry do dziesiątego dnia każdego miesiąca. Najemca ponosi odpowiedzialność za szkody, zgodnie z § 9.",
    "cp1254 iso8859_9": "Alpha Ltd. Şti. ile Beta A.Ş. arasında aşağıdaki şartlarla yapılmıştır. Aylık kira bedeli "
    "5.000 ABD Doları olup peşin ödenir. Kiracı, doğacak zararlardan sorumludur. Sözleşme süresi üç yıldır.",
    "cp1251 koi8_r iso8859_5 cp866": "Настоящий договор заключён между обществом Альфа и обществом Бета. Арендная "
    "плата составляет 5 000 рублей и уплачивается вперёд. Срок договора три года.",
    "cp1253 iso8859_7": "Μεταξύ της εταιρείας Άλφα και της εταιρείας Βήτα συμφωνήθηκαν τα εξής. Το μηνιαίο μίσθωμα "
    "ανέρχεται σε 5.000 ευρώ και καταβάλλεται προκαταβολικά.",
    "cp1255 iso8859_8": "הסכם זה נערך בין חברת אלפא לבין חברת ביתא. דמי השכירות החודשיים הם 5,000 שקלים וישולמו מראש.",
    "cp1256 iso8859_6": "أبرم هذا العقد بين شركة ألفا وشركة بيتا. قيمة الإيجار الشهري 5000 درهم وتدفع مقدما.",
    "cp932 euc_jp iso2022_jp": "株式会社アルファと株式会社ベータは、契約を締結する。月額賃料は5,000円とする。",
    "gb18030": "本合同由阿尔法公司与贝塔公司签订。每月租金为5000元,预先支付。合同期限为三年。承租人对损失负责。",
    "big5": "本合同由阿爾法公司與貝塔公司簽訂。每月租金為5000元,預先支付。合同期限為三年。承租人對損失負責。",
    "cp949": "주식회사 알파와 주식회사 베타는 다음과 같이 계약을 체결한다. 월 임대료는 5,000원이며 선불로 지급한다.",
    "cp874": "สัญญานี้ทำขึ้นระหว่างบริษัทอัลฟ่ากับบริษัทเบต้า ค่าเช่ารายเดือนเป็นเงิน 5,000 บาท ชำระล่วงหน้า",
}


def spiced(text: str, currency: str) -> str:
    """A contract with the characters in which code pages differ."""
    text = re.sub(r"\$(?=\d)", currency, text)
    text = re.sub(r'"([^"\n]*)"', r"“\1”", text).replace("'", "’")
    text = re.sub(r"\bSection (?=\d)", "§ ", text)
    return f"{text}\nThe cap is £1,250,000.50 or €3,000 (“Cap”), see § 9 of the résumé.\n"


@pytest.mark.parametrize("contract", sorted(CONTRACTS.glob("*.[pP][dD][fF]")), ids=lambda path: path.name[:12])
def test_a_contract_saved_in_any_code_page_comes_back(contract: Path) -> None:
    read = "\n".join(page.text for page in read_pdf(contract.open("rb"), 5_000))
    for currency in "£€":
        whole = spiced(read, currency)
        for text in (whole, whole[-2_000:]):
            for encoding in ENGLISH:
                data = text.encode(encoding, "ignore")
                wanted, found = data.decode(encoding), decode(data).text
                assert len(found) == len(wanted), encoding
                wrong = sum(one != other for one, other in zip(wanted, found, strict=True))
                assert wrong <= len(wanted) / 1_000, encoding
                assert _AMOUNT.findall(found) == _AMOUNT.findall(wanted), encoding


@pytest.mark.parametrize("encodings", OTHERS, ids=lambda names: names.split()[0])
def test_text_of_other_languages_comes_back_too(encodings: str) -> None:
    for encoding in encodings.split():
        data = OTHERS[encodings].encode(encoding, "ignore")
        assert decode(data).text == data.decode(encoding), encoding


def test_a_pound_is_a_pound(tmp_path: Path) -> None:
    text, remarks = read_whole(FILES / "txt-pound-cp1252.txt")
    assert "a fee of £5,000 for each month" in text
    assert "shall exceed £250,000. Clause § 9 survives" in text
    assert not remarks
    for number, (said, encoding) in enumerate(
        [
            ("Rent: €900 – “net”.", "cp1252"),
            ("The price is £5.", "cp1252"),
            ("Le prix est de 20 €, payé.", "iso8859_15"),
        ]
    ):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(said.encode(encoding))
        assert text_of(path) == said


def test_a_text_that_begins_like_another_format_is_a_text(tmp_path: Path) -> None:
    for said in ("MZ Holding agrees to pay £5.", "BM Limited: €5.", "RIFF, an agreement"):
        path = tmp_path / "a.txt"
        path.write_bytes(said.encode("cp1252"))
        assert text_of(path) == said


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_lines_that_another_program_added_are_no_letters_of_utf_16(encoding: str) -> None:
    first, added, last = (
        "Rent £5,000 – 契約灁数摮摥\n",
        "From now on the rent is $6,000 a month and not more.\n",
        "End: £7.\n",
    )
    mark = "\ufeff".encode(encoding)
    data = mark + first.encode(encoding) + added.encode() + last.encode(encoding)
    assert decode(data).text == first + added + last
    assert decode(mark + first.encode(encoding)).text == first


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "said", ["Сумма 5 000 рублей.", "שכר 5,000 ₪ לחודש", "每月租金为人民币5,000元，押金10,000元。\n"]
)
def test_utf_16_without_a_mark_is_known_in_any_script(tmp_path: Path, encoding: str, said: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(said.encode(encoding))
    assert text_of(path).strip() == said.strip()


def test_what_printers_and_old_systems_write_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for data, text in [
        (b"R\bRE\bEN\bNT\bT of _\b$_\b5\b5,000\b_\n", "RENT of $5,000"),
        (b"Rent $5,000\a\x1a", "Rent $5,000"),
        (b"Rent\x1f$5,000\x1eTerm\x1f3", "Rent $5,000 Term 3"),
        (
            b"RENT\0\0\0\0\0\0" + b"5,000\0\0\0\0\0\nTERM\0\0\0\0\0\0" + b"3\0\0\0\0",
            "RENT      5,000     \nTERM      3",
        ),
    ]:
        path.write_bytes(data)
        assert text_of(path).rstrip() == text
    web = tmp_path / "a.html"
    web.write_bytes(b"<p>Fee $5\0,000 \0")
    assert text_of(web) == "Fee $5,000"
    path.write_bytes(b"The fee is 5\b-0\b-0\b- 700.")
    (page,) = read_file(path.open("rb"), path.name, 10)[1]
    assert (" ".join(page.text.split()), page.struck) == ("The fee is 700.", "500")
    path.write_bytes(bytes(range(32)) * 20)
    with pytest.raises(DocumentError, match="something else"):
        text_of(path)


def test_utf_8_with_a_stray_byte_is_utf_8_and_the_row_counts_it(tmp_path: Path) -> None:
    text, remarks = read_whole(FILES / "txt-utf8-one-bad.txt")
    assert "a fee of €5,000 for each month" in text
    assert "Clause § 9 survives" in text
    assert "Supplier�s costs." in text
    assert [(one.kind, one.count) for one in remarks] == [(RemarkKind.UNDECODABLE, 1)]
    for data in (b"Fee \xc2\xa35,000, cut\x92s", "Gebühr: 5.000 € für Müller".encode() + b" \xff \xe2\x82"):
        path = tmp_path / "stray.txt"
        path.write_bytes(data)
        text, remarks = read_whole(path)
        assert text == data.decode("utf-8", "replace")
        assert kinds(remarks) == [RemarkKind.UNDECODABLE]


def test_a_guess_between_two_that_differ_in_a_currency_is_said_on_the_row() -> None:
    for said, encoding in [("Fee: £5,000.", "cp850"), ("Fee: £9.", "cp437")]:
        decoded = decode(said.encode(encoding))
        assert said == decoded.text or kinds([*decoded.remarks]) == [RemarkKind.GUESSED]
    assert "although cp1252 is stated" in decode("Fee: £5,000".encode(), "iso-8859-1").remarks[0].detail


def test_what_is_declared_counts_by_the_table_of_the_web() -> None:
    for label, data, text in [
        ("iso-8859-1", b"\x805,000 \x96 \x93Lease\x94", "€5,000 – “Lease”"),
        ("us-ascii", b"\xa35", "£5"),
        ("ISO-8859-8-I", "שלום".encode("cp1255"), "שלום"),
        ("latin9", b"\xa45", "€5"),
        ("x-sjis", "㈱".encode("cp932"), "㈱"),
        ("gb2312", "镕".encode("gbk"), "镕"),
        ("ks_c_5601-1987", "똠".encode("cp949"), "똠"),
        ("ibm850", b"\x9c5", "£5"),
        ("'utf-8'", "£".encode(), "£"),
        ("utf-16", b"plain", "plain"),
    ]:
        assert decode(data, label).text == text, label
    assert decode("Die Gebühr für Müller: 5 €".encode("cp1252"), "klingon").text.endswith("5 €")


@pytest.mark.parametrize("label", sorted(webencodings.LABELS))
def test_every_label_of_the_web_is_known(label: str) -> None:
    known = webencodings.LABELS[label]
    assert codec(label) is not None or known == "replacement", known


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.sampled_from(["utf_8", "utf_16", "utf_32"])
)
def test_any_text_of_a_unicode_encoding_comes_back(text: str, encoding: str) -> None:
    if not text.startswith("\ufeff"):
        assert decode(text.encode("utf-8-sig" if encoding == "utf_8" else encoding)).text == text
        assert decode(text.encode(), "utf-8").text == text


@given(st.binary(), st.sampled_from([None, "utf-8", "windows-1252", "shift_jis", "iso-2022-kr", "nonsense", "hz"]))
def test_any_bytes_are_some_text_and_nothing_is_lost_silently(data: bytes, label: str | None) -> None:
    decoded = decode(data, label)
    assert "�" not in decoded.text or decoded.remarks or "�".encode() in data or "�" in data.decode("utf-16", "ignore")


@given(
    st.lists(st.sampled_from(["£", "€", "“", "”", "é", "§", "–"]), min_size=1, max_size=6), st.sampled_from(["cp1252"])
)
def test_windows_text_is_windows_text_however_short(signs: list[str], encoding: str) -> None:
    shapes = {"£": "a fee of £5", "€": "costs €20", "“": "the “Term", "”": "Fee” is", "é": "the café", "§": "see § 9",
              "–": "Rent – due"}  # fmt: skip
    text = "The agreement: " + " and ".join(shapes[sign] for sign in signs) + " by the party."
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize("piece", ["Fee $5,000\r\n", "$5,000\r\n", "$500", "$5 ", "odd", "£5"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_short_piece_of_ascii_in_utf_16_is_read_as_such(tmp_path: Path, encoding: str, piece: str) -> None:
    """It became letters of East Asia, without a remark."""
    before, after = ("The lease begins at ", " a month.\r\n")
    own = piece.encode("ascii" if piece.isascii() else encoding)
    path = tmp_path / "a.txt"
    path.write_bytes(("\ufeff" + before).encode(encoding) + own + after.encode(encoding))
    text, remarks = read_whole(path)
    assert text.replace("\n", "") == f"{before}{piece}{after}".replace("\r\n", "")
    assert kinds(remarks) == [RemarkKind.GUESSED] * piece.isascii()
    path.write_bytes(("\ufeff" + "本合同由阿尔法公司与贝塔公司签订。每月租金为乐丘元。").encode(encoding))
    assert read_whole(path) == ("本合同由阿尔法公司与贝塔公司签订。每月租金为乐丘元。", [])


def test_pieces_of_utf_7_are_unpacked_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for packed, text in [
        ("Fee +AKM-5,000 and +IKw-6, +IBQ- see +AKc- 9.", "Fee £5,000 and €6, — see § 9."),
        ("Call +49 30 1234-5 or a+Xyz-b, x+1-y.", ""),
        ("a+IBQ-b +Xyz-", ""),
    ]:
        path.write_text(packed)
        read, remarks = read_whole(path)
        assert (read, kinds(remarks)) == ((text, [RemarkKind.GUESSED]) if text else (packed, []))


def test_the_lines_of_a_table_tell_the_code_page_of_dos() -> None:
    table = "┌────┬─────┐\n│ A  │ £5  │\n└────┴─────┘\n"
    assert decode(table.encode("cp850")).text == table
