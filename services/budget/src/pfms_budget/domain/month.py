"""One budget month: what each line has available, and what is left to be budgeted.

    available      = carry_in + allocated − actual
    to_be_budgeted = start + income + openings + fx − Σ allocated − hold

where `start` is what the period before handed on: its to-be-budgeted, its hold, the income it held, and what
its lines had left but do not carry. A card whose debt is kept apart has a payment row: a line with the card's id,
which the envelopes fill (card.py) and payments empty. Nothing is made or lost on the way: see `accounted`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from pfms_budget.domain.card import Envelope, OnCards, by_card, envelope, ordered, returned
from pfms_budget.domain.counting import Line, LineSum, PeriodSums
from pfms_budget.domain.rollover import Rollover, Unrolled, carry_in
from pfms_common.period import Period


@dataclass(frozen=True, slots=True)
class Settings:
    """A book's choices; another choice changes every month from the first."""

    default_rollover: Rollover = Rollover.SURPLUS
    unrolled: Unrolled = Unrolled.TO_BE_BUDGETED
    cards: frozenset[UUID] = frozenset()
    """Those whose debt is kept apart; a line with such an id is a payment row."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """What is set aside for a category in one period (may be negative), and its policy from there on."""

    minor: int
    rollover: Rollover


@dataclass(frozen=True, slots=True)
class Given:
    """All that a period's figures are made from, but what the period before hands on.

    `funded`: by card what comes to its payment row from lines that are not given, where only some are derived.
    """

    sums: PeriodSums = field(default_factory=PeriodSums)
    allocations: Mapping[UUID, Allocation] = field(default_factory=dict)
    hold: int = 0
    funded: OnCards = ()


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
    fx: int
    card_debt: int
    to_be_budgeted: int


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line in one period, in minor units.

    `rollover` is the policy last set by an allocation, up to this period; None where none was: the book's
    default. A line has a row from its first allocation on, and wherever it moved or carried anything.

    Of a category `on_cards` is the part of `actual` that was spent on cards, and `card_debt` what of it no envelope
    covers. Of a payment row `funded` is what envelopes covered, less returns, and `paid` what the card was paid.
    """

    category_id: Line
    allocated: int
    actual: int
    carry_in: int
    available: int
    transaction_count: int
    rollover: Rollover | None
    on_cards: OnCards = ()
    card_debt: int = 0
    funded: int = 0
    paid: int = 0

    @property
    def left(self) -> int:
        """What it hands on; a card's debt is no envelope's burden."""
        return self.available + self.card_debt

    @property
    def envelope(self) -> Envelope:
        """What a category did to cards."""
        return envelope(self.available + _on(self.on_cards) + returned(self.on_cards), self.on_cards)


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
        left={row.category_id: row.left for row in month.lines},
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
        fx=given.sums.fx,
        card_debt=sum(row.card_debt for row in rows),
        outflow=sum(row.actual for row in rows),
        rollover_balance=sum(row.carry_in for row in rows),
        hold=given.hold,
        released=released,
        excluded=carried.excluded + given.sums.excluded,
        discarded=carried.discarded + (released if discards else 0),
        to_be_budgeted=start
        + given.sums.income
        + given.sums.openings
        + given.sums.fx
        - allocated
        - given.hold,
    )
    return Month(period, header, rows)


def accounted(month: Month) -> int:
    """Where all the money is: exactly the balance of the counted accounts at the end of the period."""
    header = month.header
    left = sum(row.left for row in month.lines)
    return (
        left + header.to_be_budgeted + header.hold + header.held_income + header.excluded + header.discarded
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
        row.category_id: LineSum(row.actual, row.transaction_count, row.on_cards)
        for row in month.lines
        if row.actual or row.transaction_count or row.on_cards
    }
    paid = ordered([(row.category_id, row.paid) for row in month.lines if row.category_id and row.paid])
    excluded = header.excluded - excluded_before
    sums = PeriodSums(header.income, header.held_income, header.openings, excluded, header.fx, paid, lines)
    return Given(sums, allocations, header.hold)


def _line_rows(carried: Carried, given: Given, settings: Settings) -> tuple[LineRow, ...]:
    lines = carried.left.keys() | carried.rollover.keys() | given.sums.lines.keys() | given.allocations.keys()
    rows = [_line_row(line, carried, given, settings) for line in lines if line not in settings.cards]
    funded = by_card([given.funded, *(row.envelope.to_pay for row in rows if row.on_cards)])
    paid = dict(given.sums.paid)
    rows += [
        _payment_row(card, carried, given, funded.get(card, 0), paid.get(card, 0))
        for card in settings.cards & (lines | funded.keys() | paid.keys())
    ]
    kept = (row for row in rows if row.rollover or row.transaction_count or _holds(row))
    return tuple(sorted(kept, key=lambda row: (row.category_id is None, row.category_id or UUID(int=0))))


def _line_row(line: Line, carried: Carried, given: Given, settings: Settings) -> LineRow:
    allocation = given.allocations.get(line) if line else None
    rollover = allocation.rollover if allocation else carried.rollover.get(line)
    policy = Rollover.NONE if line is None else rollover or settings.default_rollover
    spent = given.sums.lines.get(line, LineSum(0, 0))
    carried_in = carry_in(carried.left.get(line, 0), policy)
    allocated = allocation.minor if allocation else 0
    row = LineRow(
        category_id=line,
        allocated=allocated,
        actual=spent.actual,
        carry_in=carried_in,
        available=carried_in + allocated - spent.actual,
        transaction_count=spent.transaction_count,
        rollover=rollover,
        on_cards=spent.on_cards,
    )
    return replace(row, card_debt=row.envelope.debt) if spent.on_cards else row


def _payment_row(card: UUID, carried: Carried, given: Given, funded: int, paid: int) -> LineRow:
    """What there is to pay a card with; what is left comes along, a lack does not."""
    allocation = given.allocations.get(card)
    allocated = allocation.minor if allocation else 0
    carried_in = carry_in(carried.left.get(card, 0), Rollover.SURPLUS)
    available = carried_in + allocated + funded - paid
    return LineRow(card, allocated, 0, carried_in, available, 0, None, funded=funded, paid=paid)


def _on(cards: OnCards) -> int:
    return sum(minor for _, minor in cards)


def _holds(row: LineRow) -> bool:
    return bool(row.carry_in or row.allocated or row.actual or row.on_cards or row.funded or row.paid)
