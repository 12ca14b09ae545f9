"""What a change hands on to later months: a change in the past costs by later months and by lines that it concerns.

Lines do not know of each other, but for the payment rows of cards, which are filled by the others; and a month's own
figures are sums over its lines. So the lines concerned are
derived twice, with what the month before handed on before the change and with what it hands on now, and each later
month's figures move by the difference. Where the two are the same, nothing is left to move.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from uuid import UUID

import asyncpg

from pfms_budget.domain.card import by_card, ordered
from pfms_budget.domain.counting import Line, LineSum, PeriodSums
from pfms_budget.domain.engine import derive
from pfms_budget.domain.month import (
    Allocation,
    Carried,
    Given,
    HeaderRow,
    LineRow,
    Month,
    Settings,
    carried_from,
)
from pfms_budget.queries import inputs
from pfms_common.period import Period

_figures = attrgetter(*HeaderRow.__slots__)


@dataclass(frozen=True, slots=True)
class Changed:
    """A month that came out otherwise than it was stored; `before` is None for a new one.

    Both hold at least the lines in which they differ.
    """

    before: Month | None
    after: Month


@dataclass(frozen=True, slots=True)
class Ripple:
    """A month as it was stored and as it is now, and the stored months after it."""

    later: Sequence[Period]
    before: Month
    after: Month
    settings: Settings

    @property
    def lines(self) -> set[Line]:
        """Those that hand on something else than before, and the payment rows that they may fill."""
        old, new = _handed_on(self.before), _handed_on(self.after)
        lines = {line for line in old.keys() | new.keys() if old.get(line) != new.get(line)}
        return lines | self.settings.cards if lines else lines


async def on(connection: asyncpg.Connection, ripples: Mapping[UUID, Ripple]) -> dict[UUID, list[Changed]]:
    """The later months that differ, by book."""
    if not ripples:
        return {}
    spans = {book: (each.later[0].first, each.later[-1].first) for book, each in ripples.items()}
    keys = [
        (book, period.first, line)
        for book, each in ripples.items()
        for line in each.lines
        for period in each.later
    ]
    stored = await inputs.headers(connection, spans)
    lines = await inputs.lines_at(connection, keys)
    allocations = await inputs.allocations_at(connection, keys)
    return {
        book: _moved(
            each,
            stored[book],
            {
                period.key: _given(
                    lines.get((book, period.first), ()),
                    allocations.get(book, {}).get(period.first, {}),
                    each.settings.cards,
                )
                for period in each.later
            },
        )
        for book, each in ripples.items()
    }


def _moved(ripple: Ripple, stored: Mapping[date, Month], given: Mapping[str, Given]) -> list[Changed]:
    changed: list[Changed] = []
    lines = ripple.lines
    was = derive(ripple.later, given, ripple.settings, _carried(ripple.before, lines))
    now = derive(ripple.later, given, ripple.settings, _carried(ripple.after, lines))
    for old, new in zip(was, now, strict=True):
        if old == new:
            break
        before = replace(stored[new.period.first], lines=old.lines)
        changed.append(Changed(before, replace(before, header=_shifted(before, old, new), lines=new.lines)))
    return changed


def _given(
    lines: Sequence[LineRow], allocations: Mapping[UUID, Allocation], cards: Collection[UUID]
) -> Given:
    """The lines concerned, without a month's own figures: they are the same before and after. What comes to payment
    rows from other lines is what of the stored amount the lines concerned did not bring.
    """
    rows = {line.category_id: line for line in lines}
    sums = {
        line.category_id: LineSum(line.actual, line.transaction_count, line.on_cards)
        for line in lines
        if line.category_id not in cards
    }
    brought = by_card(line.envelope.to_pay for line in lines if line.on_cards)
    payments = [(card, rows.get(card)) for card in cards]
    funded = ordered([(card, (row.funded if row else 0) - brought.get(card, 0)) for card, row in payments])
    paid = ordered([(card, row.paid) for card, row in payments if row])
    return Given(PeriodSums(paid=paid, lines=sums), allocations, funded=funded)


def _carried(month: Month, lines: set[Line]) -> Carried:
    return carried_from(
        replace(month, lines=tuple(line for line in month.lines if line.category_id in lines))
    )


def _shifted(stored: Month, old: Month, new: Month) -> HeaderRow:
    """The stored figures, moved by the difference between two derivations."""
    figures = zip(_figures(stored.header), _figures(old.header), _figures(new.header), strict=True)
    return HeaderRow(*(figure - was + now for figure, was, now in figures))


def _handed_on(month: Month) -> dict[Line, tuple[int, object]]:
    return {line.category_id: (line.left, line.rollover) for line in month.lines}
