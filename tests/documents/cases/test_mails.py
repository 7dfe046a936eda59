"""E-mails as their readers see them, whatever their writers did: every recipient, the fuller text, each attachment."""

import base64
import binascii
import io
import struct
import zlib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import compressed_rtf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from columnist.documents.model import RemarkKind
from columnist.documents.reading.formats import EML, MSG
from columnist.documents.reading.mails.mail import attached_files
from tests.documents.cases.reading import FILES, kinds, read_whole, text_of
from tests.documents.ole import Value, message, ole, properties

HEAD = b"From: Ann <ann@example.com>\r\nTo: Bob <bob@example.com>\r\nSubject: Lease\r\nMIME-Version: 1.0\r\n"


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return tmp_path / "mail.eml"


def attached(path: Path) -> list[str]:
    """The names of the attachments, with a star if it is no document."""
    media_type = MSG if path.suffix == ".msg" else EML
    return [f"{one.name}{'*' * bool(one.unread)}" for one in attached_files(path.open("rb"), media_type)]


def alternative(plain: str, html: str) -> bytes:
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content(plain)
    made.add_alternative(html, subtype="html")
    return made.as_bytes()


def test_the_alternative_that_says_more_than_a_stub_is_read(mail: Path) -> None:
    assert "We agree to a rent of $1,000 a month." in text_of(FILES / "eml-stub-plain.eml")
    for plain, html, read in [
        ("", "<p>The fee is $5.", "$5"),
        ("Your mail program shows no HTML, look at https://example.com/v", "<p>We accept your offer.", "accept"),
        ("We accept the offer of last week. The fee is as agreed.", "<p>We accept the offer. The fee is $5.", "$5"),
        (
            "The rent is due on the first day of each month.",
            "<p>The rent is not due on the first day of each month.",
            "not due",
        ),
        ("The fee is $5 (plain).", "<p>The fee is <b>$5</b>.", "(plain)"),
    ]:
        mail.write_bytes(alternative(plain, html))
        assert read in text_of(mail)


def test_every_recipient_is_there_as_written(mail: Path) -> None:
    assert "To: bob@example.com; carol@example.com" in text_of(FILES / "eml-h-to-semicolon.eml")
    for header, shown in [
        (b"To: Team: bob@example.com, carol@example.com;", "To: Team: bob@example.com, carol@example.com;"),
        (b"To: bob@example.com\r\nTo: carol@example.com", "To: bob@example.com, carol@example.com"),
        (b"To: undisclosed-recipients:;\r\nBcc: dan@example.com", "Bcc: dan@example.com"),
        (
            b"Cc: =?iso-8859-1?Q?=A3_M=FCller?=\r\n =?utf-8?B?IOKCrA==?= <m@example.com>",
            "Cc: £ Müller € <m@example.com>",
        ),
        (b'To: "Smith, Ann" <a@b>, [nonsense <<x@y>', 'To: "Smith, Ann" <a@b>, [nonsense <<x@y>'),
        ("To: Jürgen <j@x>".encode("cp1252"), "To: Jürgen <j@x>"),
    ]:
        mail.write_bytes(b"From: ann@example.com\r\n" + header + b"\r\nSubject: x\r\n\r\nThe rent is $1,000.")
        assert shown in text_of(mail).split("\n")


def test_a_body_has_the_charset_that_it_declares(mail: Path) -> None:
    assert "The rent is €5,000 – see “Lease”, the tenant’s copy." in text_of(FILES / "eml-latin1-is-1252.eml")
    for charset, data, text in [
        (b"windows-1251", "Договор".encode("cp1251"), "Договор"),
        (b'"cp-850"', b"Fee \x9c5", "Fee £5"),
        (b"x-unknown", "Fee €5".encode(), "Fee €5"),
        (b"us-ascii", "Fee €5".encode(), "Fee €5"),
        (b"ISO-2022-JP", "契約".encode("iso2022_jp"), "契約"),
        (b"gb2312", "镕".encode("gbk"), "镕"),
    ]:
        mail.write_bytes(HEAD + b"Content-Type: text/plain; charset=" + charset + b"\r\n\r\n" + data)
        assert text_of(mail).split("\n")[-1] == text
    html = b"<html><meta charset=koi8-r><p>" + "Договор".encode("koi8-r")
    mail.write_bytes(HEAD + b"Content-Type: text/html\r\n\r\n" + html)
    assert text_of(mail).endswith("Договор")


