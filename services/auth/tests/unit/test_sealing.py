"""A sealed text opens only with its key and in its row."""

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from pfms_auth.adapters.sealing import Sealer
from pfms_common.ids import new_id

KEY = bytes(range(32))


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens_again(text):
    user_id, row_id = new_id(), new_id()
    sealer = Sealer(KEY)

    sealed = sealer.seal(text, user_id=user_id, row_id=row_id)

    assert sealer.open(sealed, user_id=user_id, row_id=row_id) == text
    assert len(text) < 8 or text not in sealed


def test_it_opens_in_no_other_row_and_with_no_other_key():
    user_id, row_id = new_id(), new_id()
    sealed = Sealer(KEY).seal(b"secret", user_id=user_id, row_id=row_id)

    for key, user, row in ((KEY, new_id(), row_id), (KEY, user_id, new_id()), (bytes(32), user_id, row_id)):
        with pytest.raises(InvalidTag):
            Sealer(key).open(sealed, user_id=user, row_id=row)


@given(st.integers(0, 33))
def test_a_changed_byte_is_noticed(place):
    user_id, row_id = new_id(), new_id()
    sealed = bytearray(Sealer(KEY).seal(b"12345", user_id=user_id, row_id=row_id))
    sealed[place] ^= 1

    with pytest.raises(InvalidTag):
        Sealer(KEY).open(bytes(sealed), user_id=user_id, row_id=row_id)
