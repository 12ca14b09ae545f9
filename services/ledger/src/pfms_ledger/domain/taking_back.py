"""Taking an import back removes what it brought and undoes what it changed, but keeps what was worked on since.

Kept is a transaction that was edited after the import wrote it, that is reconciled, or that a row of another import
was found to be.
"""

from dataclasses import replace
from typing import Literal

from pfms_ledger.domain.transaction import Transaction

Reason = Literal["edited", "reconciled", "matched"]


def is_as_written(now: Transaction, written: Transaction) -> bool:
    """Whether a person changed nothing: a later rate or a new name of the payee raises its version, too."""
    return replace(now, payee=None) == replace(written, payee=None)


def reason_to_keep(transaction: Transaction, *, edited: bool, matched: bool) -> Reason | None:
    """Why the transaction stays as it is, or None.

    `edited`: since the import wrote it; `matched`: another import refers to it.
    """
    if transaction.status == "reconciled":
        return "reconciled"
    if matched:
        return "matched"
    return "edited" if edited else None


def restored(now: Transaction, before: Transaction) -> Transaction:
    """The fields that clearing changes, as they were before it."""
    return replace(
        now,
        status=before.status,
        bank_id=before.bank_id,
        date=before.date,
        amount_minor=before.amount_minor,
        splits=before.splits,
    )
