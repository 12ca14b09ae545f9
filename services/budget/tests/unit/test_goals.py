"""Goals by tables that a person can check: minor units, and days of 2026."""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pfms_budget.domain.goal import (
    AchievedBy,
    Flip,
    GoalStatus,
    Progress,
    evaluate,
    flip,
    months_of_essentials,
    new_milestones,
    not_spent,
    pace,
    percent,
    shown_status,
)

TARGET = 100_000

# day, what happens (a balance, or a mark by hand that is set or taken away) | percent, achieved by, since, milestones
STORY = """
01-10       0    |   0  -        -      -
02-10   24999    |  24  -        -      -
02-11   25000    |  25  -        -      25
03-01   80000    |  80  -        -      50 75
03-02   10000    |  10  -        -      -
04-01  mark      |  10  hand     04-01  -
04-05  100000    | 100  hand     04-01  100
04-06   50000    |  50  hand     04-01  -
04-07  unmark    |  50  -        -      -
05-01  120000    | 100  balance  05-01  -
05-02  130000    | 100  balance  05-01  -
05-03  mark      | 100  hand     05-01  -
05-04  unmark    | 100  balance  05-01  -
05-05   99999    |  99  -        -      -
06-01  100000    | 100  balance  06-01  -
"""


def test_a_goal_is_achieved_by_its_balance_or_by_hand_and_keeps_the_day_on_which_that_began():
    """The table above; milestones are those reached for the first time on that day."""
    progress, marked, balance = Progress(), False, 0
    for line in STORY.strip().splitlines():
        event, expected = line.split("|")
        on, what = event.split()
        day = _day(on)
        marked = {"mark": True, "unmark": False}.get(what, marked)
        balance = int(what) if what.isdigit() else balance
        before = progress
        progress = evaluate(before, is_marked=marked, current_minor=balance, target_minor=TARGET, today=day)
        shares, by, since, *steps = expected.split()
        assert percent(progress) == int(shares), line
        assert progress.achieved_by == (None if by == "-" else AchievedBy(by)), line
        assert progress.achieved_on == (None if since == "-" else _day(since)), line
        assert new_milestones(before, progress) == [int(step) for step in steps if step != "-"], line


@pytest.mark.parametrize(
    ("months", "spent", "target"),
    [
        (3, [100_000, 110_000, 120_000], 330_000),
        (6, [100_000], 600_000),
        (1, [100, 101], 100),  # 100.5 goes to the even one
        (1, [101, 102], 102),
        (3, [0, 90_000, 0], 270_000),  # months without essentials say nothing of what one needs
        (3, [], None),
        (3, [0, -500], None),
    ],
)
def test_an_emergency_fund_wants_months_of_what_is_essential(months, spent, target):
    assert months_of_essentials(months, spent) == target


@pytest.mark.parametrize(
    ("baseline", "spent", "saved"),
    [
        (40_000, [], 0),
        (40_000, [30_000, 35_000], 15_000),
        (40_000, [30_000, 45_000], 5_000),
        (40_000, [90_000], 0),
    ],
)
def test_a_spending_reduction_has_what_was_not_spent_since_it_began(baseline, spent, saved):
    assert not_spent(baseline, spent) == saved


# has, target, monthly, target date | required, pace, projected, on track; begun 2025-11-15 with 0, seen on 2026-01-31
PACES = [
    (20_000, 100_000, None, "2026-05-31", 20_000, 10_000, "2026-09-30", False),
    (20_000, 100_000, 20_000, "2026-05-31", 20_000, 20_000, "2026-05-31", True),
    (20_000, 100_000, 80_000, "2026-02-28", 80_000, 80_000, "2026-02-28", True),
    (20_000, 100_001, None, "2026-05-31", 20_001, 10_000, "2026-10-31", False),
    (0, 100_000, None, "2026-05-31", 25_000, 0, None, False),
    (20_000, 100_000, None, None, None, 10_000, "2026-09-30", None),
    (20_000, 100_000, 1, None, None, 1, None, None),
    (20_000, 100_000, None, "2025-12-31", 80_000, 10_000, "2026-09-30", False),
    (100_000, 100_000, None, "2026-05-31", 0, 50_000, "2026-01-31", True),
]


@pytest.mark.parametrize("case", PACES)
def test_what_it_takes_each_month_and_where_the_pace_leads(case):
    has, target, monthly, target_on, *expected = case
    seen = _pace(has, target, monthly, target_on, GoalStatus.ACTIVE)
    required, each, projected, on_track = expected
    assert (seen.required_minor, seen.pace_minor) == (required, each)
    assert (seen.projected_on and str(seen.projected_on), seen.is_on_track) == (projected, on_track)


@pytest.mark.parametrize("status", [GoalStatus.PAUSED, GoalStatus.CANCELLED])
def test_a_goal_that_rests_is_never_behind(status):
    assert _pace(0, 100_000, None, "2025-12-31", status).is_on_track is True


def test_an_active_goal_that_is_achieved_is_completed_and_a_paused_one_stays_paused():
    reached = Progress(5, 5, AchievedBy.BALANCE, date(2026, 1, 1))
    assert shown_status(GoalStatus.ACTIVE, reached) is GoalStatus.COMPLETED
    assert shown_status(GoalStatus.PAUSED, reached) is GoalStatus.PAUSED


steps = st.lists(
    st.one_of(st.integers(-10, 210).map(lambda n: n * 1000), st.sampled_from(["mark", "unmark", "again"])),
    max_size=30,
)


@pytest.mark.property(
    11,
    "Goals: achieved as long as marked by hand, else exactly while the balance is there; told at each flip",
)
@settings(max_examples=200)
@given(steps)
@example(["mark", 0, "unmark"])
@example([100_000, "mark", 0, "again", "unmark", "again"])
def test_any_history_flips_once_each_time_and_is_told_each_flip(history):
    progress, marked, balance, told = Progress(), False, 0, []
    for n, what in enumerate(history):
        marked = {"mark": True, "unmark": False}.get(what, marked)  # `again`: a duplicate of what was heard
        balance = what if isinstance(what, int) else balance
        before = progress
        today = date(2026, 1, 1).replace(day=1 + n)
        progress = evaluate(before, is_marked=marked, current_minor=balance, target_minor=TARGET, today=today)
        if (flipped := flip(before, progress)) is not None:
            told.append(flipped)

        assert progress.is_achieved == (marked or balance >= TARGET)
        assert (progress.achieved_on is not None) == progress.is_achieved
        if before.is_achieved and progress.is_achieved:
            assert progress.achieved_on == before.achieved_on
        if progress.is_achieved and not before.is_achieved:
            assert progress.achieved_on == today
        assert before.milestones.items() <= progress.milestones.items()
        once_more = evaluate(
            progress, is_marked=marked, current_minor=balance, target_minor=TARGET, today=today
        )
        assert once_more == progress

    assert told == ([Flip.COMPLETED, Flip.REOPENED] * len(told))[: len(told)]
    assert (len(told) % 2 == 1) == progress.is_achieved


def _pace(has, target, monthly, target_on, status):
    today = date(2026, 1, 31)
    progress = evaluate(Progress(), is_marked=False, current_minor=has, target_minor=target, today=today)
    return pace(
        progress,
        status=status,
        began_on=date(2025, 11, 15),
        began_with_minor=0,
        target_on=date.fromisoformat(target_on) if target_on else None,
        monthly_minor=monthly,
        today=today,
    )


def _day(month_and_day):
    return date.fromisoformat(f"2026-{month_and_day}")
