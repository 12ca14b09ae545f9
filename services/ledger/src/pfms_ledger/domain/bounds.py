"""Bounds of a transaction: an amount that is not zero and a date that a household can mean."""

from datetime import date

from pfms_common.problem import Invalid, Refusal

FIRST_DAY = date(1900, 1, 1)
YEARS_AHEAD = 10


class OutOfBounds(Refusal):
    """A balance would leave ±10^17 minor units, which the database holds."""


def check_amount(amount_minor: int) -> None:
    if amount_minor == 0:
        raise Invalid("An amount of zero moves no money.", errors={"amount_minor": ["must not be zero"]})


def check_date(day: date, today: date, field: str = "date") -> None:
    """From 1900 to ten years ahead of today in the book's zone."""
    last = (
        today.replace(year=today.year + YEARS_AHEAD, day=28)
        if today.month == 2
        else today.replace(year=today.year + YEARS_AHEAD)
    )
    if not FIRST_DAY <= day <= last:
        raise Invalid(f"{day} is not between {FIRST_DAY} and {last}.", errors={field: ["is too far away"]})
