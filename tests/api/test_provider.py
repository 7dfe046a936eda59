"""Sign-in at an OIDC provider that is hostile, confused, or somebody else's: it signs nobody in."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.api.test_sign_in import ADA, Site, site
from tests.http import problem

__all__ = ["site"]

CLIENT, CLIENT_SECRET = "columnist", "a secret of the client that is long enough"
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65_537, key_size=2_048) for _ in range(2))
PUBLIC_PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Provider:
    """A provider on this machine. `claims`, `sign`: how its next ID token is made; `told`: forms that it was sent."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.told: list[dict[str, str]] = []
        self.nonce = ""
        self.reset()

    def reset(self) -> None:
        self.issuer = self.url
        self.claims: Callable[[dict[str, Any]], Any] = lambda claims: None
        self.sign: Callable[[dict[str, Any]], str] = lambda claims: signed(claims)
        self.body: bytes | None = None
        self.user: dict[str, Any] = {"sub": "ada", "email": ADA, "email_verified": True}

    def tell_apart(self, user: dict[str, Any]) -> None:
        """Let the address be in the information about the user, and not in the token."""
        self.claims = lambda claims: claims.pop("email")
        self.user = user

    def answer(self, path: str, form: dict[str, str]) -> bytes:
        if path == "/.well-known/openid-configuration":
            ends = {f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token", "userinfo")}
            return json.dumps({"issuer": self.issuer, "jwks_uri": f"{self.url}/keys", **ends}).encode()
        if path == "/keys":
            own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return json.dumps({"keys": [{**own, "kid": "1", "use": "sig"}]}).encode()
        if path == "/userinfo":
            return json.dumps(self.user).encode()
        self.told.append(form)
        if self.body is not None:
            return self.body
        now = int(time.time())
        claims = {"iss": self.url, "sub": "ada", "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": self.nonce}
        claims |= {"email": ADA, "email_verified": True}
        self.claims(claims)
        return json.dumps({"id_token": self.sign(claims), "access_token": "x"}).encode()


def signed(claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", kid: str = "1") -> str:
    return jwt.encode(claims, key, algorithm, headers={"kid": kid})


def by_hand(claims: dict[str, Any], algorithm: str, key: bytes) -> str:
    """A token that a library refuses to make."""
    parts = [{"alg": algorithm, "kid": "1", "typ": "JWT"}, claims]
    head = ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts)
    digest = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    own = b"" if algorithm == "none" else digest.sign(head.encode(), key)
    return f"{head}.{base64.urlsafe_b64encode(own).decode().rstrip('=')}"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("content-length", 0))
            body = there.answer(urlsplit(self.path).path, dict(parse_qsl(self.rfile.read(size).decode())))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        there = Provider(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield there
        server.shutdown()


async def begun(browser: httpx.AsyncClient) -> dict[str, str]:
    """What the browser is to ask of the provider."""
    answer = await browser.get("/../sign-in")
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def returned(browser: httpx.AsyncClient, **query: str) -> bool:
    """Whether the browser is signed in after the provider has sent it back."""
    answer = await browser.get("/../sign-in/return", params=query)
    assert answer.status_code == 303 and answer.headers["location"] in ("/", "/#sign-in=failed")
    is_in = (await browser.get("/me")).status_code == 200
    assert is_in is (answer.headers["location"] == "/")
    return is_in


TOKENS: dict[str, Callable[[Provider], Any]] = {
    "another nonce": lambda p: setattr(p, "claims", lambda claims: claims.update(nonce="another")),
    "no nonce": lambda p: setattr(p, "claims", lambda claims: claims.pop("nonce")),
    "for another client": lambda p: setattr(p, "claims", lambda claims: claims.update(aud="another")),
    "of another party": lambda p: setattr(p, "claims", lambda c: c.update(aud=[CLIENT, "another"], azp="another")),
    "of another issuer": lambda p: setattr(p, "claims", lambda claims: claims.update(iss="http://127.0.0.1:1")),
    "expired": lambda p: setattr(p, "claims", lambda claims: claims.update(exp=int(time.time()) - 60)),
    "not yet valid": lambda p: setattr(p, "claims", lambda claims: claims.update(nbf=int(time.time()) + 90)),
    "without an end": lambda p: setattr(p, "claims", lambda claims: claims.pop("exp")),
    "without a beginning": lambda p: setattr(p, "claims", lambda claims: claims.pop("iat")),
    "of nobody": lambda p: setattr(p, "claims", lambda claims: claims.pop("sub")),
    "of an empty subject": lambda p: setattr(p, "claims", lambda claims: claims.update(sub="")),
    "signed by nobody": lambda p: setattr(p, "sign", lambda claims: by_hand(claims, "none", b"")),
    "signed with the client's secret": lambda p: setattr(
        p, "sign", lambda claims: by_hand(claims, "HS256", CLIENT_SECRET.encode())
    ),
    "signed with the public key": lambda p: setattr(p, "sign", lambda claims: by_hand(claims, "HS256", PUBLIC_PEM)),
    "signed with another key": lambda p: setattr(p, "sign", lambda claims: signed(claims, OTHER_KEY)),
    "signed with an unknown key": lambda p: setattr(p, "sign", lambda claims: signed(claims, OTHER_KEY, kid="2")),
    "no token": lambda p: setattr(p, "body", b'{"access_token": "x"}'),
    "a page": lambda p: setattr(p, "body", b"<html>"),
    "a list": lambda p: setattr(p, "body", b"[]"),
    "without end": lambda p: setattr(p, "body", b" " * 5_000_000),
    "a user of another name": lambda p: p.tell_apart({"sub": "eve", "email": ADA, "email_verified": True}),
}


def test_no_answer_but_the_right_one_signs_anybody_in(
    site: Callable[..., Any], provider: Provider, record_property: Callable[[str, object], None]
) -> None:
    async def scenario(here: Site) -> None:
        for way, confuse in TOKENS.items():
            provider.reset()
            browser = here.browser()
            asked = await begun(browser)
            provider.nonce = asked["nonce"]
            confuse(provider)
            assert not await returned(browser, state=asked["state"], code="c"), way
        provider.reset()

        # The browser, its state, its code.
        one, other, third = here.browser(), here.browser(), here.browser()
        asked, others = await begun(one), await begun(other)
        provider.nonce = asked["nonce"]
        for way, query in {
            "no state": {"code": "c"},
            "another state": {"state": "x" * 64, "code": "c"},
            "no ASCII": {"state": "ä" * 64, "code": "c"},
            "another browser's state": {"state": others["state"], "code": "c"},
        }.items():
            assert not await returned(one, **query), way
            asked = await begun(one)
        assert not await returned(third, state=asked["state"], code="c"), "a browser that has begun nothing"
        for way, query in {
            "an error": {"error": "access_denied"},
            "no code": {},
            "another issuer (RFC 9207)": {"code": "c", "iss": "http://127.0.0.1:1"},
            "another browser's nonce": {"code": "c"},
        }.items():
            asked = await begun(one)
            provider.nonce = (others if "nonce" in way else asked)["nonce"]
            assert not await returned(one, state=asked["state"], **query), way
        assert here.sql("select * from sessions") == []

        asked = await begun(one)
        provider.nonce = asked["nonce"]
        assert await returned(one, state=asked["state"], code="c", iss=provider.url)
        digest = hashlib.sha256(provider.told[-1]["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        assert asked["code_challenge_method"] == "S256" and provider.told[-1]["redirect_uri"] == asked["redirect_uri"]
        assert (await one.get("/me")).json()["email"] == ADA
        assert (await one.get("/../sign-in/return", params={"state": asked["state"], "code": "c"})).headers[
            "location"
        ] == "/#sign-in=failed", "the flow has ended"

        unverified = here.browser()
        asked = await begun(unverified)
        provider.nonce = asked["nonce"]
        provider.claims = lambda claims: claims.update(email_verified=False)
        assert await returned(unverified, state=asked["state"], code="c")
        assert not (await unverified.get("/me")).json()["email"]

    record_property("inputs", len(TOKENS) + 10)
    site(scenario, COLUMNIST_SIGN_IN=None, **settings_of(provider))


def test_a_provider_that_calls_itself_another_is_not_asked(site: Callable[..., Any], provider: Provider) -> None:
    async def scenario(here: Site) -> None:
        provider.reset()
        provider.issuer = "http://127.0.0.1:1"
        answer = await here.browser().get("/../sign-in")
        assert answer.headers["location"] == "/#sign-in=failed"

    site(scenario, COLUMNIST_SIGN_IN=None, **settings_of(provider))
    provider.reset()


def settings_of(provider: Provider) -> dict[str, str]:
    return {
        "COLUMNIST_OIDC_ISSUER": provider.url,
        "COLUMNIST_OIDC_CLIENT_ID": CLIENT,
        "COLUMNIST_OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }


def test_a_session_is_new_at_sign_in_and_every_change_asks_for_the_page(
    site: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    """A cookie that somebody has planted is no session, and no operation is without the rule for other sites."""

    async def scenario(here: Site) -> None:
        victim = here.browser()
        victim.cookies.set("columnist_session", "planted", domain=urlsplit(str(victim.base_url)).hostname or "")
        link = await here.invited()
        both = [{"invitation": link, "password": password} for password in ("four random words", "other words here")]
        answers = [await victim.post("/invitation", json=one) for one in both]
        assert [one.status_code for one in answers] == [204, 401], "a link works once"
        given = answers[0].headers["set-cookie"].partition("=")[2].partition(";")[0]
        assert given != "planted" and len(given) > 40
        thief = here.browser()
        problem(await thief.get("/me", headers={"Cookie": "columnist_session=planted"}), 401, "unauthenticated")

        headers = {"Cookie": f"columnist_session={given}"}
        assert (await thief.get("/me", headers=headers)).status_code == 200
        schema = (await thief.get("/../openapi.json", headers=headers)).json()
        tried = 0
        for path, operations in schema["paths"].items():
            filled = path.removeprefix("/api").replace("{", "").replace("}", "")
            for method in set(operations) & {"post", "put", "patch", "delete"}:
                elsewhere = {**headers, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
                answer = await thief.request(method.upper(), filled, headers=elsewhere, content=b"{}")
                assert answer.status_code == 403, (method, path, answer.status_code)
                tried += 1
        assert tried > 30
        record_property("inputs", tried)

    site(scenario)
