"""/transactions/parse: one line of text becomes a draft."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BeforeValidator, Field, StringConstraints

from pfms_common.input import Input, Output, clean_text
from pfms_common.web import Editor, StrictRoute
from pfms_ledger.api.deps import LedgerDep
from pfms_ledger.api.transaction_details import OriginalOut
from pfms_ledger.operations import text_entry as operations

router = APIRouter(prefix="/transactions", tags=["Quick entry"], route_class=StrictRoute)


class LineIn(Input):
    text: Annotated[str, StringConstraints(min_length=1, max_length=500), BeforeValidator(clean_text)] = (
        Field(
            description="amount, day, what it was, `#tags`, `@account`, in English or German",
            examples=["12.50 coffee yesterday #work"],
        )
    )


class DraftSplit(Output):
    amount_minor: int = Field(description="signed minor units", examples=[-1250])
    category_id: UUID | None = Field(description="null: uncategorised")


class DraftOut(Output):
    """The body of POST /transactions, without what the line does not say."""

    date: date
    account_id: UUID | None = Field(
        None, description="left out where the line names none and quick entries have none: choose one"
    )
    amount_minor: int | None = Field(
        None, description="signed minor units of the account's currency, else of `currency`", examples=[-1250]
    )
    payee: str | None = Field(None, examples=["Blue Bottle Coffee"])
    splits: list[DraftSplit] | None = None
    tags: list[str]
    original: OriginalOut | None = Field(
        None, description="where another currency is named than the account's"
    )


class ParsedOut(Output):
    draft: DraftOut = Field(description="may be sent to POST /transactions as it is once nothing is missing")
    kind: str = Field(description="expense or income", examples=["expense"])
    currency: str | None = Field(
        description="the account's; without one the currency that the amount is taken to be in",
        examples=["EUR"],
    )
    payee_id: UUID | None = Field(description="null: the payee is new, or none is named")
    uncertain: list[str] = Field(
        description="what could be meant otherwise or is missing: amount_minor, currency, date, kind, account_id,"
        " category_id, payee",
        examples=[["category_id"]],
    )


@router.post("/parse", response_model=ParsedOut, summary="Read a line of text as a transaction")
async def parse_line(body: LineIn, principal: Editor, ledger: LedgerDep) -> Response:
    """Nothing is recorded. Days may be words (`yesterday`, `last friday`, `next monday`, `3.11.`); one that no
    calendar has is today, and uncertain. Income begins with a plus or says so; payee and category are those of the
    book, the category else the one last used with the payee.
    """
    read = await operations.draft(ledger, principal, body.text)
    split = (
        None
        if read.amount_minor is None
        else [DraftSplit(amount_minor=read.amount_minor, category_id=read.category_id)]
    )
    draft = DraftOut(
        date=read.date,
        account_id=read.account_id,
        amount_minor=read.amount_minor,
        payee=read.payee,
        splits=split,
        tags=list(read.tags),
        original=OriginalOut.model_validate(read.original) if read.original else None,
    )
    out = ParsedOut(
        draft=draft,
        kind="income" if read.is_income else "expense",
        currency=read.currency,
        payee_id=read.payee_id,
        uncertain=sorted(read.uncertain),
    )
    shown = out.model_dump_json(
        exclude={"draft": {n for n in DraftOut.model_fields if getattr(draft, n) is None}}
    )
    return Response(shown, media_type="application/json")
