"""Rows are a projection of events: here they are made again, and compared."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_ledger.db import projection
from pfms_ledger.db.journal import Change, Journal
from pfms_ledger.domain.plan import plan_from
from pfms_ledger.domain.transaction import from_data as transaction_from
from pfms_ledger.operations import (
    accounts,
    attachments,
    categories,
    habits,
    income_sources,
    payees,
    plans,
    pots,
    rates,
    reconciliations,
    recording,
    settings,
)

BATCH = 1000
# What others refer to comes first.
_ORDER = (
    ("category",),
    ("payee",),
    ("rate",),
    ("income_source",),
    ("habit",),
    ("habit_log",),
    ("account",),
    ("ledger_settings",),
    ("pot",),
    ("reconciliation",),
    ("plan",),
    ("transaction",),
    ("recurring",),
    ("attachment",),
)
ORDER = tuple(kind for kinds in _ORDER for kind in kinds)
_CHANGES: Mapping[str, Callable[[Mapping[str, Any], str, int], Change]] = {
    "account": lambda data, event, version: accounts.change_of(accounts.from_data(data), event, version),
    "attachment": attachments.change_of,
    "category": lambda data, event, version: categories.change_of(categories.from_data(data), event, version),
    "payee": lambda data, event, version: payees.change_of(payees.from_data(data), event, version),
    "pot": lambda data, event, version: pots.change_of(pots.from_data(data), event, version),
    "ledger_settings": lambda data, _, version: settings.change_of(data, version),
    "income_source": lambda data, event, version: income_sources.change_of(
        income_sources.from_data(data), event, version
    ),
    "habit": lambda data, event, version: habits.change_of(habits.from_data(data), event, version),
    "habit_log": lambda data, _, version: habits.log_change(habits.log_from(data, version), version),
    "rate": lambda data, _, version: rates.change_of(rates.from_data(data), version),
    "plan": lambda data, event, version: plans.change_of(plan_from(data), event, version),
    "reconciliation": lambda data, event, version: reconciliations.change_of(
        reconciliations.from_data(data), event, version
    ),
    "recurring": lambda data, event, version: Change(event, UUID(data["id"]), version, dict(data)),
    "transaction": lambda data, event, version: recording.change_of(transaction_from(data), event, version),
}


def is_made_of(aggregate: str) -> bool:
    """Whether rows are made of events of this kind that a person may take back: what became of an occurrence of a
    plan follows its transaction, or it would be posted twice.
    """
    return aggregate in _CHANGES and aggregate != "recurring"


def change_of(aggregate: str, data: Mapping[str, Any], event: str, version: int) -> Change:
    """A state that an event carries, as one change of the journal."""
    return _CHANGES[aggregate](data, event, version)


async def rebuild(journal: Journal, book_id: UUID) -> int:
    """Replaces a book's rows by those its events make, and answers how many rows differed.

    Readers see the old rows until it commits, writers wait.
    """
    async with journal.begin_write(book_id) as connection:
        before = await projection.snapshot(connection, book_id)
        await projection.empty(connection, book_id)
        for aggregates in _ORDER:
            rows = await projection.newest(connection, book_id, aggregates)
            living = [row for row in rows if not row["type"].endswith(".deleted")]
            # Categories refer to each other, so they go in one statement.
            size = max(len(living), 1) if aggregates == ("category",) else BATCH
            for start in range(0, len(living), size):
                await _apply(connection, book_id, living[start : start + size])
        await projection.fill_pots(connection, book_id)
        await projection.mark_low(connection, book_id)
        after = await projection.snapshot(connection, book_id)
    return len(before ^ after)


async def _apply(connection: asyncpg.Connection, book_id: UUID, rows: Sequence[asyncpg.Record]) -> None:
    changes = [
        _CHANGES[row["aggregate_type"]](orjson.loads(row["data"]), row["type"], row["aggregate_version"])
        for row in rows
    ]
    numbers = [{"number": row["made"], "last_event": row["sequence"]} for row in rows]
    await projection.apply(connection, book_id, changes, numbers)
