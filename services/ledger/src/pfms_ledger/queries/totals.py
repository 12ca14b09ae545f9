"""Totals of a filtered list of transactions, by currency."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.queries.transactions import Filter, Where, conditions, count_of, of_splits


@dataclass(frozen=True, slots=True)
class Total:
    """Of one currency: how many transactions, and what came in and went out, both in minor units and positive."""

    currency: str
    count: int
    sum_in_minor: int
    sum_out_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """`count`: transactions in all, of which one between two currencies counts in both of them."""

    count: int
    by_currency: list[Total]


# Sums are NUMERIC, which no number of amounts can overflow. A transfer is neither income nor outflow, but in one
# account's list each of its legs is.
_TOTALS = """SELECT c.currency, count(DISTINCT t.id) AS count,
        coalesce(sum({amount}) FILTER (WHERE {amount} > 0 AND {counts}), 0) AS sum_in_minor,
        coalesce(-sum({amount}) FILTER (WHERE {amount} < 0 AND {counts}), 0) AS sum_out_minor
    FROM transaction t JOIN posting c ON c.book_id = t.book_id AND c.transaction_id = t.id {register}
    WHERE {where} GROUP BY c.currency ORDER BY c.currency"""
_REGISTER = "JOIN posting g ON g.book_id = t.book_id AND g.transaction_id = t.id"
# Of days alone: the legs of each account are added up in the index that holds their amounts. It knows no types, so
# what transfers and openings have in these sums is taken out again; an index of their own leads to them. Only a
# transfer has two legs on accounts: `started` counts it once, where the money left.
_OF_DAYS = """WITH leg AS (
        SELECT a.currency, sum(s.legs) AS legs, coalesce(sum(s.into), 0) AS into, coalesce(sum(s.out), 0) AS out
        FROM account a CROSS JOIN LATERAL (
            SELECT count(*) AS legs, sum(g.amount_minor) FILTER (WHERE g.amount_minor > 0) AS into,
                   sum(g.amount_minor) FILTER (WHERE g.amount_minor < 0) AS out
            FROM posting g WHERE g.book_id = $1 AND g.account_id = a.id AND g.date BETWEEN $2 AND $3) AS s
        WHERE a.book_id = $1 AND ($4::uuid IS NULL OR a.id = $4) GROUP BY a.currency
    ), moved AS (
        SELECT c.currency, count(*) AS legs, count(DISTINCT t.id) FILTER (WHERE t.type = 'transfer') AS transfers,
               count(*) FILTER (WHERE t.type = 'transfer' AND c.n = 0) AS started,
               coalesce(sum(c.amount_minor) FILTER (WHERE c.amount_minor > 0 AND {no_sum}), 0) AS into,
               coalesce(sum(c.amount_minor) FILTER (WHERE c.amount_minor < 0 AND {no_sum}), 0) AS out
        FROM transaction t JOIN posting c ON c.book_id = t.book_id AND c.transaction_id = t.id
        WHERE t.book_id = $1 AND t.type IN ('transfer', 'opening') AND t.date BETWEEN $2 AND $3
          AND c.kind = 'account' AND ($4::uuid IS NULL OR c.account_id = $4) GROUP BY c.currency
    )
    SELECT leg.currency, leg.legs - coalesce(moved.legs - moved.transfers, 0) AS count,
           leg.legs - coalesce(moved.legs - moved.started, 0) AS started,
           leg.into - coalesce(moved.into, 0) AS sum_in_minor, coalesce(moved.out, 0) - leg.out AS sum_out_minor
    FROM leg LEFT JOIN moved USING (currency) ORDER BY leg.currency"""


async def totals(pool: asyncpg.Pool, book_id: UUID, wanted: Filter) -> Totals:
    """What the filter's transactions sum to.

    Counted are the splits that match where a category is asked for, the side of the pot or account where one is,
    and else whole transactions without transfers.
    """
    of_days = wanted == Filter(account_id=wanted.account_id, first=wanted.first, last=wanted.last)
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            return await (_of_days if of_days else _of_rows)(connection, book_id, wanted)


async def _of_days(connection: asyncpg.Connection, book_id: UUID, wanted: Filter) -> Totals:
    sql = _OF_DAYS.format(no_sum="t.type = 'opening'" if wanted.account_id is not None else "true")
    days = wanted.first or date.min, wanted.last or date.max
    rows = [row for row in await connection.fetch(sql, book_id, *days, wanted.account_id) if row["count"]]
    once = "count" if wanted.account_id is not None else "started"
    return Totals(sum(int(row[once]) for row in rows), [_total(row) for row in rows])


async def _of_rows(connection: asyncpg.Connection, book_id: UUID, wanted: Filter) -> Totals:
    where = conditions(book_id, wanted)
    count = await count_of(connection, wanted, where)
    rows = await connection.fetch(_statement(where, wanted), *where.values)
    return Totals(count, [_total(row) for row in rows])


def _total(row: asyncpg.Record) -> Total:
    return Total(row["currency"], int(row["count"]), int(row["sum_in_minor"]), int(row["sum_out_minor"]))


def _statement(where: Where, wanted: Filter) -> str:
    amount, counts = "c.amount_minor", "true"
    for clause, day in (("c.date >= {}", wanted.first), ("c.date <= {}", wanted.last)):
        if day is not None:
            where.add(clause, day)  # a leg has its transaction's date, and indexes of its own
    if asked := of_splits(wanted):
        where.add("c.kind = 'category'")
        clauses, values = zip(*asked, strict=True)
        where.add(f"({' OR '.join(clauses)})", *(value for each in values for value in each))
        amount = "-c.amount_minor"  # a split's leg has the opposite sign of its amount
    elif wanted.pot_id is not None:
        where.add("c.pot_id = {}", wanted.pot_id)
    elif wanted.account_id is not None:
        where.add("c.account_id = {}", wanted.account_id)
    else:
        where.add("c.kind = 'account'")
        counts = "t.type <> 'transfer'"
    register = _REGISTER if wanted.account_id is not None else ""
    return _TOTALS.format(amount=f"({amount})", counts=counts, register=register, where=where)
