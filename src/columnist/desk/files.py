"""The files that a person names: which are taken in, and the path of each."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from columnist.documents.intake import Names, shown_path
from columnist.documents.reading.formats import SUFFIXES
from columnist.errors import InputError


@dataclass(frozen=True, slots=True)
class Source:
    """A file to take in. `path`: its place in the folder that was named, or in the folder that all named files have in
    common, such as "01 Corporate/lease.txt". It is unique within a run."""

    file: Path
    path: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a run, sorted; they include folders that cannot be searched, which are refused like unreadable
    files. `passed_over`: other contents of its folders: files of other types, and links to folders."""

    files: list[Source]
    passed_over: list[Path]


def find_files(paths: Iterable[Path]) -> Sources:
    """The files to take in. Raises InputError if there are none.

    Folders are searched for readable types, without hidden files; a file that is named itself is always taken.
    """
    paths = list(paths)
    for path in paths:
        try:
            path.stat()
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            said = "does not exist" if missing else f"cannot be read: {error.strerror}"
            raise InputError(f"{path} {said}.") from None
    together = _in_common([path for path in paths if not path.is_dir()])
    files: dict[Path, Path] = {}  # file → the folder that its path starts from
    passed_over: list[Path] = []
    for path in paths:
        if path.is_dir():
            found, locked = _inside(path)
            for file in found:
                if file in locked or (file.suffix.lower() in SUFFIXES and file.is_file()):
                    files.setdefault(file, path)
                else:
                    passed_over.append(file)
        elif path.is_file():
            files.setdefault(path, together)
        else:
            raise InputError(f"{path} is neither a file nor a folder.")
    if not files:
        raise InputError(f"There is no file to read: folders are searched for {', '.join(SUFFIXES)}.")
    return Sources(_told_apart(files), passed_over)


def _inside(folder: Path) -> tuple[list[Path], set[Path]]:
    """All files in a folder, without hidden ones; and its folders that cannot be searched. Raises InputError if it is
    the folder itself."""
    found: list[Path] = []
    locked: set[Path] = set()

    def note(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise InputError(f"{folder} cannot be read: {error.strerror}.") from None
        if not isinstance(error, FileNotFoundError):  # deleted meanwhile
            locked.add(Path(error.filename))

    for place, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = [name for name in folders if Path(place, name).is_symlink()]
        found += [Path(place, name) for name in (*links, *names) if not name.startswith(".")]
    return sorted([*found, *locked]), locked


def _in_common(files: Iterable[Path]) -> Path:
    folders = [file.absolute().parent for file in files]
    return Path(os.path.commonpath(folders)) if folders else Path()


def _told_apart(files: Mapping[Path, Path]) -> list[Source]:
    """Each file with its path in its folder; files with the same path get theirs from the folder that all share."""

    def path_in(folder: Path, file: Path) -> str:
        return shown_path(file.absolute().relative_to(folder.absolute()))

    paths = {file: path_in(folder, file) for file, folder in files.items()}
    times = Counter(paths.values())
    together = _in_common(files)
    names = Names()
    return [
        Source(file, names.own(path if times[path] == 1 else path_in(together, file))) for file, path in paths.items()
    ]
