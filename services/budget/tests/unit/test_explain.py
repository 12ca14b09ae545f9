"""Every figure of every month is explained, and the terms add up to it, over random histories."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pfms_budget.domain.behind import MADE_OF_TRANSACTIONS, Behind
from pfms_budget.domain.cells import Cells, Split, Transaction, added_up, cells_of, opening_cells
from pfms_budget.domain.counting import Account, month_lines, scope_of
from pfms_budget.domain.engine import derive
from pfms_budget.domain.explain import explain
from pfms_budget.domain.explained import Explained, Kind, Seen, Term
from pfms_budget.domain.figure import OF_LINE, OF_MONTH, Figure, figure
from pfms_budget.domain.held import in_base, revalued, stated
from pfms_budget.domain.month import Allocation, Given, LineRow, Month, Settings, carried_into_first
from pfms_budget.domain.rollover import Rollover
from pfms_budget.domain.valued import balances, fx, openings
from pfms_common.period import Period, month, months
from pfms_common.problem import Invalid
from pfms_common.rate import Rate, Rates


class Told:
    """A book whose figures are explained from what is given here, by hand or at random."""

    def __init__(
        self,
        periods: list[Period],
        transactions: list[Any],
        opened: dict[UUID, tuple[date, int]],
        scope: Any,
        settings: Settings,
        allocations: dict[str, dict[UUID, Allocation]],
        holds: dict[str, int],
        rates: Rates,
    ) -> None:
        self.periods, self.scope, self.settings, self.rates = periods, scope, settings, rates
        self.transactions = [(UUID(int=n), cells_of(moved)) for n, moved in enumerate(transactions, start=1)]
        self.cells = added_up(
            [*(opening_cells(key, *each) for key, each in opened.items()), *(c for _, c in self.transactions)]
        )
        worth = stated(self.cells.items(), scope.foreign, rates, "EUR")
        self.by_period = {each.key: [pair for pair in worth if pair[0].day in each] for each in periods}
        moved = {each.key: self.held(each.first, each.last) for each in periods}
        eve = periods[0].eve
        changed = revalued(self.held(date.min, eve), moved, periods, scope.foreign, rates, "EUR")
        sums = month_lines(worth, scope, periods, changed)
        given = {key: Given(one, allocations.get(key, {}), holds.get(key, 0)) for key, one in sums.items()}
        self.start = balances(self.held(date.min, eve, foreign=False), eve, self.convert)
        carried = carried_into_first(sum(term.minor for term in self.start))
        self.months = list(derive(periods, given, settings, carried))

    def held(self, first: date, last: date, *, foreign: bool = True) -> dict[UUID, int]:
        accounts = self.scope.cash & self.scope.foreign.keys() if foreign else self.scope.cash
        held: defaultdict[UUID, int] = defaultdict(int)
        for cell, tally in self.cells.items():
            if first <= cell.day <= last and cell.account_id in accounts:
                held[cell.account_id] += tally.minor
        return held

    def convert(self, account: UUID, minor: int, day: date) -> int:
        if account not in self.scope.foreign:
            return minor
        return in_base(minor, self.scope.foreign[account], self.rates, "EUR", day)

    def seen(self, n: int) -> Seen:
        one, cells = self.months[n], self.by_period[self.months[n].period.key]
        before, after = self.held(date.min, one.period.eve), self.held(date.min, one.period.last)
        lines = sorted(row.category_id for row in one.lines if row.category_id)
        return Seen(
            month=one,
            before=self.months[n - 1] if n else None,
            settings=self.settings,
            planned={"planned_income": n * 1_000, "savings_budget": 70},
            essential=frozenset(lines[::2]),
            rest=frozenset(lines[1::2]),
            minimums={UUID(int=1): 25},
            money={
                "start": self.start,
                "openings": openings(cells, self.scope),
                "fx": fx(cells, self.scope, one.period, before, after, self.convert),
            },
        )

    def behind(self, n: int, asked: Figure) -> int:
        period = self.periods[n]
        of_days: list[tuple[UUID, Cells]] = [
            (key, cells) for key, cells in self.transactions if any(cell.day in period for cell in cells)
        ]
        of_days.sort(key=lambda pair: (next(iter(pair[1])).day, pair[0]))
        behind = Behind(asked, self.scope, self.convert)
        return sum(each.minor for key, cells in of_days for each in behind.counted(key, cells))

    def explained(self, n: int) -> Iterator[tuple[Figure, Explained]]:
        """Every figure of a month, and all that explanations lead to in it."""
        seen = self.seen(n)
        lines = [row.category_id for row in seen.month.lines]
        waiting = [Figure(kind) for kind in OF_MONTH]
        waiting += [Figure(kind, (line,)) for kind in OF_LINE for line in lines]
        known = set(waiting)
        while waiting:
            asked = waiting.pop()
            found = explain(asked, seen)
            yield asked, found
            linked = {term.figure for term in found.terms if term.figure and not term.of_month_before} - known
            waiting += linked
            known |= linked


def random_book(history: Any) -> Told:
    scope = scope_of(history.accounts, history.income, "EUR", stated=history.stated)
    days = [date(2023, 10, 1) + timedelta(days=n) for n in range(250)]
    rates = Rates(Rate("USD", "EUR", day, str(history.worth(1, day))) for day in days)
    cards = scope.cards
    allocations = {
        key: {line: each for line, each in given.items() if line not in history.accounts or line in cards}
        for key, given in history.allocations.items()
    }
    chosen = Settings(history.settings.default_rollover, history.settings.unrolled, cards)
    unknown = {UUID(int=1 + n) for n in range(5)} - cards
    allocations = {
        key: {line: each for line, each in given.items() if line not in unknown}
        for key, given in allocations.items()
    }
    return Told(
        history.periods,
        history.transactions,
        history.openings,
        scope,
        chosen,
        allocations,
        history.holds,
        rates,
    )


def figure_of(one: Month, asked: Figure) -> int | None:
    """As the month has it; None for what it has no column for."""
    if not asked.of:
        name = {"total_planned": "allocated"}.get(asked.kind, asked.kind)
        return getattr(one.header, name, None)
    rows = [row for row in one.lines if row.category_id == asked.line]
    row = rows[0] if rows else LineRow(asked.line, 0, 0, 0, 0, 0, None)
    return getattr(row, asked.kind, None) if len(asked.of) == 1 else None


@settings(deadline=None)
@given(data=st.data())
def test_the_terms_of_every_figure_add_up_to_it(
    data: st.DataObject, histories: st.SearchStrategy[Any]
) -> None:
    book = random_book(data.draw(histories))
    # Of transfers between two cards in two currencies the month counts what they come to together.
    assume(not book.scope.foreign or len(book.scope.cards) < 2)

    for n, one in enumerate(book.months):
        others = {asked: found.minor for asked, found in book.explained(n)}
        before = {asked: found.minor for asked, found in book.explained(n - 1)} if n else {}
        for asked, found in book.explained(n):
            expected = figure_of(one, asked)
            assert expected is None or found.minor == expected, asked
            behind = book.behind(n, asked) if asked.kind in MADE_OF_TRANSACTIONS else 0
            assert sum(term.minor for term in found.terms) + behind == found.minor, asked
            for term in found.terms:
                there = before if term.of_month_before else others
                if term.figure in there:
                    assert abs(term.minor) == abs(there[term.figure]), (asked, term)


CHECKING, CARD, GROCERIES, CLOTHING = (UUID(int=n) for n in range(1, 5))


def card_book() -> Told:
    """The card example of the design: checking 500.00; groceries 100.00 and clothing 75.00 on the card."""
    accounts = {
        CHECKING: Account(on_budget=True, currency="EUR"),
        CARD: Account(on_budget=True, currency="EUR", keeps_debt=True),
    }
    return Told(
        periods=months(month("2026-01"), month("2026-02")),
        transactions=[
            Transaction(date(2026, 1, 9), CARD, [Split(GROCERIES, -100_00), Split(CLOTHING, -75_00)])
        ],
        opened={CHECKING: (date(2026, 1, 1), 500_00)},
        scope=scope_of(accounts, [], "EUR"),
        settings=Settings(cards=frozenset([CARD])),
        allocations={"2026-01": {GROCERIES: Allocation(100_00, Rollover.SURPLUS)}},
        holds={},
        rates=Rates(),
    )


def lines_of(found: Explained) -> dict[str, int]:
    return {str(term.figure or term.name): term.minor for term in found.terms}


def test_what_waits_to_pay_a_card_is_explained_by_what_categories_covered() -> None:
    """
    | payment row, January        |    EUR |
    | groceries covered           | 100.00 |
    | clothing covered            |   0.00 |
    | waits to pay the card       | 100.00 |
    | clothing, on the card       |  75.00 |
    | not covered: debt           |  75.00 |
    """
    seen = card_book().seen(0)

    assert lines_of(explain(figure(f"available:{CARD}"), seen)) == {f"funded:{CARD}": 100_00}
    assert lines_of(explain(figure(f"funded:{CARD}"), seen)) == {f"funding:{GROCERIES}:{CARD}": 100_00}
    assert lines_of(explain(figure(f"funding:{GROCERIES}:{CARD}"), seen)) == {f"covered:{GROCERIES}": 100_00}
    assert lines_of(explain(figure("card_debt"), seen)) == {f"card_debt:{CLOTHING}": 75_00}
    assert lines_of(explain(figure(f"card_debt:{CLOTHING}"), seen)) == {f"on_card:{CLOTHING}:{CARD}": 75_00}


def test_money_to_be_budgeted_is_traced_to_an_opening_and_an_allocation() -> None:
    """
    | January         |     EUR |
    | openings        |  500.00 |
    | total planned   | −100.00 |
    | to be budgeted  |  400.00 |
    """
    seen = card_book().seen(0)
    found = explain(figure("to_be_budgeted"), seen)

    assert found.minor == 400_00
    assert lines_of(found) == {"openings": 500_00, "total_planned": -100_00}
    assert [(term.kind, term.id, term.minor) for term in explain(figure("openings"), seen).terms] == [
        (Kind.OPENING, CHECKING, 500_00)
    ]


def test_what_does_not_come_along_is_a_term_of_its_own() -> None:
    """Overspending of clothing by 75.00, all of it debt of the card: nothing is left to bring along."""
    seen = card_book().seen(1)
    found = explain(figure(f"carry_in:{CLOTHING}"), seen)

    assert found.terms == (
        Term(Kind.FIGURE, -75_00, "available", Figure("available", (CLOTHING,)), of_month_before=True),
        Term(Kind.FIGURE, 75_00, "card_debt", Figure("card_debt", (CLOTHING,)), of_month_before=True),
    )


@pytest.mark.parametrize(
    "name",
    ["", "nothing", "available", "income:1", f"on_card:{CARD}", "available:x", "on_card:uncategorised"],
)
def test_another_name_is_no_figure(name: str) -> None:
    with pytest.raises(Invalid):
        figure(name)


@pytest.mark.parametrize("name", ["to_be_budgeted", f"on_card:uncategorised:{CARD}", "actual:uncategorised"])
def test_a_figure_is_named_as_it_is_asked_for(name: str) -> None:
    assert str(figure(name)) == name
