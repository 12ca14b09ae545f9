"""Worked cases of other projects on what comes again: rules, next dates, words, bills, windows, detection.

Where a convention of ours differs, a predicate over the case's input says so with its reason; it is counted apart.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pfms_common.recurrence import Schedule, next_after, nominal_days, occurrences
from pfms_common.rrule import BadRecurrence, parse
from pfms_ledger.domain.bill import days_ahead, status_of
from pfms_ledger.domain.detection import Payment, Repeating, detect
from pfms_ledger.domain.rule_text import describe

SAMPLES = os.environ.get("PFMS_SAMPLES", "")

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder with cases/ and data/"),
]

Say = Callable[[str], None]
FAR = date(2199, 12, 31)
UNTIL_MIDNIGHT = re.compile(r"UNTIL=\d{8}T000000")
NUMBERED_WEEKDAY = re.compile(r"BYDAY=[^;]*\d[A-Z]{2}")


def cases(area: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for case in json.loads((Path(SAMPLES) / "cases" / f"{area}.json").read_text()):
        yield case["input"], case["expected"]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Shows a line of figures although output is captured: they are what these tests are run for."""

    def shown(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}")

    return shown


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def test_rules_name_the_days_others_find(say: Say) -> None:
    """Aside: a plan has one rule (no RDATE, EXDATE), days only (no hours; an UNTIL holds its whole day), and no
    numbered weekdays of a week, which RFC 5545 forbids.
    """
    tried = apart = 0
    for given, expected in cases("recurrence_rrule"):
        rule = given.get("rrule", "")
        named = rule.startswith(("FREQ=DAILY", "FREQ=WEEKLY")) and NUMBERED_WEEKDAY.search(rule)
        if "ical" in given or named or UNTIL_MIDNIGHT.search(rule):
            apart += 1
            if named:
                with pytest.raises(BadRecurrence):
                    parse(rule)
            continue
        tried += 1
        schedule = Schedule(rule, day(given["dtstart"]), short_months="skip")
        found = list(nominal_days(schedule, schedule.start, far(schedule)))
        assert found == [day(each) for each in expected["occurrences"]], given

    say(
        f"recurrence_rrule: {tried} of {tried} right, {apart} on sets, hours and numbered weekdays of weeks aside"
    )
    assert tried


def far(schedule: Schedule) -> date:
    """Two hundred years on, as far as there is a calendar."""
    return date(min(schedule.start.year + 202, 9999), 12, 31)


