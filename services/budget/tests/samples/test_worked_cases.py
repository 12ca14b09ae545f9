"""Budget months worked out by other projects' engines, each read into a book of ours and compared figure by figure.

Every case is a JSON object with `area`, `input` and `expected`; a reader turns the input into transactions,
allocations and holds.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from pfms_budget.domain.cells import Cell, Split, Tally, Transaction, Transfer, added_up, cells_of, change
from pfms_budget.domain.counting import Account, month_lines, scope_of
from pfms_budget.domain.engine import derive
from pfms_budget.domain.filling import Candidate, Filling, amounts, copied
from pfms_budget.domain.month import Allocation, Given, Month, Settings, carried_into_first
from pfms_budget.domain.rollover import Rollover
from pfms_common.currency import currency
from pfms_common.money import parse_minor
from pfms_common.period import Period, month, months, next_month

SAMPLES = os.environ.get("PFMS_SAMPLES")
pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder of worked cases"),
]

CHECKING, OTHER_ON, OTHER_OFF, SALARY = (UUID(int=n) for n in range(1, 5))
ACCOUNTS = {
    key: Account(on_budget=key != OTHER_OFF, currency="EUR") for key in (CHECKING, OTHER_ON, OTHER_OFF)
}
FILLINGS = {"last month budget": Filling.COPY, "last month spend": Filling.ACTUALS}


def category(name: str) -> UUID:
    return uuid5(UUID(int=0), name)


def cents(text: str) -> int:
    return parse_minor(text, currency("EUR"))


@dataclass
class Book:
    """What a case's input comes to; its months are derived when asked for."""

    periods: list[Period]
    cells: dict[Cell, Tally] = field(default_factory=dict)
    allocated: dict[tuple[str, str], int] = field(default_factory=dict)
    rolls: dict[tuple[str, str], bool] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)

    def post(self, moved: Transaction | Transfer) -> None:
        self.cells = added_up([self.cells, cells_of(moved)])

    def spend(self, day: date, name: str, minor: int) -> None:
        self.post(Transaction(day, CHECKING, [Split(category(name), -minor)]))

    def income(self, day: date, minor: int) -> None:
        self.post(Transaction(day, CHECKING, [Split(SALARY, minor)]))

    def roll(self, key: str, name: str, *, overspending: bool) -> None:
        """From the period after `key` on, overspending of the category comes along, or does not."""
        self.rolls |= {(period.key, name): overspending for period in self.periods if period.key > key}

    def months(self) -> dict[str, Month]:
        scope = scope_of(ACCOUNTS, [SALARY], "EUR")
        sums = month_lines(self.cells.items(), scope, self.periods)
        given = {key: Given(sums[key], self._allocations(key), self.holds.get(key, 0)) for key in sums}
        derived = derive(self.periods, given, Settings(), carried_into_first(0))
        return {one.period.key: one for one in derived}

    def _allocations(self, key: str) -> dict[UUID, Allocation]:
        names = {name for at, name in self.allocated.keys() | self.rolls.keys() if at == key}
        return {
            category(name): Allocation(
                self.allocated.get((key, name), 0),
                Rollover.BOTH if self.rolls.get((key, name)) else Rollover.SURPLUS,
            )
            for name in names
        }


def line(one: Month, name: str) -> tuple[int, int, int]:
    """(allocated, actual, available), zeros where the month has no row for it."""
    rows = (row for row in one.lines if row.category_id == category(name))
    return next(((row.allocated, row.actual, row.available) for row in rows), (0, 0, 0))


def total_available(one: Month) -> int:
    return sum(row.available for row in one.lines)


def read_weeks(given: Mapping[str, Any]) -> dict[str, Any]:
    """Envelopes with a start and a spending in major units."""
    first, second = month("2025-01"), month("2025-02")
    book = Book([first, second])
    for name, start in given["available_start"].items():
        book.allocated[first.key, name] = start * 100
        book.roll(first.key, name, overspending=True)
    for name, spent in given["spent"].items():
        book.spend(second.first, name, spent * 100)
    end = book.months()[second.key]
    return {"available_end": {name: euros(line(end, name)[2]) for name in given["available_start"]}}


def read_operations(given: Mapping[str, Any]) -> dict[str, Any]:
    """A list of operations on an envelope budget in minor units, and every figure of its months."""
    book = Book([month(key) for key in given["months"]])
    for operation, *arguments in given["operations"]:
        OPERATIONS[operation](book, *arguments)
    names, rolling = given["categories"], read_carry_flags(given)
    return {"months": [figures(one, names, rolling) for one in book.months().values()]}


