"""How far the forecast is off: the demo household's three years, looked at from each month's end after one year.

`python -m bench.backtest`: the mean distance, in EUR, of what the accounts on the budget really held so many days
later from what was forecast then; beside it the naive forecast's, by which the last month repeats. Needs no server.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from statistics import mean
from typing import Any
from uuid import UUID, uuid5

from pfms_budget.domain.cells import (
    Cell,
    Split,
    Tally,
    Transaction,
    Transfer,
    added_up,
    cells_of,
    opening_cells,
)
from pfms_budget.domain.counting import Account, scope_of
from pfms_budget.domain.everyday import first_day_asked
from pfms_budget.domain.expected import Arrival, Plan, Source
from pfms_budget.domain.outlook import Known, Moved, Outlook
from pfms_common.increase import increased
from pfms_common.period import month, month_of, months, previous_month
from pfms_common.recurrence import Schedule, occurrences
from pfms_embedded.household import Household, household

FIRST, LAST, SEED = month("2023-10"), month("2026-09"), 7
HORIZONS = (7, 30, 90)
WARM_UP = 12
NAMES = UUID(int=0)


def main() -> None:
    past = Past()
    rows = [
        "| days ahead | forecasts | forecast is off by | last month repeats is off by | no change is off by |"
    ]
    rows.append("|---|---|---|---|---|")
    for days in HORIZONS:
        found = [_errors(past, day, days) for day in past.month_ends(days)]
        means = " | ".join(f"{mean(each) // 100:,.0f} EUR" for each in zip(*found, strict=True))
        rows.append(f"| {days} | {len(found)} | {means} |")
    print("\n".join(rows))


class Past:
    """All that ever happened in the household, as the budget knows it."""

    def __init__(self) -> None:
        periods = months(FIRST, LAST)
        home = household(periods, LAST.last, Random(SEED))
        self.accounts = {
            _id(each.key): Account(each.body["type"] != "investment", each.body["currency"])
            for each in home.accounts
        }
        self.scope = scope_of(self.accounts, [_id("salary")], "EUR")
        self.plans = list(_plans(home))
        self.posted = [
            (plan, each.nominal, cells_of(_posted(plan, each.nominal, each.date)))
            for plan in self.plans
            for each in occurrences(plan.schedule, FIRST.first, LAST.last)
        ]
        openings = [
            opening_cells(_id(each.key), FIRST.first, each.body["opening_balance_minor"])
            for each in home.accounts
        ]
        moved = [cells_of(_moved(each.body)) for each in home.movements]
        self.cells: Moved = list(
            added_up([*openings, *moved, *(cells for _, _, cells in self.posted)]).items()
        )
        self.arrivals = [
            Arrival(date.fromisoformat(each.body["date"]), _id("joint"), each.body["amount_minor"])
            for each in home.movements
            if "income_source_id" in each.body
        ][::-1]

    def month_ends(self, days: int) -> Iterator[date]:
        for period in months(FIRST, LAST)[WARM_UP:]:
            if period.last + timedelta(days=days) <= LAST.last:
                yield period.last

    def held(self, day: date) -> int:
        """On the accounts on the budget in the book's currency; the dollars aside."""
        return sum(
            tally.minor
            for cell, tally in self.cells
            if cell.account_id in self.scope.cash and cell.day <= day
        )

    def known(self, today: date) -> Known:
        """What was known on a day."""
        begins = first_day_asked(today)
        balances: dict[UUID, int] = {}
        for cell, tally in self._until(self.cells, today):
            balances[cell.account_id] = balances.get(cell.account_id, 0) + tally.minor
        posted = [each for each in self.posted if all(cell.day <= today for cell in each[2])]
        return Known(
            today=today,
            base="EUR",
            accounts=self.accounts,
            scope=self.scope,
            balances=balances,
            past=[each for each in self._until(self.cells, today) if each[0].day >= begins],
            posted_by_plans=[each for _, _, cells in posted for each in cells.items()],
            first_day=FIRST.first,
            plans=self.plans,
            settled={
                plan.id: frozenset(nominal for of, nominal, _ in posted if of is plan) for plan in self.plans
            },
            sources=[
                Source(
                    NAMES,
                    "Klinik am Park",
                    "monthly",
                    None,
                    [each for each in self.arrivals if each.day <= today],
                )
            ],
        )

    @staticmethod
    def _until(cells: Moved, today: date) -> Iterable[tuple[Cell, Tally]]:
        return (each for each in cells if each[0].day <= today)


def _errors(past: Past, today: date, days: int) -> tuple[int, int, int]:
    """In minor units: of the forecast, of the month before repeated, of nothing at all changing."""
    now, then = past.held(today), past.held(today + timedelta(days=days))
    before = past.held(previous_month(month_of(today)).last)
    length = (today - previous_month(month_of(today)).last).days
    naive = now + (now - before) * days // length
    return (
        abs(Outlook(past.known(today), days).total()[-1].balance - then),
        abs(naive - then),
        abs(now - then),
    )


def _plans(home: Household) -> Iterator[Plan]:
    """Those that posted what is past."""
    for each in home.plans:
        body, template = each.thing.body, each.thing.body["template"]
        start = date.fromisoformat(body["start"])
        rule = (body["rrule"], start, None, None, body["short_months"])
        if each.realized:
            yield Plan(
                _id(each.thing.key), body["name"], "income" if template["amount_minor"] > 0 else "expense",
                Schedule(*rule, body.get("weekend_rule", "none"), body.get("holidays")),
                template["amount_minor"], start, start, _id(template["account_id"]),
                category_id=_id(template["splits"][0]["category_id"]),
            )  # fmt: skip


def _posted(plan: Plan, nominal: date, day: date) -> Transaction:
    amount = increased(plan.amount, plan.yearly_increase, plan.amount_since, nominal)
    return Transaction(day, plan.account_id or NAMES, [Split(plan.category_id, amount)])


def _moved(body: dict[str, Any]) -> Transaction | Transfer:
    day, amount = date.fromisoformat(body["date"]), body["amount_minor"]
    splits = [Split(_id(each["category_id"]), each["amount_minor"]) for each in body.get("splits", ())]
    if body.get("type") == "transfer":
        source, target = body["from"]["account_id"], body["to"]["account_id"]
        arrives = body["to"].get("amount_minor", amount)
        return Transfer(day, _id(source), _id(target), amount, arrives, splits)
    return Transaction(day, _id(body["account_id"]), splits or [Split(None, amount)])


def _id(key: str) -> UUID:
    return uuid5(NAMES, key)


if __name__ == "__main__":
    main()
