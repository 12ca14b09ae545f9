from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pfms_events.parcel import BULK_ENVELOPES, BULK_ROWS, MAX_BODY_BYTES, Row, pack

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def _rows(book: int, amount: int, *, kind: str = "transaction.created", size: int = 10) -> list[Row]:
    return [Row(_AT, UUID(int=book), n, kind, '"' + "x" * size + '"') for n in range(1, amount + 1)]


def test_one_message_per_type() -> None:
    parcels = pack(_rows(1, 3) + _rows(2, 2) + _rows(1, 1, kind="account.created"))

    assert [(p.message.type, len(p.rows), p.message.bulk) for p in parcels] == [
        ("transaction.created", 5, False),
        ("account.created", 1, False),
    ]


def test_a_stream_with_very_many_goes_to_bulk_and_holds_nobody_up() -> None:
    parcels = pack(_rows(1, BULK_ROWS + 1) + _rows(2, BULK_ROWS))

    lanes = {row.stream_id.int: p.message.bulk for p in parcels for row in p.rows}
    assert lanes == {1: True, 2: False}


def test_a_message_stays_under_one_mebibyte() -> None:
    parcels = pack(_rows(1, 5, size=MAX_BODY_BYTES // 3))

    assert [len(p.rows) for p in parcels] == [2, 2, 1]


def test_a_size_is_counted_in_bytes() -> None:
    rows = [Row(_AT, UUID(int=1), n, "payee.created", '"' + "€" * 250_000 + '"') for n in range(1, 3)]

    assert len(pack(rows)) == 2


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 400)), max_size=4))
def test_every_row_is_in_exactly_one_message(streams: list[tuple[int, int]]) -> None:
    rows = [row for book, amount in streams for row in _rows(book, amount)]

    parcels = pack(rows)

    assert Counter(id(row) for p in parcels for row in p.rows) == Counter(map(id, rows))
    assert all(len(p.rows) <= (BULK_ENVELOPES if p.message.bulk else 1000) for p in parcels)
