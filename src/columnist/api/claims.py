"""The user whom an issuer's claims describe, in a JWT or an ID token."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from columnist.db.connect import User
from columnist.errors import UnauthenticatedError

LEEWAY_SECONDS = 30

PUBLIC_KEY_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "PS384", "PS512", "EdDSA"]


def user_of(claims: Mapping[str, Any], *, confirmed: bool) -> User:
    """The user, identified by issuer and `sub`. `confirmed`: the issuer confirms addresses, although it may not say so.
    Raises UnauthenticatedError."""
    return User(_user_id(claims), _email(claims, confirmed=confirmed))


def _user_id(claims: Mapping[str, Any]) -> UUID:
    """The user's id: a `sub` that is a random UUID, as Supabase's is, unchanged; else a UUID made from issuer and
    `sub`. Other UUIDs are not used unchanged: one may be that made for another issuer's user, or the local user's."""
    subject = str(claims["sub"])
    if not subject:
        raise UnauthenticatedError("The token's sub is empty.")
    with suppress(ValueError):
        if (known := UUID(subject)).version in (4, 7):
            return known
    return uuid5(NAMESPACE_URL, f"{claims.get('iss', '')}#{subject}")


def _email(claims: Mapping[str, Any], *, confirmed: bool) -> str:
    """The verified address in lower case, or "": reviews are shared by e-mail, so an unverified address must not count.
    `confirmed`: the issuer confirms addresses, although the token may not say so."""
    email = claims.get("email")
    verified = str(claims.get("email_verified", confirmed)).lower() == "true"  # some issuers write it as a string
    # ASCII only: in lower case, other letters may become those of somebody else's address.
    if not isinstance(email, str) or not (email.isascii() and email.isprintable()) or not verified:
        return ""
    return email.strip().lower()
