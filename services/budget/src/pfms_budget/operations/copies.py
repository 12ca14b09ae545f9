"""Keeping copies of what the ledger tells, and the cells that transactions add up to.

What changes the cells is the difference between the state in the event and the copy, so that neither order nor
repetition matters.
"""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

import asyncpg

from pfms_budget.db import cell_json
from pfms_budget.domain.cells import Cells, added_up, change, opening_cells
from pfms_budget.operations import cells as cell_rows
from pfms_budget.operations import log
from pfms_budget.operations.copied import Copied, plain
from pfms_budget.operations.merging import merge
from pfms_budget.operations.news import (
    AccountCopy,
    CategoryCopy,
    Key,
    Known,
    MarkCopy,
    News,
    PlanCopy,
    PotBalanceCopy,
    PotCopy,
    RateCopy,
    SourceCopy,
    TransactionCopy,
)
from pfms_budget.operations.touched import EVERYTHING, Touched

type Differences = defaultdict[UUID, list[Cells]]

_ACCOUNTS = plain(
    "account",
    AccountCopy,
    {
        "on_budget": "bool",
        "currency": "text",
        "keeps_debt": "bool",
        "opened_on": "date",
        "opening_balance_minor": "bigint",
        "minimum_payment_minor": "bigint",
        "due_day": "int",
    },
)
_JUDGED = 3
"""The first fields of an account decide what is counted: another value changes every month."""
_CATEGORIES = plain(
    "category",
    CategoryCopy,
    {
        "type": "text",
        "parent_id": "uuid",
        "key": "text",
        "spending_class": "text",
        "is_essential": "bool",
        "is_archived": "bool",
    },
)
_POTS = plain("pot", PotCopy, {"account_id": "uuid", "currency": "text", "is_active": "bool"})
_POT_BALANCES = plain("pot_balance", PotBalanceCopy, {"balance_minor": "bigint"})
_RATES = plain("rate", RateCopy, {"base": "text", "quote": "text", "date": "date", "rate": "text"})
_PLANS = plain(
    "recurring_plan",
    PlanCopy,
    {
        "name": "text",
        "kind": "text",
        "is_active": "bool",
        "amount_minor": "bigint",
        "account_id": "uuid",
        "from_id": "uuid",
        "to_id": "uuid",
        "arrives_minor": "bigint",
        "category_id": "uuid",
        "rrule": "text",
        "starts_on": "date",
        "ends_on": "date",
        "times": "int",
        "short_months": "text",
        "weekend_rule": "text",
        "holidays": "text",
        "yearly_increase_percent": "text",
        "amount_since": "date",
        "catch_up_from": "date",
    },
)
_MARKS = plain(
    "recurring_mark",
    MarkCopy,
    {"plan_id": "uuid", "nominal_date": "date", "is_settled": "bool", "transaction_id": "uuid"},
)
_SOURCES = plain(
    "income_source",
    SourceCopy,
    {"name": "text", "is_active": "bool", "amount_minor": "bigint", "currency": "text", "frequency": "text"},
)


def _kept(row: asyncpg.Record) -> TransactionCopy | None:
    cells = cell_json.from_json(row["cells"])
    return None if cells is None else TransactionCopy(cells, row["income_source_id"])


_TRANSACTIONS: Copied[TransactionCopy] = Copied(
    "transaction",
    {"day": "date", "cells": "jsonb", "income_source_id": "uuid"},
    _kept,
    lambda kept: [
        min((cell.day for cell in kept.cells), default=None),
        cell_json.to_json(kept.cells),
        kept.income_source_id,
    ],
)
_RETURN_ALLOCATIONS = """
DELETE FROM allocation a USING unnest($1::uuid[], $2::uuid[]) AS u (book_id, category_id)
WHERE a.book_id = u.book_id AND a.category_id = u.category_id RETURNING a.book_id, a.first_day, a.id, a.version
"""
_DROP_RULES = """
DELETE FROM category_rules r USING unnest($1::uuid[], $2::uuid[]) AS u (book_id, category_id)
WHERE r.book_id = u.book_id AND r.category_id = u.category_id
"""


