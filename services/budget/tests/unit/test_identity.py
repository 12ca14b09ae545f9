"""The budget's laws over random histories, against a slow model that shares no code with the engine."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pfms_budget.domain.cells import Cell, Tally, added_up, cells_of, opening_cells
from pfms_budget.domain.counting import Scope, balance, month_lines, scope_of
from pfms_budget.domain.engine import derive
from pfms_budget.domain.month import (
    Allocation,
    Given,
    Month,
    Settings,
    accounted,
    carried_from,
    carried_into_first,
    given_from,
)
from pfms_common.period import month, months

unhurried = settings(deadline=None)
ACCOUNTS = {UUID(int=1 + n) for n in range(5)}


def cells_in(history: Any) -> dict[Cell, Tally]:
    """An opening in another currency is given its worth by whoever reads the cells."""
    openings = [
        {
            cell: tally._replace(base=history.worth(tally.minor, cell.day), unstated=0)
            for cell, tally in cells.items()
        }
        for cells in (opening_cells(account, *opened) for account, opened in history.openings.items())
    ]
    return added_up([*openings, *(cells_of(moved) for moved in history.transactions)])


def scope_in(history: Any) -> Scope:
    return scope_of(history.accounts, history.income, "EUR", stated=history.stated)


def settings_in(history: Any) -> Settings:
    return replace(history.settings, cards=scope_in(history).cards)


def allocations_in(history: Any, key: str) -> dict[UUID, Allocation]:
    """Those of an account that is no card are no lines."""
    given = history.allocations.get(key, {})
    return {line: given[line] for line in given if line not in ACCOUNTS or line in scope_in(history).cards}


def given_in(history: Any, cells: dict[Cell, Tally]) -> dict[str, Given]:
    sums = month_lines(cells.items(), scope_in(history), history.periods, history.revalued())
    return {
        key: Given(one, allocations_in(history, key), history.holds.get(key, 0)) for key, one in sums.items()
    }


def months_in(history: Any) -> list[Month]:
    cells = cells_in(history)
    earlier = [(cell, tally) for cell, tally in cells.items() if cell.day < history.periods[0].first]
    held_abroad = history.held_abroad(history.periods[0].first - timedelta(days=1))
    carried = carried_into_first(balance(earlier, scope_in(history)) + held_abroad)
    return list(derive(history.periods, given_in(history, cells), settings_in(history), carried))


@unhurried
@given(data=st.data())
def test_everything_available_held_or_left_out_is_the_balance_at_every_period_end(
    data: st.DataObject, histories: st.SearchStrategy[Any], naive: Callable[[Any], Any]
) -> None:
    history = data.draw(histories)
    model = naive(history)

    for one in months_in(history):
        assert accounted(one) == model.balance(one.period.last)


@unhurried
@given(data=st.data())
def test_every_figure_is_what_the_definitions_give(
    data: st.DataObject, histories: st.SearchStrategy[Any], naive: Callable[[Any], Any]
) -> None:
    history = data.draw(histories)
    model = naive(history)

    # Of transfers between two cards in two currencies a cell knows what they come to on a day, not each of them.
    assume(not model.foreign or len(model.cards) < 2)

    for n, one in enumerate(months_in(history)):
        expected = model.figures(n)
        rows = {row.category_id: row for row in one.lines}
        for line, figures in expected.pop("rows").items():
            del figures["to_pay"]
            assert figures == {name: getattr(rows[line], name, 0) if line in rows else 0 for name in figures}
        assert expected == asdict(one.header)


@unhurried
@given(data=st.data())
def test_deriving_from_any_period_on_gives_what_deriving_from_the_first_does(
    data: st.DataObject, histories: st.SearchStrategy[Any]
) -> None:
    history = data.draw(histories)
    whole = months_in(history)
    given = given_in(history, cells_in(history))

    for n, before in enumerate(whole[:-1], start=1):
        later = derive(history.periods[n:], given, settings_in(history), carried_from(before))
        assert list(later) == whole[n:]


@unhurried
@given(data=st.data())
def test_a_change_in_the_past_needs_the_cells_of_its_own_period_only(
    data: st.DataObject, histories: st.SearchStrategy[Any]
) -> None:
    # What is held in another currency is worth more or less in every later period.
    old = replace(data.draw(histories), is_stated=False)
    stored = months_in(old)
    touched = data.draw(st.integers(0, len(stored) - 1))
    period = old.periods[touched]
    kept = [moved for moved in old.transactions if moved.day not in period]
    dropped = [moved for moved in old.transactions if moved.day in period]
    doubled = dropped + [moved for moved in dropped if data.draw(st.booleans())]
    new = replace(old, transactions=kept + doubled)

    excluded_before = [0, *(one.header.excluded for one in stored)]
    given = {
        one.period.key: given_from(one, excluded_before[n], allocations_in(old, one.period.key))
        for n, one in enumerate(stored)
    }
    given[period.key] = given_in(new, cells_in(new))[period.key]
    carried = carried_from(stored[touched - 1]) if touched else carried_into_first(stored[0].header.start)
    derived = derive(old.periods[touched:], given, settings_in(old), carried)

    assert stored[:touched] + list(derived) == months_in(new)


@unhurried
@given(data=st.data())
def test_what_a_period_was_derived_from_can_be_read_from_its_rows(
    data: st.DataObject, histories: st.SearchStrategy[Any]
) -> None:
    history = data.draw(histories)
    given = given_in(history, cells_in(history))

    excluded_before = 0
    for one in months_in(history):
        key = one.period.key
        assert given_from(one, excluded_before, given[key].allocations) == given[key]
        excluded_before = one.header.excluded


@unhurried
@given(data=st.data())
def test_the_order_of_transactions_is_irrelevant(
    data: st.DataObject, histories: st.SearchStrategy[Any]
) -> None:
    history = data.draw(histories)
    shuffled = replace(history, transactions=data.draw(st.permutations(history.transactions)))

    assert months_in(shuffled) == months_in(history)


@unhurried
@given(data=st.data())
def test_holding_moves_money_into_the_next_period_and_nowhere_else(
    data: st.DataObject, histories: st.SearchStrategy[Any]
) -> None:
    history = data.draw(histories)
    n = data.draw(st.integers(0, len(history.periods) - 1))
    key, more = history.periods[n].key, data.draw(st.integers(-(10**9), 10**9))
    held = replace(history, holds={**history.holds, key: history.holds.get(key, 0) + more})

    before, after = months_in(history), months_in(held)

    assert after[n].header.to_be_budgeted == before[n].header.to_be_budgeted - more
    assert accounted(after[n]) == accounted(before[n])
    assert after[:n] + after[n + 1 :] == before[:n] + before[n + 1 :]


@unhurried
@given(data=st.data())
def test_an_account_turned_on_or_off_the_budget_needs_no_other_cells(
    data: st.DataObject, histories: st.SearchStrategy[Any], naive: Callable[[Any], Any]
) -> None:
    history = data.draw(histories)
    flipped = data.draw(st.sampled_from(sorted(history.accounts)))
    account = history.accounts[flipped]
    turned = replace(
        history, accounts={**history.accounts, flipped: replace(account, on_budget=not account.on_budget)}
    )

    assert cells_in(turned) == cells_in(history)
    for one in months_in(turned):
        assert accounted(one) == naive(turned).balance(one.period.last)


@unhurried
@given(data=st.data())
def test_the_start_of_a_period_is_what_the_one_before_left(
    data: st.DataObject, histories: st.SearchStrategy[Any]
) -> None:
    history = data.draw(histories)

    for before, after in pairwise(months_in(history)):
        handed_on = before.header.to_be_budgeted + before.header.hold + before.header.held_income
        discarded = after.header.discarded - before.header.discarded
        assert after.header.start == handed_on + after.header.released - discarded


def test_periods_with_a_gap_are_not_derived() -> None:
    periods = [month("2026-01"), month("2026-03")]

    with pytest.raises(ValueError, match="does not begin on the day after"):
        list(derive(periods, {}, Settings(), carried_into_first(0)))


def test_each_month_is_made_only_when_it_is_asked_for() -> None:
    given = {"2026-01": Given(hold=-5), "2026-02": Given(hold=1)}
    derived = derive(months(month("2026-01"), month("2200-12")), given, Settings(), carried_into_first(0))

    assert next(derived).header.to_be_budgeted == 5
    given["2026-02"] = Given(hold=2)
    assert next(derived).header.to_be_budgeted == -2
