"""/transactions: what happened to the money."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from pfms_common.idempotency import Written
from pfms_common.ids import new_id
from pfms_common.input import (
    Day,
    Id,
    Input,
    Minor,
    Name,
    Output,
    Text,
    clean_text,
)
from pfms_common.problem import Invalid
from pfms_common.web import (
    Claimed,
    Editor,
    IfMatch,
    MustClaim,
    StrictRoute,
    Viewer,
    check_version,
    etag,
)
from pfms_ledger.api.deps import DeletedVersion, LedgerDep, gone, refuse_null, written
from pfms_ledger.api.places import FeeIn, FeeOut, FromIn, PostingOut, SideOut, ToIn
from pfms_ledger.api.shares import SharedIn, ShareOut
from pfms_ledger.api.transaction_details import DETAILS, DetailsIn, DetailsOut
from pfms_ledger.domain.share import Sharing
from pfms_ledger.domain.tag import each_once
from pfms_ledger.domain.transaction import MOST_TAGS, Entered, Split, Status, Type
from pfms_ledger.operations import transactions as operations
from pfms_ledger.operations.drafts import Draft
from pfms_ledger.operations.recording import Recorded
from pfms_ledger.queries import transactions as queries

router = APIRouter(prefix="/transactions", tags=["Transactions"], route_class=StrictRoute)


def _few(tags: list[str]) -> list[str]:
    if len(tags) > MOST_TAGS:
        raise ValueError(f"has {len(tags)} tags; at most {MOST_TAGS} are taken")
    return list(each_once(tags))


# Constraints stand before validators: behind them their messages would speak of items.
Tag = Annotated[str, StringConstraints(min_length=1, max_length=60), BeforeValidator(clean_text)]
Tags = Annotated[
    list[Tag],
    AfterValidator(_few),
    Field(
        description="words of your own; the same word in another case stands once, as written first",
        examples=[["holiday"]],
        json_schema_extra={"maxItems": MOST_TAGS},
    ),
]


class SplitIn(Input):
    id: Id | None = Field(None, description="keep it when you change the splits of a transaction")
    category_id: Id | None = Field(None, description="null: uncategorised")
    amount_minor: Minor = Field(
        description="signed minor units; the splits add up to the amount", examples=[-1250]
    )
    memo: Text | None = None
    tags: Tags = Field(default_factory=list, description="tags of this part alone")
    item: Name | None = Field(None, description="the thing itself", examples=["Olive oil, 1 l"])


class ShareableSplitIn(SplitIn, SharedIn):
    """A split that others may owe part of."""


class TransactionIn(DetailsIn):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    type: Type = Field("standard", description="standard, transfer, refund or adjustment")
    account_id: Id | None = Field(None, description="for all but transfers")
    pot_id: Id | None = Field(None, description="the pot of the account that is meant")
    from_: FromIn | None = Field(None, alias="from", description="for transfers: where the money leaves")
    to: ToIn | None = Field(None, description="for transfers: where it arrives")
    fee: FeeIn | None = Field(None, description="for transfers: what of the amount was kept on the way")
    date: Day = Field(description="1900-01-01 to ten years ahead")
    amount_minor: Minor = Field(
        description="minor units of the account's currency; outflow negative, a transfer's positive; never zero",
        examples=[-1250],
    )
    payee: Name | None = Field(None, description="a new name makes a payee", examples=["Blue Bottle Coffee"])
    status: Literal["pending", "cleared", "reconciled"] = Field(
        "cleared", description="pending, cleared, reconciled"
    )
    description: Text | None = None
    note: Text | None = None
    splits: list[ShareableSplitIn] = Field(
        default_factory=list, max_length=100, description="what it was for; none: one part, uncategorised"
    )
    tags: Tags = Field(default_factory=list)
    related_transaction_id: Id | None = Field(None, description="for refunds: what is refunded")
    excluded_from_budget: bool = Field(default=False, description="counts in no month of the budget")
    counts_next_period: bool = Field(default=False, description="income that is for the next month's budget")
    allow_excess: bool = Field(default=False, description="let refunds exceed what they refund")
    source: Entered = Field(
        "manual", description="manual, voice or ai; what the service records itself has other sources"
    )

    @model_validator(mode="after")
    def _fits_its_type(self) -> "TransactionIn":
        if wrong := dict(self._misfits()):
            told = "; ".join(f"{field} {why}" for field, why in wrong.items())
            raise Invalid(f"{told}.", errors={field: [why] for field, why in wrong.items()})
        return self

    def _misfits(self) -> Iterator[tuple[str, str]]:
        """Each field that its type needs and that is missing, or that is another type's."""
        ends = {"from": self.from_, "to": self.to}
        if self.type == "transfer":
            yield from ((end, "is needed for a transfer") for end, place in ends.items() if place is None)
            if self.account_id is not None:
                yield "account_id", "is not for transfers, which have from and to"
            if self.pot_id is not None:
                yield "pot_id", "is not for transfers, which have pots in from and to"
        else:
            if self.account_id is None:
                yield "account_id", "is needed"
            of_transfers = {**ends, "fee": self.fee}
            yield from ((name, "is for transfers alone") for name, given in of_transfers.items() if given)
        if (self.related_transaction_id is not None) != (self.type == "refund"):
            yield "related_transaction_id", "is for refunds, which need it"


