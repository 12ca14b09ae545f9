"""What a category takes along into the next period, and where goes what it leaves behind.

Which policy holds for a line is chosen in month.py (`_line_row`): none for the uncategorised one, else the one that
an allocation set last, else the book's default.
"""

from enum import StrEnum


class Rollover(StrEnum):
    """A category's policy: which part of what it had left comes along."""

    NONE = "none"
    SURPLUS = "surplus"
    DEFICIT = "deficit"
    BOTH = "both"


class Unrolled(StrEnum):
    """A book's choice: what is not carried is free to budget again, or leaves the budget for good."""

    TO_BE_BUDGETED = "to_be_budgeted"
    DISCARD = "discard"


def carry_in(left: int, rollover: Rollover) -> int:
    """What a line begins a period with, in minor units.

    Args:
        left: what the line held at the end of the period before; below zero when overspent.
        rollover: the policy of the period that begins, not of the one that ended.
    """
    match rollover:
        case Rollover.NONE:
            return 0
        case Rollover.SURPLUS:
            return max(left, 0)
        case Rollover.DEFICIT:
            return min(left, 0)
        case Rollover.BOTH:
            return left
