"""Fills books with transactions by SQL, as the product would have left them, faster than it could."""

from datetime import date
from uuid import UUID

import asyncpg

from bench.people import Household

FIRST_DAY, LAST_DAY = date(2023, 11, 1), date(2026, 10, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
ROWS_AT_ONCE = 50_000

# law scope: everything is of book $1
_EVENTS = """
    WITH n AS (SELECT i, gen_random_uuid() AS id, ($5::date + (i % $6)::int) AS day, -(100 + i % 9900) AS amount
               FROM generate_series($7::bigint, $8::bigint) AS i),
    said AS (
        INSERT INTO event (stream_id, sequence, id, type, schema_version, aggregate_type, aggregate_id,
                           aggregate_version, actor, trace, mode, occurred_at, data)
        SELECT $1, i, gen_random_uuid(), 'transaction.created', 1, 'transaction', id, 1, $2, '{}', 'live',
            now() + i * interval '1 microsecond',
            jsonb_build_object('id', id, 'type', 'standard', 'kind', 'expense', 'status', 'cleared', 'date', day,
                'amount_minor', amount, 'currency', 'EUR', 'account_id', $3::uuid, 'from', NULL, 'to', NULL,
                'payee', 'Corner Shop', 'payee_id', $4::uuid, 'description', NULL, 'note', 'receipt ' || i,
                'splits', jsonb_build_array(
                    jsonb_build_object('id', gen_random_uuid(), 'category_id', NULL, 'amount_minor', amount + 50,
                                       'memo', NULL, 'tags', '[]'::jsonb),
                    jsonb_build_object('id', gen_random_uuid(), 'category_id', NULL, 'amount_minor', -50,
                                       'memo', NULL, 'tags', '[]'::jsonb)),
                'tags', '[]'::jsonb, 'related_transaction_id', NULL, 'excluded_from_budget', false,
                'counts_next_period', false, 'source', 'manual', 'import_id', NULL, 'bank_id', NULL,
                'created_by', $2::uuid)
        FROM n
    ), entry AS (
        INSERT INTO transaction (book_id, id, type, status, date, amount_minor, payee_id, source, number, last_event,
                                 version, searched)
        SELECT $1, id, 'standard', 'cleared', day, amount, $4, 'manual', i, i, 1,
               CASE WHEN $9 THEN ' corner shop receipt ' || i END
        FROM n
    )
    INSERT INTO posting (book_id, transaction_id, n, kind, account_id, amount_minor, currency, date, number, cleared)
    SELECT $1, id, p.n, CASE p.n WHEN 0 THEN 'account' ELSE 'category' END, CASE p.n WHEN 0 THEN $3::uuid END,
           CASE p.n WHEN 0 THEN amount WHEN 1 THEN -amount - 50 ELSE 50 END, 'EUR', day, i, true
    FROM n, generate_series(0, 2) AS p (n)
"""
_SUMS = """
    INSERT INTO account_month AS m (book_id, account_id, month, sum_minor)
    SELECT book_id, account_id, date_trunc('month', date)::date, sum(amount_minor)
    FROM posting WHERE book_id = $1 AND account_id IS NOT NULL AND number >= $2
    GROUP BY book_id, account_id, date_trunc('month', date)::date
    ON CONFLICT (book_id, account_id, month) DO UPDATE SET sum_minor = m.sum_minor + excluded.sum_minor
"""
_BALANCES = """
    UPDATE account SET balance_minor = s.whole, cleared_balance_minor = s.whole
    FROM (SELECT account_id, sum(sum_minor) AS whole FROM account_month WHERE book_id = $1 GROUP BY account_id) AS s
    WHERE book_id = $1 AND id = s.account_id
"""
_UNSENT = """
    INSERT INTO unsent (occurred_at, stream_id, sequence)
    SELECT occurred_at, stream_id, sequence FROM event WHERE stream_id = $1 AND sequence >= $2
"""


async def transactions(
    admin: asyncpg.Connection,
    household: Household,
    amount: int,
    *,
    unsent: bool = False,
    vacuum: bool = True,
    searched: bool = False,
) -> None:
    """Adds that many transactions with two splits, over three years.

    `unsent`: the relay has them to send; `searched`: free text finds them, which takes most of the time.

    The superuser's session skips triggers and foreign keys: what is written is known to hold.
    """
    book = household.book_id
    first = 1 + await admin.fetchval("SELECT sequence FROM stream_head WHERE stream_id = $1", book)
    payee: UUID = await admin.fetchval("SELECT id FROM payee WHERE book_id = $1", book)
    async with admin.transaction():
        await admin.execute("SET LOCAL session_replication_role = replica")
        for start in range(first, first + amount, ROWS_AT_ONCE):
            last = min(start + ROWS_AT_ONCE, first + amount) - 1
            people = (book, household.person.user_id, UUID(household.account_id), payee)
            await admin.execute(_EVENTS, *people, FIRST_DAY, DAYS, start, last, searched)
        await admin.execute(_SUMS, book, first)
        await admin.execute(_BALANCES, book)
        await admin.execute(
            "UPDATE stream_head SET sequence = $2 WHERE stream_id = $1", book, first + amount - 1
        )
        if unsent:
            await admin.execute(_UNSENT, book, first)
    for table in ("event", "transaction", "posting", "account_month") if vacuum else ():
        await admin.execute(f"VACUUM (ANALYZE) {table}")


# law scope: everything is of book $1
_MONTHS = """
    INSERT INTO month SELECT $1, m::date, (m + interval '1 month - 1 day')::date, to_char(m, 'YYYY-MM'), 100000,
        240000, 0, 0, 180000, 175250, 0, 0, 0, 0, 0, 60000, now()
    FROM generate_series($2::date, $3::date, interval '1 month') AS m
"""
_LINES = """
    INSERT INTO month_line SELECT $1, m.first_day, c.id, 30000, 25000, 0, 5000, 12, 'surplus'
    FROM month m, (SELECT gen_random_uuid() AS id FROM generate_series(1, $2)) AS c WHERE m.book_id = $1
"""
_COPIES = """
    INSERT INTO transaction SELECT $1, gen_random_uuid(), 1, jsonb_build_array(jsonb_build_object(
        'day', $2::date + (i % $3)::int, 'account_id', gen_random_uuid(), 'kind', 'category', 'minor', -1250))
    FROM generate_series(1, $4::int) AS i
"""


async def months(admin: asyncpg.Connection, book: UUID, amount: int, *, lines: int = 40) -> None:
    """A budget of three years with that many transactions behind it and that many lines a month."""
    await admin.execute(_MONTHS, book, FIRST_DAY, LAST_DAY)
    await admin.execute(_LINES, book, lines)
    await admin.execute(_COPIES, book, FIRST_DAY, DAYS, amount)
    await admin.execute(
        "INSERT INTO progress (stream_id, consumer, producer, applied_through)"
        " VALUES ($1, 'budget.ledger', 'ledger', $2)",
        book,
        amount,
    )
    for table in ("month", "month_line", "transaction", "progress"):
        await admin.execute(f"VACUUM (ANALYZE) {table}")
