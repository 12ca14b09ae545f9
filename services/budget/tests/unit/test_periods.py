"""On which days periods begin, as tables of days that can be checked against any calendar.

Today is Saturday, 12 December 2026, in most of them; December has 31 days, 2027 is no leap year.
"""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_budget.domain.periods import (
    CALENDAR_MONTHS,
    Calendar,
    Cycle,
    Rule,
    check_by_hand,
    check_since,
    holder,
    last_working_days,
    moves,
)
from pfms_common.period import Period, check_gapless, month, months
from pfms_common.problem import Invalid

TWELFTH = date(2026, 12, 12)
A_DAY = timedelta(days=1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def monthly(n: int) -> Rule:
    return Rule(Cycle.MONTHLY, day=n)


def working(since: date, holidays: str | None = None) -> Rule:
    return Rule(Cycle.LAST_WORKING_DAY, holidays=holidays, days=last_working_days(since, holidays))


def by_hand(*days: str) -> Rule:
    return Rule(Cycle.BY_HAND, days=tuple(map(day, days)))


def told(calendar: Calendar, first: str, last: str) -> list[str]:
    return [
        f"{each.key} {each.first:%d.%m.}-{each.last:%d.%m.}"
        for each in calendar.between(day(first), day(last))
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # the running period is shortened: 24 days
        (
            monthly(25),
            ["2026-12 01.12.-24.12.", "2026-12-25 25.12.-24.01.", "2027-01-25 25.01.-24.02."],
        ),
        # it is lengthened: the tenth of December is over
        (
            monthly(10),
            ["2026-12 01.12.-09.01.", "2027-01-10 10.01.-09.02.", "2027-02-10 10.02.-09.03."],
        ),
        # 13 days would be less than half a month: lengthened
        (monthly(14), ["2026-12 01.12.-13.01.", "2027-01-14 14.01.-13.02.", "2027-02-14 14.02.-13.03."]),
        (monthly(15), ["2026-12 01.12.-14.12.", "2026-12-15 15.12.-14.01.", "2027-01-15 15.01.-14.02."]),
        # a month that lacks the day begins on its last
        (monthly(31), ["2026-12 01.12.-30.12.", "2026-12-31 31.12.-30.01.", "2027-01-31 31.01.-27.02."]),
        # the last of January 2027 is a Sunday
        (
            working(TWELFTH),
            ["2026-12 01.12.-30.12.", "2026-12-31 31.12.-28.01.", "2027-01-29 29.01.-25.02."],
        ),
        # every other Friday
        (
            Rule(Cycle.TWO_WEEKS, anchor=date(2026, 11, 6)),
            ["2026-12 01.12.-17.12.", "2026-12-18 18.12.-31.12.", "2027-01-01 01.01.-14.01."],
        ),
        (
            Rule(Cycle.FOUR_WEEKS, anchor=date(2027, 1, 15)),
            ["2026-12 01.12.-17.12.", "2026-12-18 18.12.-14.01.", "2027-01-15 15.01.-11.02."],
        ),
        # by hand, then monthly from the last one
        (
            by_hand("2026-12-14", "2027-01-03", "2027-01-20"),
            [
                "2026-12 01.12.-13.12.",
                "2026-12-14 14.12.-02.01.",
                "2027-01-03 03.01.-19.01.",
                "2027-01-20 20.01.-19.02.",
            ],
        ),
        (CALENDAR_MONTHS, ["2026-12 01.12.-31.12.", "2027-01 01.01.-31.01.", "2027-02 01.02.-28.02."]),
    ],
    ids=[
        "from the 25th",
        "from the 10th",
        "from the 14th",
        "from the 15th",
        "from the 31st",
        "last working day",
        "two weeks",
        "four weeks",
        "by hand",
        "calendar months",
    ],
)
def test_from_calendar_months_into_another_cycle_on_the_twelfth(rule: Rule, expected: list[str]) -> None:
    calendar = Calendar().with_rule(rule, TWELFTH)

    assert told(calendar, "2026-12-01", "2027-03-31")[: len(expected)] == expected
    assert calendar.of(date(2026, 11, 30)) == month("2026-11")


def test_two_periods_may_begin_in_one_month() -> None:
    calendar = Calendar().with_rule(Rule(Cycle.TWO_WEEKS, anchor=date(2026, 12, 18)), TWELFTH)

    assert [each.key for each in calendar.between(date(2027, 1, 1), date(2027, 1, 31))] == [
        "2027-01-01",
        "2027-01-15",
        "2027-01-29",
    ]


def test_a_cycle_that_begins_with_a_period_bridges_nothing() -> None:
    """The first of January is a Friday on which the two weeks begin: December keeps its 31 days."""
    fridays = Rule(Cycle.TWO_WEEKS, anchor=date(2026, 12, 18))
    calendar = Calendar().with_rule(fridays, date(2027, 1, 1))

    assert told(calendar, "2026-12-12", "2027-01-20") == [
        "2026-12 01.12.-31.12.",
        "2027-01-01 01.01.-14.01.",
        "2027-01-15 15.01.-28.01.",
    ]


