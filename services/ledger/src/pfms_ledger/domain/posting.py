"""Posting: a transaction becomes legs that sum to zero in each currency.

Money leaves one place and reaches another. An account's leg carries the signed amount, each split's leg its
opposite; a transfer has two account legs, and by way of the conversion account where they differ in currency. The
splits of a transfer across the budget's edge say what the money was for; their legs are balanced by one of kind
`edge`. An account's leg may name the pot that was meant; sums are the account's whether or not it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

Kind = Literal["account", "category", "equity", "conversion", "edge"]


class Leg(NamedTuple):
    """One side of a movement; inflow into an account positive, in minor units of `currency`."""

    kind: Kind
    amount_minor: int
    currency: str
    account_id: UUID | None = None
    category_id: UUID | None = None
    pot_id: UUID | None = None


class Part(NamedTuple):
    """What posting needs of a split."""

    amount_minor: int
    category_id: UUID | None


@dataclass(frozen=True, slots=True)
class Place:
    """An account, or a pot of it, with the positive amount that leaves or reaches it."""

    account_id: UUID
    amount_minor: int
    currency: str
    pot_id: UUID | None = None


def post_movement(
    account_id: UUID, currency: str, amount_minor: int, splits: Sequence[Part], pot_id: UUID | None = None
) -> list[Leg]:
    """A standard transaction, refund or adjustment: the account against its splits."""
    return [
        Leg("account", amount_minor, currency, account_id=account_id, pot_id=pot_id),
        *(Leg("category", -split.amount_minor, currency, category_id=split.category_id) for split in splits),
    ]


def post_transfer(source: Place, target: Place, splits: Sequence[Part], fee: Part | None = None) -> list[Leg]:
    """From one account to another; two currencies meet in the conversion account, the fee before it."""
    legs = [
        Leg("account", -source.amount_minor, source.currency, source.account_id, pot_id=source.pot_id),
        Leg("account", target.amount_minor, target.currency, target.account_id, pot_id=target.pot_id),
    ]
    if fee is not None:
        legs.append(Leg("category", fee.amount_minor, source.currency, category_id=fee.category_id))
    if source.currency != target.currency:
        legs += [
            Leg("conversion", source.amount_minor - (fee.amount_minor if fee else 0), source.currency),
            Leg("conversion", -target.amount_minor, target.currency),
        ]
    if splits:
        whole = sum(split.amount_minor for split in splits)
        legs += [
            Leg("category", split.amount_minor, source.currency, category_id=split.category_id)
            for split in splits
        ]
        legs.append(Leg("edge", -whole, source.currency))
    return legs


def post_opening(account_id: UUID, currency: str, amount_minor: int) -> list[Leg]:
    """An opening balance, against equity; none for zero."""
    if amount_minor == 0:
        return []
    return [
        Leg("account", amount_minor, currency, account_id=account_id),
        Leg("equity", -amount_minor, currency),
    ]
