"""Allocations by rules, worked out by other projects' engines, each read into rules of ours; amounts in minor units.

A reader turns a case's input into rules and a month; where a convention differs, the case is named with the reason.
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pfms_budget.domain.assigning.asked import Asked
from pfms_budget.domain.assigning.average import Average
from pfms_budget.domain.assigning.bills import Bill, Bills
from pfms_budget.domain.assigning.by_date import ByDate, Target
from pfms_budget.domain.assigning.periodic import Periodic
from pfms_budget.domain.assigning.sharing import Claim, share_out
from pfms_budget.domain.assigning.up_to import UpTo
from pfms_common.money import allocate
from pfms_common.period import Period, month

SAMPLES = os.environ.get("PFMS_SAMPLES")
pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder of worked cases"),
]
ONE, TWO = UUID(int=1), UUID(int=2)
FUNDED = "what is there already is saved: a bill that it covers asks for nothing until it is paid"
BY_DAYS = "an amount belongs whole to the day it is for; a month or a year is not shared out over its days"
BY_REMAINDER = "the left-over unit goes to the largest remainder, not to the first share"
CONVENTIONS = {
    "allocate/rubymoney-r6": BY_REMAINDER,
    "goal_sinking_fund/actual-schedule-sixty-days-funded": FUNDED,
    "goal_sinking_fund/actual-schedule-yearly-funded": FUNDED,
    "budget_prorating/fava-monthly-feb-leap": BY_DAYS,
    "budget_prorating/fava-weekly": BY_DAYS,
    "budget_prorating/fava-yearly-365": BY_DAYS,
}


def asked(given: Mapping[str, Any], **more: Any) -> Asked:
    return Asked(month(given.get("month", "2024-01")), given.get("carry_in", 0), **more)


def read_limit(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is over a limit stays with the category; one case gives what is carried in major units."""
    unit = 100 if "hold" in given else 1
    per = {"daily": "day", "weekly": "week"}.get(given.get("period", ""), "period")
    start = date.fromisoformat(given["start"]) if "start" in given else None
    at = Asked(month(given.get("month", "2024-01")), given.get("carry_in", 0) * unit)
    return {"to_budget": UpTo(given["limit"], per, start).wants(at)}  # type: ignore[arg-type]  # one of three


def read_average(given: Mapping[str, Any]) -> dict[str, Any]:
    text = given.get("adjust", "")
    change = round(float(text[:-1]) * 100) if text.endswith("%") else 0
    rule = Average(len(given["months"]), change, int(text) if text and not change else 0)
    return {"to_budget": rule.wants(asked(given, spent=[-minor for minor in given["months"]]))}


def read_save_by(given: Mapping[str, Any]) -> dict[str, Any]:
    targets = [Target(each["amount"], each["by"], each.get("repeat_months", 0)) for each in given["targets"]]
    return {"to_budget": ByDate(targets).wants(asked(given))}


def read_periodic(given: Mapping[str, Any]) -> dict[str, Any]:
    every, unit = given["every"].split()
    frequency = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}[unit]
    start = date.fromisoformat(given["starting"])
    rule = Periodic(given["amount"], f"FREQ={frequency};INTERVAL={every}", start)
    return {"to_budget": rule.wants(asked(given))}


def read_remainder(given: Mapping[str, Any]) -> dict[str, Any]:
    [gets] = share_out(given["available"], [Claim(ONE, "remainder", weight=given["weight"])], {})
    return {"to_budget": gets}


def read_priorities(given: Mapping[str, Any]) -> dict[str, Any]:
    claims = [Claim(ONE, "fixed", each["priority"], each["amount"]) for each in given["templates"]]
    gets = share_out(given["available"], claims, {})
    found: dict[str, Any] = {
        f"priority{claim.priority}": got for claim, got in zip(claims, gets, strict=True)
    }
    return found | {"goal": sum(claim.wanted_minor for claim in claims)}