def test_and_back_to_calendar_months() -> None:
    paid = Calendar().with_rule(monthly(25), TWELFTH)
    back = paid.with_rule(CALENDAR_MONTHS, date(2027, 2, 20))

    assert told(back, "2026-12-24", "2027-03-31") == [
        "2026-12 01.12.-24.12.",
        "2026-12-25 25.12.-24.01.",
        "2027-01-25 25.01.-28.02.",
        "2027-03 01.03.-31.03.",
    ]


def test_what_was_decided_for_later_is_void() -> None:
    """A mistake is put right within the bridge that it made."""
    wrong = Calendar().with_rule(monthly(25), TWELFTH)
    right = wrong.with_rule(monthly(28), TWELFTH)

    assert len(right.changes) == 1
    assert right == Calendar().with_rule(monthly(28), TWELFTH)


@pytest.mark.parametrize(
    ("holidays", "expected"),
    [
        # 31 May 2027 is a Monday and no holiday in Germany; it is Memorial Day in the United States
        (None, ["2027-05-31", "2027-06-30", "2027-07-30"]),
        ("DE", ["2027-05-31", "2027-06-30", "2027-07-30"]),
        ("US", ["2027-05-28", "2027-06-30", "2027-07-30"]),
    ],
)
def test_the_last_working_day_is_neither_on_a_weekend_nor_a_holiday(
    holidays: str | None, expected: list[str]
) -> None:
    assert last_working_days(date(2027, 5, 3), holidays)[:3] == tuple(map(day, expected))


@pytest.mark.parametrize(
    ("old", "target"),
    [
        # of January 24 days lie before the 25th
        ("2027-01", "2026-12-25"),
        ("2027-02", "2027-01-25"),
    ],
)
def test_a_period_goes_to_the_one_that_holds_most_of_its_days(old: str, target: str) -> None:
    calendar = Calendar().with_rule(monthly(25), TWELFTH)
    period = month(old)

    assert holder(period, calendar.between(period.first, period.last)).key == target


def test_where_two_hold_as_many_days_the_first_gets_it() -> None:
    """February has 28 days, 14 on either side."""
    fridays = Rule(Cycle.TWO_WEEKS, anchor=date(2027, 2, 1))
    calendar = Calendar().with_rule(fridays, TWELFTH)
    february = month("2027-02")

    assert holder(february, calendar.between(february.first, february.last)).key == "2027-02-01"


def test_two_that_meet_are_told_together_and_the_bridge_keeps_its_own() -> None:
    """From every other Friday back to months: the 18 December one is lengthened by six days; both of January that
    lie in it go there.
    """
    fridays = Calendar().with_rule(Rule(Cycle.TWO_WEEKS, anchor=date(2026, 12, 4)), date(2026, 12, 1))
    after = fridays.with_rule(CALENDAR_MONTHS, date(2026, 12, 20))
    planned = [each.first for each in fridays.between(date(2026, 12, 18), date(2027, 2, 1))]

    found = {
        move.target.key: [source.key for source in move.sources] for move in moves(fridays, after, planned)
    }

    assert found == {
        "2026-12-18": ["2026-12-18"],
        "2027-01": ["2027-01-01", "2027-01-15"],
        "2027-02": ["2027-01-29"],
    }