def test_a_file_that_the_body_links_to_is_an_attachment_and_a_logo_is_not(mail: Path) -> None:
    assert attached(FILES / "eml-cid-pdf.eml") == ["lease.pdf"]
    pictures = {}
    for name, size in [("logo", (120, 40)), ("scan", (1200, 1600)), ("linked", (50, 50))]:
        held = io.BytesIO()
        Image.new("L", size, 200).save(held, "PNG")
        pictures[name] = held.getvalue()
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content("<p>Hi <img src='cid:logo@x'><img src=cid:scan@x><a href='cid:linked@x'>x</a>", subtype="html")
    for name, data in pictures.items():
        made.add_related(data, "image", "png", cid=f"<{name}@x>", filename=f"{name}.png")
    mail.write_bytes(made.as_bytes())
    assert attached(mail) == ["scan.png", "linked.png"]


def test_what_was_not_taken_in_is_said_on_the_row(mail: Path) -> None:
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content("See attached.")
    made.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="setup.exe")
    mail.write_bytes(made.as_bytes())
    text, remarks = read_whole(mail)
    assert "Attachment not read: setup.exe (a program)" in text
    assert [(one.kind, one.detail) for one in remarks] == [(RemarkKind.ATTACHMENT, "setup.exe")]


# ── Outlook ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_outlook_body_is_found_in_whichever_property_it_is(tmp_path: Path) -> None:
    assert "We accept a rent of $1,000 per month." in text_of(FILES / "msg-rtf-only.msg")
    path = tmp_path / "mail.msg"
    rich = compressed_rtf.compress(rb"{\rtf1\ansi\ansicpg1252 The fee is \'a35,000.\par}", compressed=True)
    html_8 = {"__substg1.0_1013001E": "<p>The fee is £5,000.".encode("cp1252")}
    html_16 = {"__substg1.0_1013001F": "<p>The fee is £5,000.".encode("utf-16-le")}
    for streams, number in [({"__substg1.0_10090102": rich}, 0x10090102), (html_8, 0x1013001E), (html_16, 0x1013001F)]:
        tree = dict(message("Hi", ""))
        rows = tree["__properties_version1.0"]
        assert isinstance(rows, bytes)
        size = len(next(iter(streams.values())))
        tree["__properties_version1.0"] = (
            rows
            + struct.pack("<HHIQ", 3, 0x3FDE, 6, 1252)
            + struct.pack("<HHIII", number & 0xFFFF, number >> 16, 6, size, 0)
        )
        path.write_bytes(ole({**tree, **streams}))
        assert text_of(path).endswith("The fee is £5,000.")


@pytest.mark.parametrize("page", [1251, 65001, 28595])
def test_the_code_page_of_an_outlook_message_counts(tmp_path: Path, page: int) -> None:
    encoding = {1251: "cp1251", 65001: "utf-8", 28595: "iso8859_5"}[page]
    tree = dict(message("Hi", ""))
    rows = tree["__properties_version1.0"]
    assert isinstance(rows, bytes)
    body, subject = "Цена 5".encode(encoding), "Договор".encode(encoding)
    tree = {name: data for name, data in tree.items() if "0037" not in name and "_1000" not in name}
    kept = b"".join(
        rows[at : at + 16] for at in range(32, len(rows), 16) if rows[at + 2 : at + 4] not in (b"\x37\0", b"\0\x10")
    )
    tree["__properties_version1.0"] = (
        bytes(32) + kept
        + struct.pack("<HHIQ", 3, 0x3FFD, 6, page) + struct.pack("<HHIQ", 3, 0x3FDE, 6, page)
        + struct.pack("<HHIII", 0x1E, 0x1000, 6, len(body), 0) + struct.pack("<HHIII", 0x1E, 0x37, 6, len(subject), 0)
    )  # fmt: skip
    tree |= {"__substg1.0_1000001E": body, "__substg1.0_0037001E": subject}
    path = tmp_path / "mail.msg"
    path.write_bytes(ole(tree))
    text = text_of(path)
    assert "Subject: Договор" in text
    assert text.endswith("Цена 5")


