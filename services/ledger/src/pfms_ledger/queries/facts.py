"""What hot writes must know before they call `append`: an account's currency, a payee's id.

Remembered in bounded maps. None can mislead: a currency never changes, and `append` compares both with the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from pfms_common.problem import NotFound
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope

KEPT = 50_000

_CURRENCIES = "SELECT id, currency FROM account WHERE book_id = $1 AND id = ANY ($2)"
_PAYEES = "SELECT name_folded, id, name FROM payee WHERE book_id = $1 AND name_folded = ANY ($2)"
_BY_ALIAS = """SELECT a.name_folded, p.id, p.name
    FROM payee_alias a JOIN payee p ON p.book_id = a.book_id AND p.id = a.payee_id
    WHERE a.book_id = $1 AND a.name_folded = ANY ($2)"""
_ZONE = "SELECT timezone FROM book WHERE book_id = $1 AND book_id = ANY ($2)"
_BASE = "SELECT base_currency FROM book WHERE book_id = $1 AND book_id = ANY ($2)"
_ON_BUDGET = "SELECT id, on_budget FROM account WHERE book_id = $1 AND id = ANY ($2)"


@dataclass(slots=True)
class Facts:
    """One per service process."""

    pool: asyncpg.Pool
    _currencies: dict[tuple[UUID, UUID], str] = field(default_factory=dict)
    _payees: dict[tuple[UUID, str], tuple[UUID, str]] = field(default_factory=dict)
    _bases: dict[UUID, str] = field(default_factory=dict)

    async def currency(self, book_id: UUID, account_id: UUID, path: str) -> str:
        """The currency of one account of the book; `path` is the input field that names it."""
        key = (book_id, account_id)
        if key not in self._currencies:
            _keep(
                self._currencies,
                key,
                (await self._account(_CURRENCIES, book_id, account_id, path))["currency"],
            )
        return self._currencies[key]

    async def payees(self, book_id: UUID, folded: Sequence[str]) -> dict[str, tuple[UUID, str]]:
        """Folded name or alias → id and name, for those that there are. Aliases are always read: a payee found by
        one may have another name by now, and nothing would tell.
        """
        missing = [name for name in set(folded) if (book_id, name) not in self._payees]
        if missing:
            for row in await self._rows(_PAYEES, book_id, missing):
                _keep(self._payees, (book_id, row["name_folded"]), (row["id"], row["name"]))
        known = {name: self._payees[book_id, name] for name in folded if (book_id, name) in self._payees}
        if unknown := [name for name in set(folded) if name not in known]:
            for row in await self._rows(_BY_ALIAS, book_id, unknown):
                known[row["name_folded"]] = (row["id"], row["name"])
        return known

    def forget_payees(self, book_id: UUID, folded: Sequence[str]) -> None:
        """A remembered payee was renamed or deleted."""
        for name in folded:
            self._payees.pop((book_id, name), None)

    async def on_budget(self, book_id: UUID, account_id: UUID, path: str) -> bool:
        """May change at any time, so it is always read."""
        on_budget: bool = (await self._account(_ON_BUDGET, book_id, account_id, path))["on_budget"]
        return on_budget

    async def zone(self, book_id: UUID) -> str:
        """The book's IANA zone; UTC until auth has told it. Always read, since it may change."""
        found = await self._rows(_ZONE, book_id, [book_id])
        return found[0]["timezone"] if found else "UTC"

    async def base_currency(self, book_id: UUID) -> str | None:
        """The book's currency, which never changes; None until auth has told it."""
        if book_id not in self._bases:
            found = await self._rows(_BASE, book_id, [book_id])
            if not found:
                return None
            _keep(self._bases, book_id, found[0]["base_currency"])
        return self._bases[book_id]

    async def _account(self, statement: str, book_id: UUID, account_id: UUID, path: str) -> asyncpg.Record:
        found = await self._rows(statement, book_id, [account_id])
        if not found:
            raise NotFound(
                "There is no such account in this book.",
                errors={path: ["there is no such account in this book"]},
            )
        return found[0]

    async def _rows(
        self, statement: str, book_id: UUID, wanted: list[UUID] | list[str]
    ) -> list[asyncpg.Record]:
        with scope(books=[book_id]):
            async with connection_of(self.pool) as connection, connection.transaction():
                rows: list[asyncpg.Record] = await connection.fetch(statement, book_id, wanted)
                return rows


def _keep[K, V](kept: dict[K, V], key: K, value: V) -> None:
    """Remembers; at the bound the oldest tenth is let go."""
    if len(kept) >= KEPT:
        for old in list(kept)[: KEPT // 10]:
            del kept[old]
    kept[key] = value
