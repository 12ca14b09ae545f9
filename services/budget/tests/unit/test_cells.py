from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from pfms_budget.domain.cells import (
    Cell,
    Kind,
    Split,
    Tally,
    Transaction,
    Transfer,
    added_up,
    cells_of,
    change,
    opening_cells,
)

DAY = date(2026, 1, 15)


def plain(cells: Mapping[Cell, Tally]) -> dict[Cell, Tally]:
    """Without what the movements were worth in the book's currency."""
    return {cell: Tally(*tally[:2]) for cell, tally in cells.items()}


CHECKING, SAVINGS, GROCERIES, HOME = (UUID(int=n) for n in range(1, 5))


def test_splits_of_one_category_are_one_cell_and_one_transaction() -> None:
    splits = [Split(GROCERIES, -200), Split(HOME, -30), Split(GROCERIES, -50)]

    assert plain(cells_of(Transaction(DAY, CHECKING, splits))) == {
        Cell(DAY, CHECKING, Kind.SPLIT, GROCERIES, None): Tally(-250, 1),
        Cell(DAY, CHECKING, Kind.SPLIT, HOME, None): Tally(-30, 1),
    }


def test_splits_that_cancel_are_still_a_transaction() -> None:
    splits = [Split(GROCERIES, -200), Split(GROCERIES, 200), Split(HOME, 5)]

    cells = plain(cells_of(Transaction(DAY, CHECKING, splits)))

    assert cells[Cell(DAY, CHECKING, Kind.SPLIT, GROCERIES, None)] == Tally(0, 1)


def test_an_excluded_transaction_is_one_sum_without_categories() -> None:
    splits = [Split(GROCERIES, -200), Split(None, -30)]

    cells = plain(cells_of(Transaction(DAY, CHECKING, splits, excluded=True, counts_next_period=True)))

    assert cells == {Cell(DAY, CHECKING, Kind.EXCLUDED, None, None): Tally(-230, 1)}


def test_a_transfer_stands_on_both_accounts_and_names_the_other() -> None:
    transfer = Transfer(DAY, CHECKING, SAVINGS, 500, 500, [Split(HOME, 400), Split(None, 100)])

    assert plain(cells_of(transfer)) == {
        Cell(DAY, CHECKING, Kind.SPLIT, HOME, SAVINGS): Tally(-400, 1),
        Cell(DAY, CHECKING, Kind.SPLIT, None, SAVINGS): Tally(-100, 1),
        Cell(DAY, SAVINGS, Kind.SPLIT, HOME, CHECKING): Tally(400, 1),
        Cell(DAY, SAVINGS, Kind.SPLIT, None, CHECKING): Tally(100, 1),
    }


def test_the_splits_of_a_transfer_may_carry_the_senders_sign() -> None:
    positive = Transfer(DAY, CHECKING, SAVINGS, 300, 300, [Split(HOME, 400), Split(None, -100)])
    negative = Transfer(DAY, CHECKING, SAVINGS, 300, 300, [Split(HOME, -400), Split(None, 100)])

    assert cells_of(positive) == cells_of(negative)
    assert plain(cells_of(positive))[Cell(DAY, SAVINGS, Kind.SPLIT, None, CHECKING)] == Tally(-100, 1)


def test_a_transfer_without_splits_is_uncategorised() -> None:
    assert plain(cells_of(Transfer(DAY, CHECKING, SAVINGS, 500, 450))) == {
        Cell(DAY, CHECKING, Kind.SPLIT, None, SAVINGS): Tally(-500, 1),
        Cell(DAY, SAVINGS, Kind.SPLIT, None, CHECKING): Tally(450, 1),
    }


def test_what_was_worth_something_is_known_where_the_ledger_says_it() -> None:
    splits = [Split(GROCERIES, -200, -180), Split(GROCERIES, -30), Split(HOME, -10, -9)]

    assert cells_of(Transaction(DAY, CHECKING, splits)) == {
        Cell(DAY, CHECKING, Kind.SPLIT, GROCERIES, None): Tally(-230, 1, -180, -30),
        Cell(DAY, CHECKING, Kind.SPLIT, HOME, None): Tally(-10, 1, -9, 0),
    }


