"""Public keys and their rotation."""

import pytest

from pfms_auth.adapters.keys import KeyFolder


@pytest.fixture
async def settings(tmp_path):
    return {"keys_dir": str(tmp_path / "keys"), "mailbox_dir": str(tmp_path / "mail")}


async def test_only_public_halves_are_published(auth):
    keys = (await auth.client().get("/auth/jwks")).json()["keys"]

    assert len(keys) == 2
    assert all(set(key) == {"kty", "crv", "x", "kid", "use", "alg"} for key in keys)


async def test_every_rotation_is_followed_by_verifiers_that_ask_at_most_every_half_minute(auth, tmp_path):
    ada = await auth.register()
    for _ in range(4):
        auth.clock.forward(minutes=1)
        KeyFolder(tmp_path / "keys").rotate(auth.clock.now)
        auth.clock.forward(seconds=5)
        ada = await auth.sign_in(ada.email, ada.user_id, ada.book_id)

        assert (await ada.client.get("/user/profile")).status_code == 200


async def test_a_rotation_makes_no_token_unreadable_even_with_keys_fetched_before(auth, tmp_path):
    ada = await auth.register()
    assert (await ada.client.get("/user/profile")).status_code == 200  # the verifier has fetched the keys
    KeyFolder(tmp_path / "keys").rotate(auth.clock.now)
    auth.clock.forward(seconds=5)

    after = await auth.sign_in(ada.email, ada.user_id, ada.book_id)

    assert (await ada.client.get("/user/profile")).status_code == 200
    assert (await after.client.get("/user/profile")).status_code == 200
    assert len((await auth.client().get("/auth/jwks")).json()["keys"]) == 3