class TransactionPatch(DetailsIn):
    account_id: Id | None = Field(
        None, description="another account of the same currency; its pot stays behind"
    )
    pot_id: Id | None = Field(None, description="a pot of the account; null: none")
    from_: FromIn | None = Field(None, alias="from")
    to: ToIn | None = None
    fee: FeeIn | None = Field(None, description="of a transfer; null: none")
    date: Day | None = None
    amount_minor: Minor | None = Field(
        None, description="a lone split follows it; several must be given anew"
    )
    payee: Name | None = None
    status: Status | None = None
    description: Text | None = None
    note: Text | None = None
    splits: list[ShareableSplitIn] | None = Field(
        None, max_length=100, description="all of them, in place of the old ones"
    )
    tags: Tags | None = None
    excluded_from_budget: bool | None = None
    counts_next_period: bool | None = None
    allow_excess: bool = Field(default=False, description="let refunds exceed what they refund")
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class SplitOut(Output):
    id: UUID
    category_id: UUID | None = Field(description="null: uncategorised")
    amount_minor: int = Field(description="signed minor units", examples=[-1250])
    base_amount_minor: int | None = Field(
        None,
        description="signed minor units of the book's currency, at the rate of the day; null without a rate",
        examples=[-1250],
    )
    memo: str | None
    tags: list[str]
    item: str | None = Field(None, description="the thing itself", examples=["Olive oil, 1 l"])
    shares: list[ShareOut] = Field(
        default_factory=list, description="what others owe of it; left out for none"
    )


class TransactionOut(DetailsOut):
    id: UUID
    type: str = Field(description="standard, transfer, refund or adjustment", examples=["standard"])
    kind: str = Field(description="expense or income for standard ones, else the type", examples=["expense"])
    status: str = Field(examples=["cleared"])
    date: date
    amount_minor: int = Field(
        description="signed minor units, outflow negative; a transfer's positive", examples=[-1250]
    )
    currency: str = Field(examples=["EUR"])
    account_id: UUID | None = Field(description="null for a transfer")
    pot_id: UUID | None = Field(description="the pot of the account that is meant")
    from_: SideOut | None = Field(alias="from", description="for transfers")
    to: SideOut | None = Field(description="for transfers")
    fee: FeeOut | None = Field(None, description="of a transfer: what of the amount was kept on the way")
    rate: str | None = Field(
        None,
        description="of a transfer between currencies: what one unit of `from` became in `to`, the fee aside",
        examples=["1.0842"],
    )
    payee: str | None = Field(examples=["Blue Bottle Coffee"])
    payee_id: UUID | None
    description: str | None
    note: str | None
    splits: list[SplitOut]
    tags: list[str]
    related_transaction_id: UUID | None = Field(description="what a refund refunds")
    is_shared: bool = Field(description="others owe parts of it")
    related_deleted: bool = Field(description="that one was deleted")
    excluded_from_budget: bool
    counts_next_period: bool
    plan_id: UUID | None = Field(None, description="the plan that made it")
    plan_version: int | None = Field(None, description="that plan's version then", examples=[1])
    plan_date: Day | None = Field(None, description="the day that the plan's rule names")
    source: str = Field(
        description="manual, voice, ai, import, recurring, valuation or reconciliation", examples=["manual"]
    )
    import_id: UUID | None
    bank_id: str | None = Field(description="the bank's own id of an imported row")
    created_by: UUID | None
    version: int = Field(examples=[1])
    account_amount_minor: int | None = Field(
        None, description="in an account's list: signed for that account"
    )
    postings: list[PostingOut] | None = Field(None, description="with include=postings: the double entry")
    running_balance_minor: int | None = Field(
        None, description="in an account's list: its balance after this item"
    )


