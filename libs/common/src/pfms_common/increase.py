"""The yearly increase of a plan: so many percent with every full year, rounded once, half-even."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from pfms_common.money import MAX_MINOR, allocate
from pfms_common.problem import Invalid

LEAST, MOST = Decimal(-50), Decimal(100)


def check_increase(percent: Decimal) -> None:
    if not LEAST <= percent <= MOST:
        raise Invalid(
            f"A yearly increase lies between {LEAST} and {MOST} percent.",
            errors={"yearly_increase_percent": [f"must be between {LEAST} and {MOST}"]},
        )


def full_years(since: date, day: date) -> int:
    """How many anniversaries of `since` there were until `day`; that of 29 February falls on the 28th."""
    years = day.year - since.year
    anniversary = min(since.day, monthrange(day.year, since.month)[1])
    return max(years - ((day.month, day.day) < (since.month, anniversary)), 0)


def increased(amount_minor: int, percent: Decimal, since: date, day: date) -> int:
    """`amount_minor` of the day `since`, as of `day`; it keeps its sign and grows no further than amounts may."""
    exact = amount_minor * (1 + percent.scaleb(-2)) ** full_years(since, day)
    if abs(exact) > MAX_MINOR:
        return MAX_MINOR if exact > 0 else -MAX_MINOR
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def shared_out(total: int, parts: Sequence[int]) -> list[int]:
    """Splits of another amount, in the proportions of the old ones; parts that go against it follow first.

    A split of the other sign is scaled as its mirror image, so that the parts add up to the total.
    """
    whole = sum(parts)
    if total == whole:
        return list(parts)
    against = [part for part in parts if part * whole < 0]
    scaled = [part * total // whole for part in against]
    rest = allocate(total - sum(scaled), [abs(part) for part in parts if part * whole >= 0])
    follow, go = iter(scaled), iter(rest)
    return [next(follow) if part * whole < 0 else next(go) for part in parts]
