"""A refresh token is spent by its use."""

from datetime import UTC, datetime, timedelta

import pytest

from pfms_auth.domain.rotation import Shown, Verdict, child_secret, expiry, judge
from pfms_auth.operations.pair import decode, encode
from pfms_common.ids import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BROWSER, PHONE = b"browser", b"phone"


def token(
    *,
    spent: float | None = None,
    by: bytes = BROWSER,
    child_spent: bool = False,
    live: bool = True,
    expires_in: float = 3600,
) -> Shown:
    """A token that was spent so many seconds ago."""
    return Shown(
        expires_at=NOW + timedelta(seconds=expires_in),
        spent_at=None if spent is None else NOW - timedelta(seconds=spent),
        spent_by=None if spent is None else by,
        is_child_spent=child_spent,
        is_session_live=live,
    )


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        (token(), Verdict.ROTATE),
        (token(expires_in=0), Verdict.REFUSE),
        (token(live=False), Verdict.REFUSE),
        (token(spent=1), Verdict.REPEAT),
        (token(spent=10), Verdict.REPEAT),
        (token(spent=10.001), Verdict.REVOKE),
        (token(spent=11), Verdict.REVOKE),
        (token(spent=1, by=PHONE), Verdict.REVOKE),
        (token(spent=1, child_spent=True), Verdict.REVOKE),
        (token(spent=1, live=False), Verdict.REFUSE),
        (token(spent=3600, expires_in=-1), Verdict.REVOKE),
    ],
)
def test_a_spent_token_revokes_but_for_a_lost_answer(shown, verdict):
    assert judge(shown, client=BROWSER, now=NOW) is verdict


def test_a_child_is_the_same_each_time_and_different_for_each_parent_key_and_seed():
    parent, other = new_id(), new_id()

    made = {
        child_secret(b"key", parent, b"seed"),
        child_secret(b"key", other, b"seed"),
        child_secret(b"kez", parent, b"seed"),
        child_secret(b"key", parent, b"seee"),
    }

    assert len(made) == 4
    assert child_secret(b"key", parent, b"seed") in made
    assert {len(secret) for secret in made} == {32}


def test_a_token_never_outlives_its_session():
    assert expiry(NOW, NOW + timedelta(days=30)) == NOW + timedelta(days=14)
    assert expiry(NOW, NOW + timedelta(days=3)) == NOW + timedelta(days=3)


def test_a_refresh_token_is_read_back_from_its_one_spelling():
    secret = bytes(range(32))

    assert decode(encode(secret)) == secret


@pytest.mark.parametrize(
    "text",
    ["", "x", "é" * 43, encode(b"short"), encode(bytes(32)) + "=", encode(bytes(32))[:-1] + "B", "!" * 43],
)
def test_what_is_no_refresh_token_is_nothing(text):
    assert decode(text) is None
