"""Which periods a budget has: an unbroken run from the first that was planned; and which may be planned."""

from collections.abc import Iterable
from datetime import date

from pfms_common.period import Period, month_of, months, next_month
from pfms_common.problem import Invalid

YEARS = 50
"""A month may be planned so many years before and after today. Every month between two planned ones is derived, so
a mistyped year would make thousands of them; the ledger takes dates at most ten years ahead.
"""


def budget_months(planned: Iterable[Period], last_movement: date | None, today: date) -> list[Period]:
    """The calendar months of a book's budget, in order and without a gap; none when nothing is planned.

    Args:
        planned: the months that have a header or an allocation, in any order.
        last_movement: the day of the latest transaction or opening balance, which may lie in the future.
        today: in the book's time zone; the month after it always belongs to the budget.
    """
    ordered = sorted(planned, key=lambda period: period.first)
    if not ordered:
        return []
    ends = [ordered[-1].first, next_month(month_of(today)).first, last_movement or today]
    return months(ordered[0], month_of(max(ends)))


def check_plannable(period: Period, today: date) -> None:
    """Invalid for a month that nobody can mean to plan, which keeps a budget under 101 years of months."""
    if abs(period.first.year - today.year) > YEARS:
        first, last = today.year - YEARS, today.year + YEARS
        raise Invalid(
            f"The month {period.key} is too far away; a budget takes months of the years {first} to {last}.",
            errors={"month": [f"must be in the years {first} to {last}"]},
        )