def tnef(*attributes: tuple[int, int, bytes]) -> bytes:
    """A winmail.dat."""
    made = b"\x78\x9f\x3e\x22\x01\x00"
    for level, number, data in attributes:
        made += struct.pack("<BHHI", level, number, 1, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    return made


def mapi(*values: tuple[int, int, bytes]) -> bytes:
    made = struct.pack("<I", len(values))
    for kind, number, data in values:
        made += struct.pack("<HHII", kind, number, 1, len(data)) + data + bytes(-len(data) % 4)
    return made


def test_a_winmail_dat_is_opened(mail: Path) -> None:
    rich = compressed_rtf.compress(rb"{\rtf1\ansi The fee is $5,000.\par}", compressed=True)
    packed = tnef(
        (1, 0x9007, struct.pack("<II", 1252, 0)),
        (1, 0x9003, mapi((0x0102, 0x1009, rich))),
        (2, 0x9002, bytes(14)),
        (2, 0x8010, b"LEASE~1.TXT\0"),
        (2, 0x800F, b"The lease."),
        (2, 0x9005, mapi((0x1E, 0x3707, "Lease £.txt\0".encode("cp1252")))),
    )
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content("")
    made.add_attachment(packed, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    mail.write_bytes(made.as_bytes())
    assert "The fee is $5,000." in text_of(mail)
    assert attached(mail) == ["Lease £.txt"]
    for cut in (7, 40, len(packed) - 30):
        made.clear_content()
        made.set_content("Body.")
        made.add_attachment(packed[:cut], maintype="application", subtype="ms-tnef", filename="winmail.dat")
        mail.write_bytes(made.as_bytes())
        assert "Body." in text_of(mail) or "The fee is $5,000." in text_of(mail)


def test_a_signed_message_is_read_and_an_encrypted_one_is_said(mail: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ann")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    inner = EmailMessage()
    inner.set_content("The fee is $5,000.")
    inner.add_attachment(b"The lease.", maintype="text", subtype="plain", filename="lease.txt")
    builder = pkcs7.PKCS7SignatureBuilder().set_data(inner.as_bytes()).add_signer(certificate, key, hashes.SHA256())
    sealed = builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    kind = (
        b"Content-Type: application/pkcs7-mime; smime-type=%s; name=smime.p7m\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )
    mail.write_bytes(HEAD + kind % b"signed-data" + base64.encodebytes(sealed))
    assert "The fee is $5,000." in text_of(mail)
    assert attached(mail) == ["lease.txt"]
    clear = builder.sign(serialization.Encoding.SMIME, [pkcs7.PKCS7Options.DetachedSignature])
    mail.write_bytes(b"Subject: x\n" + clear)
    assert "The fee is $5,000." in text_of(mail)
    assert attached(mail) == ["lease.txt"]
    mail.write_bytes(HEAD + kind % b"enveloped-data" + base64.encodebytes(b"0\x80secret"))
    assert RemarkKind.NOT_READ in kinds(read_whole(mail)[1])


# ── Odd ones ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_in_a_message_is_a_document_however_it_is_packed(mail: Path) -> None:
    inner = b"From: c@x\r\nSubject: Inner / terms\r\n\r\nAgreed: $5."
    for packed in (
        b"Content-Type: message/rfc822\r\n\r\n" + inner,
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(inner),
    ):
        mail.write_bytes(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + packed + b"\r\n--b--\r\n")
        assert attached(mail) == ["Inner - terms.eml"]
        (one,) = attached_files(mail.open("rb"), EML)
        assert b"Agreed: $5." in one.data


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + HEAD + b"\r\nThe rent is $1,000.",
        b"\r\n\r\n" + HEAD + b"\r\nThe rent is $1,000.",
        b"-----Original file-----\r\n" + HEAD + b"\r\nThe rent is $1,000.",
        HEAD + b"Content-Type: multipart/mixed\r\n\r\nThe rent is $1,000.",
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nThe rent is $1,000.",
        HEAD + b"Content-Type: text; charset=\xff\xfe\r\n\r\nThe rent is $1,000.",
        HEAD + b"Content-Type: text/plain; charset*=x'y\r\n\r\nThe rent is $1,000.",
        b"From : a@x\r\nSubject : Lease\r\nContent-Transfer-Encoding : base64\r\n\r\nVGhlIHJlbnQgaXMgJDEsMDAwLg==",
        HEAD + b"A line of a scanner\r\nContent-Transfer-Encoding: base64\r\n\r\nVGhlIHJlbnQgaXMgJDEsMDAwLg==",
        b"X-Id: 1\r\n" + HEAD + b"The rent is $1,000.\r\n\r\nBye",
        HEAD + b"Content-Transfer-Encoding: nonsense\r\n\r\nThe rent is $1,000.",
        HEAD + b"Content-Disposition: inline; filename*0*=\xff\r\nX: =?utf-8?b?!!!?=\r\n\r\nThe rent is $1,000.",
    ],
)
def test_what_is_odd_stops_nothing(mail: Path, data: bytes) -> None:
    mail.write_bytes(data)
    text = text_of(mail)
    assert "The rent is $1,000." in text or attached(mail)
    assert "Subject: Lease" in text


def test_a_file_in_the_midst_of_a_text_is_an_attachment(mail: Path) -> None:
    packed = b"".join(binascii.b2a_uu(b"The rent is $1,000."[at : at + 9]) for at in (0, 9, 18))
    mail.write_bytes(HEAD + b"\r\nSee the lease.\r\nbegin 644 lease.txt\r\n" + packed + b"`\r\nend\r\nRegards")
    assert attached(mail) == ["lease.txt"]
    text = text_of(mail)
    assert "Attachment: lease.txt" in text and "Regards" in text and "begin 644" not in text


def test_lines_that_a_program_broke_are_whole_again(mail: Path) -> None:
    flowed = b"Content-Type: text/plain; format=flowed"
    mail.write_bytes(HEAD + flowed + b"; delsp=yes\r\n\r\nThe rent is $5, \r\n000 a month.\r\n> $9 \r\nBye")
    assert text_of(mail).endswith("The rent is $5,000 a month.\n> $9 \nBye")
    mail.write_bytes(HEAD + flowed + b"\r\n\r\nThe rent is \r\n$5,000.")
    assert text_of(mail).endswith("The rent is $5,000.")


SAID = "The rent is £5,000 a month, payable in advance.\r\nThe fee is €1,250."
PACKED = base64.encodebytes(SAID.encode()).replace(b"\n", b"\r\n")
QUOTED = b"The rent is =C2=A35,= \r\n000 a month, payable in advance.\r\nThe fee is =e2=82=ac1=2C250."


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"quoted-printable ", QUOTED),
        (b'"quoted-printable"', QUOTED),
        (b"quoted-printable;", QUOTED),
        (b"Quoted-Printable (a comment)", QUOTED),
        (b"quoted_printable", QUOTED),
        (b"base64 ", PACKED),
        (b"BASE-64", PACKED),
        (b"base64", base64.b64encode(SAID.encode()).rstrip(b"=")),
        (b"base64", base64.b64encode(SAID.encode()[:7]) + b"\r\n" + base64.b64encode(SAID.encode()[7:])),
        (b"8bit", SAID.encode()),
    ],
)
def test_a_body_is_decoded_however_its_encoding_is_written(mail: Path, encoding: bytes, body: bytes) -> None:
    kind = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    mail.write_bytes(HEAD + kind + encoding + b"\r\n\r\n" + body)
    assert text_of(mail).split("\n")[-2:] == SAID.split("\r\n")


