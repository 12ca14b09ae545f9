"""Which periods a budget has: an unbroken run from the first that was planned; and which may be planned."""

from collections.abc import Collection
from datetime import date

from pfms_budget.domain.periods import Calendar
from pfms_common.period import Period, PeriodKey
from pfms_common.problem import Invalid

YEARS = 50
"""A month may be planned so many years before and after today. Every month between two planned ones is derived, so
a mistyped year would make thousands of them; the ledger takes dates at most ten years ahead.
"""


def budget_months(
    calendar: Calendar, planned: Collection[date], last_movement: date | None, today: date
) -> list[Period]:
    """The periods of a book's budget, in order and without a gap; none when nothing is planned.

    Args:
        planned: first days of periods that have a header or an allocation, in any order.
        last_movement: the day of the latest transaction or opening balance, which may lie in the future.
        today: in the book's time zone; the period after it always belongs to the budget.
    """
    if not planned:
        return []
    after_today = calendar.after(calendar.of(today)).first
    return calendar.between(min(planned), max(*planned, after_today, last_movement or today))


def check_plannable(period: PeriodKey, today: date) -> None:
    """Invalid for a month that nobody can mean to plan, which keeps a budget under 101 years of months."""
    if abs(period.first.year - today.year) > YEARS:
        first, last = today.year - YEARS, today.year + YEARS
        raise Invalid(
            f"The month {period.key} is too far away; a budget takes months of the years {first} to {last}.",
            errors={"month": [f"must be in the years {first} to {last}"]},
        )