def read_carry_flags(given: Mapping[str, Any]) -> dict[tuple[str, str], bool]:
    flags: dict[tuple[str, str], bool] = {}
    for operation, *arguments in given["operations"]:
        if operation == "carry":
            at, name, flag = arguments
            flags |= {(key, name): flag for key in given["months"] if key >= at}
    return flags


def figures(one: Month, names: list[str], rolling: Mapping[tuple[str, str], bool]) -> dict[str, Any]:
    header, key = one.header, one.period.key
    lines = {name: line(one, name) for name in names}
    return {
        "month": key,
        "income": header.income,
        "fromLastMonth": header.start - header.released,
        "lastMonthOverspent": header.released,
        "heldForNextMonth": header.hold,
        "totalBudgeted": -header.allocated,
        "toBudget": header.to_be_budgeted,
        "totalSpent": -header.outflow,
        "totalBalance": total_available(one),
        "categories": {
            name: {
                "budgeted": allocated,
                "spent": -actual,
                "balance": left,
                "carryover": rolling.get((key, name), False),
            }
            for name, (allocated, actual, left) in lines.items()
        },
    }


def do_split(book: Book, day: str, total: int, parts: list[tuple[str, int]]) -> None:
    assert sum(minor for _, minor in parts) == total
    splits = [Split(category(name), -minor) for name, minor in parts]
    book.post(Transaction(date.fromisoformat(day), CHECKING, splits))


def do_transfer(book: Book, day: str, minor: int, target: str, name: str | None = None) -> None:
    other = {"on": OTHER_ON, "off": OTHER_OFF}[target]
    splits = [Split(category(name), minor)] if name else []
    book.post(Transfer(date.fromisoformat(day), CHECKING, other, minor, minor, splits))


def do_hold(book: Book, key: str, minor: int) -> None:
    """Their hold adds to the month's hold, up to what is left to be budgeted at that moment."""
    left = book.months()[key].header.to_be_budgeted
    book.holds[key] = book.holds.get(key, 0) + max(min(left, minor), 0)


def do_budget(book: Book, key: str, name: str, minor: int) -> None:
    book.allocated[key, name] = minor


OPERATIONS: dict[str, Callable[..., None]] = {
    "income": lambda book, day, minor: book.income(date.fromisoformat(day), minor),
    "spend": lambda book, day, name, minor: book.spend(date.fromisoformat(day), name, minor),
    "budget": do_budget,
    "carry": lambda book, key, name, flag: book.roll(key, name, overspending=flag),
    "hold": do_hold,
    "split": do_split,
    "xfer": do_transfer,
}


def read_envelope(given: Mapping[str, Any]) -> dict[str, Any]:
    """One envelope's allocations and spending by month, in major units as text; what was deleted is gone."""
    asked = [*given["allocations"], *given["spend"], *given.get("income_available", {})]
    book = Book(months(month(min(asked)), month(f"{max(asked)[:4]}-12")))
    for key, text in given["allocations"].items():
        book.allocated[key, "envelope"] = cents(text)
    for key, text in given["spend"].items():
        book.spend(month(key).first, "envelope", cents(text))
    for key, text in given.get("deleted_spend", {}).items():
        gone = cells_of(Transaction(month(key).last, CHECKING, [Split(category("envelope"), -cents(text))]))
        book.cells = added_up([book.cells, gone, change(gone, cells_of(None))])
    for key, text in given.get("income_available", {}).items():
        book.income(month(key).first, cents(text))
    found: dict[str, Any] = {"balance": {}}
    for key, one in book.months().items():
        _, spent, left = line(one, "envelope")
        found["balance"][key] = euros(left)
        found[f"unused_envelope_balance_{key}"] = euros(line(one, "unused")[2])
        found[key] = {
            "income": euros(one.header.income),
            "balance": euros(left),
            "spent": euros(-spent),
            "available": euros(one.header.to_be_budgeted),
        }
    return found


def euros(minor: int) -> Decimal:
    return Decimal(minor) / 100


