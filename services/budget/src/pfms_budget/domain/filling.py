"""What a new month begins with, where it does not begin empty.

Of what was spent in the months before, refunds more than spending count as nothing. A mean is rounded half-even once
for each category; the parts of a whole add up to it by largest remainder.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Protocol
from uuid import UUID

from pfms_budget.domain.allocation import share
from pfms_common.money import allocate

MONTHS_LOOKED_AT = 3


class Filling(StrEnum):
    EMPTY = "empty"
    COPY = "copy"
    FIFTY_THIRTY_TWENTY = "template:50-30-20"
    STANDING = "standing"
    ESSENTIALS = "template:essentials"
    ACTUALS = "template:actuals"
    AVERAGE = "template:average"


MEANING: Mapping[Filling, str] = {
    Filling.EMPTY: "Nothing is set aside",
    Filling.COPY: "The allocations, policies and planned income of the last month that was planned",
    Filling.STANDING: "The standing allocations: what the rules `fixed` and `percentage` of the categories say",
    Filling.FIFTY_THIRTY_TWENTY: "Of the planned income 50 % to needs, 30 % to wants, 20 % to savings and debts,"
    " within each by what was spent in the three months before",
    Filling.ESSENTIALS: "For essential categories the average of the three months before",
    Filling.ACTUALS: "What was spent in the month before",
    Filling.AVERAGE: "The average of what was spent in the three months before",
}
_CLASSES: Mapping[int, frozenset[str]] = {
    50_00: frozenset({"need"}),
    30_00: frozenset({"want"}),
    20_00: frozenset({"saving", "debt"}),
}
"""Hundredths of a percent of the planned income, for the categories of these spending classes."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A category that may be given something.

    Args:
        spent: in minor units in each of up to three months before, the latest first.
    """

    id: UUID
    spending_class: str | None
    is_essential: bool
    spent: Sequence[int]


def amounts(filling: Filling, candidates: Sequence[Candidate], planned_income: int) -> dict[UUID, int]:
    """By category what a template sets aside; what comes to nothing is not in it.

    NoPlannedIncome where income is shared and none is planned.
    """
    made = _TEMPLATES[filling](candidates, planned_income) if filling in _TEMPLATES else {}
    return {category: minor for category, minor in made.items() if minor}


class _OfCategory(Protocol):
    @property
    def category_id(self) -> UUID: ...


def copied[T: _OfCategory](rows: Iterable[T], live: Collection[UUID]) -> list[T]:
    """Of a month's allocations those that the next one takes: the others' categories are archived or gone."""
    return [row for row in rows if row.category_id in live]


def average(spent: Sequence[int]) -> int:
    """The mean of some months, rounded half-even; 0 of none."""
    return max(0, round(Fraction(sum(spent), len(spent)))) if spent else 0


def _fifty_thirty_twenty(candidates: Sequence[Candidate], planned_income: int) -> dict[UUID, int]:
    parts = allocate(share(planned_income, 100_00), list(_CLASSES))
    found: dict[UUID, int] = {}
    for whole, classes in zip(parts, _CLASSES.values(), strict=True):
        found |= _by_spending([each for each in candidates if each.spending_class in classes], whole)
    return found


def _by_spending(candidates: Sequence[Candidate], whole: int) -> dict[UUID, int]:
    """In equal parts where nothing was spent."""
    weights = [max(0, sum(each.spent)) for each in candidates]
    if not candidates:
        return {}
    shares = allocate(whole, weights if any(weights) else [1] * len(candidates))
    return {each.id: minor for each, minor in zip(candidates, shares, strict=True)}


def _averages(candidates: Sequence[Candidate], _: int) -> dict[UUID, int]:
    return {each.id: average(each.spent) for each in candidates}


def _essentials(candidates: Sequence[Candidate], income: int) -> dict[UUID, int]:
    return _averages([each for each in candidates if each.is_essential], income)


def _actuals(candidates: Sequence[Candidate], _: int) -> dict[UUID, int]:
    return {each.id: average(each.spent[:1]) for each in candidates}


_TEMPLATES: Mapping[Filling, Callable[[Sequence[Candidate], int], dict[UUID, int]]] = {
    Filling.FIFTY_THIRTY_TWENTY: _fifty_thirty_twenty,
    Filling.ESSENTIALS: _essentials,
    Filling.ACTUALS: _actuals,
    Filling.AVERAGE: _averages,
}
