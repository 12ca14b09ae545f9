"""What the demo household has besides its movements: pots, sources of income, plans, rates, names that banks write.

Like the movements these are bodies as the API takes them, with keys instead of ids.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pfms_common.period import Period

RENT, SALARY_BEN, POWER = 128_000, 241_500, 11_900


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is made at a path of the API; what refers to it names its key."""

    key: str
    path: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan; `realized`: what is past is posted at once; `auto_post`: what comes is posted by itself."""

    thing: Thing
    realized: bool
    auto_post: bool


def things(months: Sequence[Period]) -> Iterator[Thing]:
    """What the movements refer to."""
    yield Thing("holidays", "/pots", {"account_id": "reserve", "name": "Holidays", "colour": "#1c7ed6"})
    yield Thing("kitchen", "/pots", {"account_id": "reserve", "name": "New kitchen"})
    clinic = {"name": "Klinik am Park", "type": "salary", "amount_minor": 312_000, "currency": "EUR"}
    yield Thing("clinic", "/income/sources", clinic)
    for name, *aliases in (
        ("Rewe", "REWE SAGT DANKE 4711", "REWE MARKT GMBH"),
        ("Stadtwerke", "SWB VERTRIEB GMBH"),
        ("Hausverwaltung Nord", "HV NORD MIETE"),
    ):
        yield Thing(f"payee {name}", "/payees", {"name": name, "aliases": aliases})
    for n, month in enumerate(months):
        if n % 3 == 0:
            rate = f"1.{4 + n * 7 % 15:02}"
            body = {"base": "EUR", "quote": "USD", "date": month.first.isoformat(), "rate": rate}
            yield Thing(f"rate {month.key}", "/rates", body)


def plans(first: date, today: date) -> Iterator[Plan]:
    """Rent, a salary and a yearly insurance since the first month; the power bill from tomorrow on, as it comes."""

    def plan(name: str, amount: int, payee: str, category: str, day: int, **more: Any) -> Thing:
        split = {"category_id": category, "amount_minor": amount}
        template = {"account_id": "joint", "payee": payee, "amount_minor": amount, "splits": [split]}
        if "tags" in more:
            template["tags"] = more.pop("tags")
        body = {"name": name, "template": template, "rrule": "FREQ=MONTHLY"}
        return Thing(
            name,
            "/recurring",
            {**body, "start": first.replace(day=day).isoformat(), "short_months": "last_day", **more},
        )

    tomorrow = (today + timedelta(days=1)).isoformat()
    rent = plan("Rent", -RENT, "Hausverwaltung Nord", "rent", 1, tags=["home"], is_essential=True)
    salary = plan(
        "Ben's salary", SALARY_BEN, "Werkstatt GmbH", "salary", 27, weekend_rule="before", holidays="DE-HB"
    )
    insurance = plan(
        "House insurance", -42_000, "Alte Versicherung", "insurance", 10,
        rrule="FREQ=YEARLY", yearly_increase_percent="3.5", reminder_days=30,
    )  # fmt: skip
    power = plan(
        "Power", -POWER, "Stadtwerke", "electricity", 4,
        catch_up_from=tomorrow, amount_tolerance_percent="30", tags=["home"],
    )  # fmt: skip
    yield Plan(rent, realized=True, auto_post=True)
    yield Plan(salary, realized=True, auto_post=True)
    yield Plan(insurance, realized=True, auto_post=False)
    yield Plan(power, realized=False, auto_post=False)
