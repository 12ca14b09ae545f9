"""The floor under reading: FastAPI and the same prepared select on asyncpg, without sign-in, row-level security,
limits or a transaction. Its server, its pool and what it selects are the product's.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Response

from pfms_common.sql import pool_size

_PAGE = """
    SELECT t.date, t.number, (e.data || jsonb_build_object('version', t.version, 'payee', p.name, 'related_deleted',
        t.related_transaction_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM transaction o WHERE o.book_id = t.book_id AND o.id = t.related_transaction_id)))::text
        AS document
    FROM transaction t JOIN event e ON e.stream_id = t.book_id AND e.sequence = t.last_event
    LEFT JOIN payee p ON p.book_id = t.book_id AND p.id = t.payee_id
    WHERE t.book_id = $1 AND t.type <> 'opening' ORDER BY t.date DESC, t.number DESC LIMIT $2"""
_MONTH = "SELECT document FROM budget_months($1, $2, $2, 1, true, 0)"


@asynccontextmanager
async def select_app(ledger: str, budget: str) -> AsyncIterator[FastAPI]:
    """GET /transactions/{book} and GET /budgets/{book}/{day} on these databases, whose address is a superuser's."""
    app = FastAPI()
    async with _pool(ledger) as transactions, _pool(budget) as budgets:

        @app.get("/readyz")
        async def ready() -> dict[str, str]:
            return {}

        @app.get("/transactions/{book}")
        async def page(book: UUID, limit: int = 50) -> Response:
            rows = await transactions.fetch(_PAGE, book, limit + 1)
            items = b", ".join([row["document"].encode() for row in rows[:limit]])
            return Response(b'{"items": [' + items + b"]}", media_type="application/json")

        @app.get("/budgets/{book}/{day}")
        async def month(book: UUID, day: date) -> Response:
            return Response(await budgets.fetchval(_MONTH, book, day), media_type="application/json")

        yield app


def _pool(url: str) -> asyncpg.Pool:
    return asyncpg.create_pool(url, min_size=0, max_size=pool_size())
