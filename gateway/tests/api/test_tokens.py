"""Who is let in, into which book, and what a forged token gets."""

import asyncio
import base64
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey, RSAKey

from pfms_common.ids import new_id
from pfms_common.principal import sign

PUBLIC = [
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/verify-email"),
    ("POST", "/auth/password-reset"),
    ("POST", "/auth/password-reset/confirm"),
    ("GET", "/auth/jwks"),
    ("HEAD", "/auth/jwks"),
    ("GET", "/mailbox"),
]
CLOSED = [
    ("GET", "/auth/login"),
    ("POST", "/auth/logout"),
    ("GET", "/auth/sessions"),
    ("POST", "/auth/jwks"),
    ("POST", "/mailbox"),
    ("GET", "/user/profile"),
    ("GET", "/books"),
    ("POST", "/invitations"),
    ("GET", "/accounts"),
    ("POST", "/transactions"),
    ("POST", "/imports"),
    ("GET", "/balances"),
    ("POST", "/ledger/events/0193a5c2-7b1e-7000-8000-000000000000/undo"),
    ("GET", "/budgets/2026-01"),
    ("PUT", "/budget-settings"),
]


@pytest.mark.parametrize(("method", "path"), PUBLIC)
async def test_a_public_route_needs_no_token(front, method, path):
    assert (await front.client.request(method, f"/api/v1{path}")).status_code == 200


@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_any_other_route_needs_one(front, method, path):
    found = await front.client.request(method, f"/api/v1{path}")

    assert (found.status_code, found.json()["code"]) == (401, "unauthenticated")
    assert found.headers["www-authenticate"] == "Bearer"
    assert front.recorder.heard == []


async def test_an_old_token_does_not_bar_signing_in_again(front, somebody):
    found = await front.client.post("/api/v1/auth/refresh", headers=somebody.headers(exp=1))

    assert found.status_code == 200


async def test_the_default_book_is_sent_on(front, somebody):
    await front.client.get("/api/v1/accounts", headers=somebody.headers())

    assert front.recorder.last.header("book-id") == [str(somebody.book_id)]


async def test_a_book_of_the_token_may_be_chosen(front, anybody):
    other = new_id()
    headers = {**anybody(books={other: "viewer"}).headers(), "Book-Id": str(other).upper()}
    await front.client.get("/api/v1/accounts", headers=headers)

    assert front.recorder.last.header("book-id") == [str(other)]


@pytest.mark.parametrize("book", ["0193a5c2-7b1e-7000-8000-000000000000", "mine", "", "*", "' OR 1=1"])
async def test_a_book_that_the_token_does_not_name_is_refused_alike(front, signed_in, book):
    found = await front.client.get("/api/v1/accounts", headers={**signed_in, "Book-Id": book})

    assert (found.status_code, found.json()["code"]) == (403, "forbidden")
    assert front.recorder.heard == []


async def test_somebody_without_any_book_still_reaches_their_profile(front, somebody):
    headers = somebody.headers(book=None, books={})
    found = await front.client.get("/api/v1/user/profile", headers=headers)

    assert found.status_code == 200
    assert front.recorder.last.header("book-id") == []


def _b64(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _with_header(token: str, **members) -> str:
    head, payload, signature = token.split(".")
    header = {**json.loads(base64.urlsafe_b64decode(head + "==")), **members}
    return f"{_b64(header)}.{payload}.{signature}"


def _signed(key, claims, header):
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def _claims(somebody):
    payload = somebody.token().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=="))


def _forged(name, somebody, key):  # one return for each forgery
    good = somebody.token()
    head, payload, signature = good.split(".")
    claims = _claims(somebody)
    own = OKPKey.generate_key("Ed25519", {"kid": "first"})
    header = {"alg": "Ed25519", "typ": "at+jwt", "kid": "first"}
    now = int(time.time())
    match name:
        case "no signature":
            return f"{head}.{payload}."
        case "alg none":
            return f"{_b64({**header, 'alg': 'none'})}.{payload}."
        case "alg none in capitals":
            return f"{_b64({**header, 'alg': 'NONE'})}.{payload}.{signature}"
        case "HS256 with the public key":
            secret = OctKey.import_key(base64.urlsafe_b64decode(key.as_dict(private=False)["x"] + "="))
            return _signed(secret, claims, {**header, "alg": "HS256"})
        case "RS256 of another key":
            return _signed(RSAKey.generate_key(2048), claims, {**header, "alg": "RS256"})
        case "another key under the same kid":
            return sign(own, "at+jwt", claims)
        case "unknown kid":
            return _signed(own, claims, {**header, "kid": "nobody's"})
        case "no kid":
            return _with_header(good, kid=None)
        case "wrong typ":
            return sign(key, "JWT", claims)
        case "a service's token":
            return sign(key, "svc+jwt", claims)
        case "jku":
            return _signed(own, claims, {**header, "jku": "https://evil.example/keys"})
        case "x5u":
            return _with_header(good, x5u="https://evil.example/cert")
        case "embedded jwk":
            return _signed(own, claims, {**header, "jwk": own.as_dict(private=False)})
        case "crit":
            return _with_header(good, crit=["exp"])
        case "another audience":
            return sign(key, "at+jwt", {**claims, "aud": "elsewhere"})
        case "another issuer":
            return sign(key, "at+jwt", {**claims, "iss": "elsewhere"})
        case "expired":
            return sign(key, "at+jwt", {**claims, "exp": now - 32})
        case "not valid yet":
            return sign(key, "at+jwt", {**claims, "nbf": now + 120})
        case "changed books":
            books = {str(new_id()): "owner"}
            return f"{head}.{_b64({**claims, 'books': books})}.{signature}"
        case "no session":
            return sign(key, "at+jwt", {name: value for name, value in claims.items() if name != "sid"})
        case "books as a list":
            return sign(key, "at+jwt", {**claims, "books": [str(somebody.book_id)]})
        case "expiry as text":
            return sign(key, "at+jwt", {**claims, "exp": "later"})
        case "cut":
            return good[:-4]
        case "two dots more":
            return good + ".a.b"
        case "9 KiB":
            return f"{head}.{payload * 20}.{signature}"
        case "not a token":
            return "hello"
    raise AssertionError(name)


FORGERIES = [
    "no signature", "alg none", "alg none in capitals", "HS256 with the public key", "RS256 of another key",
    "another key under the same kid", "unknown kid", "no kid", "wrong typ", "a service's token", "jku", "x5u",
    "embedded jwk", "crit", "another audience", "another issuer", "expired", "not valid yet", "changed books",
    "no session", "books as a list", "expiry as text", "cut", "two dots more", "9 KiB", "not a token",
]  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_is_refused(front, somebody, key, forgery):
    headers = {"Authorization": f"Bearer {_forged(forgery, somebody, key)}"}
    found = await front.client.get("/api/v1/accounts", headers=headers)

    assert (found.status_code, found.json()["code"]) == (401, "unauthenticated")
    assert front.recorder.heard == []


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer  a.b.c", "Basic cm9vdDpyb290", "Token abc", "bearer\tabc"]
)
async def test_a_header_without_a_bearer_token_is_refused(front, value):
    found = await front.client.get("/api/v1/accounts", headers={"Authorization": value})

    assert found.status_code == 401


