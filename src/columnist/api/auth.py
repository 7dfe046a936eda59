"""Who a request is from: the one local user (by the token of the data directory), a JWT (HS256 secret or JWKS), or a
personal API token."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt

from columnist.api.keys import PublishedKeys
from columnist.api.local import LocalToken, is_loopback
from columnist.api.tokens import TOKEN_PREFIX, Scope, user_of_token
from columnist.db.connect import LOCAL_USER, NOBODY, Database, User
from columnist.errors import SettingsError, UnauthenticatedError
from columnist.settings import Settings

LEEWAY_SECONDS = 30

ASK_FOR_LINK = (
    "Open the link that `columnist serve` printed when it started, or sign in with its token, which is in the file "
    "`token` of the server's data directory, too."
)
_PUBLIC_KEY_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "PS384", "PS512", "EdDSA"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The user of a request, and what their credentials permit. `token`: signed in with an API token."""

    user: User
    scope: Scope
    token: bool = False


class Authenticator:
    """Decides who a request is from. Raises SettingsError if strangers could use the server."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self.sign_in = settings.jwt_secret is not None or settings.jwks_url is not None
        if not self.sign_in and not is_loopback(settings.host):
            raise SettingsError(
                f"COLUMNIST_HOST={settings.host} can be reached by others, and there is no sign-in: set "
                "COLUMNIST_JWT_SECRET or COLUMNIST_JWKS_URL, or listen on 127.0.0.1."
            )
        if self.sign_in and settings.jwks_url and not settings.jwt_audience:
            raise SettingsError(
                "COLUMNIST_JWKS_URL needs COLUMNIST_JWT_AUDIENCE: an issuer also signs tokens for other services."
            )
        self.local = None if self.sign_in else LocalToken.of(settings.data_dir)
        self._keys = PublishedKeys(settings.jwks_url) if settings.jwks_url else None

    async def principal(self, headers: Mapping[str, str]) -> Principal:
        """Who the request with these headers is from. Raises UnauthenticatedError."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        credentials = credentials.strip()
        if not scheme:
            if self.local is None:
                raise UnauthenticatedError("Sign in first: the request has no bearer token.")
            if self.local.in_cookies(headers.get("cookie", "")):
                return Principal(LOCAL_USER, "write")
            raise UnauthenticatedError(ASK_FOR_LINK, "link")
        if scheme.lower() != "bearer" or not credentials:
            raise UnauthenticatedError("The Authorization header is not 'Bearer', a space and a token.")
        if credentials.startswith(TOKEN_PREFIX):
            return await self._of_api_token(credentials)
        if self.local is not None:
            if self.local.is_(credentials):
                return Principal(LOCAL_USER, "write")
            raise UnauthenticatedError(f"This is not the token of this server. {ASK_FOR_LINK}", "link")
        user = await self._of_jwt(credentials)
        await self._admit(user, "jwt")
        return Principal(user, "write")

    async def opened_link(self, token: str) -> str | None:
        """The Set-Cookie header for a browser that opens the link with this token; None: it is another token."""
        if self.local is None or not self.local.is_(token):
            return None
        await self._admit(LOCAL_USER, "link")
        return self.local.cookie()

    async def _of_api_token(self, token: str) -> Principal:
        async with self._database.act_as(NOBODY) as connection:
            user, scope = await user_of_token(connection, token)
        return Principal(user, scope, token=True)

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
            elif algorithm in _PUBLIC_KEY_ALGORITHMS and self._keys:
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
            # Who knows the secret is the operator's own issuer.
            confirmed = algorithm == "HS256" or claims.get("iss", "") == settings.jwt_confirming_issuer
            return User(_user_id(claims), _email(claims, confirmed=confirmed))
        except jwt.ExpiredSignatureError as error:
            raise UnauthenticatedError("The token has expired: sign in again.") from error
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise UnauthenticatedError(f"The token is not valid: {error}.") from error


def _user_id(claims: Mapping[str, Any]) -> UUID:
    """A `sub` that is a random UUID, as Supabase's, as it is; else one made of issuer and `sub`. No other UUID is taken
    as it is: it may have been made so of another issuer's user, or be the local user's."""
    subject = str(claims["sub"])
    if not subject:
        raise UnauthenticatedError("The token's sub is empty.")
    with suppress(ValueError):
        if (known := UUID(subject)).version in (4, 7):
            return known
    return uuid5(NAMESPACE_URL, f"{claims.get('iss', '')}#{subject}")


def _email(claims: Mapping[str, Any], *, confirmed: bool) -> str:
    """The verified address in small letters, or "": reviews are shared by e-mail, so an unverified one must not count.
    `confirmed`: the issuer confirms addresses, although the token may not say so."""
    email = claims.get("email")
    verified = str(claims.get("email_verified", confirmed)).lower() == "true"  # some issuers write it as a string
    # ASCII only: other letters may become those of somebody else's address in small letters.
    if not isinstance(email, str) or not (email.isascii() and email.isprintable()) or not verified:
        return ""
    return email.strip().lower()
