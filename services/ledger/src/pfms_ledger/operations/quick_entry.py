"""A quick entry names no account: it is on the book's default one."""

from uuid import UUID

from pfms_common.problem import Conflict
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries.settings import quick_account


async def account_for(ledger: Ledger, book_id: UUID) -> UUID:
    """Where an entry without an account goes; Conflict where nothing says it."""
    account_id = await quick_account(ledger.facts.pool, book_id)
    if account_id is None:
        raise Conflict(
            "No account is set for quick entries, and the book has not exactly one open account on the budget:"
            " name one, or set default_account_id in /ledger/settings.",
            errors={"account_id": ["is needed while no default account is set"]},
        )
    return account_id
