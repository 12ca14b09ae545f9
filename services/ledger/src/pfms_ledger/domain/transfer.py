"""Transfers: from one account or pot to another, never the same place twice, both amounts positive."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple
from uuid import UUID

from pfms_common.currency import currency
from pfms_common.problem import Refusal
from pfms_ledger.domain.posting import Place


class BadTransfer(Refusal):
    """A transfer needs two different places and, between currencies, both amounts."""


class Spot(NamedTuple):
    """An account with its currency, and the pot of it that is meant, if any."""

    account_id: UUID
    currency: str
    pot_id: UUID | None = None


def places(
    amount_minor: int, source: Spot, target: Spot, target_minor: int | None, fee_minor: int = 0
) -> tuple[Place, Place]:
    """Both sides of a transfer.

    Args:
        amount_minor: what leaves, in the source's currency; positive.
        target_minor: what arrives, in the target's currency; needed where the currencies differ.
        fee_minor: what of the amount is kept on the way, in the source's currency.
    """
    if source == target:
        raise BadTransfer(
            "Money cannot move from a place to itself.",
            errors={"to.pot_id" if target.pot_id else "to.account_id": ["must differ from `from`"]},
        )
    if amount_minor <= 0:
        raise BadTransfer("A transfer's amount is positive.", errors={"amount_minor": ["must be positive"]})
    if fee_minor and not 0 < fee_minor < amount_minor:
        raise BadTransfer(
            "The fee is a part of what leaves.",
            errors={"fee.amount_minor": ["must be positive and less than amount_minor"]},
        )
    if source.currency == target.currency:
        if target_minor not in {None, amount_minor - fee_minor}:
            raise BadTransfer(
                f"Both accounts are in {source.currency}, so both amounts are the same but for the fee.",
                errors={"to.amount_minor": ["must equal amount_minor less the fee or be left out"]},
            )
        target_minor = amount_minor - fee_minor
    elif target_minor is None:
        raise BadTransfer(
            f"{source.currency} becomes {target.currency}: say how much arrives.",
            errors={"to.amount_minor": [f"is needed, in {target.currency}"]},
        )
    if target_minor is None or target_minor <= 0:
        raise BadTransfer("What arrives is positive.", errors={"to.amount_minor": ["must be positive"]})
    return (
        Place(source.account_id, amount_minor, source.currency, source.pot_id),
        Place(target.account_id, target_minor, target.currency, target.pot_id),
    )


def rate_of(left: Place, reached: Place, fee_minor: int) -> str | None:
    """What one unit of the source's currency became in the target's, the fee aside, to ten digits."""
    if left.currency == reached.currency:
        return None
    sent = Decimal(left.amount_minor - fee_minor).scaleb(-currency(left.currency).exponent)
    came = Decimal(reached.amount_minor).scaleb(-currency(reached.currency).exponent)
    return format(Context(prec=10, rounding=ROUND_HALF_EVEN).divide(came, sent).normalize(), "f")


def check_edge(*, source_on_budget: bool, target_on_budget: bool, has_splits: bool) -> None:
    """Only a transfer across the budget's edge has categories: inside it nothing is earned or spent."""
    if has_splits and source_on_budget == target_on_budget:
        raise BadTransfer(
            "Only a transfer between an account on the budget and one off it has splits.",
            errors={"splits": ["must be left out between two accounts on the same side of the budget"]},
        )
