"""Credit cards whose debt is kept apart: which spending an envelope covers, and what there is to pay the card with.

Cash counts first. What is left of an envelope covers what was spent on cards, and the money covered waits in the
card's payment row; the rest is the card's debt. A return on a card goes back to its envelope, and out of the payment
row. The order inside a period does not matter. Source of the rules: the design of this budget (spec, Cards and
Payment row), which is that of envelope budgeting with credit cards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pfms_common.money import allocate


class Overspend(StrEnum):
    """What becomes of spending on a card that no envelope covers."""

    LIABILITY = "liability"
    """It is the card's debt, paid by allocating to its payment row."""
    REDUCE_NEXT_MONTH = "reduce_next_month"
    """The card counts like cash."""


type OnCards = tuple[tuple[UUID, int], ...]
"""What was spent on each card, returns below zero; by account id, no zeros."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a category does to cards in one period, in minor units.

    `debt` is what was spent on cards and is not covered. `to_pay`: by card what comes to its payment row: the part
    covered, less returns.
    """

    debt: int
    to_pay: OnCards


NO_CARDS = Envelope(0, ())


def envelope(funds: int, on_cards: OnCards) -> Envelope:
    """The rule.

    Args:
        funds: what the category has for cards: carried in, allocated and returned on cards, less cash spent.
        on_cards: its spending on each card.
    """
    if not on_cards:
        return NO_CARDS
    spent = [max(minor, 0) for _, minor in on_cards]
    covered = min(max(funds, 0), sum(spent))
    parts = allocate(covered, spent) if covered else [0] * len(spent)
    to_pay = ((card, part + min(minor, 0)) for (card, minor), part in zip(on_cards, parts, strict=True))
    return Envelope(sum(spent) - covered, tuple((card, part) for card, part in to_pay if part))


def returned(on_cards: OnCards) -> int:
    """What came back on cards, above zero."""
    return -sum(min(minor, 0) for _, minor in on_cards)


def by_card(parts: Iterable[OnCards]) -> dict[UUID, int]:
    """The sum of several, by card."""
    total: dict[UUID, int] = {}
    for part in parts:
        for card, minor in part:
            total[card] = total.get(card, 0) + minor
    return total


def ordered(by: Sequence[tuple[UUID, int]]) -> OnCards:
    """By account id, so that of equal remainders the same card gets the unit every time; without zeros."""
    return tuple(sorted((card, minor) for card, minor in by if minor))
