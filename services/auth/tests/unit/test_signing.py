"""Signing keys take turns."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_auth.domain.signing import RotatedTooSoon, Turn, published, rotated, signer

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_next_key_signs_after_a_rotation_and_the_former_still_verifies():
    after = rotated([Turn("a"), Turn("b")], "c", NOW)

    assert signer(after) == "b"
    assert published(after, NOW) == ["a", "b", "c"]


def test_a_former_key_is_published_for_a_day():
    after = rotated([Turn("a"), Turn("b")], "c", NOW)

    assert "a" in published(after, NOW + timedelta(hours=23, minutes=59))
    assert published(after, NOW + timedelta(hours=24)) == ["b", "c"]


def test_a_key_that_was_published_just_now_does_not_sign_yet():
    after = rotated([Turn("a"), Turn("b")], "c", NOW)

    with pytest.raises(RotatedTooSoon):
        rotated(after, "d", NOW + timedelta(seconds=59))
    assert signer(rotated(after, "d", NOW + timedelta(seconds=60))) == "c"


@given(st.lists(st.integers(1, 48), max_size=12))
def test_whoever_cached_the_keys_before_a_rotation_knows_the_signer_after_it(hours):
    turns, now = [Turn("0"), Turn("1")], NOW
    for number, span in enumerate(hours, start=2):
        now += timedelta(hours=span)
        cached = published(turns, now)
        turns = rotated(turns, str(number), now)

        assert signer(turns) in cached
        assert len(published(turns, now)) >= 2
        assert len({turn.kid for turn in turns}) == len(turns)
