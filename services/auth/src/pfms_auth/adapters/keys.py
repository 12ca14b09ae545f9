"""Auth's own keys, in one folder that only it may read: signing keys, the refresh secret, the mail key.

Each file is made when it is first needed, whole or not at all, so that several processes may start at once.
`signing.json` is a JWK set in the order of turns; a running process takes up a rotation within seconds.
"""

import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from pfms_auth.domain.signing import Turn, published, rotated, signer

SIGNING_FILE = "signing.json"
LOOK_EVERY_SECONDS = 5
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys of access tokens and whose turn it is."""

    keys: dict[str, OKPKey]
    turns: list[Turn]

    @property
    def signer(self) -> OKPKey:
        return self.keys[signer(self.turns)]

    def jwks(self, now: datetime) -> dict[str, Any]:
        """The public halves, as RFC 7517 writes them."""
        public = [self.keys[kid].as_dict(private=False) for kid in published(self.turns, now)]
        return {"keys": [{**key, "use": "sig", "alg": "Ed25519"} for key in public]}


class KeyFolder:
    """Reads the folder; looks for a rotation every few seconds at most."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._signing = self._read()
        self._looked_at: datetime | None = None
        self.refresh_secret = self.secret("refresh.key")
        self.mail_key = self.secret("mail.key")
        self.throttle_key = self.secret("throttle.key")

    def signing(self, now: datetime) -> SigningKeys:
        looked = self._looked_at
        if looked is None or abs((now - looked).total_seconds()) >= LOOK_EVERY_SECONDS:
            self._looked_at = now
            self._signing = self._read()
        return self._signing

    def rotate(self, now: datetime) -> str:
        """Gives the next key its turn and publishes a new one after it; answers with the signer's id."""
        present = self._read()
        key = _new_key()
        turns = rotated(present.turns, str(key.kid), now)
        keys = {**present.keys, str(key.kid): key}
        temporary = self._folder / f".{SIGNING_FILE}.{secrets.token_hex(4)}"
        _write_private(temporary, _dump(SigningKeys(keys, turns)))
        temporary.replace(self._folder / SIGNING_FILE)
        self._signing = self._read()
        return signer(turns)

    def secret(self, name: str) -> bytes:
        """256 random bits."""
        return self._once(name, lambda: secrets.token_bytes(SECRET_BYTES))

    def _read(self) -> SigningKeys:
        raw = json.loads(self._once(SIGNING_FILE, _first_set))
        keys = {entry["jwk"]["kid"]: OKPKey.import_key(entry["jwk"]) for entry in raw["keys"]}
        return SigningKeys(keys, [_turn(entry) for entry in raw["keys"]])

    def _once(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The file's content; the first to ask makes it, and a link appears whole or not at all."""
        path = self._folder / name
        if not path.exists():
            temporary = self._folder / f".{name}.{secrets.token_hex(4)}"
            _write_private(temporary, make())
            with suppress(FileExistsError):
                os.link(temporary, path)
            temporary.unlink()
        return path.read_bytes()


def _turn(entry: dict[str, Any]) -> Turn:
    published, retired = (
        datetime.fromisoformat(entry[name]) if entry[name] else None
        for name in ("published_at", "retired_at")
    )
    return Turn(entry["jwk"]["kid"], published, retired)


def _first_set() -> bytes:
    keys = [_new_key(), _new_key()]
    return _dump(SigningKeys({str(k.kid): k for k in keys}, [Turn(str(k.kid)) for k in keys]))


def _new_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(8)})


def _dump(signing: SigningKeys) -> bytes:
    entries = [
        {
            "jwk": signing.keys[turn.kid].as_dict(private=True),
            "published_at": turn.published_at.isoformat() if turn.published_at else None,
            "retired_at": turn.retired_at.isoformat() if turn.retired_at else None,
        }
        for turn in signing.turns
    ]
    return json.dumps({"keys": entries}, indent=1).encode()


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
