"""/accounts/{id}/reconciliations: agreeing with a bank statement."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_common.idempotency import Answer, Written
from pfms_common.input import Day, Id, Input, Minor, Output
from pfms_common.principal import Principal
from pfms_common.web import (
    Claimed,
    Editor,
    IfMatch,
    MustClaim,
    StrictRoute,
    Tx,
    Viewer,
    answer,
    check_version,
    found,
)
from pfms_ledger.api.deps import (
    CursorParam,
    CursorsDep,
    DeletedVersion,
    LedgerDep,
    Limit,
    answer_of,
    gone,
    refuse_null,
    written,
)
from pfms_ledger.operations import reconciliations as operations
from pfms_ledger.operations.reconciliations import Standing
from pfms_ledger.operations.recording import Recorded
from pfms_ledger.queries import accounts as account_queries
from pfms_ledger.queries import reconciliations as queries

router = APIRouter(
    prefix="/accounts/{account_id}/reconciliations", tags=["Reconciling"], route_class=StrictRoute
)
Ids = Annotated[list[Id], Field(max_length=1000)]
LAST_ID = UUID(int=2**128 - 1)


class ReconciliationIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    statement_date: Day = Field(description="the last day of the bank's statement")
    statement_balance_minor: Minor = Field(
        description="its balance at the end of that day, in minor units of the account's currency; what is owed is"
        " negative",
        examples=[128_350],
    )


class ReconciliationPatch(Input):
    statement_date: Day | None = Field(None, description="the last day of the bank's statement")
    statement_balance_minor: Minor | None = Field(
        None, description="its balance at the end of that day, in minor units", examples=[128_350]
    )
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class TicksIn(Input):
    tick: Ids = Field(
        default_factory=list, description="transactions of the account that are on the statement"
    )
    untick: Ids = Field(default_factory=list, description="transactions that are not, after all")


class FinishIn(Input):
    accept_adjustment: bool = Field(
        default=False, description="post what is left over as an adjustment, dated as the statement"
    )
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class ReconciliationItem(Output):
    id: UUID
    account_id: UUID
    currency: str = Field(description="the account's, ISO 4217 code", examples=["EUR"])
    status: str = Field(description="open or finished", examples=["open"])
    statement_date: date
    statement_balance_minor: int = Field(description="minor units of `currency`", examples=[128_350])
    ticked_count: int = Field(description="how many transactions are ticked", examples=[12])
    adjustment_transaction_id: UUID | None = Field(description="what was posted for what was left over")
    started_by: UUID = Field(description="a user")
    started_at: datetime
    finished_by: UUID | None = Field(description="a user")
    finished_at: datetime | None
    version: int = Field(examples=[1])


class ReconciliationOut(ReconciliationItem):
    reconciled_minor: int = Field(
        description="the account's balance of what was settled before, up to the statement's date, in minor units",
        examples=[150_000],
    )
    ticked_minor: int = Field(description="what is ticked comes to, in minor units", examples=[-21_650])
    difference_minor: int = Field(
        description="the statement's balance less both, in minor units; zero where they agree", examples=[0]
    )
    ticked: list[UUID] = Field(description="the transactions that are ticked")


class Reconciliations(Output):
    items: list[ReconciliationItem]
    next_cursor: str | None = Field(description="for the next page; null on the last")


@router.post("", status_code=201, response_model=ReconciliationOut, summary="Start reconciling an account")
async def start_reconciliation(
    account_id: Id, body: ReconciliationIn, principal: Editor, ledger: LedgerDep, claim: Claimed
) -> Response:
    """With a statement's date and balance. Where the account is being reconciled already the answer is 409, with the
    `reconciliation_id` to go on with.
    """
    wanted = (body.id, body.statement_date, body.statement_balance_minor)
    recorded = await operations.start(ledger, principal, account_id, wanted, claim, _started)
    return _answered(principal, recorded)


@router.get("", response_model=Reconciliations, summary="List an account's reconciliations")
async def list_reconciliations(
    account_id: Id,
    principal: Viewer,
    tx: Tx,
    ledger: LedgerDep,
    cursors: CursorsDep,
    limit: Limit = 50,
    cursor: CursorParam = None,
) -> Response:
    """The newest statement first."""
    found(await account_queries.get(tx, principal.book_id, account_id), "account")
    bound = (principal.book_id, "reconciliations", [str(account_id)])
    before = (date.max, LAST_ID)
    if cursor is not None:
        day, last = cursors.read(*bound, cursor)
        before = (date.fromisoformat(day), UUID(last))
    rows = await queries.page(
        ledger.facts.pool, principal.book_id, account_id, before=before, limit=limit + 1
    )
    last_row = rows[limit - 1] if len(rows) > limit else None
    next_cursor = cursors.write(*bound, [last_row["statement_date"], last_row["id"]]) if last_row else None
    items = [ReconciliationItem(**dict(row)) for row in rows[:limit]]
    return answer(Reconciliations(items=items, next_cursor=next_cursor))


@router.get("/{reconciliation_id}", response_model=ReconciliationOut, summary="One reconciliation")
async def get_reconciliation(
    account_id: Id, reconciliation_id: Id, principal: Viewer, ledger: LedgerDep
) -> Response:
    """With what is left over, from the transactions as they are now."""
    there = found(
        await queries.get(ledger.facts.pool, principal.book_id, account_id, reconciliation_id),
        "reconciliation",
    )
    standing = operations.standing_of(there)
    return answer(_out(standing), version=standing.version)


@router.patch("/{reconciliation_id}", response_model=ReconciliationOut, summary="Correct the statement")
async def change_reconciliation(
    account_id: Id,
    reconciliation_id: Id,
    body: ReconciliationPatch,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
) -> Response:
    """Its date or balance, as long as it is open."""
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    refuse_null(changes, ("statement_date", "statement_balance_minor"))
    recorded = await operations.change(
        ledger,
        principal,
        (account_id, reconciliation_id),
        changes,
        lambda v: check_version(v, if_match, body.version),
        _answer,
    )
    return _answered(principal, recorded)


@router.post("/{reconciliation_id}/ticks", response_model=ReconciliationOut, summary="Tick transactions")
async def tick_transactions(
    account_id: Id,
    reconciliation_id: Id,
    body: TicksIn,
    principal: Editor,
    ledger: LedgerDep,
    claim: Claimed,
) -> Response:
    """All or none of them. It adds to what others tick at the same time, so no version is needed; where it changes
    no tick, the version stays. What is pending is refused: clear it first. So is what is dated after the statement,
    here and on finishing: 409, which names the day.
    """
    recorded = await operations.tick(
        ledger, principal, (account_id, reconciliation_id), (body.tick, body.untick), claim, _answer
    )
    return _answered(principal, recorded)


@router.post("/{reconciliation_id}/finish", response_model=ReconciliationOut, summary="Finish reconciling")
async def finish_reconciliation(
    account_id: Id,
    reconciliation_id: Id,
    body: FinishIn,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    claim: MustClaim,
) -> Response:
    """What is ticked becomes reconciled: amount, date and account stay, until its status is set back to cleared; its
    history says by whom and when. Where something is left over the answer is 409 with `difference_minor`, unless an
    adjustment of it is accepted.
    """
    recorded = await operations.finish(
        ledger,
        principal,
        (account_id, reconciliation_id),
        claim,
        lambda v: check_version(v, if_match, body.version),
        _answer,
        accept_adjustment=body.accept_adjustment,
    )
    return _answered(principal, recorded)


@router.delete("/{reconciliation_id}", status_code=204, summary="Cancel an open reconciliation")
async def cancel_reconciliation(
    account_id: Id,
    reconciliation_id: Id,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """No transaction is touched. A finished one stays: 409."""
    result = await operations.cancel(
        ledger, principal, (account_id, reconciliation_id), lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


def _out(standing: Standing) -> ReconciliationOut:
    reconciliation, figures = standing.reconciliation, standing.figures
    fields = {name: getattr(reconciliation, name) for name in operations.Reconciliation.__slots__}
    return ReconciliationOut(
        **{**fields, "ticked": list(reconciliation.ticked)},
        ticked_count=len(reconciliation.ticked),
        reconciled_minor=figures.reconciled_minor,
        ticked_minor=figures.ticked_minor,
        difference_minor=figures.difference(reconciliation.statement_balance_minor),
        version=standing.version,
    )


def _started(standing: Standing) -> Answer:
    return answer_of(_out(standing).model_dump_json(), version=standing.version, status=201)


def _answer(standing: Standing) -> Answer:
    return answer_of(_out(standing).model_dump_json(), version=standing.version)


def _answered(principal: Principal, recorded: Recorded) -> Response:
    return written(principal, recorded.answer, Written(recorded.number, recorded.stored))
