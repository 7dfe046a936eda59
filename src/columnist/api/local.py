"""The token of an installation without sign-in: its one user is anyone who can read it in the data directory."""

import hashlib
import hmac
import ipaddress
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from columnist.api.cookies import Cookie
from columnist.errors import SettingsError
from columnist.settings import load_settings

FILE = "token"
COOKIE_SECONDS = 365 * 86_400


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class LocalToken:
    """A token. The browser's cookie is named after it: the cookie of another installation has another name."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.cookie = Cookie(f"columnist_{hashlib.sha256(token.encode()).hexdigest()[:8]}", COOKIE_SECONDS)

    @classmethod
    def of(cls, data_dir: Path) -> "LocalToken":
        """The token of a data directory, made if there is none or others may read it. Raises SettingsError."""
        file = data_dir / FILE
        try:
            if (token := _read(file)) is not None:
                return cls(token)
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = file.with_name(f".{FILE}.{uuid4().hex}")
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
                opened.write(secrets.token_urlsafe(32))
            # If two servers start at the same time, both take the first one's.
            with suppress(FileExistsError):
                os.link(part, file)
            part.unlink()
            token = _read(file)
        except OSError as error:
            raise SettingsError(
                f"The token of this server cannot be kept in {file} ({error.strerror}): choose another "
                "COLUMNIST_DATA_DIR, or set up sign-in (COLUMNIST_SIGN_IN)."
            ) from None
        if token is None:
            raise SettingsError(f"{file} is not the file of a token: delete it.")
        return cls(token)

    def is_(self, given: str) -> bool:
        """Whether a given token is this one. It takes the same time for every wrong token."""
        return hmac.compare_digest(given.encode(), self.token.encode())


def token_of_this_machine() -> str | None:
    """The token of the settings' data directory, if there is one that this user may read."""
    try:
        return _read(load_settings().data_dir / FILE)
    except OSError:
        return None


def _read(file: Path) -> str | None:
    """The token in a file, None if there is none. A file that others can read, or that another user owns, is
    deleted."""
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with os.fdopen(opened) as content:
        found = os.fstat(opened)
        if found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077:
            return content.read().strip() or None
    file.unlink()
    return None
