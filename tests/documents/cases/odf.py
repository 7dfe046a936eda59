"""OpenDocument files for tests, written by their parts."""

import io
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

from columnist.documents.model import Page
from columnist.documents.reading.child import read_file

NAMES = ("office", "text", "table", "drawing", "style", "presentation", "xsl-fo-compatible", "svg-compatible", "meta")
PREFIXES = ("office", "text", "table", "draw", "style", "presentation", "fo", "svg", "meta")


XMLNS = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in zip(PREFIXES, NAMES, strict=True)
    )
    + ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    + ' xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"'
)


STYLES = """
<style:style style:name="Gone" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="Heir" style:family="text" style:parent-style-name="Gone"/>
<style:style style:name="White" style:family="paragraph"><style:text-properties fo:color="#ffffff"/></style:style>
<style:style style:name="Banner" style:family="paragraph"><style:paragraph-properties fo:background-color="#003366"/>
<style:text-properties fo:color="#ffffff"/></style:style>
<style:style style:name="Sunk" style:family="paragraph" style:parent-style-name="Banner">
<style:text-properties fo:color="#013365"/></style:style>
<style:style style:name="Tiny" style:family="text"><style:text-properties fo:font-size="1pt"/></style:style>
<style:style style:name="Super" style:family="text">
<style:text-properties style:text-position="super 58%"/></style:style>
<style:style style:name="Sub" style:family="text">
<style:text-properties style:text-position="sub 58%"/></style:style>
<style:style style:name="Break" style:family="paragraph">
<style:paragraph-properties fo:break-before="page"/></style:style>
<style:style style:name="NoSheet" style:family="table"><style:table-properties table:display="false"/></style:style>
<style:style style:name="NoSlide" style:family="drawing-page">
<style:drawing-page-properties presentation:visibility="hidden"/></style:style>
<text:list-style style:name="Clauses">
<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
<text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/>
<text:list-level-style-number text:level="3" style:num-format="1" text:display-levels="3"/>
</text:list-style>
<text:list-style style:name="Own">
<text:list-level-style-number text:level="1" style:num-format="1"/>
<text:list-level-style-number text:level="2" style:num-format="a" loext:num-list-format="§%1%/%2%:"/>
</text:list-style>
<text:list-style style:name="Dots"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/></text:list-style>
"""


def pages(
    kind: str, body: str, common: str = "", files: Mapping[str, bytes] = MappingProxyType({}), **parts: str
) -> list[Page]:
    """The pages of a file; `kind`: text, spreadsheet or presentation; `common`: inside styles.xml."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("META-INF/manifest.xml", parts.pop("manifest", "<manifest/>"))
        archive.writestr(
            "content.xml",
            f"<office:document-content {XMLNS}><office:automatic-styles>{STYLES}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
        )
        archive.writestr("styles.xml", f"<office:document-styles {XMLNS}>{common}</office:document-styles>")
        for name, content in parts.items():
            archive.writestr(f"{name}/content.xml", content)
        for name, data in files.items():
            archive.writestr(name, data)
    media_type, read = read_file(packed, "any.odt", 2_000)
    assert media_type == f"application/vnd.oasis.opendocument.{kind}"
    return list(read)


def text(body: str, common: str = "", files: Mapping[str, bytes] = MappingProxyType({}), **parts: str) -> Page:
    (page,) = pages("text", body, common, files, **parts)
    return page


def p(inner: str, style: str = "") -> str:
    return f"<text:p text:style-name='{style}'>{inner}</text:p>"


def span(inner: str, style: str) -> str:
    return f"<text:span text:style-name='{style}'>{inner}</text:span>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def cell(said: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}>{said}</table:table-cell>"


def table(*rows: str, attributes: str = "") -> str:
    return f"<table:table {attributes}>{''.join(rows)}</table:table>"