def test_what_a_list_adds_after_an_encoded_body_is_read(mail: Path) -> None:
    kind = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    footer = b"\r\n____________\r\nLeases mailing list: the fee is now $7,700\r\n"
    mail.write_bytes(HEAD + kind + PACKED + footer)
    assert text_of(mail).endswith("€1,250.\n____________\nLeases mailing list: the fee is now $7,700")
    mail.write_bytes(HEAD + kind + PACKED.replace(b"\r\n", b"!\r\n"))
    assert text_of(mail).endswith("€1,250.")


def test_each_mail_of_a_mailbox_is_a_document(tmp_path: Path) -> None:
    part = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nRent $%d,000\n--b--\n"
    plain = b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + PACKED.replace(b"\r", b"")
    line = b"From ann@example.com Mon May  6 10:01:00 2024\n"
    head = HEAD.replace(b"\r", b"")
    for name in ("box.mbox", "box.eml", "box"):
        box = tmp_path / name
        box.write_bytes(line + head + part % 5 + b"\n" + line + head + part % 6 + b"\n" + line + head + plain + b"\n")
        found = list(attached_files(box.open("rb"), EML))
        assert [one.name for one in found] == ["001 Lease.eml", "002 Lease.eml", "003 Lease.eml"]
        assert "Attachment: 002 Lease.eml" in text_of(box)
        for one, said in zip(found, ("Rent $5,000", "Rent $6,000", SAID.replace("\r", "")), strict=True):
            inner = tmp_path / "inner.eml"
            inner.write_bytes(one.data)
            assert said in text_of(inner)
    box.write_bytes(line + head + b"\nHe wrote:\n\nFrom the start the rent was $5.\nFrom: x\n")
    assert text_of(box).endswith("From the start the rent was $5.\nFrom: x")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("calendar", "BEGIN:VEVENT\nDESCRIPTION:The rent is $5\\,00\n 0 a month.\\nIt is due.\nEND:VEVENT"),
        ("enriched", "The rent is <bold>$5,000</bold> a month."),
        ("markdown", "The rent is $5,000 a month."),
    ],
)
def test_a_text_of_another_type_is_the_body_if_there_is_no_other(mail: Path, kind: str, body: str) -> None:
    part = f"Content-Type: text/{kind}\n\n{body}\n"
    mail.write_bytes(HEAD + part.encode())
    assert "The rent is $5,000 a month." in text_of(mail) and attached(mail) == []
    other = f"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello.\n--b\n{part}--b--\n"
    mail.write_bytes(HEAD + other.encode())
    assert "rent" not in text_of(mail) and len(attached(mail)) == 1