PERIODS = {
    "daily": ("DAILY", 1),
    "weekly": ("WEEKLY", 1),
    "last7": ("WEEKLY", 1),
    "fortnightly": ("WEEKLY", 2),
    "monthly": ("MONTHLY", 1),
    "bimonthly": ("MONTHLY", 2),
    "quarterly": ("MONTHLY", 3),
    "halfyearly": ("MONTHLY", 6),
    "yearly": ("YEARLY", 1),
}
FREQUENCIES = {"daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "yearly": "YEARLY"}


def every(period: str, skip: int, start: str) -> Schedule:
    """Every so many periods; `skip` of them are jumped over."""
    frequency, unit = PERIODS[period]
    return Schedule(f"FREQ={frequency};INTERVAL={unit * (skip + 1)}", day(start))


def of_patterns(given: dict[str, Any]) -> Schedule:
    """Another project's settings of a schedule as a rule; patterns of one kind are one BY part."""
    rule = f"FREQ={FREQUENCIES[given['frequency']]};INTERVAL={given.get('interval', 1)}"
    patterns = given.get("patterns", [])
    if days := [each["value"] for each in patterns if each["type"] == "day"]:
        rule += f";BYMONTHDAY={','.join(map(str, days))}"
    if weekdays := [f"{each['value']}{each['type']}" for each in patterns if each["type"] != "day"]:
        rule += f";BYDAY={','.join(weekdays)}"
    end = day(given["endDate"]) if given.get("endMode") == "on_date" else None
    count = given["endOccurrences"] if given.get("endMode") == "after_n_occurrences" else None
    return Schedule(rule, day(given["start"]), end=end, count=count)


def test_next_dates_are_those_others_come_to(say: Say) -> None:
    tried = 0
    for given, expected in cases("recurrence_next_date"):
        tried += 1
        if "today" in given:
            found = next(nominal_days(of_patterns(given), day(given["today"]), FAR), None)
            assert found == (day(expected["next"]) if expected["next"] else None), given
        elif "steps" in given:
            found = list(
                islice(nominal_days(of_patterns(given), day(given["start"]), FAR), given["steps"] + 1)
            )
            assert found[-1] == day(expected["date"]), given
        else:
            starts = given["from"] if isinstance(given["from"], list) else [given["from"]]
            nexts = expected["next"] if isinstance(expected["next"], list) else [expected["next"]]
            for start, following in zip(starts, nexts, strict=True):
                found = next_after(every(given["period"], given["skip"], start), day(start), FAR)
                assert found is not None, (given, start)
                assert found.date == day(following), (given, start)

    say(f"recurrence_next_date: {tried} of {tried} right")
    assert tried


def test_bills_fall_on_the_days_others_show(say: Say) -> None:
    """Those of a view after the last payment, else the next one."""
    tried = 0
    for given, expected in cases("recurrence_bill_dates"):
        tried += 1
        schedule = every(given["period"], given["skip"], given["bill_start"])
        paid = day(given["last_paid"]) if given["last_paid"] else date.min
        view = occurrences(schedule, day(given["view_start"]), day(given["view_end"]))
        found = [each.date for each in view if each.date > paid]
        if not found and (following := next_after(schedule, max(paid, day(given["view_end"])), FAR)):
            found = [following.date]
        assert found == [day(each) for each in expected["pay_dates"]], given

    say(f"recurrence_bill_dates: {tried} of {tried} right")
    assert tried


def test_schedules_are_told_in_words_that_mean_the_same(say: Say) -> None:
    """Dates are written as ISO has them. Aside: weekdays and days of the month in one schedule, of which RFC 5545
    takes those days that are both; a union is two plans.
    """
    tried = apart = 0
    for given, expected in cases("recurrence_description"):
        kinds = {each["type"] == "day" for each in given.get("patterns", [])}
        if len(kinds) > 1:
            apart += 1
            continue
        tried += 1
        text = re.sub(r"(\d\d)/(\d\d)/(\d{4})", r"\3-\1-\2", expected["text"])
        assert describe(of_patterns(given)) == text, given

    say(f"recurrence_description: {tried} of {tried} right, {apart} on unions of patterns aside")
    assert tried


def test_bills_have_the_status_others_give_them(say: Say) -> None:
    """A plan without anything left says `completed` itself."""
    tried = 0
    for given, expected in cases("bill_status"):
        tried += 1
        if given["completed"]:
            assert expected["status"] == "completed"
            continue
        settled = "posted" if given["has_transactions"] else None
        found = status_of(day(given["next_date"]), day(given["today"]), settled, given["upcoming_days"])
        assert {"overdue": "missed"}.get(found, found) == expected["status"] or found == expected["status"], (
            given
        )

    say(f"bill_status: {tried} of {tried} right")
    assert tried


def test_windows_reach_as_far_as_others_look(say: Say) -> None:
    """Where others name so many units, they look one day further than the same day of the month: we do not."""
    tried = further = 0
    for given, expected in cases("forecast_upcoming_window"):
        tried += 1
        setting = {"currentMonth": "current_month", "oneMonth": "1-month"}.get(
            given["setting"], given["setting"]
        )
        a_day_more = "-" in given["setting"]
        further += a_day_more
        assert days_ahead(setting, day(given["today"])) + a_day_more == expected["days"], given

    say(f"forecast_upcoming_window: {tried} of {tried} right, {further} of them with a day less than theirs")
    assert tried


def test_what_repeats_is_found_as_others_find_it(say: Say) -> None:
    tried = 0
    for given, expected in cases("recurring_detection"):
        tried += 1
        series: dict[str, list[Payment]] = {}
        for each in given["transactions"]:
            minor = int(Decimal(str(each["amount"])) * 100)
            series.setdefault(each["merchant"], []).append(Payment(day(each["date"]), minor))
        found = [repeating for made in series.values() if (repeating := detect(made)) is not None]
        assert bool(found) is expected["recurring"], given
        if found:
            agrees(found[0], expected)

    say(f"recurring_detection: {tried} of {tried} right")
    assert tried


def agrees(found: Repeating, expected: dict[str, Any]) -> None:
    if "frequency" in expected:
        assert found.period == expected["frequency"]
    if "interval_days_any_of" in expected:
        assert found.interval_days in expected["interval_days_any_of"]
    if "expected_amount" in expected:
        assert found.amount_minor == int(Decimal(str(expected["expected_amount"])) * 100)
    if "day_of_month" in expected:
        assert found.day_of_month == expected["day_of_month"]
    for name, days in expected.items():
        if name.startswith("projected_in_"):
            first, last = (day(text.replace("_", "-")) for text in name[len("projected_in_") :].split("_to_"))
            plan = Schedule(found.rrule, found.next_date)
            assert [each.date for each in occurrences(plan, first, last)] == [day(text) for text in days]
