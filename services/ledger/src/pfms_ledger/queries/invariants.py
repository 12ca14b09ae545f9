"""What the ledger promises of every book, as queries that must find nothing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.pot import Stretch, posted

_FAULTS = {
    "postings of a transaction do not sum to zero": """
        SELECT transaction_id FROM posting WHERE book_id = $1
        GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0""",
    "a stored balance is not the sum of its postings": """
        SELECT a.id FROM account a LEFT JOIN posting p ON p.book_id = a.book_id AND p.account_id = a.id
        WHERE a.book_id = $1 GROUP BY a.id, a.balance_minor, a.cleared_balance_minor
        HAVING a.balance_minor <> coalesce(sum(p.amount_minor), 0)
            OR a.cleared_balance_minor <> coalesce(sum(p.amount_minor) FILTER (WHERE p.cleared), 0)""",
    "an account is below its limit and does not know it, or the other way round": """
        SELECT id FROM account WHERE book_id = $1 AND is_low <>
            (low_id IS NOT NULL AND is_active AND balance_minor < low_balance_minor)""",
    "a month's sum is not the sum of its postings": """
        SELECT coalesce(m.account_id, p.account_id)
        FROM (SELECT account_id, month, sum_minor FROM account_month WHERE book_id = $1) m
        FULL JOIN (SELECT account_id, date_trunc('month', date)::date AS month, sum(amount_minor) AS sum_minor
                   FROM posting WHERE book_id = $1 AND account_id IS NOT NULL GROUP BY 1, 2) p
               ON p.account_id = m.account_id AND p.month = m.month
        WHERE coalesce(m.sum_minor, 0) <> coalesce(p.sum_minor, 0)""",
    "splits do not sum to the amount": """
        SELECT t.id FROM transaction t JOIN posting p ON p.book_id = t.book_id AND p.transaction_id = t.id
        WHERE t.book_id = $1 AND t.type NOT IN ('transfer', 'opening') AND p.kind = 'category'
        GROUP BY t.id, t.amount_minor HAVING -sum(p.amount_minor) <> t.amount_minor""",
    "the book's numbers have a gap": """
        SELECT h.stream_id FROM stream_head h JOIN event e ON e.stream_id = h.stream_id WHERE h.stream_id = $1
        GROUP BY h.stream_id, h.sequence
        HAVING count(*) <> h.sequence OR min(e.sequence) <> 1 OR max(e.sequence) <> h.sequence""",
    "versions of something have a gap": """
        SELECT aggregate_id FROM event WHERE stream_id = $1
        GROUP BY aggregate_id HAVING count(*) <> max(aggregate_version)""",
    "a transaction of a plan is not the one of an occurrence": """
        SELECT t.id FROM transaction t JOIN event e ON e.stream_id = t.book_id AND e.sequence = t.last_event
        JOIN plan p ON p.book_id = t.book_id AND p.id = (e.data ->> 'plan_id')::uuid
        LEFT JOIN plan_occurrence o ON o.book_id = t.book_id AND o.plan_id = p.id AND o.transaction_id = t.id
             AND o.nominal_date = (e.data ->> 'plan_date')::date AND o.state = 'posted'
        WHERE t.book_id = $1 AND t.source = 'recurring' AND o.plan_id IS NULL""",
    "a row's version is not that of its newest event": """
        SELECT t.id FROM transaction t JOIN event e ON e.stream_id = t.book_id AND e.sequence = t.last_event
        WHERE t.book_id = $1 AND (e.aggregate_id <> t.id OR e.aggregate_version <> t.version)""",
}


async def faults(pool: asyncpg.Pool, book_id: UUID) -> list[str]:
    """What is broken in this book, in words; empty when everything holds."""
    found: list[str] = []
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            for fault, statement in _FAULTS.items():
                ids = [str(row[0]) for row in await connection.fetch(statement, book_id)]
                found += _told(fault, ids)
            for fault, pots in (await _wrong_pots(connection, book_id)).items():
                found += _told(fault, pots)
    return found


def _told(fault: str, ids: Sequence[str]) -> list[str]:
    return [f"{fault}: {', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}"] if ids else []


# One statement, so that writers in between mix no two moments.
_POTS = """
    SELECT 'pot' AS what, id, NULL::date AS month, balance_minor AS first, account_paid_minor AS second,
           NULL::date AS day, NULL::bigint AS number FROM pot WHERE book_id = $1
    UNION ALL SELECT 'month', pot_id, month, sum_minor, low_minor, NULL, NULL FROM pot_month WHERE book_id = $1
    UNION ALL SELECT 'posting', pot_id, date_trunc('month', date)::date, amount_minor, NULL, date, number
              FROM posting WHERE book_id = $1 AND pot_id IS NOT NULL
    ORDER BY id, month, day, number"""


async def _wrong_pots(connection: asyncpg.Connection, book_id: UUID) -> dict[str, list[str]]:
    """Pots and their months that differ from a fold over their postings, by the rule itself and not the SQL's."""
    rows = await connection.fetch(_POTS, book_id)
    folded: defaultdict[tuple[UUID, date], Stretch] = defaultdict(Stretch)
    whole: defaultdict[UUID, Stretch] = defaultdict(Stretch)
    for row in rows:
        if row["what"] == "posting":
            key, change = (row["id"], row["month"]), posted(row["first"])
            folded[key] = folded[key].then(change)
            whole[row["id"]] = whole[row["id"]].then(change)
    months = {
        (row["id"], row["month"]): Stretch(row["first"], row["second"])
        for row in rows
        if row["what"] == "month"
    }
    wrong = [
        str(row["id"])
        for row in rows
        if row["what"] == "pot"
        and (row["first"], row["second"])
        != (whole[row["id"]].balance_minor, whole[row["id"]].account_paid_minor)
    ]
    differing = {str(pot_id) for (pot_id, _), _ in folded.items() ^ months.items()}
    return {
        "a pot's balance is not what its postings in order leave in it": wrong,
        "a pot's month is not what its postings in it did": sorted(differing),
    }
