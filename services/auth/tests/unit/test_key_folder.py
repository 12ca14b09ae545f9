"""The folder of auth's own keys."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from pfms_auth.adapters.keys import KeyFolder

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_two_keys_are_published_from_the_first_start(tmp_path):
    jwks = KeyFolder(tmp_path / "keys").signing(NOW).jwks(NOW)

    assert len(jwks["keys"]) == 2
    assert all(set(key) == {"kty", "crv", "x", "kid", "use", "alg"} for key in jwks["keys"])


def test_a_second_process_finds_the_same_keys(tmp_path):
    first, second = KeyFolder(tmp_path), KeyFolder(tmp_path)

    assert first.signing(NOW).jwks(NOW) == second.signing(NOW).jwks(NOW)
    assert first.refresh_secret == second.refresh_secret
    assert len({first.refresh_secret, first.mail_key, first.throttle_key}) == 3


def test_many_first_starts_at_once_agree(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: KeyFolder(tmp_path), range(16)))

    assert len({folder.signing(NOW).signer.kid for folder in folders}) == 1
    assert len({folder.mail_key for folder in folders}) == 1


def test_only_its_owner_may_read_a_key(tmp_path):
    KeyFolder(tmp_path / "keys")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert set(modes) == {"signing.json", "refresh.key", "mail.key", "throttle.key"}
    assert set(modes.values()) == {0o600}


def test_a_running_process_takes_up_a_rotation_within_seconds(tmp_path):
    running, command = KeyFolder(tmp_path), KeyFolder(tmp_path)
    before = running.signing(NOW).signer.kid

    rotated_to = command.rotate(NOW)

    assert running.signing(NOW + timedelta(seconds=1)).signer.kid == before
    assert running.signing(NOW + timedelta(seconds=5)).signer.kid == rotated_to
    assert before in {key["kid"] for key in running.signing(NOW).jwks(NOW)["keys"]}


def test_a_key_that_nobody_needs_any_more_is_dropped_by_a_later_rotation(tmp_path):
    folder = KeyFolder(tmp_path)
    for day in range(5):
        folder.rotate(NOW + timedelta(days=day))

    assert len(json.loads((tmp_path / "signing.json").read_text())["keys"]) == 3
