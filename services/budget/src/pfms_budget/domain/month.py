"""One budget month: what each line has available, and what is left to be budgeted.

    available      = carry_in + allocated − actual
    to_be_budgeted = start + income + openings − Σ allocated − hold

where `start` is what the period before handed on: its to-be-budgeted, its hold, the income it held, and what
its lines had left but do not carry. Nothing is made or lost on the way: see `accounted`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pfms_budget.domain.counting import Line, LineSum, PeriodSums
from pfms_budget.domain.rollover import Rollover, Unrolled, carry_in
from pfms_common.period import Period


@dataclass(frozen=True, slots=True)
class Settings:
    """A book's choices; another choice changes every month from the first."""

    default_rollover: Rollover = Rollover.SURPLUS
    unrolled: Unrolled = Unrolled.TO_BE_BUDGETED


@dataclass(frozen=True, slots=True)
class Allocation:
    """What is set aside for a category in one period (may be negative), and its policy from there on."""

    minor: int
    rollover: Rollover


@dataclass(frozen=True, slots=True)
class Given:
    """All that a period's figures are made from, but what the period before hands on."""

    sums: PeriodSums = field(default_factory=PeriodSums)
    allocations: Mapping[UUID, Allocation] = field(default_factory=dict)
    hold: int = 0


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """A period's own figures in minor units; `excluded` and `discarded` add up since the first period."""

    start: int
    income: int
    held_income: int
    openings: int
    allocated: int
    outflow: int
    rollover_balance: int
    hold: int
    released: int
    excluded: int
    discarded: int
    to_be_budgeted: int


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line in one period, in minor units.

    `rollover` is the policy last set by an allocation, up to this period; None where none was: the book's
    default. A line has a row from its first allocation on, and wherever it moved or carried anything.
    """

    category_id: Line
    allocated: int
    actual: int
    carry_in: int
    available: int
    transaction_count: int
    rollover: Rollover | None


@dataclass(frozen=True, slots=True)
class Month:
    """A period with its figures; the lines by category id, the uncategorised one last."""

    period: Period
    header: HeaderRow
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a period hands to the next; all of it can be read from the period's rows."""

    to_budget: int
    excluded: int = 0
    discarded: int = 0
    left: Mapping[Line, int] = field(default_factory=dict)
    rollover: Mapping[Line, Rollover] = field(default_factory=dict)


def carried_from(month: Month) -> Carried:
    header = month.header
    return Carried(
        to_budget=header.to_be_budgeted + header.hold + header.held_income,
        excluded=header.excluded,
        discarded=header.discarded,
        left={row.category_id: row.available for row in month.lines},
        rollover={row.category_id: row.rollover for row in month.lines if row.rollover},
    )


def carried_into_first(balance: int) -> Carried:
    """What the first period begins with: the balance of all counted accounts on the day before it."""
    return Carried(to_budget=balance)


def month_from(period: Period, carried: Carried, given: Given, settings: Settings) -> Month:
    """The figures of one period."""
    rows = _line_rows(carried, given, settings)
    released = sum(carried.left.values()) - sum(row.carry_in for row in rows)
    discards = settings.unrolled == Unrolled.DISCARD
    start = carried.to_budget + (0 if discards else released)
    allocated = sum(row.allocated for row in rows)
    header = HeaderRow(
        start=start,
        income=given.sums.income,
        held_income=given.sums.held_income,
        openings=given.sums.openings,
        allocated=allocated,
        outflow=sum(row.actual for row in rows),
        rollover_balance=sum(row.carry_in for row in rows),
        hold=given.hold,
        released=released,
        excluded=carried.excluded + given.sums.excluded,
        discarded=carried.discarded + (released if discards else 0),
        to_be_budgeted=start + given.sums.income + given.sums.openings - allocated - given.hold,
    )
    return Month(period, header, rows)


def accounted(month: Month) -> int:
    """Where all the money is: exactly the balance of the counted accounts at the end of the period."""
    header = month.header
    available = sum(row.available for row in month.lines)
    return (
        available
        + header.to_be_budgeted
        + header.hold
        + header.held_income
        + header.excluded
        + header.discarded
    )


def given_from(month: Month, excluded_before: int, allocations: Mapping[UUID, Allocation]) -> Given:
    """What a period was derived from, so that it can be derived again without reading its cells.

    Args:
        month: its stored rows.
        excluded_before: `excluded` of the period before, 0 for the first.
        allocations: of this period, from where they are kept.
    """
    header = month.header
    lines = {
        row.category_id: LineSum(row.actual, row.transaction_count)
        for row in month.lines
        if row.actual or row.transaction_count
    }
    excluded = header.excluded - excluded_before
    sums = PeriodSums(header.income, header.held_income, header.openings, excluded, lines)
    return Given(sums, allocations, header.hold)


def _line_rows(carried: Carried, given: Given, settings: Settings) -> tuple[LineRow, ...]:
    lines = carried.left.keys() | carried.rollover.keys() | given.sums.lines.keys() | given.allocations.keys()
    ordered = sorted(lines, key=lambda line: (line is None, line or UUID(int=0)))
    rows = (_line_row(line, carried, given, settings) for line in ordered)
    return tuple(row for row in rows if row.rollover or row.transaction_count or _holds(row))


def _line_row(line: Line, carried: Carried, given: Given, settings: Settings) -> LineRow:
    allocation = given.allocations.get(line) if line else None
    rollover = allocation.rollover if allocation else carried.rollover.get(line)
    policy = Rollover.NONE if line is None else rollover or settings.default_rollover
    spent = given.sums.lines.get(line, LineSum(0, 0))
    carried_in = carry_in(carried.left.get(line, 0), policy)
    allocated = allocation.minor if allocation else 0
    return LineRow(
        category_id=line,
        allocated=allocated,
        actual=spent.actual,
        carry_in=carried_in,
        available=carried_in + allocated - spent.actual,
        transaction_count=spent.transaction_count,
        rollover=rollover,
    )


def _holds(row: LineRow) -> bool:
    return bool(row.carry_in or row.allocated or row.actual)
