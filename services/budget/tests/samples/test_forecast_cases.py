"""Forecasts worked out by other projects, read into ours; where a convention differs it is named with its reason."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from pfms_budget.domain.everyday import Everyday
from pfms_budget.domain.expected import Plan, of_plans
from pfms_budget.domain.forecast import confidences, path
from pfms_common.recurrence import Schedule

SAMPLES = os.environ.get("PFMS_SAMPLES")
pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder of worked cases"),
]
CASH = UUID(int=1)
WINDOW_IN_DAYS = "a window is a number of days after today, not a name such as currentMonth or 3-month"


def cases(area: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (Path(SAMPLES or "") / "cases" / f"{area}.json").read_text("utf-8")
    )
    return found


def test_what_recurs_is_expected_after_the_last_day_that_is_in_the_books() -> None:
    """Without everyday spending, which the other system does not know: planned items alone move the cash."""
    for case in cases("forecast"):
        given: Mapping[str, Any] = case["input"]
        today = max(date.fromisoformat(day) for day, _, _ in given["actual"])
        held = -sum(minor for _, _, minor in given["actual"])
        ((rule, moved),) = given["recurring"].items()
        start = date.fromisoformat(rule.removeprefix("monthly from ") + "-01")
        plans = [
            Plan(
                uuid5(CASH, name), name, "expense", Schedule("FREQ=MONTHLY", start), -minor,
                amount_since=start, catch_up_from=today, account_id=CASH,
            )
            for name, minor in moved.items()
        ]  # fmt: skip
        last = date.fromisoformat(given["window"].partition("..")[2] + "-28")
        days = (last - today).days

        flows = list(of_plans(plans, {}, today, last))
        made = path(held, flows, {CASH}, today, days, confidences(Everyday(), days))

        assert case["expected"][f"{today:%Y-%m}"] == {"cash": made[0].balance}
        by_name = {flow.name: -flow.minor for flow in flows}
        cash = made[-1].balance - made[0].balance
        assert case["expected"][f"{last:%Y-%m}"] == {**by_name, "cash": cash}


def test_a_window_has_as_many_days_as_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    right, apart = 0, Counter[str]()
    for case in cases("forecast_upcoming_window"):
        if not case["input"]["setting"].isdecimal():
            apart[WINDOW_IN_DAYS] += 1
            continue
        days = int(case["input"]["setting"])
        made = path(
            0, [], {CASH}, date.fromisoformat(case["input"]["today"]), days, confidences(Everyday(), days)
        )
        assert len(made) - 1 == case["expected"]["days"], "today aside"
        right += 1

    with capsys.disabled():
        print(f"\nforecast_upcoming_window: {right} right", dict(apart))  # noqa: T201 - a run is for its counts
    assert right
