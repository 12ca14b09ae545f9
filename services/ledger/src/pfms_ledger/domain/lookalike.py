"""Lookalikes: two transactions that may be one recorded twice. They are offered, never merged silently.

They moved the same amount on the same account within a few days, and their payees are alike or one has none. What a
bank itself lists twice happened twice: two rows of one file, or two with ids of their own, are no lookalikes.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pfms_ledger.domain.matching import LIKE_ENOUGH, MAX_DAYS, similarity


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is compared of a transaction; `payee` is its description where it has none."""

    transaction_id: UUID
    date: date
    payee: str
    import_id: UUID | None = None
    bank_id: str | None = None


def are_alike(one: Recorded, other: Recorded) -> bool:
    """Whether two of the same account and amount may be one."""
    if abs((one.date - other.date).days) > MAX_DAYS:
        return False
    if one.import_id is not None and one.import_id == other.import_id:
        return False
    if one.bank_id is not None and other.bank_id is not None:
        return False
    nameless = not one.payee.strip() or not other.payee.strip()
    return nameless or similarity(one.payee, other.payee) >= LIKE_ENOUGH
