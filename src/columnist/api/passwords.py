"""Passwords: which ones are accepted, and their Argon2id, computed one at a time and outside the event loop."""

import asyncio
import base64
import unicodedata
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from columnist.errors import InputError
from columnist.guarded.turns import Turns

Result = TypeVar("Result")

SHORTEST, LONGEST = 12, 200
"""Fewest characters of a password. The only other demand is that it is hard to guess (NIST SP 800-63B)."""

FEWEST_DIFFERENT = 5
_COMMON = frozenset(
    "password1234 password12345 password123456 passwordpassword qwertyuiop12 qwertyuiop123 1q2w3e4r5t6y "
    "letmeinletmein iloveyouiloveyou administrator changemechangeme 123456789abc abcdefghijkl abc123abc123 "
    "123qweasdzxc 123456789012 1234567890123 correcthorsebatterystaple".split()
)

MOST_WAITING = 5
"""How many passwords of one client address may wait to be checked."""


def check_new(password: str, email: str) -> None:
    """Raises InputError for a new password that is too short, or among the first that others would try."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < SHORTEST:
        raise InputError(f"Choose a password of {SHORTEST} characters or more.", "password")
    words = plain.strip("0123456789!?. ")
    expected = {email, email.partition("@")[0], "columnist", "password", "welcome"}
    if len(set(plain)) < FEWEST_DIFFERENT or plain in _COMMON or words in expected:
        raise InputError("This password is easy to guess: choose another one, such as four random words.", "password")


class Passwords:
    """One thread at a time uses the 19 MiB that Argon2id takes. Client addresses take turns."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # as OWASP recommends
        self._turns = Turns(1, 1, MOST_WAITING)
        parameters = f"m={self._hasher.memory_cost},t={self._hasher.time_cost},p={self._hasher.parallelism}"
        salt, digest = (base64.b64encode(bytes(n)).rstrip(b"=").decode() for n in (16, 32))
        # The hash of no password; checking it takes as long as checking any other.
        self._nobodys = f"$argon2id$v=19${parameters}${salt}${digest}"

    async def hashed(self, password: str, address: Hashable) -> str:
        """The hash to keep. Raises TooManyRequestsError if too many passwords of this client address wait."""
        return await self._in_turn(address, lambda: self._hasher.hash(_plain(password)))

    async def matches(self, known: str | None, password: str, address: Hashable) -> bool:
        """Whether this is the password. With None for its hash it takes as long, and is False. Raises
        TooManyRequestsError as `hashed` does."""

        def verify() -> bool:
            with suppress(VerifyMismatchError):
                return self._hasher.verify(known or self._nobodys, _plain(password)) and known is not None
            return False

        return await self._in_turn(address, verify)

    def is_outdated(self, known: str) -> bool:
        """Whether a hash was made with other parameters than the present ones."""
        return self._hasher.check_needs_rehash(known)

    async def _in_turn(self, address: Hashable, compute: Callable[[], Result]) -> Result:
        await self._turns.take(address)
        try:
            return await asyncio.to_thread(compute)
        finally:
            self._turns.give_back(address)


def _plain(password: str) -> bytes:
    """The password's bytes: the same, however the keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
