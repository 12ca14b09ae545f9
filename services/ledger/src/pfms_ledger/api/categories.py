"""/categories: what money is for."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_common.ids import new_id
from pfms_common.input import Id, Input, Name, Output, Text
from pfms_common.web import Claimed, Editor, IfMatch, StrictRoute, Tx, Viewer, answer, check_version, found
from pfms_ledger.api.accounts import Colour
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
from pfms_ledger.domain.starting_tree import SpendingClass, Type
from pfms_ledger.operations import categories as operations
from pfms_ledger.operations.lengthy import undertake
from pfms_ledger.operations.merging import CategoryMerge
from pfms_ledger.queries import categories as queries

router = APIRouter(prefix="/categories", tags=["Categories"], route_class=StrictRoute)


class CategoryIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    name: Name = Field(description="unique below its parent, regardless of case", examples=["Groceries"])
    type: Type = Field(description="expense or income", examples=["expense"])
    parent_id: Id | None = Field(None, description="a category of the same type; null: top level")
    spending_class: SpendingClass | None = Field(None, description="for budgets by class", examples=["need"])
    is_essential: bool = Field(default=False, description="whether you could not do without")
    colour: Colour | None = Field(None, description="#rrggbb")
    icon: Name | None = Field(None, description="name of an icon", examples=["basket"])
    note: Text | None = None
    position: int = Field(0, ge=0, le=100_000, description="order in lists, lowest first")


class CategoryPatch(Input):
    name: Name | None = None
    parent_id: Id | None = None
    spending_class: SpendingClass | None = None
    is_essential: bool | None = None
    is_archived: bool | None = Field(None, description="true leaves it out of pickers; history stays")
    colour: Colour | None = None
    icon: Name | None = None
    note: Text | None = None
    position: int | None = Field(None, ge=0, le=100_000)
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class CategoryOut(Output):
    id: UUID
    name: str = Field(examples=["Groceries"])
    type: str = Field(description="expense or income", examples=["expense"])
    parent_id: UUID | None
    key: str | None = Field(
        description="stable name of a category of the starting tree", examples=["groceries"]
    )
    spending_class: str | None
    is_essential: bool
    is_archived: bool
    colour: str | None
    icon: str | None
    note: str | None
    position: int
    kind: str | None = Field(
        description="receivable: the book's own category of what others owe, neither spent nor earned; null for all"
        " others"
    )
    version: int = Field(examples=[1])


class Categories(Output):
    items: list[CategoryOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


@router.post("", status_code=201, response_model=CategoryOut, summary="Make a category")
async def create_category(body: CategoryIn, principal: Editor, ledger: LedgerDep, claim: Claimed) -> Response:
    category = operations.Category(**{**body.model_dump(), "id": body.id or new_id()})
    made = answer_of(
        CategoryOut(**_fields(category), version=1).model_dump_json(),
        version=1,
        status=201,
        location=f"/api/v1/categories/{category.id}",
    )
    result = await operations.create(ledger.journal, principal, category, claim, made)
    return written(principal, made, result)


@router.get("", response_model=Categories, summary="List categories")
async def list_categories(
    principal: Viewer,
    tx: Tx,
    cursors: CursorsDep,
    *,
    include_inactive: IncludeInactive = False,
    limit: Limit = 200,
    cursor: CursorParam = None,
) -> Response:
    """In the order you gave them, parents and children alike."""
    bound = (principal.book_id, "categories", [include_inactive])
    after = None
    if cursor is not None:
        position, category_id = cursors.read(*bound, cursor)
        after = (position, UUID(category_id))
    rows = await queries.listed(
        tx, principal.book_id, include_inactive=include_inactive, after=after, limit=limit + 1
    )
    last = rows[limit - 1] if len(rows) > limit else None
    next_cursor = cursors.write(*bound, [last.position, last.id]) if last else None
    items = [CategoryOut.model_validate(row) for row in rows[:limit]]
    return answer(Categories(items=items, next_cursor=next_cursor))


@router.get("/{category_id}", response_model=CategoryOut, summary="One category")
async def get_category(category_id: Id, principal: Viewer, tx: Tx) -> Response:
    row = found(await queries.get(tx, principal.book_id, category_id), "category")
    return answer(CategoryOut.model_validate(row), version=row.version)


@router.patch("/{category_id}", response_model=CategoryOut, summary="Change or archive a category")
async def change_category(
    category_id: Id, body: CategoryPatch, principal: Editor, ledger: LedgerDep, if_match: IfMatch
) -> Response:
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    refuse_null(changes, ("name", "is_essential", "is_archived", "position"))
    category, version, result = await operations.change(
        ledger.journal,
        principal,
        category_id,
        changes,
        lambda v: check_version(v, if_match, body.version),
    )
    changed = CategoryOut(**_fields(category), version=version)
    return written(principal, answer_of(changed.model_dump_json(), version=version), result)


@router.post("/{category_id}/merge", response_model=MergeOut, summary="Merge a category into another")
async def merge_category(
    category_id: Id, body: MergeIn, principal: Editor, ledger: LedgerDep, claim: Claimed
) -> Response:
    """Every split of every transaction moves, as events; the categories below it move too. Then it is deleted, or
    archived where something else refers to it. `POST /ledger/undo` with the correlation id takes all of it back.
    """
    wanted = CategoryMerge(principal.book_id, category_id, body.into)
    return await answered(ledger, principal, claim, partial(undertake, ledger, principal, wanted, claim))


@router.delete("/{category_id}", status_code=204, summary="Delete a category that nothing refers to")
async def delete_category(
    category_id: Id,
    principal: Editor,
    tx: Tx,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """Where splits refer to it the answer is 409: archive it instead."""
    result = await operations.delete(
        ledger.journal, tx, principal, category_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


def _fields(category: operations.Category) -> dict[str, object]:
    return {name: getattr(category, name) for name in operations.Category.__slots__}
