"""Signing in, by password or at an OIDC provider, and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from columnist.api.context import CurrentGate, CurrentPrincipal
from columnist.api.guarded import GuardedRoute, PasswordRoute
from columnist.api.models import InvitationInput, PasswordInput, SignInInput
from columnist.api.oidc import OidcSignIn
from columnist.errors import ForbiddenError, NotFoundError

router = APIRouter(tags=["account"], route_class=PasswordRoute)
signed_in = APIRouter(tags=["account"], route_class=GuardedRoute)
elsewhere = APIRouter(include_in_schema=False)


@router.post("/session", status_code=204)
async def sign_in(request: Request, response: Response, gate: CurrentGate, body: SignInInput) -> None:
    """Sign in by e-mail address and password. The response sets the session's cookie, which counts in requests of this
    server's page only; programs use API tokens."""
    await gate.authenticator.by_password().sign_in(request, response, body.email, body.password)


@signed_in.delete("/session", status_code=204)
async def sign_out(
    request: Request, response: Response, gate: CurrentGate, principal: CurrentPrincipal, everywhere: bool = False
) -> None:
    """End this session, or all of yours: `everywhere=true`."""
    if principal.session is None:
        raise ForbiddenError("The request has no session to end: API tokens are revoked, other tokens expire.")
    await gate.authenticator.sessions.end(request, response, principal.session, everywhere=everywhere)


@router.post("/invitation", status_code=204)
async def accept_invitation(request: Request, response: Response, gate: CurrentGate, body: InvitationInput) -> None:
    """Choose a password, by the link that an operator has sent, and sign in. A link works once."""
    await gate.authenticator.by_password().accept(request, response, body.invitation, body.password)


@signed_in.put("/password", status_code=204)
async def change_password(
    request: Request, response: Response, gate: CurrentGate, principal: CurrentPrincipal, body: PasswordInput
) -> None:
    """Change your password. All of your other sessions end."""
    if principal.how != "password":
        raise ForbiddenError("You have not signed in with a password.")
    passwords = gate.authenticator.by_password()
    await passwords.change(request, response, principal.user.email, body.password, body.new_password)


async def _oidc(gate: CurrentGate) -> OidcSignIn:
    if gate.authenticator.oidc is None:
        raise NotFoundError("This server has no sign-in at an OIDC provider (COLUMNIST_OIDC_ISSUER).")
    return gate.authenticator.oidc


@elsewhere.get("/sign-in")
async def sign_in_elsewhere(request: Request, oidc: Annotated[OidcSignIn, Depends(_oidc)]) -> Response:
    """The browser goes to the OIDC provider."""
    return await oidc.begin(request)


@elsewhere.get("/sign-in/return")
async def signed_in_elsewhere(request: Request, oidc: Annotated[OidcSignIn, Depends(_oidc)]) -> Response:
    """The browser comes back from it, with a code."""
    return await oidc.finish(request)
