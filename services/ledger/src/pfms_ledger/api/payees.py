"""/payees: who money went to or came from."""

import asyncio
from datetime import date
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, Field

from pfms_common.ids import new_id
from pfms_common.input import Id, Input, Name, Output, Text, clean_text
from pfms_common.pagination import MAX_LIMIT
from pfms_common.web import Claimed, Editor, IfMatch, StrictRoute, Tx, Viewer, answer, check_version, found
from pfms_ledger.api.deps import (
    CursorParam,
    CursorsDep,
    DeletedVersion,
    IncludeInactive,
    LedgerDep,
    Limit,
    answer_of,
    gone,
    refuse_null,
    written,
)
from pfms_ledger.api.lengthy import answered
from pfms_ledger.api.merging import MergeIn, MergeOut
from pfms_ledger.domain.alias import whole_aliases
from pfms_ledger.domain.merchant import is_same_merchant
from pfms_ledger.domain.searched import searched
from pfms_ledger.operations import payees as operations
from pfms_ledger.operations.lengthy import undertake
from pfms_ledger.operations.merging import PayeeMerge
from pfms_ledger.queries import payees as queries

router = APIRouter(prefix="/payees", tags=["Payees"], route_class=StrictRoute)


Aliases = Annotated[list[Name], Field(max_length=50)]
ALIASES = (
    "other names that lead to it, such as a bank's texts, each to no other payee; of a bank's text the cleaned name"
    " leads to it too"
)


class PayeeIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    name: Name = Field(description="unique in the book, regardless of case", examples=["Blue Bottle Coffee"])
    note: Text | None = None
    aliases: Aliases = Field(default_factory=list, description=ALIASES, examples=[["SQ *BLUE BOTTLE 123"]])


class PayeePatch(Input):
    name: Name | None = Field(None, description="every transaction shows the new name at once")
    is_active: bool | None = None
    note: Text | None = None
    aliases: Aliases | None = Field(None, description=ALIASES + "; replaces those that there are")
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class PayeeOut(Output):
    id: UUID
    name: str = Field(examples=["Blue Bottle Coffee"])
    is_active: bool
    note: str | None
    aliases: list[str] = Field(description="other names that lead to it", examples=[["SQ *BLUE BOTTLE 123"]])
    version: int = Field(examples=[1])


