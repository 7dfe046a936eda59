"""DOCX files for tests, written by their parts."""

import zipfile
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


NAMES = (
    f'xmlns:w="{MAIN}" xmlns:r="{OFFICE}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def write_docx(path: Path, body: str, **parts: str) -> Path:
    """A DOCX of the XML inside its body, and inside the roots of its other parts; `header1` and the like by name."""
    relations = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{name.rstrip("0123456789")}" Target="{name}.xml"/>' for name in parts
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "_rels/.rels",
            relations_of(f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'),
        )
        archive.writestr("word/_rels/document.xml.rels", relations_of(relations))
        archive.writestr("word/document.xml", f"<w:document {NAMES}><w:body>{body}</w:body></w:document>")
        for name, inner in parts.items():
            root = {"header": "hdr", "footer": "ftr"}.get(name.rstrip("0123456789"), name)
            archive.writestr(f"word/{name}.xml", f"<w:{root} {NAMES}>{inner}</w:{root}>")
    return path


def relations_of(inner: str) -> str:
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'
    )


def r(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*inner: str, num: str = "", level: int = 0, style: str = "", properties: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    numbered = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num}"/></w:numPr>' if num else ""
    texts = "".join(one if one.startswith("<") else r(one) for one in inner)
    return f"<w:p><w:pPr>{named}{numbered}{properties}</w:pPr>{texts}</w:p>"


def level(index: int, format_: str, text: str, start: int = 1, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="{start}"/><w:numFmt w:val="{format_}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def abstract(number: int, *levels: str) -> str:
    return f'<w:abstractNum w:abstractNumId="{number}">{"".join(levels)}</w:abstractNum>'


def num(number: int, abstract_number: int, override: str = "") -> str:
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{abstract_number}"/>{override}</w:num>'


def with_parts(path: Path, **parts: tuple[str, str, bytes]) -> Path:
    """The DOCX with more parts: by the id of their relation, its kind, the name of the part, its bytes."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    relations = "".join(
        f'<Relationship Id="{id_}" Type="{OFFICE}/{kind}" Target="{name}"/>' for id_, (kind, name, _) in parts.items()
    )
    rels = "word/_rels/document.xml.rels"
    content[rels] = content[rels].replace(b"</Relationships>", f"{relations}</Relationships>".encode())
    content |= {f"word/{name}": data for _, name, data in parts.values()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path
