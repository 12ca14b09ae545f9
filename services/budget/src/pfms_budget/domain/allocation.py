"""How much is set aside for a category: a fixed amount, or a percentage of the planned income.

A percentage is written with at most two decimals and held as an integer of hundredths: "12.50" is 1250.
An amount comes from it once, when it is set; nothing but another allocation ever changes it.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from pfms_common.money import allocate
from pfms_common.problem import Refusal

WHOLE = 100_00
"""100 % in hundredths."""

_PERCENTAGE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?", re.ASCII)


class AllocationType(StrEnum):
    FIXED = "fixed"
    PERCENTAGE = "percentage"


class InvalidPercentage(Refusal):
    """The text is no percentage from 0 to 100 with at most two decimals."""


class NoPlannedIncome(Refusal):
    """A percentage is a share of the planned income, and the period has none."""


class PercentagesOver100(Refusal):
    """The percentages of one period add up to more than 100 %."""


class IncomeTakesNoAllocation(Refusal):
    """Income is what is allocated, so an income category takes none of it."""


class ReceivableTakesNoAllocation(Refusal):
    """What others owe is not spent, so nothing is set aside for it."""


class AllocationExists(Refusal):
    """The category has its one row in this period already; its id is in the refusal's `extra`."""


class OverAllocated(Refusal):
    """A strict book allocates only what it has."""


def hundredths(text: str) -> int:
    """The percentage "12.5" as 1250; InvalidPercentage for anything that is none from "0" to "100.00"."""
    match = _PERCENTAGE.fullmatch(text)
    value = int(match[1] + (match[2] or "").ljust(2, "0")) if match else WHOLE + 1
    if value > WHOLE:
        message = "must be a percentage from 0 to 100 with at most two decimals, such as 12.50"
        raise InvalidPercentage(f"A percentage {message}.", errors={"allocation_value": [message]})
    return value


def percent_text(percentage: int) -> str:
    """1250 as "12.50"."""
    return f"{percentage // 100}.{percentage % 100:02}"


def share(planned_income: int | None, percentage: int) -> int:
    """What one percentage (in hundredths), set alone, makes of the planned income: rounded half-even, once."""
    return round(Fraction(_planned(planned_income) * percentage, WHOLE))


def shares(planned_income: int | None, percentages: Mapping[UUID, int]) -> dict[UUID, int]:
    """What percentages set together make of the planned income, by category.

    Their sum's share is rounded half-even once and shared out by largest remainder, so that the parts add up
    to it; of equal remainders the earlier entry gets the unit. PercentagesOver100 beyond the whole.
    """
    check_percentages(percentages.values())
    whole = share(planned_income, sum(percentages.values()))
    if not whole:
        return dict.fromkeys(percentages, 0)
    return dict(zip(percentages, allocate(whole, list(percentages.values())), strict=True))


def check_percentages(percentages: Iterable[int]) -> None:
    """All percentages of one period, in hundredths; PercentagesOver100 when they claim more than there is."""
    total = sum(percentages)
    if total > WHOLE:
        claimed = percent_text(total)
        raise PercentagesOver100(
            f"The percentages of this month would add up to {claimed} %; lower one of them first.",
            errors={"allocation_value": ["takes the percentages of this month over 100 in total"]},
        )


def check_category(category_type: str) -> None:
    """Only what is spent is set aside for."""
    if category_type == "receivable":
        raise ReceivableTakesNoAllocation(
            "What others owe takes no allocation; choose an expense category.",
            errors={"category_id": ["is for what others owe"]},
        )
    if category_type == "income":
        raise IncomeTakesNoAllocation(
            "An income category takes no allocation; choose an expense category.",
            errors={"category_id": ["is an income category"]},
        )


def check_not_allocated(existing_id: UUID | None) -> None:
    """`existing_id` is the allocation that this period and category have already, if any."""
    if existing_id:
        raise AllocationExists(
            "This category has an allocation in this month already; change that one.",
            errors={"category_id": ["has an allocation in this month"]},
            extra={"id": str(existing_id)},
        )


def check_covered(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    """The rule of a strict book: OverAllocated when a change takes a period's to-be-budgeted below zero.

    Raised also when one below zero already would fall further; a change that lifts it is always welcome.
    `before` and `after` map period keys to to-be-budgeted; a period new in `after` stood at zero.
    """
    for key, to_be_budgeted in after.items():
        if to_be_budgeted < min(before.get(key, 0), 0):
            raise OverAllocated(
                f"This would leave less than nothing to be budgeted in {key}; free some money there first."
            )


def _planned(planned_income: int | None) -> int:
    if not planned_income:
        raise NoPlannedIncome(
            "This month has no planned income to take a percentage of; plan an income first, or set an amount.",
            errors={"allocation_type": ["needs a planned income in this month"]},
        )
    return planned_income
