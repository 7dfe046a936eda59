"""People who sign in by a JWT of a server that has this secret."""

import time

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
