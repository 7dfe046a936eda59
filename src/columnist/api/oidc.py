"""Sign-in at an OIDC provider: the authorization code flow with PKCE. The server redeems the code, so that the page has
no token; the browser gets a session."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import jwt
import structlog
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from columnist.api.claims import LEEWAY_SECONDS, PUBLIC_KEY_ALGORITHMS, user_of
from columnist.api.cookies import Cookie
from columnist.api.keys import KEYS_PAUSE_SECONDS, PublishedKeys, fetched
from columnist.api.sessions import Sessions
from columnist.errors import ColumnistError, UnauthenticatedError
from columnist.guarded.turns import Turns
from columnist.settings import Settings

log = structlog.get_logger()

FLOW_SECONDS = 600
"""How long somebody may take at the provider."""
PROVIDER_SECONDS = 3_600
"""How long a provider's metadata are used."""


class Provider(BaseModel):
    """A provider's metadata (OpenID Connect Discovery)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


class OidcSignIn:
    """Sign-in at the provider of COLUMNIST_OIDC_ISSUER, which ends in a session."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        assert settings.oidc_issuer
        self._issuer = settings.oidc_issuer
        self._settings = settings
        self._sessions = sessions
        # Lax: the provider's page sends the browser back.
        self._flow = Cookie("columnist_sign_in", FLOW_SECONDS, https_only=sessions.https_only, same_site="lax")
        self._provider: Provider | None = None
        self._keys: PublishedKeys | None = None
        self._until = self._attempted_at = float("-inf")
        self._asking = asyncio.Lock()
        self._turns = Turns(8, 2, 5)  # calls of the provider, by client address

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider. All values of this browser's flow are derived from one secret in a
        cookie."""
        try:
            provider, _ = await self._discovered()
        except UnauthenticatedError as error:
            return self._failed("provider away", error)
        secret = secrets.token_urlsafe(32)
        verifier = _derived(secret, "verifier")
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self._return_url(request),
            "scope": "openid email",
            "state": _derived(secret, "state"),
            "nonce": _derived(secret, "nonce"),
            "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        more = "&" if "?" in provider.authorization_endpoint else "?"
        response = RedirectResponse(f"{provider.authorization_endpoint}{more}{urlencode(query)}", 303)
        self._flow.write(response, secret, https=self._sessions.https(request))
        return response

    async def finish(self, request: Request) -> Response:
        """Send the browser back from the provider to the page, with a session or with a failure."""
        try:
            response = await self._session(request)
        except (UnauthenticatedError, jwt.PyJWTError, httpx.HTTPError, ValueError, TypeError, LookupError) as error:
            response = self._failed("sign-in at the provider failed", error)
        self._flow.write(response, "", https=self._sessions.https(request))
        return response

    async def _session(self, request: Request) -> Response:
        secret = self._flow.read(request.headers)
        given = {name: request.query_params.get(name, "") for name in ("state", "code", "error", "iss")}
        if not secret or not hmac.compare_digest(given["state"].encode(), _derived(secret, "state").encode()):
            raise UnauthenticatedError("the browser has begun no sign-in, or another one")
        if given["error"] or not given["code"]:
            raise UnauthenticatedError(f"the provider says {given['error'][:100]!r}")
        address = request.client.host if request.client else ""
        await self._turns.take(address)
        try:
            claims = await self._claims(request, given["code"], given["iss"], secret)
        finally:
            self._turns.give_back(address)
        user = user_of(claims, confirmed=claims["iss"] == self._settings.jwt_confirming_issuer)
        response = RedirectResponse(f"{self._settings.prefix}/", 303)
        await self._sessions.start(request, response, user, "oidc", None)
        return response

    async def _claims(self, request: Request, code: str, issuer: str, secret: str) -> Mapping[str, Any]:
        """The provider's checked claims about the user who has signed in."""
        provider, keys = await self._discovered()
        if issuer and issuer != provider.issuer:
            raise UnauthenticatedError("the answer is of another issuer (RFC 9207)")
        client_id = self._settings.oidc_client_id
        assert client_id
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._return_url(request),
            "client_id": client_id,
            "code_verifier": _derived(secret, "verifier"),
        }
        headers = {"Accept": "application/json"}
        if (key := self._settings.oidc_client_secret) is not None:
            if "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
                pair = f"{quote(client_id, safe='')}:{quote(key.get_secret_value(), safe='')}"
                headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            else:
                form["client_secret"] = key.get_secret_value()
        answer = json.loads(await fetched("POST", provider.token_endpoint, data=form, headers=headers))
        token = answer["id_token"]
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in PUBLIC_KEY_ALGORITHMS:
            raise UnauthenticatedError("the ID token is not signed with a published key")
        claims: dict[str, Any] = jwt.decode(
            token,
            await keys.key(header.get("kid")),
            algorithms=[header["alg"]],
            audience=client_id,
            issuer=provider.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub", "aud", "iss", "nonce"]},
        )
        if claims["nonce"] != _derived(secret, "nonce") or claims.get("azp", client_id) != client_id:
            raise UnauthenticatedError("the ID token is for another sign-in")
        if "email" not in claims and provider.userinfo_endpoint:
            headers = {"Authorization": f"Bearer {answer['access_token']}"}
            said = json.loads(await fetched("GET", provider.userinfo_endpoint, headers=headers))
            if said["sub"] != claims["sub"]:
                raise UnauthenticatedError("the provider's user information is of somebody else")
            claims |= {name: said[name] for name in ("email", "email_verified") if name in said}
        return claims

    async def _discovered(self) -> tuple[Provider, PublishedKeys]:
        """The provider and its keys. Raises UnauthenticatedError while it is away and its metadata are not known."""
        async with self._asking:
            now = time.monotonic()
            if now > self._until and now > self._attempted_at + KEYS_PAUSE_SECONDS:
                self._attempted_at = now
                url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
                try:
                    provider = Provider.model_validate_json(await fetched("GET", url))
                except (httpx.HTTPError, ValidationError, ValueError) as error:
                    log.warning("OIDC provider away", url=url, error=repr(error))
                else:
                    if provider.issuer != self._issuer:
                        raise UnauthenticatedError(f"{url} is of another issuer: {provider.issuer[:200]!r}")
                    if self._provider is None or self._provider.jwks_uri != provider.jwks_uri:
                        self._keys = PublishedKeys(provider.jwks_uri)
                    self._provider, self._until = provider, now + PROVIDER_SECONDS
        if self._provider is None or self._keys is None:
            raise UnauthenticatedError("the provider (COLUMNIST_OIDC_ISSUER) cannot be reached at the moment")
        return self._provider, self._keys

    def _return_url(self, request: Request) -> str:
        return f"{(self._settings.public_url or str(request.base_url)).rstrip('/')}/sign-in/return"

    def _failed(self, event: str, error: Exception) -> Response:
        """Send the browser to the page, which reports a failure; only the log says why."""
        log.warning(event, error=str(error) if isinstance(error, ColumnistError) else repr(error))
        return RedirectResponse(f"{self._settings.prefix}/#sign-in=failed", 303)


def _derived(secret: str, purpose: str) -> str:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
