"""Sessions: after sign-in a browser has a cookie, and the database its hash."""

import secrets
from collections.abc import Mapping
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from columnist.api.cookies import Cookie
from columnist.api.tokens import hash_of
from columnist.db.connect import NOBODY, Database, User
from columnist.errors import UnauthenticatedError
from columnist.settings import Settings

SESSION_SECONDS = 30 * 86_400
"""How long the database keeps a session (start_session.sql); one that is not used for a week ends earlier."""

How = Literal["password", "oidc"]


class Sessions:
    """The sessions that count with these settings."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._public_url = settings.public_url
        self._database = database
        self.https_only = self._is_https(settings.public_url)
        """Whether browsers open this server over HTTPS only."""
        self._cookie = Cookie("columnist_session", SESSION_SECONDS, https_only=self.https_only)
        self.ways: set[How] = set()
        """How people sign in on this server: an older session of another kind does not count."""
        if settings.sign_in == "password":
            self.ways.add("password")
        if settings.oidc_issuer:
            self.ways.add("oidc")

    async def user_of(self, headers: Mapping[str, str]) -> tuple[User, How, str]:
        """The user of a request's session, how they signed in, and the session's secret. Raises
        UnauthenticatedError."""
        secret = self._cookie.read(headers)
        if not secret:
            raise UnauthenticatedError("Sign in first: the request has neither a session nor a bearer token.")
        async with self._database.act_as(NOBODY) as connection:
            found = await connection.execute("select * from user_of_session(%s)", [hash_of(secret)])
            row = await found.fetchone()
        if row is None or row["how"] not in self.ways:
            raise UnauthenticatedError("Your session has ended: sign in again.", "session")
        return User(row["user_id"], row["email"]), row["how"], secret

    async def start(self, request: Request, response: Response, user: User, how: How, password: str | None) -> None:
        """Start a session of the user in their browser. `password`: the hash of the password that they gave. Raises
        UnauthenticatedError for a user whom an operator has disabled, or whose password has changed by now."""
        secret = secrets.token_urlsafe(32)
        async with self._database.worker() as connection:
            found = await connection.execute(
                "select start_session(%s, %s, %s, %s, %s) as started",
                [hash_of(secret), user.id, user.email, how, password],
            )
            row = await found.fetchone()
        if row is None or not row["started"]:
            raise UnauthenticatedError("Your account on this server is disabled: ask the people who run it.")
        self._cookie.write(response, secret, https=self.https(request))

    async def end(self, request: Request, response: Response, secret: str, *, everywhere: bool) -> None:
        """End a session, or all sessions of its user, and delete the browser's cookie."""
        async with self._database.worker() as connection:
            await connection.execute("select end_session(%s, %s)", [hash_of(secret), everywhere])
        self._cookie.write(response, "", https=self.https(request))

    def https(self, request: Request) -> bool:
        """Whether the browser has opened this server over HTTPS: its proxy may not say so, the browser does."""
        return any(map(self._is_https, (self._public_url, request.headers.get("origin"), str(request.base_url))))

    @staticmethod
    def _is_https(url: str | None) -> bool:
        return url is not None and url.startswith("https:")
