"""Splits: the parts of a transaction add up to its amount; any sign, never none."""

from collections.abc import Sequence
from uuid import UUID

from pfms_common.money import MAX_MINOR
from pfms_common.problem import Invalid, Refusal


class SplitsDoNotAddUp(Refusal):
    """The splits sum to something other than the transaction's amount."""


def check_sum(amount_minor: int, splits_minor: Sequence[int]) -> None:
    """Refuses splits that do not sum to the amount, naming the difference."""
    difference = amount_minor - sum(splits_minor)
    if difference:
        raise SplitsDoNotAddUp(
            f"The splits sum to {sum(splits_minor)}, the amount is {amount_minor}: {difference} is left over.",
            errors={"splits": [f"must sum to amount_minor; {difference} is left over"]},
        )


def check_bounds(splits_minor: Sequence[int]) -> None:
    """However the signs fall, the splits of a transaction move no more than the largest amount."""
    if sum(map(abs, splits_minor)) > MAX_MINOR:
        raise Invalid(
            "The splits are too large together.",
            errors={"splits": [f"their absolute amounts must sum to at most {MAX_MINOR}"]},
        )


def check_ids(ids: Sequence[UUID]) -> None:
    """Each split is one of its own."""
    if twice := {f"splits.{n}.id": ["is another split's"] for n, id_ in enumerate(ids) if id_ in ids[:n]}:
        raise Invalid("Two splits have the same id.", errors=twice)
