"""The accounts that an import opens, with its first batch."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from pfms_ledger.db.journal import Change
from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.domain.account import CARD_TERMS, card_terms, is_on_budget
from pfms_ledger.operations import accounts
from pfms_ledger.operations.accounts import Account
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import import_rows
from pfms_ledger.queries import imports as queries
from pfms_ledger.queries.imports import Import


async def openings(ledger: Ledger, held: Held, found: Import) -> tuple[list[Change], dict[UUID, str]]:
    """The accounts that the import opens, as far as they are not there yet; and the currency of each account."""
    targets = {UUID(target["account_id"]): target for target in found.targets.values() if target is not None}
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        there = await queries.accounts(connection, held.book_id, list(targets))
    days = await import_rows.first_days(ledger.facts.pool, held)
    openings = [
        accounts.change_of(_account(account_id, target, days[account_id]), "account.created", 1)
        for account_id, target in targets.items()
        if target["name"] is not None and account_id not in there and account_id in days
    ]
    return openings, {account_id: target["currency"] for account_id, target in targets.items()}


def _account(account_id: UUID, target: Mapping[str, str], opened_on: date) -> Account:
    return Account(
        id=account_id,
        name=target["name"],
        type=target["type"],
        currency=target["currency"],
        opening_balance_minor=0,
        opened_on=opened_on,
        on_budget=is_on_budget(target["type"]),
        is_active=True,
        institution=None,
        last_four=target["last_four"],
        note=None,
        colour=None,
        position=0,
        **card_terms(target["type"], dict.fromkeys(CARD_TERMS)),
    )
