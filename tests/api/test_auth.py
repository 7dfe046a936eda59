"""The user of a request: valid tokens, forged tokens, keys that rotate, and a server that would be open."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from columnist.api.keys import KEYS_PAUSE_SECONDS
from tests.conftest import new_database
from tests.patience import wait_until
from tests.processes import columnist, served_api
from tests.signing import AUDIENCE, ISSUER, SECRET, USER, claims, hs256


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass(slots=True)
class Issuer:
    """An issuer of tokens: its keys by `kid`, the URL where it publishes them, and how often that was fetched."""

    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    url: str = ""
    fetches: int = 0
    hanging: Event = field(default_factory=Event)

    def rotate(self, kid: str) -> None:
        """From now on this is the only key."""
        self.keys = {kid: rsa.generate_private_key(65537, 2048)}

    def token(self, kid: str, key: rsa.RSAPrivateKey | None = None, **changes: object) -> str:
        return jwt.encode(claims(**changes), key or self.keys[kid], "RS256", headers={"kid": kid})

    def published(self) -> bytes:
        keys = [
            RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return json.dumps({"keys": keys}).encode()


@contextmanager
def an_issuer() -> Iterator[Issuer]:
    """A real HTTP server that publishes keys."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.fetches += 1
            while issuer.hanging.is_set():
                time.sleep(0.05)
            body = issuer.published()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    issuer.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    issuer.rotate("first")
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def a_server(url: str, home: Path, **variables: object) -> Iterator[httpx.Client]:
    """The API of a running server that demands AUDIENCE and ISSUER."""
    variables = {
        "DATABASE_URL": url,
        "COLUMNIST_DATA_DIR": home,
        "COLUMNIST_JWT_AUDIENCE": AUDIENCE,
        "COLUMNIST_JWT_ISSUER": ISSUER,
        **variables,
    }
    with served_api("--no-worker", **variables) as client:
        yield client


