"""Seals what must not be readable in the database: AES-256-GCM, bound to the row it belongs to."""

import secrets
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_VERSION = b"\x01"


class Sealer:
    """Encrypts with one key; a sealed text moved to another row no longer opens."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: bytes, *, user_id: UUID, row_id: UUID) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound = _VERSION + user_id.bytes + row_id.bytes
        return _VERSION + nonce + self._cipher.encrypt(nonce, text, bound)

    def open(self, sealed: bytes, *, user_id: UUID, row_id: UUID) -> bytes:
        """The text; `cryptography.exceptions.InvalidTag` when a byte, the row or the key is another."""
        version, nonce, cipher_text = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        return self._cipher.decrypt(nonce, cipher_text, version + user_id.bytes + row_id.bytes)
