"""Series of payments that no plan made, for the detection of what repeats."""

from collections import defaultdict
from dataclasses import asdict
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.detection import Payment, detect

# The newest are enough; what an active plan of the same payee, account and direction covers is recorded already.
_PAYMENTS = """SELECT g.account_id, t.payee_id, y.name AS payee, g.currency, t.date, g.amount_minor
    FROM transaction t
    JOIN posting g ON g.book_id = t.book_id AND g.transaction_id = t.id AND g.kind = 'account'
    JOIN payee y ON y.book_id = t.book_id AND y.id = t.payee_id
    WHERE t.book_id = $1 AND t.type = 'standard' AND t.payee_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM plan_occurrence o WHERE o.book_id = t.book_id AND o.transaction_id = t.id)
      AND NOT EXISTS (SELECT FROM plan p WHERE p.book_id = t.book_id AND p.is_active AND p.account_id = g.account_id
                      AND (p.state -> 'template' ->> 'payee_id')::uuid = t.payee_id
                      AND sign((p.state -> 'template' ->> 'amount_minor')::bigint) = sign(g.amount_minor))
    ORDER BY t.date DESC, t.number DESC LIMIT 20000"""


class Series(NamedTuple):
    """Whose payments: of one payee, on one account, in one direction."""

    payee: str
    payee_id: UUID
    account_id: UUID
    currency: str
    kind: str


async def series(pool: asyncpg.Pool, book_id: UUID) -> dict[Series, list[Payment]]:
    found: dict[Series, list[Payment]] = defaultdict(list)
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            for row in await connection.fetch(_PAYMENTS, book_id):
                kind = "income" if row["amount_minor"] > 0 else "expense"
                key = Series(row["payee"], row["payee_id"], row["account_id"], row["currency"], kind)
                found[key].append(Payment(row["date"], row["amount_minor"]))
    return found


def repeating(payments: dict[Series, list[Payment]], today: date) -> list[dict[str, Any]]:
    """What repeats, the most payments first."""
    items = [
        {
            **whose._asdict(),
            **asdict(found),
            "seems_over": (today - found.last_date).days > 2 * found.interval_days + 7,
        }
        for whose, made in payments.items()
        if (found := detect(made)) is not None
    ]
    return sorted(items, key=lambda item: (item["seems_over"], -item["payments"], item["payee"]))
