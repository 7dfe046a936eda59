"""People who sign in by a JWT of a server that has this secret."""

import time
from typing import Any
from uuid import uuid4

import jwt

from columnist.db.connect import User

SECRET = "a secret that is long enough for HS256"


def signed(name: str) -> str:
    """The token of a person, for ten minutes."""
    return jwt.encode({"sub": name, "email": f"{name}@example.org", "exp": time.time() + 600}, SECRET, "HS256")


def token_of(user: User, secret: str = SECRET, seconds: float = 3_600) -> str:
    """A token as the issuer would sign it."""
    claims = {"sub": str(user.id), "email": user.email, "role": "authenticated", "exp": time.time() + seconds}
    return jwt.encode(claims, secret, "HS256")


def bearer(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(user)}"}


AUDIENCE, ISSUER = "columnist", "https://issuer.example"


USER = str(uuid4())


def claims(**changes: object) -> dict[str, Any]:
    """The claims of a valid token; None removes a claim."""
    good = {
        "sub": USER,
        "email": "Ada@Example.org",
        "aud": AUDIENCE,
        "iss": ISSUER,
        "exp": time.time() + 86_400,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def hs256(secret: str = SECRET, **changes: object) -> str:
    return jwt.encode(claims(**changes), secret, "HS256")
