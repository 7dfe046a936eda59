"""People who sign in by a JWT of a server that has this secret."""

import time

import jwt

SECRET = "a secret that is long enough for HS256"


def signed(name: str) -> str:
    """The token of a person, for ten minutes."""
    return jwt.encode({"sub": name, "email": f"{name}@example.org", "exp": time.time() + 600}, SECRET, "HS256")