def read_schedules(given: Mapping[str, Any]) -> dict[str, Any]:
    """A rise is written into the bill's amount."""
    bills = []
    for each in given["schedules"]:
        rise = 1 + Fraction(each["adjust"].strip("%")) / 100 if "adjust" in each else Fraction(1)
        rule = (
            f"FREQ={each['frequency'].upper()};INTERVAL={each.get('interval', 1)}"
            if "frequency" in each
            else None
        )
        start = date.fromisoformat(each.get("start") or each["date"])
        bills.append(Bill(round(-each["amount"] * rise), start, rule, each.get("full", False)))
    carried = given.get("last_month_balance", 0)
    return {"to_budget": Bills(bills).wants(Asked(month(given["month"]), carried))}


def read_prorated(given: Mapping[str, Any]) -> dict[str, Any]:
    """Daily amounts; a branch is the sum of its parts, for display."""
    last = date.fromisoformat(given["to_exclusive"]) - timedelta(days=1)
    at = Asked(Period("span", date.fromisoformat(given["from"]), last))
    if "budget" in given:
        _, amount, _, _, start = given["budget"].split()
        wanted = Periodic(round(float(amount) * 100), "FREQ=DAILY", date.fromisoformat(start)).wants(at)
        return {"amount": wanted / 100 if wanted else None}
    days = {
        name: Periodic(int(text.split()[1]) * 100, "FREQ=DAILY", at.period.first)
        for name, text in given["budgets"].items()
    }
    wants = {name: rule.wants(at) for name, rule in days.items()}
    branches = {name.rsplit(":", n)[0] for name in wants for n in range(name.count(":") + 1)}
    return {
        branch: f"{sum(minor for name, minor in wants.items() if f'{name}:'.startswith(f'{branch}:')) / 100:.2f}"
        for branch in branches
    }


def read_goals(given: Mapping[str, Any]) -> dict[str, Any]:
    """By account what was spent, what is planned and how much of it that is, in whole percent."""
    first, last = (date.fromisoformat(text) for text in given["period"].split(".."))
    at, found = Asked(Period("span", first, last)), {}
    for name, goal in given["goals"].items():
        frequency, amount = goal.split()
        planned = Periodic(int(amount), f"FREQ={frequency.upper()}", first).wants(at)
        spent = sum(minor for day, account, minor in given["txns"] if account == name and day <= str(last))
        found[name] = [spent, planned]
    found["total"] = [sum(column) for column in zip(*found.values(), strict=True)]
    return {
        name: [spent, planned, round(Fraction(100 * spent, planned))]
        for name, (spent, planned) in found.items()
    }


def read_shares(given: Mapping[str, Any]) -> dict[str, Any]:
    weights = given.get("ratios", [1] * given.get("n", 0))
    try:
        shares = allocate(given["amount_minor"], weights)
    except ValueError:
        return {"error": "ratios invalid"}
    return {"shares": shares, "sum": sum(shares)}


READERS: list[tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = [
    ("limit", read_limit),
    ("months", read_average),
    ("targets", read_save_by),
    ("every", read_periodic),
    ("weight", read_remainder),
    ("templates", read_priorities),
    ("schedules", read_schedules),
    ("to_exclusive", read_prorated),
    ("goals", read_goals),
    ("amount_minor", read_shares),
]


def reader_of(given: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return next(read for key, read in READERS if key in given)


@pytest.mark.parametrize(
    "area",
    [
        "budget_allocation_templates",
        "goal_sinking_fund",
        "budget_prorating",
        "budget_vs_actual",
        "allocate",
    ],
)
def test_allocations_worked_out_elsewhere_come_out_the_same(
    area: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = json.loads((Path(SAMPLES or "") / "cases" / f"{area}.json").read_text("utf-8"))
    apart = {case["id"]: CONVENTIONS[case["id"]] for case in cases if case["id"] in CONVENTIONS}
    tried = [case for case in cases if case["id"] not in apart]
    wrong = []
    for case in tried:
        found = reader_of(case["input"])(case["input"])
        expected = case["expected"]
        if {name: found.get(name) for name in expected} != expected:
            wrong.append((case["id"], found, expected))

    with capsys.disabled():
        print(f"\n{area}: {len(tried) - len(wrong)} right of {len(tried)} tried, {len(apart)} apart")  # noqa: T201 - a run is for its counts
    assert wrong == []
    assert tried
