"""The signed-in user, and their API tokens for scripts."""

from importlib.metadata import version
from uuid import UUID

from fastapi import APIRouter

from columnist.api import tokens
from columnist.api.account import usage_of
from columnist.api.auth import Principal
from columnist.api.context import CurrentConnection, CurrentGate, CurrentPrincipal, CurrentProcess, CurrentUser
from columnist.api.guarded import GuardedRoute
from columnist.api.models import Me, NewToken, TokenInput, TokenList
from columnist.errors import ForbiddenError

router = APIRouter(tags=["account"], route_class=GuardedRoute)


@router.get("/me")
async def get_me(
    process: CurrentProcess, gate: CurrentGate, principal: CurrentPrincipal, connection: CurrentConnection
) -> Me:
    """The signed-in user, and what clients need to know about the server."""
    return Me(
        user_id=principal.user.id,
        email=principal.user.email,
        sign_in=gate.authenticator.sign_in,
        how=principal.how,
        model=process.settings.model,
        measured_models=sorted(process.settings.measured),
        poll_ms=process.settings.poll_ms,
        version=version("columnist"),
        usage=await usage_of(connection, principal.user),
        quotas=process.database.quotas,
    )


@router.get("/tokens")
async def list_tokens(user: CurrentUser, connection: CurrentConnection) -> TokenList:
    """Your API tokens that are not revoked, newest first."""
    return TokenList(tokens=await tokens.list_tokens(connection))


@router.post("/tokens", status_code=201)
async def create_token(principal: CurrentPrincipal, body: TokenInput, connection: CurrentConnection) -> NewToken:
    """Create an API token. Only this response shows it."""
    _check_signed_in(principal)
    return await tokens.create_token(connection, principal.user, body.name, body.scope, body.days)


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(principal: CurrentPrincipal, token_id: UUID, connection: CurrentConnection) -> None:
    """Revoke an API token. It is refused from now on."""
    _check_signed_in(principal)
    await tokens.revoke_token(connection, token_id)


def _check_signed_in(principal: Principal) -> None:
    """A leaked token must not create others, nor lock its owner out."""
    if principal.how == "token":
        raise ForbiddenError("An API token cannot manage API tokens: sign in.")