class Payees(Output):
    items: list[PayeeOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


class Suggestion(Output):
    """What to propose for the next transaction with this payee; null: nothing is known."""

    category_id: UUID | None = Field(description="last used with it, and still in use")
    memo: str | None = Field(description="of the same split", examples=["beans"])
    transaction_id: UUID | None = Field(description="where both were used")
    used_on: date | None = Field(description="the date of that transaction", examples=["2026-02-03"])


@router.post("", status_code=201, response_model=PayeeOut, summary="Make a payee")
async def create_payee(body: PayeeIn, principal: Editor, ledger: LedgerDep, claim: Claimed) -> Response:
    """Naming a new payee in a transaction makes it as well."""
    aliases = whole_aliases(body.name, body.aliases)
    payee = operations.Payee(body.id or new_id(), body.name, note=body.note, aliases=aliases)
    made = answer_of(
        _out(payee, 1).model_dump_json(), version=1, status=201, location=f"/api/v1/payees/{payee.id}"
    )
    return written(principal, made, await operations.create(ledger.journal, principal, payee, claim, made))


@router.get("", response_model=Payees, summary="List payees by name")
async def list_payees(
    principal: Viewer,
    tx: Tx,
    cursors: CursorsDep,
    q: Annotated[
        str | None,
        BeforeValidator(clean_text),
        Query(
            max_length=120,
            description="as much as is typed of a name or alias: what begins so comes first, then what is like it",
            examples=["blue"],
        ),
    ] = None,
    limit: Limit = 50,
    cursor: CursorParam = None,
    *,
    include_inactive: IncludeInactive = False,
) -> Response:
    """By name; with `q` the best first, as for completing what is typed. What is inactive is left out."""
    bound = (principal.book_id, "payees", [q, include_inactive])
    after = cursors.read(*bound, cursor) if cursor is not None else None
    if q:
        best = (after[0], after[1]) if after else None
        typed = searched([q])
        hits = (
            await queries.found(
                tx, principal.book_id, typed, after=best, limit=limit + 1, include_inactive=include_inactive
            )
            if typed
            else []
        )
        keys = [[row.rank, row.name_folded] for row in hits]
        items = [PayeeOut.model_validate(row) for row in hits[:limit]]
    else:
        rows = await queries.listed(
            tx,
            principal.book_id,
            after=after[0] if after else None,
            limit=limit + 1,
            include_inactive=include_inactive,
        )
        keys = [[row.name_folded] for row in rows]
        items = [PayeeOut.model_validate(row) for row in rows[:limit]]
    next_cursor = cursors.write(*bound, keys[limit - 1]) if len(keys) > limit else None
    return answer(Payees(items=items, next_cursor=next_cursor))


@router.get("/{payee_id}", response_model=PayeeOut, summary="One payee")
async def get_payee(payee_id: Id, principal: Viewer, tx: Tx) -> Response:
    row = found(await queries.get(tx, principal.book_id, payee_id), "payee")
    return answer(PayeeOut.model_validate(row), version=row.version)


@router.get(
    "/{payee_id}/suggestion", response_model=Suggestion, summary="What was last recorded with a payee"
)
async def suggest(
    payee_id: Id,
    principal: Viewer,
    ledger: LedgerDep,
    kind: Annotated[
        Literal["expense", "income"] | None, Query(description="only from such transactions")
    ] = None,
) -> Response:
    """Proposes the category and memo of the newest transaction with this payee that has a category."""
    remembered = await queries.remembered(ledger.facts.pool, principal.book_id, payee_id, kind)
    return answer(Suggestion.model_validate(found(remembered, "payee")))


@router.patch("/{payee_id}", response_model=PayeeOut, summary="Rename or change a payee")
async def change_payee(
    payee_id: Id, body: PayeePatch, principal: Editor, ledger: LedgerDep, if_match: IfMatch
) -> Response:
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    refuse_null(changes, ("name", "is_active", "aliases"))
    if body.aliases is not None:
        changes["aliases"] = tuple(body.aliases)
    payee, version, result = await operations.change(
        ledger.journal, principal, payee_id, changes, lambda v: check_version(v, if_match, body.version)
    )
    return written(principal, answer_of(_out(payee, version).model_dump_json(), version=version), result)


@router.get(
    "/{payee_id}/similar", response_model=Payees, summary="Payees that are probably the same merchant"
)
async def similar_payees(payee_id: Id, principal: Viewer, ledger: LedgerDep) -> Response:
    """A guess by their names, to be offered for merging: nothing is merged by itself."""
    rows = found(await queries.alike(ledger.facts.pool, principal.book_id, payee_id), "payee")
    same = await asyncio.to_thread(
        lambda: [row for row in rows[1:] if is_same_merchant(row["own"], row["name"])]
    )
    items = [PayeeOut.model_validate(dict(row)) for row in same[:MAX_LIMIT]]
    return answer(Payees(items=items, next_cursor=None))


@router.post("/{payee_id}/merge", response_model=MergeOut, summary="Merge a payee into another")
async def merge_payee(
    payee_id: Id, body: MergeIn, principal: Editor, ledger: LedgerDep, claim: Claimed
) -> Response:
    """Every transaction moves, as events; then it is deleted, and its name and aliases lead to the other one, so that
    the next import finds it. `POST /ledger/undo` with the correlation id takes all of it back.
    """
    wanted = PayeeMerge(principal.book_id, payee_id, body.into)
    return await answered(ledger, principal, claim, partial(undertake, ledger, principal, wanted, claim))


@router.delete("/{payee_id}", status_code=204, summary="Delete a payee that no transaction names")
async def delete_payee(
    payee_id: Id,
    principal: Editor,
    tx: Tx,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    result = await operations.delete(
        ledger.journal, tx, principal, payee_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


def _out(payee: operations.Payee, version: int) -> PayeeOut:
    return PayeeOut(**{name: getattr(payee, name) for name in operations.Payee.__slots__}, version=version)
