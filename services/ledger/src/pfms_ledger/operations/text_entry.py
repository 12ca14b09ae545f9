"""From a line of text to a draft of this book: its accounts, categories and payees. Nothing is written."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

import asyncpg

from pfms_common.currency import currency
from pfms_common.money import AmountError, parse_minor
from pfms_common.principal import Principal
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.original import Original
from pfms_ledger.domain.text_entry import Entry, Field, read_entry
from pfms_ledger.domain.text_names import chosen
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import rates
from pfms_ledger.queries.payees import remembered
from pfms_ledger.queries.settings import quick_account
from pfms_ledger.queries.text_entry import Known, known


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a line would record. Amounts are signed, in minor units of `currency`: the account's, or while no account
    is known the one that the amount is taken to be in.
    """

    is_income: bool
    date: date
    amount_minor: int | None
    currency: str | None
    original: Original | None
    account_id: UUID | None
    category_id: UUID | None
    payee_id: UUID | None
    payee: str | None
    tags: tuple[str, ...]
    uncertain: frozenset[Field]


async def draft(ledger: Ledger, principal: Principal, text: str) -> Drafted:
    """Reads a line with what the book knows. Whatever is missing or could be meant otherwise is uncertain."""
    book_id, pool = principal.book_id, ledger.facts.pool
    entry = read_entry(text, await ledger.today_in(book_id))
    uncertain = set(entry.uncertain)
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            names = await known(connection, book_id, fold(entry.payee or entry.topic))
    account_id = await _account(pool, book_id, entry, names, uncertain)
    spent_in = (
        names.currencies[account_id]
        if account_id is not None
        else await _likely(ledger, book_id, entry, names, uncertain)
    )
    amount, original = await _amount(pool, book_id, entry, spent_in, uncertain)
    payee_id, payee, category_id = await _named(pool, book_id, entry, names, uncertain)
    return Drafted(
        entry.is_income,
        entry.date,
        amount,
        spent_in,
        original,
        account_id,
        category_id,
        payee_id,
        payee,
        entry.tags,
        frozenset(uncertain),
    )


async def _account(
    pool: asyncpg.Pool, book_id: UUID, entry: Entry, names: Known, uncertain: set[Field]
) -> UUID | None:
    """The one that is named, else that of quick entries."""
    if entry.account is None:
        found = await quick_account(pool, book_id)
        if found is None or found not in names.currencies:
            uncertain.add("account_id")
            return None
        return found
    match = chosen(fold(entry.account), names.accounts)
    if match is None or not match.certain:
        uncertain.add("account_id")
    return match.id if match else None


async def _likely(
    ledger: Ledger, book_id: UUID, entry: Entry, names: Known, uncertain: set[Field]
) -> str | None:
    """The currency of an amount whose account nobody named: the one that is written, else the one of all accounts,
    else the book's, which is uncertain.
    """
    if entry.currency is not None:
        return entry.currency
    if len(held := set(names.currencies.values())) == 1:
        return held.pop()
    uncertain.add("currency")
    return await ledger.facts.base_currency(book_id)


async def _amount(
    pool: asyncpg.Pool, book_id: UUID, entry: Entry, spent_in: str | None, uncertain: set[Field]
) -> tuple[int | None, Original | None]:
    """In the currency it is spent in; what is in another one is converted by the book's rate, and uncertain."""
    written = entry.currency or spent_in
    if entry.amount is None or written is None or spent_in is None:
        uncertain.add("amount_minor")
        return None, None
    try:
        minor = _minor(entry.amount, written)
    except AmountError:
        minor = 0
    if minor == 0:
        uncertain.add("amount_minor")
        return None, None
    signed = minor if entry.is_income else -minor
    if spent_in == written:
        return signed, None
    uncertain.add("amount_minor")
    found = (await rates.newest(pool, book_id, [written], spent_in, entry.date)).converted(
        [signed], written, spent_in, entry.date
    )
    return (found[0] or None if found else None), Original(signed, written)


def _minor(amount: Decimal, code: str) -> int:
    return parse_minor(format(amount, "f"), currency(code))


async def _named(
    pool: asyncpg.Pool, book_id: UUID, entry: Entry, names: Known, uncertain: set[Field]
) -> tuple[UUID | None, str | None, UUID | None]:
    """Payee and category: by name, else the category that was last used with the payee."""
    kind: Literal["income", "expense"] = "income" if entry.is_income else "expense"
    category = chosen(fold(entry.topic), names.categories[kind])
    who = entry.payee or entry.topic
    payee = chosen(fold(who), names.payees)
    is_a_category = category is not None and category.certain and not entry.payee
    if is_a_category and (payee is None or not payee.certain):
        payee, who = None, ""
    if payee is not None and not payee.certain:
        uncertain.add("payee")
    category_id = category.id if category is not None else None
    if category is None or not category.certain:
        uncertain.add("category_id")
    if payee is not None and (category is None or not category.certain):
        memory = await remembered(pool, book_id, payee.id, kind)
        if memory is not None and memory.category_id is not None:
            category_id = memory.category_id
    return (payee.id, payee.name, category_id) if payee else (None, who[:120].strip() or None, category_id)
