"""Keys and secrets of one home folder, each made when first asked for, and readable by us alone."""

import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from pfms_embedded.home import Owner, keep, make_private, write_private


@dataclass(frozen=True)
class Keys:
    """``auth`` is the folder of auth, which makes and rotates its own keys there."""

    folder: Path
    keeper: Owner

    @property
    def auth(self) -> Path:
        return self._private_folder("auth")

    def service_key_file(self, service: str) -> Path:
        """The service's private key (a JWK, Ed25519), with which it signs its calls to others; its id is the name."""
        path = self._private_folder("services") / f"{service}.json"
        if not path.exists():
            key = OKPKey.generate_key("Ed25519", {"kid": service})
            write_private(path, json.dumps(key.as_dict(private=True)).encode(), self.keeper)
        return path

    def public_keys(self, services: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Service name → public JWK."""
        files = {service: self.service_key_file(service) for service in services}
        private = {
            service: OKPKey.import_key(json.loads(file.read_text())) for service, file in files.items()
        }
        return {service: dict(key.as_dict(private=False)) for service, key in private.items()}

    def secret(self, name: str) -> str:
        """A random secret of 43 characters, for signatures that only we check (cursors)."""
        path = self._private_folder("secrets") / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32).encode(), self.keeper)
        return path.read_text()

    def password_for(self, role: str) -> str:
        """A database role's password on a server that is not ours; embedded, the cluster has its own."""
        return role_password(self.secret("roles"), role)

    def _private_folder(self, name: str) -> Path:
        make_private(self.folder / name, self.keeper)
        return self.folder / name


def role_password(secret: str, role: str) -> str:
    """A role's password, the same at each start: an HMAC of its name."""
    return hmac.digest(secret.encode(), role.encode(), "sha256").hex()


def open_keys(home: Path) -> Keys:
    """The keys of a home folder, which is made where it is missing."""
    keeper = keep(home.resolve())
    folder = home.resolve() / "keys"
    make_private(folder, keeper)
    return Keys(folder, keeper)
