import json
import os
import stat
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from pfms_common.principal import service_token, verify_service_token
from pfms_embedded.home import Owner
from pfms_embedded.keys import Keys


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path, Owner(os.geteuid(), os.getegid(), "me"))


def test_a_service_key_is_made_once(keys: Keys) -> None:
    first = keys.service_key_file("ledger").read_bytes()

    assert keys.service_key_file("ledger").read_bytes() == first


def test_each_service_has_its_own_key(keys: Keys) -> None:
    assert keys.service_key_file("ledger").read_bytes() != keys.service_key_file("budget").read_bytes()


def test_a_secret_is_made_once_and_is_long_enough_to_sign_with(keys: Keys) -> None:
    secret = keys.secret("cursor")

    assert len(secret) == 43
    assert keys.secret("cursor") == secret
    assert keys.secret("other") != secret


def test_nobody_else_may_read_keys(keys: Keys) -> None:
    keys.secret("cursor")
    keys.service_key_file("ledger")

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in keys.auth.parent.rglob("*")}

    assert len(modes) == 5
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items())


def test_public_keys_hold_no_private_half(keys: Keys) -> None:
    public = keys.public_keys(["auth", "ledger"])

    assert set(public) == {"auth", "ledger"}
    assert all("d" not in key for key in public.values())


async def test_a_call_signed_with_a_services_key_is_known_by_its_public_half(keys: Keys) -> None:
    private = OKPKey.import_key(json.loads(keys.service_key_file("budget").read_text()))
    public = {name: OKPKey.import_key(key) for name, key in keys.public_keys(["budget"]).items()}

    token = service_token(private, "budget", "ledger", ["feed"])

    assert await verify_service_token(token, public, target="ledger", scope="feed") == "budget"
