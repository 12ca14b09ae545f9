"""A row of a bank file clears the transaction it stands for, and overwrites nothing that a person changed.

A pending transaction becomes cleared and one without it gets the bank's id. Where the bank itself announced it as
pending, or where a plan posted another amount before the bank told it, it also takes the amount and day that the bank
booked in the end, unless a person changed either. What is reconciled stays as it is.
"""

from dataclasses import dataclass, replace
from datetime import date

from pfms_ledger.domain.transaction import Transaction, resized


@dataclass(frozen=True, slots=True)
class Booked:
    """What a row of a bank file says: money into the account is positive, in minor units."""

    date: date
    amount_minor: int
    bank_id: str | None = None
    pending: bool = False


def clear(
    transaction: Transaction, row: Booked, announced: Booked | None = None, estimated: Booked | None = None
) -> Transaction:
    """The transaction after the bank's row; equal to the one before when nothing is left to change.

    Args:
        announced: the row that brought it as pending, if a bank file did.
        estimated: what a plan posted, if one did.
    """
    if transaction.status == "reconciled":
        return transaction
    after = transaction
    if after.bank_id is None and after.type != "transfer":
        # A transfer has two sides and may stand in two banks' files, each with an id of its own.
        after = replace(after, bank_id=row.bank_id)
    if row.pending:
        return after
    if estimated is not None and _as_announced(transaction, estimated) and _differs(transaction, row):
        return replace(resized(after, row.amount_minor), date=row.date, status="cleared")
    if after.status != "pending":
        return after
    if announced is not None and _as_announced(transaction, announced) and row.amount_minor:
        after = replace(resized(after, row.amount_minor), date=row.date)
    return replace(after, status="cleared")


def _differs(transaction: Transaction, row: Booked) -> bool:
    """A transfer stands with one amount in two files, once out and once in."""
    return transaction.type != "transfer" and row.amount_minor not in (0, transaction.amount_minor)


def _as_announced(transaction: Transaction, announced: Booked) -> bool:
    """Whether amount, day and lone split are still the bank's: a second split or a share is a person's work."""
    return (
        transaction.amount_minor == announced.amount_minor
        and transaction.date == announced.date
        and len(transaction.splits) == 1
        and not transaction.is_shared
    )
