"""A cursor serves the list it was made for, and nothing else."""

from uuid import uuid4

import pytest
from asyncpg.pgproto import pgproto
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.pagination import Cursors
from pfms_common.problem import InvalidCursor

CURSORS = Cursors("a secret of at least thirty-two characters")
BOOK = uuid4()


@given(
    st.lists(
        st.integers(-(2**53), 2**53) | st.text(alphabet=st.characters(exclude_categories=["Cs"])), max_size=4
    )
)
def test_what_was_written_is_read(keys):
    assert CURSORS.read(BOOK, "things", {"a": 1}, CURSORS.write(BOOK, "things", {"a": 1}, keys)) == keys


def test_an_id_as_the_driver_reads_it_is_a_key_like_any_other():
    last = pgproto.UUID(str(BOOK))

    assert CURSORS.read(BOOK, "things", None, CURSORS.write(BOOK, "things", None, [3, last])) == [
        3,
        str(BOOK),
    ]


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_refused(place, change):
    cursor = CURSORS.write(BOOK, "things", None, ["2026-11-21", 17])
    index = place % len(cursor)
    changed = cursor[:index] + chr((ord(cursor[index]) + change) % 128) + cursor[index + 1 :]

    if changed != cursor:
        with pytest.raises(InvalidCursor):
            CURSORS.read(BOOK, "things", None, changed)


def test_another_book_list_filter_or_secret_is_refused():
    cursor = CURSORS.write(BOOK, "things", {"status": "cleared"}, [1])

    for read in (
        lambda: CURSORS.read(uuid4(), "things", {"status": "cleared"}, cursor),
        lambda: CURSORS.read(BOOK, "others", {"status": "cleared"}, cursor),
        lambda: CURSORS.read(BOOK, "things", {"status": "pending"}, cursor),
        lambda: Cursors("another secret of thirty-two characters!").read(
            BOOK, "things", {"status": "cleared"}, cursor
        ),
        lambda: CURSORS.read(BOOK, "things", {"status": "cleared"}, "ünlesbar"),
        lambda: CURSORS.read(BOOK, "things", {"status": "cleared"}, ""),
    ):
        with pytest.raises(InvalidCursor):
            read()