def test_parts_with_a_wrong_boundary_or_after_the_last_are_read(mail: Path) -> None:
    kind = b"Content-Type: multipart/mixed"
    encoded = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + PACKED
    first = b"--b\r\nContent-Type: text/plain\r\n\r\nRent $5,000\r\n"
    file = b"--b\r\nContent-Type: text/plain; name=lease.txt\r\n\r\nx\r\n--b--\r\n"
    for said, end in [(b"", b""), (b"; boundary=other", b""), (b"; boundary=b", b""), (b"; boundary=b", b"--b--\r\n")]:
        mail.write_bytes(HEAD + kind + said + b"\r\n\r\n" + first + end + b"--b\r\n" + encoded + file)
        text = text_of(mail)
        assert "Rent $5,000" in text and SAID.replace("\r", "") in text and "--b" not in text
        assert attached(mail) == ["lease.txt"]
    mail.write_bytes((HEAD + encoded).decode().encode("utf-16"))
    assert text_of(mail).endswith(SAID.replace("\r", ""))


def test_a_picture_with_text_in_the_body_is_a_document_however_small(mail: Path) -> None:
    picture = Image.new("L", (900, 200), 255)
    brush = ImageDraw.Draw(picture)
    for number, said in enumerate(["Rent is payable monthly in advance", "The yearly rent is $12,345,678.00"]):
        brush.text((10, 20 + 40 * number), said, fill=0, font=ImageFont.load_default(size=24))
    for name, shown in [("table", picture), ("photo", Image.linear_gradient("L").resize((450, 400)))]:
        held = io.BytesIO()
        shown.save(held, "PNG")
        made = EmailMessage()
        made["Subject"] = "x"
        made.set_content("<p>See <img src='cid:one@x'>", subtype="html")
        made.add_related(held.getvalue(), "image", "png", cid="<one@x>", filename=f"{name}.png")
        mail.write_bytes(made.as_bytes())
        assert attached(mail) == (["table.png"] if name == "table" else [])


def test_a_web_page_that_was_saved_as_a_mail_is_read(mail: Path) -> None:
    page = mail.with_name("page.mht")
    page.write_bytes(
        b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Rent =E2=82=AC5</p>\r\n--b--"
    )
    assert text_of(page).endswith("Rent €5")