async def test_a_token_ends_30_seconds_after_its_time_and_not_before(start, kind, somebody):
    now = datetime.now(UTC)
    moment = [now]
    async with start(kind, clock=lambda: moment[0]) as front:
        headers = somebody.headers(exp=int(now.timestamp()) + 10)
        statuses = []
        for seconds in (0, 9, 39, 41):
            moment[0] = now + timedelta(seconds=seconds)
            statuses.append((await front.client.get("/api/v1/accounts", headers=headers)).status_code)

        assert statuses == [200, 200, 200, 401]


async def test_a_new_key_is_met_without_a_single_refusal(start, kind, new_recorder, anybody):
    recorder = new_recorder()
    async with start(kind, recorder) as front:
        first = (await front.client.get("/api/v1/accounts", headers=anybody().headers())).status_code
        moment = datetime.now(UTC) + timedelta(seconds=31)
        front.gateway.readiness.keys._clock = lambda: moment
        second = OKPKey.generate_key("Ed25519", {"kid": "second", "use": "sig"})
        recorder.keys.append(second)
        headers = [anybody().headers(second if n % 2 else recorder.keys[0]) for n in range(40)]
        answers = await asyncio.gather(*(front.client.get("/api/v1/accounts", headers=h) for h in headers))

        assert {first, *(answer.status_code for answer in answers)} == {200}
        assert recorder.jwks_asked == 2


async def test_the_first_requests_wait_for_the_keys_together(start, kind, new_recorder, anybody):
    recorder = new_recorder()
    async with start(kind, recorder) as front:
        calls = (front.client.get("/api/v1/accounts", headers=anybody().headers()) for _ in range(20))
        answers = await asyncio.gather(*calls)

        assert {answer.status_code for answer in answers} == {200}
        assert recorder.jwks_asked == 1


async def test_random_key_ids_do_not_hammer_auth(start, kind, new_recorder, somebody):
    recorder = new_recorder()
    async with start(kind, recorder) as front:
        for n in range(30):
            stranger = OKPKey.generate_key("Ed25519", {"kid": f"random-{n}"})
            found = await front.client.get("/api/v1/accounts", headers=somebody.headers(stranger))
            assert found.status_code == 401

        assert recorder.jwks_asked == 1


async def test_known_keys_serve_while_auth_is_away(start, kind, new_recorder, anybody):
    recorder = new_recorder()
    async with start(kind, recorder) as front:
        await front.client.get("/api/v1/accounts", headers=anybody().headers())
        recorder.jwks_away = True
        moment = datetime.now(UTC) + timedelta(hours=24)
        front.gateway.readiness.keys._clock = lambda: moment
        known = await front.client.get("/api/v1/accounts", headers=anybody().headers())
        stranger = OKPKey.generate_key("Ed25519", {"kid": "not yet known"})
        unknown = await front.client.get("/api/v1/accounts", headers=anybody().headers(stranger))

        assert known.status_code == 200
        assert unknown.status_code == 503
        assert unknown.headers["retry-after"] == "5"


async def test_before_any_key_was_had_nobody_is_told_that_their_token_is_wrong(
    start, kind, new_recorder, somebody
):
    recorder = new_recorder(jwks_away=True)
    async with start(kind, recorder) as front:
        found = await front.client.get("/api/v1/accounts", headers=somebody.headers())

        assert (found.status_code, found.json()["code"]) == (503, "unavailable")
