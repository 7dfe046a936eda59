"""Who I am, and my API tokens for scripts."""

from datetime import timedelta
from importlib.metadata import version
from uuid import UUID

from fastapi import APIRouter

from columnist.api.auth import Principal, new_token
from columnist.api.context import CurrentConnection, CurrentPrincipal, CurrentService, CurrentUser
from columnist.api.models import Me, NewToken, TokenInput, TokenList
from columnist.errors import ForbiddenError, NotFoundError

router = APIRouter(tags=["account"])

_SHOWN = "id, name, scope, created_at, expires_at, last_used_at"


@router.get("/me")
async def get_me(service: CurrentService, user: CurrentUser) -> Me:
    """Who asks, and what the server wants its clients to know."""
    settings = service.settings
    return Me(
        user_id=user.id,
        email=user.email,
        sign_in=service.authenticator.sign_in,
        model=settings.model,
        poll_ms=settings.poll_ms,
        version=version("columnist"),
    )


@router.get("/tokens")
async def list_tokens(user: CurrentUser, connection: CurrentConnection) -> TokenList:
    """The API tokens that are not revoked, newest first."""
    cursor = await connection.execute(
        f"select {_SHOWN} from api_tokens where revoked_at is null order by created_at desc"  # noqa: S608 - a constant
    )
    return TokenList.model_validate({"tokens": await cursor.fetchall()})


@router.post("/tokens", status_code=201)
async def create_token(principal: CurrentPrincipal, body: TokenInput, connection: CurrentConnection) -> NewToken:
    """A new API token; it is shown this once."""
    _signed_in(principal)
    token, kept = new_token()
    cursor = await connection.execute(
        f"insert into api_tokens (user_id, email, name, hash, scope, expires_at) "  # noqa: S608 - a constant
        f"values (%s, %s, %s, %s, %s, now() + %s) returning {_SHOWN}",
        [
            principal.user.id,
            principal.user.email,
            body.name,
            kept,
            body.scope,
            None if body.days is None else timedelta(days=body.days),
        ],
    )
    row = await cursor.fetchone()
    return NewToken.model_validate({**(row or {}), "token": token})


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(principal: CurrentPrincipal, token_id: UUID, connection: CurrentConnection) -> None:
    """Revoke an API token: it is refused from now on."""
    _signed_in(principal)
    cursor = await connection.execute(
        "update api_tokens set revoked_at = now() where id = %s and revoked_at is null", [token_id]
    )
    if cursor.rowcount == 0:
        raise NotFoundError("There is no such API token.")


def _signed_in(principal: Principal) -> None:
    """A token that leaked must not make others, nor lock its owner out."""
    if principal.token:
        raise ForbiddenError("An API token cannot manage API tokens: sign in.")
