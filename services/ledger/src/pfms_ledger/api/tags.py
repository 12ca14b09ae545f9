"""/tags: the words that transactions are tagged with."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator

from pfms_common import consistency
from pfms_common.input import Input, Output
from pfms_common.telemetry import current
from pfms_common.web import Editor, StrictRoute, Viewer, answer
from pfms_ledger.api.deps import CursorParam, CursorsDep, LedgerDep, Limit
from pfms_ledger.api.transactions import Tag
from pfms_ledger.operations import tags as operations
from pfms_ledger.queries import tags as queries

router = APIRouter(prefix="/tags", tags=["Tags"], route_class=StrictRoute)


class TagOut(Output):
    tag: str = Field(
        description="as it is written there; spellings in another case are listed by themselves",
        examples=["holiday"],
    )
    transactions: int = Field(description="that have it, on themselves or on a split", examples=[12])


class TagList(Output):
    items: list[TagOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


class RenameIn(Input):
    tag: Tag = Field(description="as it is now, in any case", examples=["holliday"])
    to: Tag = Field(
        description="what it becomes, written so; the same word in another case is the same tag",
        examples=["holiday"],
    )
    merge: bool = Field(default=False, description="where `to` is a tag already: both become one")

    @model_validator(mode="after")
    def _differs(self) -> "RenameIn":
        if self.tag == self.to:
            raise ValueError("the tag has this name already")
        return self


class RenamedOut(Output):
    changed: int = Field(description="transactions that were changed", examples=[12])
    left: int = Field(
        description="that still have the old tag: more than five seconds' work; call again with `merge`",
        examples=[0],
    )
    correlation_id: str | None = Field(
        description="of all its events: POST /ledger/undo takes them back; null where nothing was changed"
    )


@router.get("", response_model=TagList, summary="The book's tags, by name, with how often each is used")
async def list_tags(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    q: Annotated[Tag | None, Query(description="how the tag starts, in any case", examples=["hol"])] = None,
    limit: Limit = 50,
    cursor: CursorParam = None,
) -> Response:
    bound = (principal.book_id, "tags", [q])
    after = cursors.read(*bound, cursor)[0] if cursor is not None else ""
    found = await queries.listed(
        ledger.facts.pool, principal.book_id, starts_with=q or "", after=after, limit=limit + 1
    )
    next_cursor = cursors.write(*bound, [found[limit - 1].tag]) if len(found) > limit else None
    items = [TagOut.model_validate(tag) for tag in found[:limit]]
    return answer(TagList(items=items, next_cursor=next_cursor))


@router.post("/rename", response_model=RenamedOut, summary="Rename a tag, or merge it into another")
async def rename_tag(body: RenameIn, principal: Editor, ledger: LedgerDep) -> Response:
    """Changes every transaction that has it, in whatever case, as events. Asked twice, it changes nothing more:
    404 only where neither tag is on any transaction.
    """
    trace = current()
    renamed = await operations.rename(ledger, principal, body.tag, body.to, merge=body.merge)
    told = RenamedOut(
        changed=renamed.changed,
        left=renamed.left,
        correlation_id=trace.request_id if trace and renamed.changed else None,
    )
    token = consistency.write("ledger", principal.book_id, renamed.number)
    return answer(told, headers={consistency.HEADER: token})
