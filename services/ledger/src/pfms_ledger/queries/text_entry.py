"""What a book has that a line of text may name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from pfms_ledger.domain.names import fold
from pfms_ledger.domain.text_names import Named

_ACCOUNTS = "SELECT id, name, currency FROM account WHERE book_id = $1 AND is_active"
_CATEGORIES = "SELECT id, name, name_folded, key, type FROM category WHERE book_id = $1 AND NOT is_archived"
# A few are enough to see that a beginning is not of one name alone.
_PAYEES = """SELECT p.id, p.name, n.name_folded FROM (
        (SELECT id, name_folded FROM payee
         WHERE book_id = $1 AND $2 <> '' AND name_folded ^@ $2 ORDER BY name_folded LIMIT 5)
        UNION ALL
        (SELECT payee_id, name_folded FROM payee_alias
         WHERE book_id = $1 AND $2 <> '' AND name_folded ^@ $2 ORDER BY name_folded LIMIT 5)) AS n (id, name_folded)
    JOIN payee p ON p.book_id = $1 AND p.id = n.id AND p.is_active"""


@dataclass(frozen=True, slots=True)
class Known:
    """Open accounts with their currencies, categories by type, and payees whose names or aliases begin so."""

    accounts: Sequence[Named]
    currencies: Mapping[UUID, str]
    categories: Mapping[str, Sequence[Named]]
    payees: Sequence[Named]


async def known(connection: asyncpg.Connection, book_id: UUID, payee: str) -> Known:
    """All of it but payees, of which there may be many: those alone whose folded name begins with `payee`."""
    accounts = await connection.fetch(_ACCOUNTS, book_id)
    categories: dict[str, list[Named]] = {"expense": [], "income": []}
    for row in await connection.fetch(_CATEGORIES, book_id):
        names = {row["name_folded"], (row["key"] or "").replace("_", " ")} - {""}
        categories[row["type"]] += [Named(row["id"], row["name"], name) for name in names]
    payees = await connection.fetch(_PAYEES, book_id, payee)
    return Known(
        [Named(row["id"], row["name"], fold(row["name"])) for row in accounts],
        {row["id"]: row["currency"] for row in accounts},
        categories,
        [Named(row["id"], row["name"], row["name_folded"]) for row in payees],
    )
