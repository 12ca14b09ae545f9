"""What auth's operations work with besides the database, opened once per process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from pfms_auth.adapters.common_passwords import common_passwords
from pfms_auth.adapters.denylist import Denylist
from pfms_auth.adapters.hashing import Hasher, open_hasher
from pfms_auth.adapters.keys import KeyFolder
from pfms_auth.adapters.mailbox import Mailbox
from pfms_auth.adapters.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Tools:
    """Adapters, and the few settings that operations need.

    Args:
        public_url: where mails link to, without a slash at the end.
    """

    keys: KeyFolder
    hasher: Hasher
    sealer: Sealer
    mailbox: Mailbox
    denylist: Denylist
    common_passwords: frozenset[str]
    minimum_password_length: int
    access_token_seconds: int
    refuses_unverified: bool
    public_url: str


@contextmanager
def open_tools(
    *,
    keys_dir: str,
    mailbox_dir: str,
    redis: Redis | None,
    minimum_password_length: int,
    access_token_seconds: int,
    refuses_unverified: bool,
    public_url: str,
) -> Iterator[Tools]:
    keys = KeyFolder(Path(keys_dir))
    with open_hasher() as hasher:
        yield Tools(
            keys=keys,
            hasher=hasher,
            sealer=Sealer(keys.mail_key),
            mailbox=Mailbox(Path(mailbox_dir)),
            denylist=Denylist(redis, access_token_seconds),
            common_passwords=common_passwords(),
            minimum_password_length=minimum_password_length,
            access_token_seconds=access_token_seconds,
            refuses_unverified=refuses_unverified,
            public_url=public_url.rstrip("/"),
        )
