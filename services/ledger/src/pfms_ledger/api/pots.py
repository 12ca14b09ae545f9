"""/pots: named parts of an account's money."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from pfms_common.ids import new_id
from pfms_common.input import Id, Input, Name, Output, Text
from pfms_common.web import Claimed, Editor, IfMatch, StrictRoute, Tx, Viewer, answer, check_version, found
from pfms_ledger.api.accounts import Colour
from pfms_ledger.api.deps import (
    DeletedVersion,
    IncludeInactive,
    LedgerDep,
    answer_of,
    gone,
    refuse_null,
    written,
)
from pfms_ledger.operations import pots as operations
from pfms_ledger.queries import pots as queries

router = APIRouter(prefix="/pots", tags=["Pots"], route_class=StrictRoute)


class PotIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    account_id: Id = Field(description="the account whose money it is a part of; it stays there")
    name: Name = Field(
        description="what you call it; the account's active pots have different names, regardless of case",
        examples=["Holidays"],
    )
    note: Text | None = Field(None, description="for yourself")
    colour: Colour | None = Field(None, description="#rrggbb", examples=["#1c7ed6"])
    icon: Name | None = Field(None, description="name of an icon", examples=["palm-tree"])
    position: int = Field(0, ge=0, le=100_000, description="order in lists, lowest first")


class PotPatch(Input):
    name: Name | None = Field(
        None,
        description="what you call it; the account's active pots have different names, regardless of case",
        examples=["Holidays"],
    )
    is_active: bool | None = Field(
        None, description="false leaves it out of pickers and of new transactions; history and balance stay"
    )
    note: Text | None = Field(None, description="for yourself")
    colour: Colour | None = Field(None, description="#rrggbb", examples=["#1c7ed6"])
    icon: Name | None = Field(None, description="name of an icon", examples=["palm-tree"])
    position: int | None = Field(None, ge=0, le=100_000, description="order in lists, lowest first")
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class PotOut(Output):
    id: UUID
    account_id: UUID
    name: str = Field(examples=["Holidays"])
    currency: str = Field(description="the account's, ISO 4217 code", examples=["EUR"])
    is_active: bool
    note: str | None
    colour: str | None
    icon: str | None
    position: int
    balance_minor: int = Field(
        description="what is in it, never below zero, in minor units of `currency`", examples=[30_000]
    )
    account_paid_minor: int = Field(
        description="what its account has paid where it was too small, in minor units of `currency`",
        examples=[0],
    )
    version: int = Field(
        description="rises with every change of its own fields, not of its balance", examples=[1]
    )


class Pots(Output):
    items: list[PotOut]
    next_cursor: None = Field(None, description="a book's pots fit on one page")


@router.post("", status_code=201, response_model=PotOut, summary="Make a pot")
async def create_pot(body: PotIn, principal: Editor, ledger: LedgerDep, claim: Claimed) -> Response:
    """It is empty: fill it with a transfer from its account to it. The account's balance stays as it is."""
    pot = operations.Pot(
        id=body.id or new_id(),
        account_id=body.account_id,
        name=body.name,
        currency=await ledger.facts.currency(principal.book_id, body.account_id, "account_id"),
        note=body.note,
        colour=body.colour,
        icon=body.icon,
        position=body.position,
    )
    made = answer_of(
        _out(pot, 0, 0, 1).model_dump_json(), version=1, status=201, location=f"/api/v1/pots/{pot.id}"
    )
    return written(principal, made, await operations.create(ledger.journal, principal, pot, claim, made))


@router.get("", response_model=Pots, summary="List pots")
async def list_pots(
    principal: Viewer,
    tx: Tx,
    *,
    account_id: Annotated[Id | None, Query(description="only those of one account")] = None,
    include_inactive: IncludeInactive = False,
) -> Response:
    """In the order you gave them."""
    rows = await queries.listed(
        tx, principal.book_id, account_id=account_id, include_inactive=include_inactive
    )
    return answer(Pots(items=[PotOut.model_validate(row) for row in rows]))


@router.get("/{pot_id}", response_model=PotOut, summary="One pot")
async def get_pot(pot_id: Id, principal: Viewer, tx: Tx) -> Response:
    row = found(await queries.get(tx, principal.book_id, pot_id), "pot")
    return answer(PotOut.model_validate(row), version=row.version)


@router.patch("/{pot_id}", response_model=PotOut, summary="Change, deactivate or reactivate a pot")
async def change_pot(
    pot_id: Id, body: PotPatch, principal: Editor, ledger: LedgerDep, if_match: IfMatch
) -> Response:
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    refuse_null(changes, ("name", "is_active", "position"))
    changed = await operations.change(
        ledger.journal, principal, pot_id, changes, lambda v: check_version(v, if_match, body.version)
    )
    shown = _out(changed.pot, changed.balance_minor, changed.account_paid_minor, changed.version)
    return written(principal, answer_of(shown.model_dump_json(), version=changed.version), changed.written)


@router.delete("/{pot_id}", status_code=204, summary="Delete a pot that no transaction refers to")
async def delete_pot(
    pot_id: Id, principal: Editor, ledger: LedgerDep, if_match: IfMatch, version: DeletedVersion = None
) -> Response:
    """Where transactions refer to it the answer is 409: deactivate it instead."""
    result = await operations.delete(
        ledger.journal, principal, pot_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


def _out(pot: operations.Pot, balance: int, account_paid: int, version: int) -> PotOut:
    fields = {name: getattr(pot, name) for name in operations.Pot.__slots__}
    return PotOut(**fields, balance_minor=balance, account_paid_minor=account_paid, version=version)