@router.post("", status_code=201, response_model=TransactionOut, summary="Record a transaction")
async def create_transaction(
    body: TransactionIn, principal: Editor, ledger: LedgerDep, claim: MustClaim
) -> Response:
    """A standard transaction, a transfer (`from`, `to`), a refund (`related_transaction_id`) or an adjustment."""
    splits, sharing = split_up(body.splits)
    draft = Draft(
        type=body.type,
        date=body.date,
        amount_minor=body.amount_minor,
        status=body.status,
        id=body.id,
        account_id=body.account_id,
        pot_id=body.pot_id,
        source=body.from_.end() if body.from_ else None,
        target=body.to.end() if body.to else None,
        payee=body.payee,
        description=body.description,
        note=body.note,
        splits=splits,
        sharing=sharing,
        tags=tuple(body.tags),
        related_transaction_id=body.related_transaction_id,
        excluded_from_budget=body.excluded_from_budget,
        counts_next_period=body.counts_next_period,
        allow_excess=body.allow_excess,
        details=body.details(),
        fee=body.fee.part() if body.fee else None,
        origin=body.source,
    )
    recorded = await operations.create(ledger, principal, draft, claim)
    return answered(principal, recorded)


@router.get("/{transaction_id}", response_model=TransactionOut, summary="One transaction")
async def get_transaction(
    transaction_id: Id,
    principal: Viewer,
    ledger: LedgerDep,
    include: Annotated[
        Literal["postings"] | None, Query(description="postings: the legs of the double entry")
    ] = None,
) -> Response:
    loaded = await queries.load(ledger.facts.pool, principal.book_id, transaction_id)
    body = loaded.document
    if include == "postings":
        legs = orjson.dumps([leg._asdict() for leg in loaded.transaction.legs()])
        body = body[:-1] + b', "postings": ' + legs + b"}"
    return Response(body, 200, {"ETag": etag(loaded.version)}, "application/json")


@router.patch("/{transaction_id}", response_model=TransactionOut, summary="Change a transaction")
async def change_transaction(
    transaction_id: Id,
    body: TransactionPatch,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    claim: Claimed,
) -> Response:
    """The fields that are given replace the old ones. Amount, date and account of a reconciled one stay."""
    changes = body.model_dump(
        exclude_unset=True, exclude={"version", "from_", "to", "splits", "tags", "fee", *DETAILS}
    )
    always = ("date", "amount_minor", "status", "excluded_from_budget", "counts_next_period", "account_id")
    refuse_null(changes, always)
    given = body.model_fields_set
    if "from_" in given and body.from_ is not None:
        changes["source"] = body.from_.end()
    if "to" in given and body.to is not None:
        changes["target"] = body.to.end()
    if "fee" in given:
        changes["fee"] = body.fee.part() if body.fee else None
    if "splits" in given:
        changes["splits"], changes["sharing"] = split_up(body.splits or [])
    if "tags" in given:
        changes["tags"] = tuple(body.tags or ())
    if details := body.given_details():
        changes["details"] = details
    recorded = await operations.edit(
        ledger, principal, transaction_id, changes, claim, _checker(if_match, body.version)
    )
    return answered(principal, recorded)


@router.delete("/{transaction_id}", status_code=204, summary="Delete a transaction")
async def delete_transaction(
    transaction_id: Id,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """Its history stays; refunds of it keep pointing at it, with `related_deleted`."""
    number = await operations.delete(ledger, principal, transaction_id, _checker(if_match, version))
    return gone(principal, number)


def split_up(splits: list[ShareableSplitIn]) -> tuple[tuple[Split, ...], dict[UUID, Sharing]]:
    """The splits, and by their ids how they are shared."""
    made = tuple(
        Split(s.amount_minor, s.category_id, s.memo, tuple(s.tags), s.id or new_id(), s.item) for s in splits
    )
    asked = {split.id: said.sharing() for split, said in zip(made, splits, strict=True)}
    return made, {split_id: sharing for split_id, sharing in asked.items() if sharing is not None}


def _checker(if_match: int | None, in_body: int | None) -> Callable[[int], None]:
    return lambda present: check_version(present, if_match, in_body)


def answered(principal: Any, recorded: Recorded) -> Response:
    return written(principal, recorded.answer, Written(recorded.number, recorded.stored))
