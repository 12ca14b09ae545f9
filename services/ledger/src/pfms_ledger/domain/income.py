"""Income: money that came in may name its source, and the tax that was taken off before it arrived."""

from typing import Literal
from uuid import UUID

from pfms_common.money import MAX_MINOR
from pfms_common.problem import Invalid

SourceType = Literal["salary", "freelance", "business", "bonus", "investment", "other"]
Frequency = Literal[
    "weekly", "biweekly", "semimonthly", "monthly", "quarterly", "half_yearly", "yearly", "once", "irregular"
]


def check_earned(source_id: UUID | None, tax_minor: int | None, *, kind: str, amount_minor: int) -> None:
    """Only income has a source and tax taken off it; the amount is what was left, and both fit together."""
    if kind != "income":
        given = {"income_source_id": source_id, "tax_minor": tax_minor}
        if wrong := {name: ["is for income alone"] for name, value in given.items() if value is not None}:
            raise Invalid("Only income has a source and tax taken off it.", errors=wrong)
    elif tax_minor is not None and amount_minor + tax_minor > MAX_MINOR:
        raise Invalid("Amount and tax are too large together.", errors={"tax_minor": ["is too large"]})