@given(
    st.binary(max_size=60), st.sampled_from(["From", "To", "Subject", "Content-Type", "Content-Disposition", "Date"])
)
@example(b"%PDF-", "From")
def test_no_header_stops_an_e_mail(tmp_path_factory: pytest.TempPathFactory, value: bytes, name: str) -> None:
    path = tmp_path_factory.mktemp("mail") / "mail.eml"
    clean = value.replace(b"\r", b"").replace(b"\n", b"")
    path.write_bytes(b"From: a@x\r\n" + name.encode() + b": " + clean + b"\r\n\r\nThe rent is $1,000.")
    assert "From: a@x" in text_of(path)
    attached(path)


# ── Signed and packed ────────────────────────────────────────────────────────────────────────────────────────────


def signed(content: bytes, encoding: serialization.Encoding = serialization.Encoding.DER) -> bytes:
    """Content with its signature around it, as in a file of type P7M."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ann")])
    begun = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begun, begun + timedelta(days=9_999))
    signer = pkcs7.PKCS7SignatureBuilder().set_data(content)
    signer = signer.add_signer(builder.sign(key, hashes.SHA256()), key, hashes.SHA256())
    return signer.sign(encoding, [pkcs7.PKCS7Options.Binary])


def der(tag: int, *inside: bytes) -> bytes:
    content = b"".join(inside)
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


def compressed(content: bytes) -> bytes:
    """Content as compressed data (RFC 3274)."""
    zipped = der(0xA0, der(0x04, zlib.compress(content)))
    how = bytes.fromhex("300d060b2a864886f70d0109100308")
    data = der(0x30, b"\x02\x01\x00", how, der(0x30, bytes.fromhex("06092a864886f70d010701"), zipped))
    return der(0x30, bytes.fromhex("060b2a864886f70d0109100109"), der(0xA0, data))


PART = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe fee is \xe2\x82\xac5,000.\r\n"


def test_a_signed_file_is_the_file_that_was_signed(mail: Path, tmp_path: Path) -> None:
    """A document with a signature around it (contract.pdf.p7m) was read as the text of its e-mail, byte by byte."""
    pdf = (FILES / "pdf-form-noap.pdf").read_bytes()
    for kind, name in [("pkcs7-mime", "deal.pdf"), ("octet-stream", "deal.pdf")]:
        made = EmailMessage()
        made["Subject"] = "x"
        made.set_content("See attached.")
        made.add_attachment(signed(pdf), maintype="application", subtype=kind, filename=f"{name}.p7m")
        mail.write_bytes(made.as_bytes())
        assert text_of(mail) == f"Subject: x\nSee attached.\nAttachment: {name}"
        assert [one.data for one in attached_files(mail.open("rb"), EML)] == [pdf]
    for encoding in (serialization.Encoding.DER, serialization.Encoding.PEM):
        alone = tmp_path / "deal.pdf.p7m"
        alone.write_bytes(signed(pdf, encoding))
        assert text_of(alone) == "Attachment: smime.pdf"
        assert [one.data for one in attached_files(alone.open("rb"), EML)] == [pdf]


def test_a_message_that_is_compressed_is_read(mail: Path) -> None:
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content(compressed(PART), maintype="application", subtype="pkcs7-mime", filename="smime.p7z")
    mail.write_bytes(made.as_bytes())
    assert text_of(mail) == "Subject: x\nThe fee is €5,000."


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (None, signed(PART)),
        ("application/pkcs7-mime", signed(PART)),
        ("multipart/signed", b"Content-Type: multipart/signed; boundary=B\r\n\r\n--B\r\n" + PART + b"\r\n--B--\r\n"),
    ],
)
def test_outlook_keeps_a_signed_message_in_a_file(tmp_path: Path, kind: str | None, content: bytes) -> None:
    values: dict[int, Value] = {0x3707: "smime.p7m", 0x3705: 1, 0x3701: content}
    held = properties(8, values | ({0x370E: kind} if kind else {}))
    path = tmp_path / "a.msg"
    path.write_bytes(ole({**message("S", ""), "__attach_version1.0_#00000000": held}))
    assert text_of(path).endswith("\nThe fee is €5,000.")
    assert attached(path) == []


RICH = compressed_rtf.compress(
    rb"{\rtf1\ansi The rent is {\strike $7,000} $5,000.{\v unseen}{\object\objemb{\*\objdata 01}}\par}", compressed=True
)


@pytest.mark.parametrize("body", ["", "The rent is $7,000 $5,000."])
def test_what_the_rich_text_of_a_message_strikes_through_is_struck(mail: Path, tmp_path: Path, body: str) -> None:
    path = tmp_path / "a.msg"
    path.write_bytes(ole({**properties(32, {0x1000: body, 0x1009: RICH} if body else {0x1009: RICH})}))
    packed = tnef((1, 0x9003, mapi((0x0102, 0x1009, RICH))))
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content(body)
    made.add_attachment(packed, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    mail.write_bytes(made.as_bytes())
    made.clear_content()
    made.set_content(body or "stub")
    made.add_alternative(compressed_rtf.decompress(RICH), "text", "rtf")
    (tmp_path / "b.eml").write_bytes(made.as_bytes())
    for file in (path, mail, tmp_path / "b.eml"):
        text, remarks = read_whole(file)
        assert "The rent is  $5,000." in text
        assert "7,000" not in text and "unseen" not in text
        assert [one.detail for one in remarks] == ["embedded object"]


def test_an_object_of_office_in_a_message_is_its_file(tmp_path: Path) -> None:
    path, tree = tmp_path / "a.msg", message("S", "See the terms.")
    for number, (name, held) in enumerate([("Package", b"The cap is $5."), ("CONTENTS", b"%PDF-1.7"), ("Other", b"x")]):
        storage = properties(8, {0x3707: f"{name}.txt", 0x3705: 6})
        tree[f"__attach_version1.0_#{number:08X}"] = {**storage, "__substg1.0_3701000D": {name: held}}
    path.write_bytes(ole(tree))
    assert [one.data for one in attached_files(path.open("rb"), MSG)] == [b"The cap is $5.", b"%PDF-1.7", b""]
    assert [one.detail for one in read_whole(path)[1]] == ["Other.txt"]


def test_a_damaged_rich_text_is_a_remark(tmp_path: Path) -> None:
    path = tmp_path / "a.msg"
    path.write_bytes(ole(properties(32, {0x0037: "S", 0x1009: RICH[:40]})))
    assert [one.detail for one in read_whole(path)[1]] == ["a damaged message"]


def test_what_outlook_shows_above_a_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.msg"
    begin, end = datetime(2024, 6, 1, 8, tzinfo=UTC), datetime(2024, 6, 1, 9, tzinfo=UTC)
    names = b"".join(struct.pack("<IHH", one, 6, nr) for nr, one in enumerate((0x820D, 0x820E, 0x8208)))
    kind = bytes.fromhex("0220060000000000c000000000000046")
    values: dict[int, Value] = {0x0E04: "Bob Smith; Carol Jones", 0x0037: "S", 0x1000: "The closing."}
    values |= {0x8000: begin, 0x8001: end, 0x8002: "Room 5"}
    named: dict[str, bytes] = {"__substg1.0_00030102": names, "__substg1.0_00020102": kind}
    path.write_bytes(ole({**properties(32, values), "__nameid_version1.0": named}))
    shown = "To: Bob Smith; Carol Jones\nSubject: S\nThe closing.\nStart: Sat, 01 Jun 2024 08:00:00 +0000\n"
    assert text_of(path).startswith(shown + "End: Sat, 01 Jun 2024 09:00:00 +0000\nPlace: Room 5")
    path.write_bytes(ole(properties(32, {0x0037: "S", 0x1001: "Nobody got it."})))
    assert text_of(path).endswith("Nobody got it.")


def test_a_file_of_another_mail_program_is_an_e_mail(tmp_path: Path) -> None:
    apple, packed = tmp_path / "1.emlx", tmp_path / "winmail.dat"
    sent = HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"The fee is $5.") + b"\r\n"
    apple.write_bytes(b"%-10d\n" % len(sent) + sent + b"<?xml version='1.0'?><plist></plist>")
    assert text_of(apple).endswith("Subject: Lease\nThe fee is $5.")
    packed.write_bytes(tnef((1, 0x8004, b"S\0"), (1, 0x800C, b"The fee is $5.\0")))
    assert text_of(packed) == "Subject: S\nThe fee is $5."
