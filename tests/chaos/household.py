"""A person's book as they were told it is, which must be what is there afterwards."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.chaos.client import Op, OpLog, Person

FIRST_MONTH, LAST_MONTH = "2026-01", "2026-12"
FIRST_DAY, DAYS = date(2025, 12, 1), 390
LARGE = 10**12
SPENDING = ("groceries", "dining", "rent", "travel", "savings")
EARNING = ("salary", "side_income")
ROLLOVERS = ("none", "surplus", "deficit", "both")

type Row = dict[str, Any]


@dataclass(slots=True)
class Plan:
    """A plan, the nominal days of its occurrences, and what the owner made of those they `asked` about: "posted" or
    "skipped", where that was acknowledged. What the scheduler made of the others it tells nobody.
    """

    row: Row
    days: list[date]
    asked: set[date] = field(default_factory=set)
    settled: dict[date, str] = field(default_factory=dict)


@dataclass(slots=True)
class Household:
    """A person's book as they were told it is: of each thing the last acknowledged state, None once deleted.

    `busy` things are being written by one worker, so that the last answer is the last state.
    """

    person: Person
    chance: random.Random
    accounts: dict[str, Row] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    transactions: dict[str, Row | None] = field(default_factory=dict)
    allocations: dict[str, Row | None] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    budgeted: set[tuple[str, str]] = field(default_factory=set)
    refunded: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    newcomers: list[Person] = field(default_factory=list)
    imports: bool = False
    most_plans: int = 0

    @property
    def book(self) -> UUID:
        return UUID(self.person.book_id)

    def told(self, things: dict[str, Row | None], answer: Row) -> None:
        """Keeps an acknowledged state; each write must have raised the version by exactly one."""
        before = things.get(answer["id"])
        expected = before["version"] + 1 if before else 1
        if answer["version"] != expected:
            self.faults.append(f"{answer['id']} came back as version {answer['version']}, not {expected}")
        things[answer["id"]] = answer

    def account(self, *currencies: str) -> Row:
        fit = [row for row in self.accounts.values() if not currencies or row["currency"] in currencies]
        return self.chance.choice(fit)

    def amount(self) -> int:
        return self.chance.choice(
            [1, 99, self.chance.randint(1, 50_000), self.chance.randint(1, 50_000), LARGE]
        )

    def day(self) -> str:
        return str(FIRST_DAY + timedelta(days=self.chance.randrange(DAYS)))

    def free(self, fits: Callable[[Row], bool]) -> Row | None:
        """Something of ours that no worker is at, taken until it is given back."""
        found = [
            row for row in self.transactions.values() if row and row["id"] not in self.busy and fits(row)
        ]
        return self.chance.choice(found) if found else None


async def moved_in(url: str, log: OpLog, seed: int) -> Household:
    """A new person with accounts in three currencies, one of them off the budget, and a first month."""
    house = Household(Person(url, log), random.Random(seed))
    await house.person.sign_up()
    house.keys = {row["key"]: row["id"] for row in await house.person.starting_tree()}
    wanted = (
        ("checking", "EUR"),
        ("savings", "EUR"),
        ("investment", "EUR"),
        ("wallet", "JPY"),
        ("wallet", "KWD"),
    )
    for number, (kind, currency) in enumerate(wanted):
        body: Row = {"name": f"{kind} {number}", "type": kind, "currency": currency}
        opening = {"opening_balance_minor": 100_000 * number, "opened_on": f"2025-12-{number + 1:02}"}
        made = await house.person.send(Op("account", "POST", "/accounts", {**body, **opening}))
        assert made.state == "ok", made
        house.accounts[made.document["id"]] = made.document
    plan = {"month": FIRST_MONTH, "planned_income_minor": 200_000}
    assert (await house.person.send(Op("plan", "POST", "/budgets", plan))).state == "ok"
    house.imports = (await house.person.http.get("/imports", params={"limit": 1})).status_code == 200
    return house
