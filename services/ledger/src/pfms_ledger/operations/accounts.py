"""Opening, changing, closing and deleting accounts."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.principal import Principal
from pfms_common.problem import NotFound
from pfms_events.contracts.ledger.balance import balance_low_id
from pfms_ledger.db.journal import Change, Journal, append
from pfms_ledger.domain.account import CARD_TERMS, card_terms, check_close
from pfms_ledger.domain.posting import post_opening
from pfms_ledger.domain.reconciliation import check_opening
from pfms_ledger.domain.valuation import check_opens_by
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import accounts as queries
from pfms_ledger.queries import reconciliations, valuations


@dataclass(frozen=True, slots=True)
class Account:
    """An account's own fields; balances are derived."""

    id: UUID
    name: str
    type: str
    currency: str
    opening_balance_minor: int
    opened_on: date
    on_budget: bool
    is_active: bool
    institution: str | None
    last_four: str | None
    note: str | None
    colour: str | None
    position: int
    low_balance_minor: int | None = None
    credit_limit_minor: int | None = None
    statement_day: int | None = None
    due_day: int | None = None
    minimum_payment_minor: int | None = None
    credit_overspend: str | None = None


async def create(
    journal: Journal, principal: Principal, account: Account, claim: Claim | None, answer: Answer
) -> Written:
    """Opens an account with its opening balance posted against equity."""
    with id_is_free("an account"):
        return await journal.append(
            principal.book_id,
            [change_of(account, "account.created", 1)],
            actor=principal.user_id,
            claim=claim,
            answer=answer,
        )


@dataclass(frozen=True, slots=True)
class Changed:
    """An account after a change, with its balances in minor units and its version."""

    account: Account
    balance_minor: int
    cleared_balance_minor: int
    version: int
    written: Written


async def change(
    journal: Journal,
    principal: Principal,
    account_id: UUID,
    changes: dict[str, Any],
    check: Callable[[int], None],
) -> Changed:
    """Changes the given fields; a currency never changes. Closing looks at the balance under the book's lock."""
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        row = await queries.present(connection, book_id, account_id)
        if row is None:
            raise NotFound("There is no such account in this book.")
        check(row["version"])
        before = Account(**{name: row[name] for name in Account.__slots__})
        after, version = replace(before, **_card(before, changes)), row["version"] + 1
        moved = after.opening_balance_minor - before.opening_balance_minor
        balance, cleared = row["balance_minor"] + moved, row["cleared_balance_minor"] + moved
        if not after.is_active and (before.is_active or moved):
            check_close(balance, "is_active" if before.is_active else "opening_balance_minor")
        await check_opening_of(connection, book_id, before, after)
        written = await append(
            connection, book_id, [change_of(after, "account.updated", version)], actor=principal.user_id
        )
    return Changed(after, balance, cleared, version, written)


def _card(before: Account, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes; an account that becomes a card, or is one no more, gets or loses what only cards have."""
    terms = {name: changes.get(name, getattr(before, name)) for name in CARD_TERMS}
    if changes.get("type", "credit") != "credit" and before.type == "credit":
        terms = {name: changes.get(name) for name in CARD_TERMS}
    return changes | card_terms(changes.get("type", before.type), terms)


async def check_opening_of(
    connection: asyncpg.Connection, book_id: UUID, before: Account, after: Account
) -> None:
    """An account's opening stays while something on it is reconciled, and never moves behind a valuation."""
    opening = ("opening_balance_minor", "opened_on")
    changed = [name for name in opening if getattr(before, name) != getattr(after, name)]
    if changed:
        check_opening(changed, has_settled=await reconciliations.has_settled(connection, book_id, after.id))
    if after.opened_on > before.opened_on:
        known = await valuations.from_day(connection, book_id, after.id, before.opened_on)
        check_opens_by(after.opened_on, known[0].date if known else None)


async def delete(
    journal: Journal,
    session: AsyncSession,
    principal: Principal,
    account_id: UUID,
    check: Callable[[int], None],
) -> Written:
    """Deletes an account that no transaction refers to."""
    row = await queries.get(session, principal.book_id, account_id)
    if row is None:
        raise NotFound("There is no such account in this book.")
    check(row.version)
    gone = Change("account.deleted", account_id, row.version + 1, {"id": account_id})
    return await journal.append(principal.book_id, [gone], actor=principal.user_id)


def change_of(account: Account, event: str, version: int) -> Change:
    """An account as one change of the journal, its opening balance posted with it."""
    entry = {
        "id": account.id,
        "type": "opening",
        "status": "cleared",
        "date": account.opened_on,
        "amount_minor": account.opening_balance_minor,
        "source": "manual",
    }
    legs = post_opening(account.id, account.currency, account.opening_balance_minor)
    low = balance_low_id(account.id) if account.low_balance_minor is not None else None
    return Change(event, account.id, version, asdict(account), derived=low, entry=entry, legs=legs)


def from_data(data: Mapping[str, Any]) -> Account:
    """An account from an event's JSON."""
    values: dict[str, Any] = {name: data.get(name) for name in Account.__slots__}
    values |= {"id": UUID(data["id"]), "opened_on": date.fromisoformat(data["opened_on"])}
    return Account(**values)
