"""No token but one that auth signed, for us, of now, opens anything."""

import base64
import hmac
import json
from uuid import UUID

import pytest
from joserfc.jwk import OKPKey

from pfms_common.ids import new_id
from pfms_common.principal import Token, access_claims, sign


def encoded(part) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def claims(auth, **changed):
    """What auth would sign, changed."""
    now = auth.clock.now
    book = new_id()
    token = Token(new_id(), new_id(), book, {book: "owner"}, int(now.timestamp()) + 600, int(now.timestamp()))
    made = {**access_claims(token, now=now, amr=["pwd"]), **changed}
    return {name: value for name, value in made.items() if value is not ...}


def signer(auth) -> OKPKey:
    return auth.context.tools.keys.signing(auth.clock.now).signer


def by_auth(auth, typ="at+jwt", **changed) -> str:
    return sign(signer(auth), typ, claims(auth, **changed))


def by_hand(auth, header) -> str:
    """A signature that is right over a header of the forger's choice."""
    signed = f"{encoded(header)}.{encoded(claims(auth))}"
    return f"{signed}.{encoded(signer(auth).private_key.sign(signed.encode()))}"


def header(auth, **changed):
    return {"alg": "Ed25519", "typ": "at+jwt", "kid": signer(auth).kid, **changed}


def with_secret_of_public_key(auth) -> str:
    public = signer(auth).as_dict(private=False)["x"].encode()
    signed = f"{encoded(header(auth, alg='HS256'))}.{encoded(claims(auth))}"
    return f"{signed}.{encoded(hmac.digest(public, signed.encode(), 'sha256'))}"


FORGERIES = {
    "no signature": lambda a: f"{encoded(header(a, alg='none'))}.{encoded(claims(a))}.",
    "signature cut off": lambda a: by_auth(a).rpartition(".")[0] + ".",
    "signature of another token": lambda a: (
        by_auth(a).rpartition(".")[0] + "." + by_auth(a).rpartition(".")[2]
    ),
    "signature of three bytes": lambda a: ".".join(
        [by_auth(a).split(".")[0], *by_auth(a).split(".")[1:2], "AAAA"]
    ),
    "public key as a secret": with_secret_of_public_key,
    "the forger's own key": lambda a: sign(
        OKPKey.generate_key("Ed25519", {"kid": signer(a).kid}), "at+jwt", claims(a)
    ),
    "an unknown key": lambda a: sign(OKPKey.generate_key("Ed25519", {"kid": "x"}), "at+jwt", claims(a)),
    "key in the header": lambda a: by_hand(a, header(a, jwk=signer(a).as_dict(private=False))),
    "address of keys in the header": lambda a: by_hand(a, header(a, jku="http://127.0.0.1/keys")),
    "certificate in the header": lambda a: by_hand(a, header(a, x5u="http://127.0.0.1/cert")),
    "critical extension": lambda a: by_hand(a, header(a, crit=["exp"])),
    "no key id": lambda a: by_hand(a, {"alg": "Ed25519", "typ": "at+jwt"}),
    "another type": lambda a: by_auth(a, typ="JWT"),
    "a service's token": lambda a: by_auth(a, typ="svc+jwt"),
    "for somebody else": lambda a: by_auth(a, aud="others"),
    "for nobody": lambda a: by_auth(a, aud=...),
    "by somebody else": lambda a: by_auth(a, iss="others"),
    "expired": lambda a: by_auth(a, exp=int(a.clock.now.timestamp()) - 31),
    "never expiring": lambda a: by_auth(a, exp=...),
    "not yet": lambda a: by_auth(a, nbf=int(a.clock.now.timestamp()) + 31),
    "of nobody": lambda a: by_auth(a, sub=...),
    "of no user": lambda a: by_auth(a, sub="root"),
    "without books": lambda a: by_auth(a, books=...),
    "with a list of books": lambda a: by_auth(a, books=["x"]),
    "in two parts": lambda a: ".".join(by_auth(a).split(".")[:2]),
    "with a space": lambda a: by_auth(a) + " x",
    "very long": lambda a: by_auth(a) + "A" * 9000,
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_opens_nothing(auth, forgery):
    answer = await auth.client(FORGERIES[forgery](auth)).get("/user/profile")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_the_same_by_the_rules_is_taken(auth):
    ada = await auth.register()
    token = by_auth(auth, sub=str(ada.user_id))

    answer = await auth.client(token).get("/user/profile")

    assert answer.status_code == 200
    assert UUID(answer.json()["id"]) == ada.user_id
