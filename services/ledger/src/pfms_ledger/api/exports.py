"""/exports: the whole book in formats that other programs read."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field

from pfms_common.input import Id, Output
from pfms_common.principal import Principal
from pfms_common.problem import NotFound
from pfms_common.web import StrictRoute, Viewer
from pfms_ledger.adapters.exports import beancount, book_json, hledger, ofx, table
from pfms_ledger.adapters.exports.accounts import Names
from pfms_ledger.api.deps import LedgerDep
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.operations.restoring import KINDS
from pfms_ledger.queries import export as queries
from pfms_ledger.queries.export import Snapshot

router = APIRouter(prefix="/exports", tags=["Exports"], route_class=StrictRoute)


class ExportedThing(Output):
    event: str = Field(description="what makes it", examples=["transaction.created"])
    data: dict[str, Any] = Field(
        description="its state, as that event carries it; the id of what a book has one of is zero"
    )


class ExportedBook(Output):
    format: Literal["pfms-json"]
    version: int = Field(description="of the format", examples=[1])
    exported_at: datetime
    base_currency: str | None = Field(description="of the book; null: not known here yet", examples=["EUR"])
    things: list[ExportedThing] = Field(description="those that others refer to first")


CSV, JSON, OFX, TEXT = "text/csv", "application/json", "application/x-ofx", "text/plain"


def _told(kind: str, what: str) -> dict[int | str, dict[str, Any]]:
    """A file as OpenAPI describes it."""
    file = {kind: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"content": file, "description": what}}


@router.get(
    "/csv",
    response_class=StreamingResponse,
    summary="Transactions as a table",
    responses=_told(CSV, "UTF-8 with a byte order mark; amounts are decimals in the account's currency"),
)
async def export_csv(principal: Viewer, ledger: LedgerDep) -> StreamingResponse:
    """One line a split, oldest first; the lines of an account, opening balance included, add up to its balance. Text
    that a spreadsheet would take for a formula has an apostrophe before it.
    """

    async def pieces(book: Snapshot) -> AsyncIterator[str]:
        chart = await book.chart()
        yield table.head()
        async for entries in book.entries():
            yield table.text_of(entries, chart)

    return await _file(ledger, principal, pieces, CSV, "transactions.csv")


@router.get(
    "/json",
    response_class=StreamingResponse,
    summary="Everything, to be restored",
    responses={200: {"model": ExportedBook, "description": "one object, streamed"}},
)
async def export_json(principal: Viewer, ledger: LedgerDep) -> StreamingResponse:
    """The state of every thing of the ledger, as `POST /restores` takes it; no deleted things, no attached files."""

    async def pieces(book: Snapshot) -> AsyncIterator[str]:
        yield book_json.head(ledger.now(), await book.base_currency())
        first = True
        async for things in book.things(KINDS):
            yield book_json.text_of(things, first=first)
            first = first and not things
        yield book_json.FOOT

    return await _file(ledger, principal, pieces, JSON, "book.json")


@router.get(
    "/accounts/{account_id}/ofx",
    response_class=StreamingResponse,
    summary="One account as a bank would give it",
    responses=_told(OFX, "OFX 2.2"),
)
async def export_ofx(account_id: Id, principal: Viewer, ledger: LedgerDep) -> StreamingResponse:
    """Its transactions, oldest first, and its balance; the opening balance is no transaction."""
    today = await ledger.today_in(principal.book_id)

    async def pieces(book: Snapshot) -> AsyncIterator[str]:
        account = (await book.chart()).accounts.get(account_id)
        if account is None:
            raise NotFound("There is no such account in this book.")
        yield ofx.head(account, today)
        async for entries in book.entries(account_id):
            yield ofx.text_of(entries, account)
        yield ofx.foot(account, today)

    return await _file(ledger, principal, pieces, OFX, "account.ofx")


@router.get(
    "/hledger",
    response_class=StreamingResponse,
    summary="A journal for hledger",
    responses=_told(TEXT, "hledger's journal format, in UTF-8"),
)
async def export_hledger(principal: Viewer, ledger: LedgerDep) -> StreamingResponse:
    """Every leg of the double entry: hledger finds the same balances as `/balances`."""

    async def pieces(book: Snapshot) -> AsyncIterator[str]:
        chart = await book.chart()
        names = Names(chart, hledger.part)
        yield hledger.head(chart, names)
        async for entries in book.entries():
            yield hledger.text_of(entries, names)

    return await _file(ledger, principal, pieces, TEXT, "book.journal")


@router.get(
    "/beancount",
    response_class=StreamingResponse,
    summary="A ledger for beancount",
    responses=_told(TEXT, "beancount's language, in UTF-8"),
)
async def export_beancount(principal: Viewer, ledger: LedgerDep) -> StreamingResponse:
    """Every leg of the double entry: beancount finds the same balances as `/balances`."""

    async def pieces(book: Snapshot) -> AsyncIterator[str]:
        chart = await book.chart()
        names = Names(chart, beancount.part)
        yield beancount.head(names, await book.base_currency())
        async for entries in book.entries():
            yield beancount.text_of(entries, names)

    return await _file(ledger, principal, pieces, TEXT, "book.beancount")


async def _file(
    ledger: Ledger,
    principal: Principal,
    pieces: Callable[[Snapshot], AsyncIterator[str]],
    kind: str,
    name: str,
) -> StreamingResponse:
    """A download, streamed from one snapshot. The first piece is made before the answer begins, so that what is
    refused is a refusal and no broken file.
    """
    stack = AsyncExitStack()
    try:
        book = await stack.enter_async_context(queries.snapshot(ledger.exports, principal.book_id))
        made = pieces(book)
        first = await anext(made)
    except BaseException:
        await stack.aclose()
        raise

    async def stream() -> AsyncIterator[bytes]:
        async with stack:
            yield first.encode()
            async for piece in made:
                yield piece.encode()

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(stream(), 200, headers, kind if kind == JSON else f"{kind}; charset=utf-8")
