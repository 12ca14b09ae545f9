"""What the demo household does with its money, as plain values: the same for the same months and seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from pfms_common.period import Period, previous_month
from pfms_embedded.arrangements import RENT, SALARY_BEN, Plan, Thing, plans, things

SALARY_ANNA, TAX_ANNA = 312_000, 98_400
# Category → its monthly budget; minor units of EUR.
BUDGET = {
    "rent": RENT,
    "electricity": 11_000,
    "internet": 4_500,
    "groceries": 62_000,
    "dining": 24_000,
    "public_transport": 9_800,
    "fuel": 12_000,
    "insurance": 3_800,
    "entertainment": 9_000,
    "subscriptions": 3_400,
    "travel": 40_000,
    "savings": 50_000,
}
SHOPS = ("Rewe", "Edeka", "Corner Bakery", "Market Hall", "Lidl")
PLACES = ("Trattoria Rosa", "Noodle House", "Café Ålesund", "Burger Corner")


@dataclass(frozen=True, slots=True)
class Movement:
    """One transaction as the API takes it, with keys instead of ids; `refunds`: the key of another."""

    key: str
    body: dict[str, Any]
    refunds: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """A month's plan: planned income in minor units, allocations as the API takes them."""

    key: str
    planned: int
    allocations: list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Household:
    """`reconciled`: the account that agrees with its bank's statement up to that day."""

    accounts: list[Thing]
    things: list[Thing]
    movements: list[Movement]
    plans: list[Plan]
    budgets: list[Budget]
    today: date
    reconciled: tuple[str, date]


def household(months: Sequence[Period], today: date, chance: Random) -> Household:
    """The whole of it for these months, up to today."""
    opened = months[0].first
    planned = [movement for month in months for movement in _month(month, chance)]
    movements = [movement for movement in planned if movement.body["date"] <= today.isoformat()]
    return Household(
        _accounts(opened),
        list(things(months)),
        movements,
        list(plans(opened, today)),
        [_budget(month) for month in months],
        today,
        ("anna", previous_month(months[-1]).last),
    )


def _accounts(opened: date) -> list[Thing]:
    def account(key: str, name: str, kind: str, currency: str, opening: int) -> Thing:
        body = {"name": name, "type": kind, "currency": currency, "opening_balance_minor": opening}
        return Thing(key, "/accounts", {**body, "opened_on": opened.isoformat()})

    return [
        account("joint", "Joint account", "checking", "EUR", 284_310),
        account("anna", "Anna's account", "checking", "EUR", 95_020),
        account("reserve", "Reserve", "savings", "EUR", 600_000),
        account("cash", "Wallet", "cash", "EUR", 12_000),
        account("dollars", "Dollar account", "savings", "USD", 150_000),
        account("depot", "Depot", "investment", "EUR", 900_000),
    ]


def _month(month: Period, chance: Random) -> Iterator[Movement]:
    """One month: income, fixed costs, everyday spending, transfers, a return now and then."""
    yield from _fixed(month)
    n = 0
    for day in _days(month):
        for _ in range(chance.choice((0, 1, 1, 2))):
            n += 1
            key = f"{month.key}-{n}"
            yield _everyday(key, day, chance)
            if chance.random() < 0.03:
                refund = {"type": "refund", "account_id": "joint", "date": _iso(day, 4), "amount_minor": 300}
                yield Movement(f"{key}-back", {**refund, "payee": "Return desk"}, refunds=key)
    yield from _transfers(month)
    if month.first.month in {7, 12}:
        yield from _journey(month, chance)


def _fixed(month: Period) -> Iterator[Movement]:
    def booked(what: str, day: int, amount: int, payee: str, category: str) -> Movement:
        on = month.first.replace(day=day).isoformat()
        splits = [{"category_id": category, "amount_minor": amount}]
        body = {"account_id": "joint", "date": on, "amount_minor": amount, "payee": payee, "splits": splits}
        return Movement(f"{month.key}-{what}", body)

    yield booked("power", 4, -10_400 - 300 * abs(month.first.month - 7), "Stadtwerke", "electricity")
    yield booked("net", 5, -4_499, "Netz AG", "internet")
    yield booked("ticket", 6, -9_800, "Verkehrsbetriebe", "public_transport")
    yield booked("films", 12, -1_799, "Streaming", "subscriptions")
    salary = booked("anna", 25, SALARY_ANNA, "Klinik am Park", "salary")
    # Paid late in the month, so it is for the next month's budget.
    earned = {"counts_next_period": True, "income_source_id": "clinic", "tax_minor": TAX_ANNA}
    yield Movement(salary.key, {**salary.body, **earned})


