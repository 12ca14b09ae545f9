"""Refunds: money back for one transaction, never more than went out unless it is said to be meant."""

from collections.abc import Sequence
from uuid import UUID

from pfms_common.problem import Refusal
from pfms_ledger.domain.posting import Part


class OverRefunded(Refusal):
    """The refunds of a transaction would exceed it."""


class NotRefundable(Refusal):
    """Only a standard transaction that moved money the other way can be refunded."""


def check_refund(original_type: str, original_minor: int, amount_minor: int) -> None:
    """A refund goes the other way from a standard transaction."""
    if original_type != "standard":
        raise NotRefundable(
            f"A {original_type} cannot be refunded.",
            errors={"related_transaction_id": ["must be a standard transaction"]},
        )
    if (original_minor > 0) == (amount_minor > 0):
        raise NotRefundable(
            "A refund has the opposite sign of what it refunds.",
            errors={"amount_minor": ["must have the opposite sign of the original's"]},
        )


def check_total(original_minor: int, earlier_minor: int, amount_minor: int, *, allow_excess: bool) -> None:
    """The refunds of one transaction sum to no more than it, in absolute value.

    Args:
        earlier_minor: sum of the other refunds of the same transaction.
    """
    left = max(0, abs(original_minor) - abs(earlier_minor))
    if abs(amount_minor) > left and not allow_excess:
        much = f"at most {left} is left to refund" if left else "nothing is left to refund"
        raise OverRefunded(
            f"Of {abs(original_minor)} {much}; say allow_excess if more is meant.",
            errors={"amount_minor": [much]},
        )


def check_refunded(before_minor: int, after_minor: int, refunded_minor: int, *, allow_excess: bool) -> None:
    """What was refunded keeps its sign, and does not shrink below its refunds.

    Args:
        before_minor, after_minor: the original's amount before and after a change.
        refunded_minor: sum of its refunds, of the opposite sign; 0 where there are none.
    """
    if not refunded_minor:
        return
    if (after_minor > 0) == (refunded_minor > 0):
        raise OverRefunded(
            "It has refunds, so its sign stays; delete them first.",
            errors={"amount_minor": ["must keep its sign while there are refunds"]},
        )
    shrinks = abs(after_minor) < abs(before_minor)
    if shrinks and abs(after_minor) < abs(refunded_minor) and not allow_excess:
        raise OverRefunded(
            f"{abs(refunded_minor)} of it came back already; say allow_excess if less is meant.",
            errors={"amount_minor": [f"must be at least {abs(refunded_minor)} in absolute value"]},
        )


def share_out(amount_minor: int, original: Sequence[Part]) -> list[tuple[UUID | None, int]]:
    """A refund without splits goes back to the original's parts in proportion, sign for sign, by largest remainder:
    a full refund brings each of them to zero.
    """
    whole = sum(part.amount_minor for part in original)
    sign = 1 if whole > 0 else -1
    shares = [divmod(amount_minor * part.amount_minor * sign, abs(whole)) for part in original]
    left = amount_minor - sum(share for share, _ in shares)
    largest = sorted(range(len(shares)), key=lambda n: -shares[n][1])[:left]
    rounded = [share + (n in largest) for n, (share, _) in enumerate(shares)]
    return [(part.category_id, share) for part, share in zip(original, rounded, strict=True) if share]
