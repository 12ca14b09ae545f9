"""POST /transactions/bulk: many transactions at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field, model_validator

from pfms_common.idempotency import Answer, Written
from pfms_common.input import Id, Input, Name, Output
from pfms_common.problem import Problem, Refusal, problem_for
from pfms_common.telemetry import current
from pfms_common.web import Claimed, Editor, StrictRoute
from pfms_ledger.api.deps import LedgerDep, refuse_null, written
from pfms_ledger.api.transactions import Tags
from pfms_ledger.domain.bulk import MOST, NotAll, Wish
from pfms_ledger.domain.transaction import Status
from pfms_ledger.operations import bulk as operations
from pfms_ledger.operations.bulk import Item, Outcome

router = APIRouter(prefix="/transactions", tags=["Transactions"], route_class=StrictRoute)


class BulkItem(Input):
    id: Id
    version: int = Field(ge=1, description="the version you saw")


class BulkSet(Input):
    """Fields that are given are set in every item."""

    category_id: Id | None = Field(
        None, description="of the lone split; null: uncategorised. Items with several splits are refused"
    )
    payee: Name | None = Field(None, description="a new name makes a payee; null: none", examples=["Market"])
    status: Status | None = Field(None, description="pending, cleared or reconciled")
    excluded_from_budget: bool | None = Field(None, description="counts in no month of the budget")
    tags: Tags | None = Field(None, description="of the whole transaction, in place of its old ones")
    add_tags: Tags = Field(default_factory=list, description="kept besides the old ones")
    remove_tags: Tags = Field(default_factory=list, description="taken from the transaction and its splits")

    @model_validator(mode="after")
    def _says_something(self) -> "BulkSet":
        if not self.model_fields_set:
            raise ValueError("name at least one field to set")
        if self.tags is not None and (self.add_tags or self.remove_tags):
            raise ValueError("tags replaces them all: add_tags and remove_tags go without it")
        return self


class BulkIn(Input):
    items: Annotated[list[BulkItem], Field(min_length=1, max_length=MOST)]
    set_: BulkSet | None = Field(None, alias="set", description="what each item becomes")
    delete: bool = Field(default=False, description="instead of set: deletes each item")
    all_or_nothing: bool = Field(
        default=False, description="where one item cannot be done, none is: 409 `not_all` with the items"
    )

    @model_validator(mode="after")
    def _is_one_wish(self) -> "BulkIn":
        if (self.set_ is None) != self.delete:
            raise ValueError("give either set or delete")
        if len({item.id for item in self.items}) != len(self.items):
            raise ValueError("a transaction stands twice in items")
        return self


class BulkProblem(Output):
    """Why an item was left as it is, as a problem document of its own would say it."""

    type: str = Field(examples=["urn:pfms:problem:stale_version"])
    title: str
    status: int = Field(examples=[409])
    code: str = Field(examples=["stale_version"])
    detail: str
    errors: dict[str, list[str]]
    preserved_input: dict[str, Any] = Field(description="the item as you sent it")


class BulkOutcome(Output):
    id: UUID
    status: Literal["changed", "deleted", "unchanged", "failed"]
    version: int | None = Field(description="its version now; null where it is gone or failed", examples=[4])
    problem: BulkProblem | None = Field(None, description="where it failed")


class BulkOut(Output):
    correlation_id: str | None = Field(
        description="of all its events: POST /ledger/undo with it takes the whole call back"
    )
    changed: int = Field(description="items that were changed or deleted", examples=[2])
    unchanged: int = Field(description="items that were so already", examples=[0])
    failed: int = Field(examples=[0])
    items: list[BulkOutcome] = Field(description="in the order they were sent")


@router.post("/bulk", response_model=BulkOut, summary="Change or delete up to 1,000 transactions")
async def change_many(
    body: BulkIn, request: Request, principal: Editor, ledger: LedgerDep, claim: Claimed
) -> Response:
    """Sets category, payee, tags, status or exclusion of each item, or deletes it, all in one write.

    Each item is judged by itself: a stale version, a reconciled amount or several splits fail that item only, unless
    `all_or_nothing` is asked for.
    """
    wish = _wish(body.set_) if body.set_ is not None else None
    items = [Item(item.id, item.version) for item in body.items]
    answer = _answering(request.app.state.problems, all_or_nothing=body.all_or_nothing)
    recorded = await operations.bulk(ledger, principal, items, wish, claim, answer)
    return written(principal, recorded.answer, Written(recorded.number, recorded.stored))


def _wish(given: BulkSet) -> Wish:
    named = given.model_fields_set
    fields = given.model_dump(include=named & {"payee", "status", "excluded_from_budget"})
    refuse_null(fields, ("status", "excluded_from_budget"))
    return Wish(
        fields,
        categorises="category_id" in named,
        category_id=given.category_id,
        tags=None if given.tags is None else tuple(given.tags),
        add_tags=tuple(given.add_tags),
        remove_tags=tuple(given.remove_tags),
    )


def _answering(
    problems: Mapping[type[Refusal], Problem], *, all_or_nothing: bool
) -> Callable[[Sequence[Outcome]], Answer]:
    trace = current()

    def answer(outcomes: Sequence[Outcome]) -> Answer:
        items = [_told(outcome, problems) for outcome in outcomes]
        failed = sum(outcome.status == "failed" for outcome in outcomes)
        if failed and all_or_nothing:
            raise NotAll(
                f"{failed} of {len(items)} cannot be done, so nothing was.",
                extra={"items": [item for item in items if item["status"] == "failed"]},
            )
        unchanged = sum(outcome.status == "unchanged" for outcome in outcomes)
        body = {
            "correlation_id": trace.request_id if trace else None,
            "changed": len(items) - failed - unchanged,
            "unchanged": unchanged,
            "failed": failed,
            "items": items,
        }
        return Answer(200, {}, orjson.dumps(body, default=str))

    return answer


def _told(outcome: Outcome, problems: Mapping[type[Refusal], Problem]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": str(outcome.item.id),
        "status": outcome.status,
        "version": outcome.version,
        "problem": None,
    }
    if outcome.refusal is not None:
        problem = problem_for(outcome.refusal, problems)
        if problem is None:
            raise outcome.refusal
        told["problem"] = {
            "type": f"urn:pfms:problem:{problem.code}",
            "title": problem.title,
            "status": problem.status,
            "code": problem.code,
            "detail": outcome.refusal.detail or problem.title,
            "errors": outcome.refusal.errors,
            "preserved_input": {"id": str(outcome.item.id), "version": outcome.item.version},
        }
    return told
