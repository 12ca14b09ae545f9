"""Who gets what of the money that is there: by priority, then the remainder by weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from uuid import UUID

from pfms_common.money import allocate


@dataclass(frozen=True, slots=True)
class Remainder:
    """A part of what all other rules leave, by weight."""

    weight: int = 1
    priority: int = 0
    kind: Literal["remainder"] = "remainder"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one rule of a category wants in the period, or, with a weight, of the remainder."""

    category_id: UUID
    kind: str
    priority: int = 0
    wanted_minor: int = 0
    weight: int = 0


def share_out(available: int, claims: Sequence[Claim], allocated: dict[UUID, int]) -> list[int]:
    """What each claim gets, in the order of the claims; all together never more than what is available.

    What a category has already counts for its claims, the first priority first. Claims of one priority that the
    money does not cover get parts in proportion to what they lack, by largest remainder.
    """
    gets = [0] * len(claims)
    left = max(0, available)
    lacking = _lacking(claims, allocated)
    order = sorted(range(len(claims)), key=lambda n: claims[n].priority)
    for _, same in groupby(order, key=lambda n: claims[n].priority):
        numbers = list(same)
        lacks = [lacking[n] for n in numbers]
        parts = lacks if sum(lacks) <= left else allocate(left, lacks)
        for n, part in zip(numbers, parts, strict=True):
            gets[n] = part
        left -= sum(parts)
    weights = [claim.weight for claim in claims]
    if left and any(weights):
        gets = [got + part for got, part in zip(gets, allocate(left, weights), strict=True)]
    return gets


def _lacking(claims: Sequence[Claim], allocated: dict[UUID, int]) -> list[int]:
    has = {category: max(0, minor) for category, minor in allocated.items()}
    lacking = [0] * len(claims)
    for n in sorted(range(len(claims)), key=lambda n: claims[n].priority):
        claim = claims[n]
        covered = min(has.get(claim.category_id, 0), claim.wanted_minor)
        has[claim.category_id] = has.get(claim.category_id, 0) - covered
        lacking[n] = claim.wanted_minor - covered
    return lacking
