"""Totals of a filtered list of transactions, by currency."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.queries.transactions import Filter, Where, conditions, of_splits


@dataclass(frozen=True, slots=True)
class Total:
    """Of one currency: how many transactions, and what came in and went out, both in minor units and positive."""

    currency: str
    count: int
    sum_in_minor: int
    sum_out_minor: int


# Sums are NUMERIC, which no number of amounts can overflow. A transfer is neither income nor outflow, but in one
# account's list each of its legs is.
_TOTALS = """SELECT c.currency, count(DISTINCT t.id) AS count,
        coalesce(sum({amount}) FILTER (WHERE {amount} > 0 AND {counts}), 0) AS sum_in_minor,
        coalesce(-sum({amount}) FILTER (WHERE {amount} < 0 AND {counts}), 0) AS sum_out_minor
    FROM transaction t JOIN posting c ON c.book_id = t.book_id AND c.transaction_id = t.id {register}
    WHERE {where} GROUP BY c.currency ORDER BY c.currency"""
_REGISTER = "JOIN posting g ON g.book_id = t.book_id AND g.transaction_id = t.id"


async def totals(pool: asyncpg.Pool, book_id: UUID, wanted: Filter) -> list[Total]:
    """What the filter's transactions sum to.

    Counted are the splits that match where a category is asked for, the side of the pot or account where one is,
    and else whole transactions without transfers.
    """
    where = conditions(book_id, wanted)
    sql = _statement(where, wanted)
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(sql, *where.values)
    return [
        Total(row["currency"], row["count"], int(row["sum_in_minor"]), int(row["sum_out_minor"]))
        for row in rows
    ]


def _statement(where: Where, wanted: Filter) -> str:
    amount, counts = "c.amount_minor", "true"
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
