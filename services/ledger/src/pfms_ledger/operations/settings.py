"""Setting what a book's ledger goes by."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from pfms_common.idempotency import Written
from pfms_common.principal import Principal
from pfms_events.event import derived_id
from pfms_ledger.db.journal import Change, Ref, append
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import settings as queries
from pfms_ledger.queries.settings import Settings

EVENT = "ledger_settings.updated"


async def put(
    ledger: Ledger, principal: Principal, wanted: Settings, check: Callable[[int], None]
) -> tuple[Settings, Written]:
    """Sets all of it. The default account must be open; one that is closed later is refused when it is used."""
    book_id, default_account_id = principal.book_id, wanted.default_account_id
    refs = []
    if default_account_id is not None:
        currency = await ledger.facts.currency(book_id, default_account_id, "default_account_id")
        refs = [Ref("account", default_account_id, "default_account_id", currency)]
    async with ledger.journal.begin_write(book_id) as connection:
        before = await queries.settings(connection, book_id)
        check(before.version)
        newest = await queries.newest_version(connection, book_id, derived_id(book_id, EVENT))
        after = replace(wanted, version=newest + 1)
        data = {
            "id": derived_id(book_id, EVENT),
            "default_account_id": default_account_id,
            "shares": after.shares,
        }
        change = change_of(data, after.version)
        written = await append(connection, book_id, [change], actor=principal.user_id, refs=refs)
    return after, written


def change_of(data: Mapping[str, Any], version: int) -> Change:
    return Change(EVENT, UUID(str(data["id"])), version, dict(data))