def read_categories(given: Mapping[str, Any]) -> dict[str, Any]:
    """Categories in minor units, one with its history or several with what each was assigned in the first month."""
    keys = given["months"]
    book = Book(months(month(keys[0]), next_month(month(keys[-1]))))
    for name, assigned in given.get("categories", {}).items():
        book.allocated[keys[0], name] = assigned
    one = given.get("category", {})
    for key, assigned in one.get("assigned", {}).items():
        book.allocated[key, "one"] = assigned
    for key, moved in one.get("spent", {}).items():
        book.spend(month(key).first, "one", -moved)
    if str(one.get("overspending_rolls", False)).lower().endswith("true"):
        book.roll("", "one", overspending=True)
    derived = book.months()
    found: dict[str, Any] = {"balance": {key: line(each, "one")[2] for key, each in derived.items()}}
    for key in keys:
        overspent = -derived[next_month(month(key)).key].header.released
        found[f"total_overspent_{key}"] = overspent
        found[f"overspent_last_month_{next_month(month(key)).key}"] = overspent
    last = derived[keys[-1]]
    return found | {
        "outflow": -last.header.outflow,
        "total_budget": last.header.allocated,
        "total_balance": total_available(last),
    }


@dataclass
class Row:
    category_id: UUID
    minor: int


def read_new_month(given: Mapping[str, Any]) -> dict[str, Any]:
    """What January set aside, or spent, in major units as text; one category is archived before February."""
    before = {name: cents(text) for name, text in given["jan"].items()}
    live = {category(name) for name in before} - {category("archived")}
    if FILLINGS[given["mode"]] is Filling.COPY:
        rows = copied([Row(category(name), minor) for name, minor in before.items()], live)
        found = {row.category_id: row.minor for row in rows}
    else:
        spent = {category(name): minor for name, minor in before.items()}
        found = amounts(Filling.ACTUALS, [Candidate(key, None, False, [spent[key]]) for key in live], 0)
    return {"feb": {name: euros(found.get(category(name), 0)) for name in before}}


def read_year(given: Mapping[str, Any]) -> dict[str, Any]:
    """From one month on each later one is made as a copy of the one before it."""
    minors = dict(given["budgets"])
    for before, after in pairwise(sorted(minors)):
        if before >= given["from"]:
            [row] = copied([Row(category("one"), minors[before])], {category("one")})
            minors[after] = row.minor
    return {"budgets": minors}


def read_cover(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a category still has is taken back, as far as there is less than nothing to be budgeted."""
    book = Book([month(given["month"])])
    key, balances, source = given["month"], given["category_balances"], given["cover_from"]
    for name, minor in balances.items():
        book.allocated[key, name] = max(minor, 0)
        if minor < 0:
            book.spend(book.periods[0].first, name, -minor)
    book.income(book.periods[0].first, given["to_budget"] + sum(max(minor, 0) for minor in balances.values()))
    before = book.months()[key]
    assert before.header.to_be_budgeted == given["to_budget"]
    book.allocated[key, source] -= min(line(before, source)[2], -given["to_budget"])
    after = book.months()[key]
    return {"to_budget": after.header.to_be_budgeted, f"{source}_balance": line(after, source)[2]}


def read_hidden(given: Mapping[str, Any]) -> dict[str, Any]:
    """An archived category counts like any other."""
    book = Book([month("2024-01")])
    for name, minor in given["spent"].items():
        book.spend(book.periods[0].first, name, -minor)
    return {"group_spent": -book.months()["2024-01"].header.outflow}


READERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "mode": read_new_month,
    "available_start": read_weeks,
    "operations": read_operations,
    "allocations": read_envelope,
    "category": read_categories,
    "categories": read_categories,
    "budgets": read_year,
    "cover_from": read_cover,
    "spent": read_hidden,
}


def differences(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Every expected figure that ours is not; a figure that we do not give is one too."""
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            if key in found:
                yield from differences(value, found[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is not given"
    elif isinstance(expected, list):
        for at, (value, ours) in enumerate(zip(expected, found, strict=True)):
            yield from differences(value, ours, f"{path}.{at}")
    elif found != (Decimal(expected) if isinstance(found, Decimal) else expected):
        yield f"{path} is {found}, not {expected}"


@pytest.mark.parametrize("area", ["budget_envelope_months", "budget_rollover", "budget_actions"])
def test_months_worked_out_elsewhere_come_out_the_same(area: str, capsys: pytest.CaptureFixture[str]) -> None:
    cases = json.loads((Path(SAMPLES or "") / "cases" / f"{area}.json").read_text("utf-8"))
    right, wrong = 0, []
    for case in cases:
        reader = next(read for key, read in READERS.items() if key in case["input"])
        found = list(differences(case["expected"], reader(case["input"])))
        right += not found
        wrong += found

    with capsys.disabled():
        print(f"\n{area}: {right} right of {len(cases)} tried")  # noqa: T201 - a run is for its counts
    assert wrong == []
    assert right > 0