def _everyday(key: str, day: date, chance: Random) -> Movement:
    kind = chance.random()
    if kind < 0.55:
        whole = chance.randint(900, 7_200)
        drugstore = whole // 5 if chance.random() < 0.25 else 0
        splits = [{"category_id": "groceries", "amount_minor": drugstore - whole}]
        if drugstore:
            splits.append({"category_id": "personal_care", "amount_minor": -drugstore})
        body = {"payee": chance.choice(SHOPS), "amount_minor": -whole, "splits": splits}
    elif kind < 0.8:
        amount = -chance.randint(600, 5_400)
        splits = [{"category_id": "dining", "amount_minor": amount}]
        body = {"payee": chance.choice(PLACES), "amount_minor": amount, "splits": splits, "tags": ["out"]}
    elif kind < 0.9:
        amount = -chance.randint(2_000, 6_500)
        body = {
            "payee": "Tankstelle",
            "amount_minor": amount,
            "splits": [{"category_id": "fuel", "amount_minor": amount}],
        }
    elif kind < 0.97:
        amount = -chance.randint(900, 4_000)
        splits = [{"category_id": "entertainment", "amount_minor": amount}]
        body = {"payee": "Kino Central", "amount_minor": amount, "splits": splits}
    else:
        body = {"payee": "Unknown shop", "amount_minor": -chance.randint(500, 3_000)}
    account = "cash" if chance.random() < 0.15 else "joint"
    return Movement(key, {"account_id": account, "date": day.isoformat(), **body})


def _transfers(month: Period) -> Iterator[Movement]:
    def moved(
        what: str, day: int, source: str, target: str, amount: int, pot: str | None = None, **more: Any
    ) -> Movement:
        into = {"pot_id": pot} if pot else {}
        ends = {"from": {"account_id": source}, "to": {"account_id": target, **into}}
        on = month.first.replace(day=day).isoformat()
        return Movement(
            f"{month.key}-{what}", {"type": "transfer", "date": on, "amount_minor": amount, **ends, **more}
        )

    yield moved("wallet", 3, "joint", "cash", 18_500)
    yield moved("holidays", 28, "joint", "reserve", 20_000, "holidays")
    yield moved("kitchen", 28, "joint", "reserve", 10_000, "kitchen")
    yield moved("pocket", 26, "joint", "anna", 20_000)
    # Out of the budget, so it says what it is for.
    yield moved(
        "depot", 28, "joint", "depot", 50_000, splits=[{"category_id": "savings", "amount_minor": 50_000}]
    )


def _journey(month: Period, chance: Random) -> Iterator[Movement]:
    """A trip paid in dollars, bought with euros at the day's rate."""
    euros, rate = chance.randint(60_000, 110_000), chance.randint(104, 118)
    body = {
        "type": "transfer",
        "date": month.first.replace(day=8).isoformat(),
        "amount_minor": euros,
        "from": {"account_id": "reserve", "pot_id": "holidays"},
        "to": {"account_id": "dollars", "amount_minor": euros * rate // 100},
    }
    yield Movement(f"{month.key}-dollars", body)
    for n in range(6):
        amount = -chance.randint(3_000, 18_000)
        yield Movement(
            f"{month.key}-trip-{n}",
            {
                "account_id": "dollars",
                "date": month.first.replace(day=12 + n).isoformat(),
                "amount_minor": amount,
                "payee": "Harbor Hotel" if n % 2 else "Pier Grill",
                "tags": ["trip"],
                "splits": [{"category_id": "travel", "amount_minor": amount}],
            },
        )


def _budget(month: Period) -> Budget:
    def allocation(category: str, amount: int) -> tuple[str, dict[str, Any]]:
        rollover = "surplus" if category in {"travel", "savings", "electricity"} else "none"
        return category, {"allocation_type": "fixed", "allocation_value": amount, "rollover": rollover}

    allocations = [allocation(category, amount) for category, amount in BUDGET.items()]
    gifts = {"allocation_type": "percentage", "allocation_value": "1.50", "rollover": "surplus"}
    return Budget(month.key, SALARY_ANNA + SALARY_BEN, [*allocations, ("gifts", gifts)])


def _days(month: Period) -> Iterator[date]:
    day = month.first
    while day <= month.last:
        yield day
        day += timedelta(days=1)


def _iso(day: date, later: int) -> str:
    return (day + timedelta(days=later)).isoformat()