@pytest.fixture
def api(url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    with a_server(url, tmp_path, COLUMNIST_JWT_SECRET=SECRET) as client:
        yield client


def ask(api: httpx.Client, token: str, method: str = "GET", path: str = "/me", **options: Any) -> httpx.Response:
    return api.request(method, path, headers={"Authorization": f"Bearer {token}"}, **options)


def refused(answer: httpx.Response) -> str:
    """The sentence of a 401."""
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    detail: str = answer.json()["detail"]
    assert detail.endswith(".")
    return detail


def test_a_good_token_is_its_subject_with_the_email_in_small_letters(api: httpx.Client) -> None:
    me = ask(api, hs256()).json()
    assert (me["user_id"], me["email"], me["sign_in"]) == (USER, "ada@example.org", True)


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ({"exp": time.time() - 60}, "expired"),
        ({"exp": None}, "exp"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 5}, "ubject"),
        ({"aud": "another"}, "udience"),
        ({"aud": None}, "aud"),
        ({"iss": "https://evil.example"}, "ssuer"),
        ({"iss": None}, "iss"),
        ({"nbf": time.time() + 86_400}, "not yet valid"),
        ({"exp": "never"}, "xpiration"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused_with_the_reason(
    shared_api: httpx.Client, flaw: dict[str, Any], words: str
) -> None:
    assert words in refused(ask(shared_api, hs256(**flaw)))


@pytest.fixture(scope="module")
def shared_api(template_of: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that accepts HS256, with a database that no test changes."""
    url = new_database(template_of["embedded"], "shared_by_auth")
    with a_server(url, tmp_path_factory.mktemp("home"), COLUMNIST_JWT_SECRET=SECRET) as client:
        yield client


LIES = {
    "signed with another secret": hs256("another-secret-of-more-than-thirty-two-bytes"),
    "signature bent": hs256()[:-3] + "abc",
    "alg none": f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims())}.",
    "alg None": f"{part({'alg': 'None'})}.{part(claims())}.",
    "no signature": f"{part({'alg': 'HS256'})}.{part(claims())}.",
    "a list of algorithms": f"{part({'alg': ['HS256']})}.{part(claims())}.x",
    "no algorithm": f"{part({})}.{part(claims())}.x",
    "claims that are a list": jwt.api_jws.encode(b"[1]", SECRET, "HS256"),
    "another algorithm": jwt.encode(claims(), SECRET * 2, "HS512"),
    "a key of their own": jwt.encode(claims(), rsa.generate_private_key(65537, 2048), "RS256"),
    "garbage": "garbage",
    "three parts of garbage": "a.b.c",
    "dots": "..",
    "an unknown API token": "col_unknown",
    "long garbage": "x" * 10_000,
    "deep garbage": base64.urlsafe_b64encode(b"[" * 30_000).decode().rstrip("=") + ".e30.x",
}


@pytest.mark.parametrize("token", LIES.values(), ids=LIES)
def test_a_token_that_nobody_signed_for_this_server_is_refused(shared_api: httpx.Client, token: str) -> None:
    refused(ask(shared_api, token))


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer \xff\xfe", "bearer x y z", SECRET])
def test_a_header_that_is_no_bearer_token_is_refused(shared_api: httpx.Client, header: str) -> None:
    refused(shared_api.get("/me", headers={b"Authorization": header.encode("latin-1")}))


def test_a_subject_that_is_no_uuid_is_the_same_user_each_time_and_another_with_another(api: httpx.Client) -> None:
    first, again, other = (ask(api, hs256(sub=sub)).json()["user_id"] for sub in ("auth0|1", "auth0|1", "auth0|2"))
    assert first == again != other
    assert UUID(first).version == 5


@pytest.mark.parametrize("email", ["a\0b@example.org", "\ud800@example.org", ["a@example.org"], 5, None])
def test_an_email_that_cannot_be_one_is_none(shared_api: httpx.Client, email: object) -> None:
    token = hs256(sub="a\0b", email=email)
    assert ask(shared_api, token).json()["email"] == ""
    assert ask(shared_api, token, path="/tabular/reviews").json() == {"reviews": [], "total": 0}


def test_an_unverified_email_shares_nothing(api: httpx.Client) -> None:
    owner, member = hs256(), str(uuid4())
    review = ask(api, owner, "POST", "/tabular/reviews", json={"name": "Shared"}).json()
    path = f"/tabular/reviews/{review['id']}"
    put = ask(api, owner, "PUT", f"{path}/members/eve@example.org", json={"role": "editor"})
    assert put.status_code == 200
    eve = {"sub": member, "email": "eve@example.org"}
    assert ask(api, hs256(**eve, email_verified=True), path=path).json()["role"] == "editor"
    assert ask(api, hs256(**eve), path=path).json()["role"] == "editor", "Supabase says nothing about it"
    for unverified in (False, "false", 0, None, ""):
        token = jwt.encode(claims(**eve) | {"email_verified": unverified}, SECRET, "HS256")
        assert ask(api, token, path=path).status_code == 404


# ── Published keys ───────────────────────────────────────────────────────────────────────────────────────────────


def test_published_keys_are_fetched_once_and_anew_when_they_rotate(url: str, tmp_path: Path) -> None:
    with an_issuer() as issuer, a_server(url, tmp_path, COLUMNIST_JWKS_URL=issuer.url) as api:
        old = issuer.token("first")
        assert [ask(api, old).status_code for _ in range(10)] == [200] * 10
        assert issuer.fetches == 1
        issuer.rotate("second")
        new = issuer.token("second")
        wait_until(lambda: ask(api, new).status_code == 200, "the new key")
        assert ask(api, new).json()["user_id"] == USER
        assert issuer.fetches == 2
        refused(ask(api, old))  # a withdrawn key no longer counts


def test_unknown_keys_do_not_make_the_server_ask_its_issuer_for_every_request(url: str, tmp_path: Path) -> None:
    with an_issuer() as issuer, a_server(url, tmp_path, COLUMNIST_JWKS_URL=issuer.url) as api:
        assert ask(api, issuer.token("first")).status_code == 200
        began = time.monotonic()
        stranger = rsa.generate_private_key(65537, 2048)
        for nr in range(20):
            refused(ask(api, issuer.token(f"made up {nr}", stranger)))
        assert issuer.fetches <= 2 + (time.monotonic() - began) / KEYS_PAUSE_SECONDS


def test_a_public_key_is_no_hs256_secret(url: str, tmp_path: Path) -> None:
    with an_issuer() as issuer, a_server(url, tmp_path, COLUMNIST_JWKS_URL=issuer.url) as api:
        public = issuer.keys["first"].public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        # By hand: PyJWT would not sign with a public key.
        signed = f"{part({'alg': 'HS256', 'kid': 'first'})}.{part(claims())}"
        for secret in (pem, issuer.published()):
            mac = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), hashlib.sha256)).rstrip(b"=").decode()
            refused(ask(api, f"{signed}.{mac}"))
        refused(ask(api, issuer.token("first", rsa.generate_private_key(65537, 2048))))
        refused(ask(api, hs256()))
        refused(ask(api, issuer.token("first", aud="another service")))


def test_an_issuer_that_is_away_is_a_sentence_and_the_server_goes_on(url: str, tmp_path: Path) -> None:
    with an_issuer() as issuer:
        away, token = issuer.url, issuer.token("first")
    with a_server(url, tmp_path, COLUMNIST_JWKS_URL=away, COLUMNIST_JWT_SECRET=SECRET) as api:
        assert "keys" in refused(ask(api, token))
        assert ask(api, hs256()).status_code == 200


def test_what_an_issuer_publishes_may_be_nonsense(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with an_issuer() as issuer, a_server(url, tmp_path, COLUMNIST_JWKS_URL=issuer.url) as api:
        for nonsense in (b"<html>", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "oct"}]}', b'"keys"'):
            monkeypatch.setattr(Issuer, "published", lambda _, nonsense=nonsense: nonsense)
            refused(ask(api, issuer.token("first")))
        monkeypatch.undo()


def test_a_hanging_issuer_and_strangers_keep_nobody_out_whose_key_is_known(url: str, tmp_path: Path) -> None:
    with an_issuer() as issuer, a_server(url, tmp_path, COLUMNIST_JWKS_URL=issuer.url) as api:
        known = issuer.token("first")
        assert ask(api, known).status_code == 200
        stranger = rsa.generate_private_key(65537, 2048)
        made_up = [issuer.token(f"made up {nr}", stranger) for nr in range(40)]
        issuer.hanging.set()
        try:
            with ThreadPoolExecutor(40) as strangers:
                asking = [strangers.submit(ask, api, token) for token in made_up]
                wait_until(lambda: issuer.fetches > 1 or all(one.done() for one in asking), "their requests")
                # Before: over 40 seconds, when the shared threads waited for the issuer.
                assert ask(api, known, timeout=15).status_code == 200
                api_token = ask(api, known, "POST", "/tokens", json={"name": "nightly"}, timeout=15).json()["token"]
                assert ask(api, api_token, path="/documents", timeout=15).status_code == 200
                for one in asking:
                    refused(one.result())
        finally:
            issuer.hanging.clear()
        assert issuer.fetches <= 4


def test_an_address_counts_if_its_issuer_says_that_it_is_verified_or_is_named_as_confirming(
    url: str, tmp_path: Path
) -> None:
    with an_issuer() as issuer, a_server(url, tmp_path, COLUMNIST_JWKS_URL=issuer.url) as api:
        assert ask(api, issuer.token("first")).json()["email"] == ""
        assert ask(api, issuer.token("first", email_verified=False)).json()["email"] == ""
        assert ask(api, issuer.token("first", email_verified=True)).json()["email"] == "ada@example.org"
    named = {"COLUMNIST_JWT_CONFIRMING_ISSUER": ISSUER}
    with an_issuer() as issuer, a_server(url, tmp_path, COLUMNIST_JWKS_URL=issuer.url, **named) as api:
        assert ask(api, issuer.token("first")).json()["email"] == "ada@example.org"
        assert ask(api, issuer.token("first", email_verified=False)).json()["email"] == ""


def test_no_letter_becomes_a_letter_of_somebody_elses_address(api: httpx.Client) -> None:
    owner = hs256(sub=str(uuid4()), email="owner@example.org")
    review = ask(api, owner, "POST", "/tabular/reviews", json={"name": "Leases"}).json()["id"]
    members = f"/tabular/reviews/{review}/members"
    assert ask(api, owner, "PUT", f"{members}/kevin@example.org", json={"role": "editor"}).status_code == 200
    assert ask(api, owner, "PUT", f"{members}/\u212aevin@example.com", json={"role": "editor"}).status_code == 422
    for email in ("\u212aevin@example.org", "kev\u0131n@example.org", "ｋevin@example.org"):
        eve = hs256(sub=str(uuid4()), email=email)
        assert ask(api, eve).json()["email"] == ""
        assert ask(api, eve, path=f"/tabular/reviews/{review}").status_code == 404


def test_no_subject_is_the_user_of_another_issuer_or_the_local_user(api: httpx.Client) -> None:
    victim = ask(api, hs256(sub="u1")).json()["user_id"]
    for subject in (victim, victim.upper(), str(UUID(int=0)), str(UUID(int=1)), f"urn:uuid:{victim}", f"{{{victim}}}"):
        found = UUID(ask(api, hs256(sub=subject)).json()["user_id"])
        assert found not in (UUID(victim), UUID(int=0), UUID(int=1))


def test_every_api_token_ends_within_a_year(api: httpx.Client, url: str, admin_url: str) -> None:
    made = ask(api, hs256(), "POST", "/tokens", json={"name": "nightly"}).json()
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert lasts == timedelta(days=365)
    for days in (366, 0, 10_000):
        assert ask(api, hs256(), "POST", "/tokens", json={"name": "x", "days": days}).status_code == 422
    with psycopg.connect(admin_url) as admin:
        admin.execute("update api_tokens set expires_at = null")
    refused(ask(api, made["token"]))


# ── A server without sign-in ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (("--host", "0.0.0.0"), {}, "there is no sign-in"),
        (("--host", "::"), {}, "there is no sign-in"),
        ((), {"COLUMNIST_HOST": "192.0.2.1"}, "there is no sign-in"),
        ((), {"COLUMNIST_JWKS_URL": "https://issuer.example/keys"}, "COLUMNIST_JWT_AUDIENCE"),
        ((), {"COLUMNIST_JWT_SECRET": "short"}, "COLUMNIST_JWT_SECRET"),
    ],
)
def test_a_server_that_would_be_open_does_not_start(
    url: str, tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], words: str
) -> None:
    done = columnist("serve", *arguments, DATABASE_URL=url, COLUMNIST_DATA_DIR=tmp_path, **variables)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "'short'" not in done.stderr, "a secret is not printed"


# ── API tokens ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_api_token_is_kept_as_a_hash_only(api: httpx.Client, admin_url: str) -> None:
    token = ask(api, hs256(), "POST", "/tokens", json={"name": "nightly"}).json()["token"]
    assert ask(api, token).json()["user_id"] == USER
    with psycopg.connect(admin_url) as admin:
        names = admin.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (table,) in names:
            rows = admin.execute(f"select count(*) from {table} t where t::text like %s", [f"%{token[4:]}%"]).fetchone()
            assert rows == (0,), table
        kept = admin.execute("select hash from api_tokens").fetchall()
    assert kept == [(hashlib.sha256(token.encode()).digest(),)]


def test_a_revoked_or_expired_api_token_is_refused_and_only_its_owner_revokes_it(
    api: httpx.Client, admin_url: str
) -> None:
    owner, stranger = hs256(), hs256(sub=str(uuid4()), email="eve@example.org")
    revoked, expired = (ask(api, owner, "POST", "/tokens", json={"name": name, "days": 1}).json() for name in "ab")
    assert ask(api, stranger, path="/tokens").json() == {"tokens": []}
    assert ask(api, stranger, "DELETE", f"/tokens/{revoked['id']}").status_code == 404
    assert ask(api, revoked["token"]).status_code == 200
    assert ask(api, owner, "DELETE", f"/tokens/{revoked['id']}").status_code == 204
    refused(ask(api, revoked["token"]))
    with psycopg.connect(admin_url) as admin:
        admin.execute("update api_tokens set expires_at = now() where id = %s", [expired["id"]])
    refused(ask(api, expired["token"]))
