"""The user's API tokens."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from columnist.api import models
from columnist.client.transport import Transport, parsed


class Tokens:
    """The user's API tokens. A client that is signed in with one cannot manage them (ForbiddenError)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, scope: Literal["read", "write"] = "write", days: int | None = None) -> models.NewToken:
        """A new token; only this call returns its `token`. `days` of validity; None: until it is revoked."""
        body = {"name": name, "scope": scope, "days": days}
        return parsed(models.NewToken, self._transport.request("POST", "/tokens", json=body))

    def list(self) -> Sequence[models.Token]:
        """The tokens that are not revoked, newest first."""
        return self._transport.read(models.TokenList, "/tokens").tokens

    def revoke(self, token_id: UUID) -> None:
        """Revoke a token: it is refused from now on. Raises NotFoundError."""
        self._transport.request("DELETE", f"/tokens/{token_id}")