async def keep(connection: asyncpg.Connection, news: News) -> dict[UUID, Touched]:
    """Brings copies and cells up to date; answers what that touched in each book.

    The caller's transaction holds the heads of all books of the news.
    """
    touched: defaultdict[UUID, Touched] = defaultdict(Touched)
    differences: Differences = defaultdict(list)
    await _keep_accounts(connection, news.accounts, touched, differences)
    await _keep_categories(connection, news, touched)
    await _POTS.keep(connection, news.pots)
    await _POT_BALANCES.keep(connection, news.pot_balances)
    for (book, _), states in (await _RATES.keep(connection, news.rates)).items():
        touched[book] |= Touched(since=min((state.date for state in states if state), default=None))
    for key, (old, new) in (await _TRANSACTIONS.keep(connection, news.transactions)).items():
        after = new.cells if new else {}
        differences[key[0]].append(change(old.cells, after) if old else after)
    await _PLANS.keep(connection, news.plans)
    await _MARKS.keep(connection, news.marks)
    await _SOURCES.keep(connection, news.sources)
    cells = {book: added_up(parts) for book, parts in differences.items()}
    await cell_rows.add(connection, cells)
    for book, changed in cells.items():
        touched[book] |= Touched(frozenset(cell.day for cell in changed))
    return {book: what for book, what in touched.items() if what}


async def all_of(connection: asyncpg.Connection, book_id: UUID) -> News:
    """All copies of a book."""
    return News(
        accounts=await _ACCOUNTS.of_book(connection, book_id),
        categories=await _CATEGORIES.of_book(connection, book_id),
        pots=await _POTS.of_book(connection, book_id),
        pot_balances=await _POT_BALANCES.of_book(connection, book_id),
        rates=await _RATES.of_book(connection, book_id),
        transactions=await _TRANSACTIONS.of_book(connection, book_id),
        plans=await _PLANS.of_book(connection, book_id),
        marks=await _MARKS.of_book(connection, book_id),
        sources=await _SOURCES.of_book(connection, book_id),
    )


def cells_of_copies(kept: News) -> list[Cells]:
    """The cells that these copies add to, opening balances included."""
    openings = [_opening(key[1], account.state) for key, account in kept.accounts.items()]
    return [*openings, *(each.state.cells for each in kept.transactions.values() if each.state)]


async def _keep_accounts(
    connection: asyncpg.Connection,
    told: Mapping[Key, Known[AccountCopy]],
    touched: defaultdict[UUID, Touched],
    differences: Differences,
) -> None:
    """An account that counts otherwise than before changes every month."""
    newer = await _ACCOUNTS.keep(connection, told)
    for key, (old, new) in newer.items():
        differences[key[0]].append(change(_opening(key[1], old), _opening(key[1], new)))
        if (old and old[:_JUDGED]) != (new and new[:_JUDGED]):
            touched[key[0]] |= EVERYTHING
    await _return_allocations(connection, newer, touched)


async def _keep_categories(
    connection: asyncpg.Connection,
    news: News,
    touched: defaultdict[UUID, Touched],
) -> None:
    """A category that counts otherwise than before changes every month; a deleted one returns its allocations, one
    that was merged has them added to the other's.
    """
    newer = await _CATEGORIES.keep(connection, news.categories)
    for (book, _), (old, new) in newer.items():
        if (old.type if old else "expense") != (new.type if new else "expense"):
            touched[book] |= EVERYTHING
    for (book, source), into in news.merged.items():
        if (book, source) in newer:
            days = await merge(connection, book, source, into)
            touched[book] |= Touched(frozenset(days))
    await _return_allocations(connection, newer, touched)


async def _return_allocations(
    connection: asyncpg.Connection,
    newer: Mapping[Key, tuple[object, object]],
    touched: defaultdict[UUID, Touched],
) -> None:
    """What was set aside for a category, or to pay a card, that is deleted is to be budgeted again."""
    gone = [key for key, (_, new) in newer.items() if new is None]
    if gone:
        await connection.execute(_DROP_RULES, *map(list, zip(*gone, strict=True)))
        for row in await connection.fetch(_RETURN_ALLOCATIONS, *map(list, zip(*gone, strict=True))):
            touched[row["book_id"]] |= Touched(frozenset([row["first_day"]]))
            await log.tell(
                connection, row["book_id"], [log.allocation_deleted(row["id"], row["version"])], None
            )


def _opening(account_id: UUID, account: AccountCopy | None) -> Cells:
    return opening_cells(account_id, account.opened_on, account.opening_balance_minor) if account else {}
