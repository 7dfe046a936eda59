"""The user of a request: by the token of the data directory (the one local user), a session, a JWT (HS256 secret or
JWKS), or a personal API token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jwt
from starlette.responses import Response

from columnist.api.claims import LEEWAY_SECONDS, PUBLIC_KEY_ALGORITHMS, user_of
from columnist.api.cookies import require_own_page
from columnist.api.keys import PublishedKeys
from columnist.api.local import LocalToken, is_loopback
from columnist.api.oidc import OidcSignIn
from columnist.api.sessions import Sessions
from columnist.api.sign_in import PasswordSignIn
from columnist.api.tokens import TOKEN_PREFIX, Scope, user_of_token
from columnist.db.connect import LOCAL_USER, NOBODY, Database, User
from columnist.errors import SettingsError, UnauthenticatedError
from columnist.settings import Settings

ASK_FOR_LINK = (
    "Open the link that `columnist serve` printed when it started, or sign in with its token, which is in the file "
    "`token` of the server's data directory, too."
)


@dataclass(frozen=True, slots=True)
class Principal:
    """The user of a request, what their credentials permit and are, and the secret of their session, if it is one."""

    user: User
    scope: Scope
    how: Literal["link", "token", "jwt", "password", "oidc"]
    session: str | None = None


class Authenticator:
    """Finds the user of a request. Raises SettingsError if strangers could use the server, or if nobody could sign
    in."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self.sessions = Sessions(settings, database)
        self.sign_in = settings.jwt_secret is not None or settings.jwks_url is not None or bool(self.sessions.ways)
        self.oidc = OidcSignIn(settings, self.sessions) if "oidc" in self.sessions.ways else None
        """Sign-in at an OIDC provider, if it is set up."""
        self._passwords = PasswordSignIn(database, self.sessions) if "password" in self.sessions.ways else None
        if not self.sign_in and not is_loopback(settings.host):
            raise SettingsError(
                f"COLUMNIST_HOST={settings.host} can be reached by others, and there is no sign-in: set "
                "COLUMNIST_SIGN_IN=password, COLUMNIST_OIDC_ISSUER, COLUMNIST_JWT_SECRET or COLUMNIST_JWKS_URL, or "
                "listen on 127.0.0.1."
            )
        if self.sign_in and settings.jwks_url and not settings.jwt_audience:
            raise SettingsError(
                "COLUMNIST_JWKS_URL needs COLUMNIST_JWT_AUDIENCE: an issuer also signs tokens for other services."
            )
        if settings.oidc_issuer and not settings.oidc_client_id:
            raise SettingsError(
                "COLUMNIST_OIDC_ISSUER needs COLUMNIST_OIDC_CLIENT_ID, as the provider knows this server."
            )
        self.local = None if self.sign_in else LocalToken.of(settings.data_dir)
        self._keys = PublishedKeys(settings.jwks_url) if settings.jwks_url else None

    @property
    def ways(self) -> list[str]:
        """The ways to sign in that the page offers: `password`, `oidc`, or a `token`."""
        settings = self._settings
        by_token = self.local is not None or settings.jwt_secret is not None or settings.jwks_url is not None
        return [*sorted(self.sessions.ways), *(["token"] if by_token else [])]

    def by_password(self) -> PasswordSignIn:
        """Sign-in by password. Raises UnauthenticatedError if the server has none."""
        if self._passwords is None:
            raise UnauthenticatedError("This server has no sign-in by password (COLUMNIST_SIGN_IN).")
        return self._passwords

    async def principal(self, method: str, headers: Mapping[str, str]) -> Principal:
        """The user of a request with this method and these headers. Raises UnauthenticatedError, and ForbiddenError for
        a change with a cookie that another site's page has sent along."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        credentials = credentials.strip()
        if not scheme:
            principal = await self._of_cookie(headers)
            require_own_page(method, headers)
            return principal
        if scheme.lower() != "bearer" or not credentials:
            raise UnauthenticatedError("The Authorization header is not 'Bearer', a space and a token.")
        if credentials.startswith(TOKEN_PREFIX):
            return await self._of_api_token(credentials)
        if self.local is not None:
            if self.local.is_(credentials):
                return Principal(LOCAL_USER, "write", "link")
            raise UnauthenticatedError(f"This is not the token of this server. {ASK_FOR_LINK}", "link")
        user = await self._of_jwt(credentials)
        await self._admit(user, "jwt")
        return Principal(user, "write", "jwt")

    async def opens(self, token: str, response: Response) -> bool:
        """Whether a link has the token of the one local user; the browser then keeps it as a cookie."""
        if self.local is None or not self.local.is_(token):
            return False
        await self._admit(LOCAL_USER, "link")
        self.local.cookie.write(response, token, https=False)
        return True

    async def _of_cookie(self, headers: Mapping[str, str]) -> Principal:
        if self.local is not None:
            if self.local.is_(self.local.cookie.read(headers)):
                return Principal(LOCAL_USER, "write", "link")
            raise UnauthenticatedError(ASK_FOR_LINK, "link")
        if not self.sessions.ways:
            raise UnauthenticatedError("Sign in first: the request has no bearer token.")
        user, how, secret = await self.sessions.user_of(headers)
        return Principal(user, "write", how, secret)

    async def _of_api_token(self, token: str) -> Principal:
        async with self._database.act_as(NOBODY) as connection:
            user, scope = await user_of_token(connection, token)
        return Principal(user, scope, "token")

    async def _admit(self, user: User, how: str) -> None:
        """Note the sign-in, if it is one. Raises UnauthenticatedError for a user whom an operator has disabled."""
        async with self._database.act_as(user) as connection:
            row = await (await connection.execute("select admit_user(%s) as admitted", [how])).fetchone()
        if row is None or not row["admitted"]:
            raise UnauthenticatedError("Your account on this server is disabled: ask the people who run it.")

    async def _of_jwt(self, token: str) -> User:
        settings = self._settings
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            # The kind of key decides which algorithms count: a public key is never taken for an HS256 secret.
            if algorithm == "HS256" and settings.jwt_secret:
                key: Any = settings.jwt_secret.get_secret_value()
            elif algorithm in PUBLIC_KEY_ALGORITHMS and self._keys:
                key = await self._keys.key(header.get("kid"))
            else:
                raise UnauthenticatedError("The token is not signed in a way that this server accepts.")
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=settings.jwt_audience,
                issuer=settings.jwt_issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub"], "verify_aud": settings.jwt_audience is not None},
            )
            # Only the operator's own issuer knows the secret.
            confirmed = algorithm == "HS256" or claims.get("iss", "") == settings.jwt_confirming_issuer
            return user_of(claims, confirmed=confirmed)
        except jwt.ExpiredSignatureError as error:
            raise UnauthenticatedError("The token has expired: sign in again.") from error
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise UnauthenticatedError(f"The token is not valid: {error}.") from error
