"""Reconciling: what is ticked on an account agrees with the balance of a bank statement, and then stays.

The difference is the statement's balance less what earlier reconciliations settled and what is ticked in this one.
Reconciled transactions keep amount, date and account until they are unlocked, by setting their status back; as
long as an account has such, its opening stays, which every statement starts from.
"""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from pfms_common.money import MAX_MINOR
from pfms_common.problem import Conflict, Refusal
from pfms_ledger.domain.posting import Place
from pfms_ledger.domain.transaction import Transaction


class Reconciled(Refusal):
    """The transaction is reconciled; set its status back to cleared first."""


class NotCleared(Refusal):
    """Only what the bank has booked can stand on its statement."""


class NotBalanced(Refusal):
    """What is ticked is not the statement's balance."""


class Settled(Refusal):
    """The reconciliation is finished: what it settled is unlocked transaction by transaction."""


def check_open(status: str) -> None:
    if status != "open":
        raise Settled("It is finished; unlock a transaction by setting its status to cleared.")


def check_cleared(statuses: Mapping[str, str]) -> None:
    """Pending transactions are no part of a statement.

    Args:
        statuses: of transactions, by the input field or the id that names each.
    """
    if pending := {path: ["is pending"] for path, status in statuses.items() if status == "pending"}:
        raise NotCleared("Clear what is pending before it is reconciled.", errors=pending)


def check_dated(days: Mapping[str, date], statement_date: date) -> None:
    """A statement speaks of its days alone; `days` of transactions, by what names each."""
    if later := {path: [f"is dated {day}"] for path, day in days.items() if day > statement_date}:
        raise Conflict(
            f"The statement ends on {statement_date}: leave what is dated later to the next one, or correct it.",
            errors=later,
        )


def adjustment(difference_minor: int, *, accepted: bool) -> int:
    """What is posted so that nothing is left over; refused unless it is said to be meant."""
    if difference_minor and not accepted:
        raise NotBalanced(
            f"{difference_minor} is left over: tick what is missing, or accept an adjustment of it.",
            extra={"difference_minor": difference_minor},
        )
    if abs(difference_minor) > MAX_MINOR:
        raise NotBalanced(
            f"{difference_minor} is left over, which is too much for one adjustment.",
            extra={"difference_minor": difference_minor},
        )
    return difference_minor


def check_edit(before: Transaction, after: Transaction) -> None:
    """Refuses changes that would make a reconciled transaction disagree with its statement."""
    if before.status != "reconciled" or after.status != "reconciled":
        return
    fixed = {
        "amount_minor": before.amount_minor != after.amount_minor,
        "date": before.date != after.date,
        "account_id": before.account_id != after.account_id,
        "from.account_id": _account(before.source) != _account(after.source),
        "to.account_id": _account(before.target) != _account(after.target),
        "to.amount_minor": _arrives(before) != _arrives(after),
    }
    if changed := [name for name, differs in fixed.items() if differs]:
        raise Reconciled(
            "It is reconciled; set status to cleared first.",
            errors={name: ["cannot change while reconciled"] for name in changed},
        )


def check_opening(changed: Collection[str], *, has_settled: bool) -> None:
    """Refuses to move the ground that statements agreed on.

    Args:
        changed: the fields of the opening that are to change.
        has_settled: whether something on the account is reconciled.
    """
    if changed and has_settled:
        raise Reconciled(
            "Transactions of this account are reconciled; set their status to cleared first.",
            errors={name: ["cannot change while transactions are reconciled"] for name in changed},
        )


def _account(place: Place | None) -> UUID | None:
    return place.account_id if place else None


def _arrives(transaction: Transaction) -> int | None:
    """What reaches another currency, or arrives after a fee; else it is the amount."""
    target = transaction.target
    if target is None or (target.currency == transaction.currency and transaction.fee is None):
        return None
    return target.amount_minor


def check_delete(transaction: Transaction, *, is_left_over: bool = False) -> None:
    """`is_left_over`: it is the adjustment of a reconciliation that was taken back, and no other one settled it."""
    if transaction.status == "reconciled" and not is_left_over:
        raise Reconciled("It is reconciled; set status to cleared before deleting it.")
