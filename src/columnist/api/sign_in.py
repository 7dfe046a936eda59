"""Sign-in by password: who has an account, wrong guesses, invitations."""

import asyncio
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from columnist.api.cookies import Cookie
from columnist.api.passwords import Passwords, check_new
from columnist.api.sessions import Sessions
from columnist.api.tokens import hash_of
from columnist.db.connect import Database, User
from columnist.errors import TooManyRequestsError, UnauthenticatedError

GUESSES = 10
"""Passwords that may be tried in a quarter of an hour for one account, from browsers that have never signed in to it;
and as many from those that have, so that strangers lock nobody out of their own browser."""
GUESSES_OF_AN_ADDRESS = 100
"""The same from one client address, for all accounts: a proxy or an office may have one address."""

DEVICE_SECONDS = 365 * 86_400
_WRONG = "The e-mail address or the password is wrong."
_NO_INVITATION = "This link was used already, or has expired: ask the people who run this server for another one."


@dataclass(frozen=True, slots=True)
class Account:
    """A user who signs in by password. `password`: its hash; None until they have chosen one."""

    user_id: UUID
    email: str
    password: str | None


class PasswordSignIn:
    """Sign-in by password, which ends in a session."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions
        self._passwords = Passwords()
        self._noting: set[asyncio.Task[None]] = set()

    async def sign_in(self, request: Request, response: Response, email: str, password: str) -> None:
        """Start a session. It takes as long, and says the same, if the address is wrong as if the password is.

        Raises UnauthenticatedError, and TooManyRequestsError after too many guesses.
        """
        account = await self._account(request, email, password)
        assert account.password is not None
        if self._passwords.is_outdated(account.password):
            hashed = await self._passwords.hashed(password, _address(request))
            async with self._database.worker() as connection:
                values = [account.user_id, account.password, hashed]
                await connection.execute("select rehash_password(%s, %s, %s)", values)
            account = Account(account.user_id, account.email, hashed)
        await self._start(request, response, account)

    async def accept(self, request: Request, response: Response, invitation: str, password: str) -> None:
        """Set the password of somebody who was invited, and start a session. Raises UnauthenticatedError for an
        invitation that is used or has expired, InputError for a password that is too easy."""
        secret = hash_of(invitation)
        account = await self._find(None, secret)
        if account is None:
            raise UnauthenticatedError(_NO_INVITATION, "invitation")
        await self._set(request, response, account, password, secret)

    async def change(self, request: Request, response: Response, email: str, password: str, new: str) -> None:
        """Replace the password of a signed-in user: every session ends, and this browser gets a new one. Raises as
        `sign_in` does, and InputError for a new password that is too easy."""
        await self._set(request, response, await self._account(request, email, password), new, None)

    async def _set(
        self, request: Request, response: Response, account: Account, password: str, invitation: bytes | None
    ) -> None:
        check_new(password, account.email)
        hashed = await self._passwords.hashed(password, _address(request))
        async with self._database.worker() as connection:
            values = [account.user_id, account.password, invitation, hashed]
            found = await connection.execute("select set_password(%s, %s, %s, %s) as done", values)
            row = await found.fetchone()
        if row is None or not row["done"]:
            raise UnauthenticatedError(_NO_INVITATION if invitation else _WRONG, "invitation" if invitation else None)
        await self._start(request, response, Account(account.user_id, account.email, hashed))

    async def _account(self, request: Request, email: str, password: str) -> Account:
        """The account with this password. Raises as `sign_in` does."""
        # As it is counted: PostgreSQL makes an i of İ, and each i would bring other guesses.
        email, address = email.lower(), _address(request)
        account = await self._find(email, None)
        await self._count_guess(request, email, account, address)
        known = None if account is None else account.password
        if not await self._passwords.matches(known, password, address) or account is None:
            # After the answer, so that its time does not show whether there is such an account.
            noting = asyncio.create_task(self._note_failure(email))
            self._noting.add(noting)
            noting.add_done_callback(self._noting.discard)
            raise UnauthenticatedError(_WRONG)
        async with self._database.worker() as connection:
            await connection.execute("select forget_guesses(%s)", [[f"account {email}", f"device {email}"]])
        return account

    async def _count_guess(self, request: Request, email: str, account: Account | None, address: str) -> None:
        """Raises TooManyRequestsError. A guess is counted before the password is checked, so that simultaneous guesses
        are limited, too."""
        device = _device_cookie(email).read(request.headers)
        if account and account.password and hmac.compare_digest(_device(account.password), device.encode()):
            counted = {f"device {email}": GUESSES}
        else:
            counted = {f"address {address}": GUESSES_OF_AN_ADDRESS, f"account {email}": GUESSES}
        for what, most in counted.items():
            if not await self._is_within(what, most):
                raise TooManyRequestsError(
                    "Too many passwords were tried: wait a quarter of an hour, use a browser in which you have signed "
                    "in before, or ask the people who run this server for a new link."
                )

    async def _is_within(self, what: str, most: int) -> bool:
        async with self._database.worker() as connection:
            row = await (await connection.execute("select count_guess(%s, %s) as within", [what, most])).fetchone()
        return bool(row and row["within"])

    async def _start(self, request: Request, response: Response, account: Account) -> None:
        user = User(account.user_id, account.email)
        await self._sessions.start(request, response, user, "password", account.password)
        assert account.password is not None
        device = _device(account.password).decode()
        _device_cookie(account.email).write(response, device, https=self._sessions.https(request))

    async def _find(self, email: str | None, invitation: bytes | None) -> Account | None:
        async with self._database.worker() as connection:
            found = await connection.execute("select * from account_of(%s, %s)", [email, invitation])
            row = await found.fetchone()
        return None if row is None else Account(**row)

    async def _note_failure(self, email: str) -> None:
        async with self._database.worker() as connection:
            await connection.execute("select note_failed_sign_in(%s)", [email])


def _address(request: Request) -> str:
    """The client's address; for IPv6 the network that one client has."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host


def _device_cookie(email: str) -> Cookie:
    """The cookie of a browser in which this account has signed in. Its name has the account, because people share
    browsers."""
    return Cookie(
        f"columnist_device_{hashlib.sha256(email.encode('utf-8', 'replace')).hexdigest()[:16]}", DEVICE_SECONDS
    )


def _device(password: str) -> bytes:
    """The cookie's value: nobody else can compute it, and a new password changes it."""
    return hmac.new(password.encode(), b"device", hashlib.sha256).hexdigest().encode()
