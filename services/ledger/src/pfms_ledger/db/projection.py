"""Making a book's rows again from its events, by the same SQL that made them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_ledger.db.journal import Change, element_of, kinds_of

# Rows in an order that a comparison can rely on; each as one text.
_SNAPSHOT = {
    "attachment": "SELECT to_jsonb(r)::text FROM attachment r WHERE book_id = $1 ORDER BY id",
    "account": "SELECT to_jsonb(r)::text FROM account r WHERE book_id = $1 ORDER BY id",
    "account_month": "SELECT to_jsonb(r)::text FROM account_month r WHERE book_id = $1 AND sum_minor <> 0"
    " ORDER BY account_id, month",
    "category": "SELECT to_jsonb(r)::text FROM category r WHERE book_id = $1 ORDER BY id",
    "pot": "SELECT to_jsonb(r)::text FROM pot r WHERE book_id = $1 ORDER BY id",
    "pot_month": "SELECT to_jsonb(r)::text FROM pot_month r WHERE book_id = $1 ORDER BY pot_id, month",
    "payee": "SELECT to_jsonb(r)::text FROM payee r WHERE book_id = $1 ORDER BY id",
    "ledger_settings": "SELECT to_jsonb(r)::text FROM ledger_settings r WHERE book_id = $1",
    "payee_alias": "SELECT to_jsonb(r)::text FROM payee_alias r WHERE book_id = $1 ORDER BY name_folded",
    "income_source": "SELECT to_jsonb(r)::text FROM income_source r WHERE book_id = $1 ORDER BY id",
    "habit": "SELECT to_jsonb(r)::text FROM habit r WHERE book_id = $1 ORDER BY id",
    "habit_log": "SELECT to_jsonb(r)::text FROM habit_log r WHERE book_id = $1 ORDER BY id",
    "rate": "SELECT to_jsonb(r)::text FROM rate r WHERE book_id = $1 ORDER BY id",
    "transaction": "SELECT to_jsonb(r)::text FROM transaction r WHERE book_id = $1 ORDER BY id",
    "posting": "SELECT to_jsonb(r)::text FROM posting r WHERE book_id = $1 ORDER BY transaction_id, n",
    "transaction_tag": "SELECT to_jsonb(r)::text FROM transaction_tag r WHERE book_id = $1"
    " ORDER BY tag, transaction_id",
    "reconciliation": "SELECT to_jsonb(r)::text FROM reconciliation r WHERE book_id = $1 ORDER BY id",
    "reconciliation_tick": "SELECT to_jsonb(r)::text FROM reconciliation_tick r WHERE book_id = $1"
    " ORDER BY reconciliation_id, transaction_id",
    # What the job notes is none of the events' business.
    "plan": "SELECT (to_jsonb(r) - ARRAY['wake_on', 'open_from', 'problem'])::text FROM plan r WHERE book_id = $1"
    " ORDER BY id",
    "plan_category": "SELECT to_jsonb(r)::text FROM plan_category r WHERE book_id = $1 ORDER BY plan_id, category_id",
    "plan_occurrence": "SELECT to_jsonb(r)::text FROM plan_occurrence r WHERE book_id = $1"
    " ORDER BY plan_id, nominal_date",
}
_EMPTYING = (
    "reconciliation_tick",
    "reconciliation",
    "plan_occurrence",
    "plan_category",
    "plan",
    "ledger_settings",
    "attachment",
    "transaction_tag",
    "posting",
    "pot_month",
    "account_month",
    "transaction",
    "pot",
    "account",
    "category",
    "payee_alias",
    "payee",
    "rate",
    "income_source",
    "habit_log",
    "habit",
)
_NEWEST = """
    SELECT DISTINCT ON (aggregate_id)
           aggregate_id, aggregate_type, type, aggregate_version, sequence, data::text AS data,
           min(sequence) OVER (PARTITION BY aggregate_id) AS made
    FROM event WHERE stream_id = $1 AND aggregate_type = ANY ($2)
    ORDER BY aggregate_id, aggregate_version DESC"""


async def snapshot(connection: asyncpg.Connection, book_id: UUID) -> set[tuple[str, str]]:
    """Every row of the book as (table, JSON)."""
    return {
        (table, row[0])
        for table, statement in _SNAPSHOT.items()
        for row in await connection.fetch(statement, book_id)
    }


async def empty(connection: asyncpg.Connection, book_id: UUID) -> None:
    for table in _EMPTYING:
        await connection.execute(f"DELETE FROM {table} WHERE book_id = $1", book_id)


async def fill_pots(connection: asyncpg.Connection, book_id: UUID) -> None:
    """Derives what is in each pot, once all postings are there."""
    await connection.execute(
        """SELECT fill_pots($1, array_agg(pot_id), array_agg(month)) FROM (
            SELECT DISTINCT pot_id, date_trunc('month', date)::date AS month FROM posting
            WHERE book_id = $1 AND pot_id IS NOT NULL) AS filled HAVING count(*) > 0""",
        book_id,
    )


async def mark_low(connection: asyncpg.Connection, book_id: UUID) -> None:
    """Says which accounts are below their limits, as `append` did when it told of them."""
    await connection.execute(
        """UPDATE account SET is_low = true
        WHERE book_id = $1 AND low_id IS NOT NULL AND is_active AND balance_minor < low_balance_minor""",
        book_id,
    )


async def newest(
    connection: asyncpg.Connection, book_id: UUID, aggregates: Sequence[str]
) -> list[asyncpg.Record]:
    """The newest event of each aggregate of these types, with the number of its first."""
    rows: list[asyncpg.Record] = await connection.fetch(_NEWEST, book_id, list(aggregates))
    return rows


async def apply(
    connection: asyncpg.Connection,
    book_id: UUID,
    changes: Sequence[Change],
    numbers: Sequence[dict[str, Any]],
) -> None:
    """Applies changes whose numbers are known: `number` of the making event, `last_event`."""
    elements = [element_of(change, None, {}) for change in changes]
    for element, known in zip(elements, numbers, strict=True):
        if "entry" in element:
            element["entry"] = {**element["entry"], **known}
    await connection.execute(
        "SELECT apply_changes($1, 0, $2, '{}', $3::text::jsonb)",
        book_id,
        kinds_of(changes),
        orjson.dumps(elements, default=str).decode(),
    )
