"""Old Word, Excel and PowerPoint files, turned into their newer forms by LibreOffice where it is installed.

LibreOffice is a separate program, so it cannot be closed as our readers are. It may read the system's files and write
in one folder, which has its profile; it has no network, if the kernel can do that. It has limits on memory, CPU time
and files, and a deadline. Its result is read in a guarded child like any other file.
"""

import asyncio
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from columnist.cpu import usable_cores
from columnist.documents.model import Page, Remark, RemarkKind
from columnist.documents.reading import formats
from columnist.documents.storage import weather
from columnist.errors import DocumentError
from columnist.guarded import template
from columnist.settings import Settings

MEMORY_MB = 2048
"""Address space that LibreOffice may use beyond what reading may: it starts with 1 GB."""

LARGEST_FILE = 1024**3
"""Most bytes of a file that it may write."""

_NEWER = {formats.DOC: "docx", formats.XLS: "xlsx", formats.PPT: "pptx"}
_CONFINED = """
import os, resource, sys
from pathlib import Path
from columnist.guarded import sandbox
folder, memory, seconds, size = sys.argv[1], *map(int, sys.argv[2:5])
sandbox.confine(Path(folder), Path(sys.argv[5]))
for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, size)):
    resource.setrlimit(kind, (most, most))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.execv(sys.argv[5], sys.argv[5:])
"""


_NOT_FOUND = "Error: Reference source not found"
"""LibreOffice writes this in place of the stored text of a reference whose aim is not in the file."""


def program() -> str | None:
    """LibreOffice's program; None if it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def with_lost_references(page: Page) -> Page:
    """The page of a converted file, with a remark on texts that LibreOffice replaced."""
    count = page.text.count(_NOT_FOUND)
    said = Remark(RemarkKind.NOT_READ, count, (page.number,), "a reference whose aim is not in the file")
    return replace(page, remarks=(*page.remarks, said)) if count else page


class Converter:
    """Converts old files into newer ones, as many at a time as this process has cores."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._places = asyncio.Semaphore(usable_cores())

    @asynccontextmanager
    async def newer(self, office: str, path: Path, media_type: str) -> AsyncIterator[Path]:
        """The new file that LibreOffice (`program`) makes of an old file of this type among OLD_OFFICE.

        Raises DocumentError if LibreOffice may not run, cannot read the file or takes too long.
        """
        kind = _NEWER[media_type]
        if self._settings.sandbox == "require":
            raise DocumentError(
                "The file is an old Office file. LibreOffice, which would read it, cannot be closed as "
                "COLUMNIST_SANDBOX=require demands: save the file as DOCX, XLSX, PPTX or PDF."
            )
        async with self._places:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                with weather():
                    await asyncio.to_thread(shutil.copyfile, path, Path(folder, "document"))
                await self._convert(office, kind, Path(folder))
                made = Path(folder, "out", f"document.{kind}")
                if not await asyncio.to_thread(made.exists):
                    raise DocumentError(
                        "LibreOffice cannot read the file: it is damaged, or has a password, which you can remove."
                    )
                yield made

    async def _convert(self, office: str, kind: str, folder: Path) -> None:
        settings = self._settings
        limits = (
            (settings.read_memory_mb + MEMORY_MB) * 1024**2,
            int(settings.read_timeout_seconds) + 1,
            LARGEST_FILE,
        )
        profile = (folder / "profile").as_uri()
        options = [
            "--headless",
            "--norestore",
            "--nolockcheck",
            f"-env:UserInstallation={profile}",
        ]
        process = await asyncio.create_subprocess_exec(
            *template.command(_CONFINED, str(folder), *map(str, limits)),
            *(office, *options, "--convert-to", kind, "--outdir", str(folder / "out"), str(folder / "document")),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder)},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(settings.read_timeout_seconds):
                await process.wait()
        except TimeoutError:
            raise DocumentError(
                f"Converting the file by LibreOffice took longer than {settings.read_timeout_seconds:g} seconds "
                "(COLUMNIST_READ_TIMEOUT_SECONDS)."
            ) from None
        finally:
            with suppress(ProcessLookupError):  # its children outlive it
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
            _socket(profile).unlink(missing_ok=True)


def _socket(profile: str) -> Path:
    """The files that LibreOffice leaves in /tmp when it is killed."""
    name = "".join(f"{byte:x}" for byte in hashlib.md5(profile.encode("utf-16-le"), usedforsecurity=False).digest())
    return Path("/tmp", f"OSL_PIPE_{os.getuid()}_SingleOfficeIPC_{name}")  # noqa: S108
