"""PDFs written by hand, to draw a page in any way that a PDF allows."""

from collections.abc import Sequence
from pathlib import Path

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def write_pdf(
    path: Path,
    pages: Sequence[str],
    *,
    objects: Sequence[str] = (),
    resources: str = "",
    page: str = "",
    pages_share: str = "",
    root: str = "",
) -> Path:
    """A PDF of pages with these contents, font /F and more `resources`.

    `page`, `pages_share` and `root`: more entries of each page, of the list of pages and of the catalog. `objects`:
    numbered from 4; those that are streams are given as "<< dictionary >> stream content".
    """
    bodies = ["", "", f"<< /Font << /F {FONT} >> {resources} >>", *map(_with_length, objects)]
    kids = []
    for content in pages:
        bodies.append(_with_length(f"<< >> stream {content}"))
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources 3 0 R "
            f"/Contents {len(bodies)} 0 R {page} >>"
        )
        kids.append(f"{len(bodies)} 0 R")
    bodies[0] = f"<< /Type /Catalog /Pages 2 0 R {root} >>"
    bodies[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] {pages_share} >>"
    file, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, start=1):
        places.append(len(file))
        file += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(file)
    file += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}".encode()
    file += f"trailer << /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    path.write_bytes(file)
    return path


def _with_length(body: str) -> str:
    dictionary, streams, content = body.partition(">> stream ")
    if not streams:
        return body
    return f"{dictionary} /Length {len(content)} >>\nstream\n{content}\nendstream"


def line(text: str, y: float, *, x: float = 72, size: float = 11, before: str = "") -> str:
    """One line of text in its own text object."""
    return f"q {before} BT /F {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET Q\n"