@pytest.mark.parametrize(
    ("days", "error"),
    [
        (["2026-12-11", "2026-12-30"], "first_days.0"),
        (["2026-12-14", "2026-12-20"], "first_days.1"),
        (["2026-12-14", "2026-12-14"], "first_days.1"),
        (["2026-12-14", "2026-12-30", "2027-04-02"], "first_days.2"),
    ],
    ids=["too early", "too near", "twice", "too far"],
)
def test_days_by_hand_lie_in_order_and_a_sensible_time_apart(days: list[str], error: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_by_hand([day(each) for each in days], TWELFTH)

    assert refused.value.errors is not None
    assert error in refused.value.errors


def test_a_new_cycle_begins_in_the_running_period_or_later() -> None:
    check_since(date(2026, 12, 1), month("2026-12"))
    for never in (date(2026, 11, 30), date(2036, 12, 2)):
        with pytest.raises(Invalid, match="2026-12-01, when the running period began, to 2036-12-01"):
            check_since(never, month("2026-12"))


near = st.dates(date(2024, 1, 1), date(2030, 12, 31))
apart = st.lists(st.integers(7, 92), max_size=8)


@st.composite
def changes(draw: st.DrawFn, after: date | None = None) -> tuple[Rule, date]:
    """A rule, and a day from which on a book may go over to it."""
    since = draw(near if after is None else st.dates(after, after + timedelta(days=700)))
    weeks = st.sampled_from([Cycle.TWO_WEEKS, Cycle.FOUR_WEEKS])
    first = since + timedelta(days=draw(st.integers(0, 60)))
    listed = [first]
    for gap in draw(apart):
        listed.append(listed[-1] + timedelta(days=gap))
    rule = draw(
        st.one_of(
            st.just(CALENDAR_MONTHS),
            st.builds(monthly, st.integers(1, 31)),
            st.builds(lambda cycle, anchor: Rule(cycle, anchor=anchor), weeks, near),
            st.builds(working, st.just(since), st.sampled_from([None, "DE", "US"])),
            st.just(Rule(Cycle.BY_HAND, days=tuple(listed))),
        )
    )
    return rule, since


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Any history of changes."""
    calendar, last = Calendar(), None
    for _ in range(draw(st.integers(0, 3))):
        rule, last = draw(changes(last))
        calendar = calendar.with_rule(rule, last)
    return calendar


EVER = (date(2023, 1, 1), date(2040, 1, 1))


@given(calendars())
def test_periods_have_no_gap_and_do_not_overlap(calendar: Calendar) -> None:
    periods = calendar.between(*EVER)

    check_gapless(periods)
    assert periods[0].first <= EVER[0] <= periods[0].last
    assert periods[-1].first <= EVER[1] <= periods[-1].last
    assert len({each.key for each in periods}) == len(periods)
    assert all(1 <= (each.last - each.first).days + 1 <= 200 for each in periods)


@given(calendars(), near)
def test_the_period_of_a_day_is_the_same_wherever_one_looks_from(calendar: Calendar, any_day: date) -> None:
    period = calendar.of(any_day)

    assert any_day in period
    assert period in calendar.between(*EVER)
    assert calendar.of(period.first) == calendar.of(period.last) == period
    assert calendar.before(period).last == period.eve
    assert calendar.after(period).eve == period.last


@given(calendars(), st.data())
def test_earlier_periods_never_change_and_one_is_the_bridge(calendar: Calendar, data: st.DataObject) -> None:
    rule, since = data.draw(changes())
    after = calendar.with_rule(rule, since)
    old, new = calendar.between(*EVER), after.between(*EVER)
    bridge, first = after.of(after.changes[-1].bridge), after.changes[-1].first

    assert [each for each in old if each.last < bridge.first] == [
        each for each in new if each.last < bridge.first
    ]
    assert {each for each in old if each.last < since} <= set(new)
    assert calendar.of(bridge.first).key == bridge.key
    assert bridge.last + A_DAY == first >= since
    begun = [each.first for each in new if each.first >= first]
    expected = rule.begins(first)
    assert begun == [next(expected) for _ in begun]


@given(calendars(), st.data())
def test_a_bridge_is_neither_shorter_than_half_a_period_nor_longer_than_it_must_be(
    calendar: Calendar, data: st.DataObject
) -> None:
    rule, since = data.draw(changes())
    before = calendar.of(since)
    after = calendar.with_rule(rule, since)
    bridge = after.of(after.changes[-1].bridge)
    days = (bridge.last - bridge.first).days + 1

    if bridge == calendar.of(bridge.first):
        return
    assert bridge.first == before.first
    assert days >= rule.least
    passed = [each for each in _some(rule, since) if each <= bridge.last]
    assert all((each - bridge.first).days < rule.least for each in passed)


def _some(rule: Rule, since: date) -> list[date]:
    begins = rule.begins(since)
    return [next(begins) for _ in range(5)]


@given(calendars(), st.data())
def test_nothing_that_is_planned_is_lost_or_doubled(calendar: Calendar, data: st.DataObject) -> None:
    rule, since = data.draw(changes())
    after = calendar.with_rule(rule, since)
    bridge = after.of(after.changes[-1].bridge)
    later = calendar.between(bridge.first, since + timedelta(days=600))
    planned = [each.first for each in later if data.draw(st.booleans())]
    found = moves(calendar, after, planned)

    gone = [source.first for move in found for source in move.sources]
    assert sorted(gone) == sorted(planned)
    assert len({move.target for move in found}) == len(found)
    for move in found:
        assert after.of(move.target.first) == move.target
        for source in move.sources:
            if source.first != bridge.first:
                assert _shared(source, move.target) == max(
                    _shared(source, each) for each in after.between(source.first, source.last)
                )


def _shared(one: Period, other: Period) -> int:
    return (min(one.last, other.last) - max(one.first, other.first)).days + 1


@given(near, near)
def test_a_book_that_never_chose_has_calendar_months(one: date, other: date) -> None:
    first, last = sorted((one, other))

    assert Calendar().between(first, last) == months(Calendar().of(first), Calendar().of(last))