def test_each_side_of_a_transfer_has_a_worth_of_its_own() -> None:
    transfer = Transfer(DAY, CHECKING, SAVINGS, 500, 450, [Split(HOME, 500, 480)], received_base=470)

    assert cells_of(transfer) == {
        Cell(DAY, CHECKING, Kind.SPLIT, HOME, SAVINGS): Tally(-500, 1, -480),
        Cell(DAY, SAVINGS, Kind.SPLIT, HOME, CHECKING): Tally(450, 1, 470),
    }


def test_a_transfer_inside_one_account_moves_nothing() -> None:
    assert cells_of(Transfer(DAY, CHECKING, CHECKING, 500, 500)) == {}


def test_a_deleted_transaction_and_an_opening_of_zero_have_no_cells() -> None:
    assert cells_of(None) == {}
    assert opening_cells(CHECKING, DAY, 0) == {}


def test_an_opening_balance_is_no_transaction() -> None:
    cell = Cell(DAY, CHECKING, Kind.OPENING, None, None)
    assert opening_cells(CHECKING, DAY, -5) == {cell: Tally(-5, 0, unstated=-5)}


@settings(deadline=None)
@given(
    parts=st.lists(st.tuples(st.sampled_from([GROCERIES, HOME, None]), st.integers(-999, 999)), min_size=1),
    received=st.integers(1, 10**6),
)
def test_what_arrives_in_another_currency_is_shared_in_proportion_and_adds_up(
    parts: list[tuple[UUID | None, int]], received: int
) -> None:
    rest = sum(minor for _, minor in parts)
    splits = [Split(category, minor) for category, minor in [*parts, (HOME, max(1000 - rest, 1))]]
    sent = sum(split.minor for split in splits)

    arrived = cells_of(Transfer(DAY, CHECKING, SAVINGS, sent, received, splits))

    for category in (GROCERIES, HOME, None):
        there = sum(split.minor for split in splits if split.category_id == category)
        here = arrived.get(Cell(DAY, SAVINGS, Kind.SPLIT, category, CHECKING), Tally(0, 0)).minor
        assert abs(here * sent - there * received) <= sent * len(splits)
    assert sum(tally.minor for cell, tally in arrived.items() if cell.account_id == SAVINGS) == received
    assert sum(tally.minor for cell, tally in arrived.items() if cell.account_id == CHECKING) == -sent


@settings(deadline=None)
@given(data=st.data())
def test_any_order_of_versions_with_duplicates_gives_the_cells_of_the_latest(
    data: st.DataObject, transaction_versions: st.SearchStrategy[list[Any]]
) -> None:
    histories = data.draw(st.lists(transaction_versions, max_size=6))
    events = [(n, version) for n, versions in enumerate(histories) for version in range(len(versions))]
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []

    stored: dict[Cell, Tally] = {}
    latest: dict[int, int] = {}
    for n, version in data.draw(st.permutations(events + again)):
        if version > latest.get(n, -1):
            old = cells_of(histories[n][latest[n]]) if n in latest else {}
            stored = added_up([stored, change(old, cells_of(histories[n][version]))])
            latest[n] = version

    assert stored == added_up(cells_of(versions[-1]) for versions in histories)


def test_a_change_touches_only_the_cells_that_differ() -> None:
    old = Transaction(DAY, CHECKING, [Split(GROCERIES, -200), Split(HOME, -30)])
    new = Transaction(DAY, CHECKING, [Split(GROCERIES, -200), Split(None, -30)])

    assert plain(change(cells_of(old), cells_of(new))) == {
        Cell(DAY, CHECKING, Kind.SPLIT, HOME, None): Tally(30, -1),
        Cell(DAY, CHECKING, Kind.SPLIT, None, None): Tally(-30, 1),
    }
