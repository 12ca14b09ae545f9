"""/accounts: where money lies."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BeforeValidator, Field, StringConstraints

from pfms_common.currency import UnknownCurrencyError, currency
from pfms_common.ids import new_id
from pfms_common.input import Day, Id, Input, Minor, Name, Output, Text
from pfms_common.web import (
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
    DeletedVersion,
    IncludeInactive,
    LedgerDep,
    answer_of,
    gone,
    refuse_null,
    written,
)
from pfms_ledger.domain.account import CARD_TERMS, Type, card_terms, is_on_budget
from pfms_ledger.operations import accounts as operations
from pfms_ledger.queries import accounts as queries

router = APIRouter(prefix="/accounts", tags=["Accounts"], route_class=StrictRoute)


def currency_code(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return currency(value).code
    except UnknownCurrencyError as error:
        raise ValueError("must be an ISO 4217 code such as EUR") from error


def _type(value: object) -> object:
    return "checking" if value == "bank" else value


CurrencyCode = Annotated[
    str, BeforeValidator(currency_code), Field(examples=["EUR"], description="ISO 4217 code")
]
AccountType = Annotated[Type, BeforeValidator(_type)]
LastFour = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{4}$")]
Positive = Annotated[Minor, Field(ge=0)]
DayOfMonth = Annotated[int, Field(ge=1, le=31, examples=[15])]
CreditOverspend = Literal["liability", "reduce_next_month"]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class _Details(Input):
    institution: Name | None = Field(None, description="the bank", examples=["Sparkasse"])
    last_four: LastFour | None = Field(
        None, description="last four characters of the number", examples=["4242"]
    )
    note: Text | None = Field(None, description="for yourself")
    colour: Colour | None = Field(None, description="#rrggbb", examples=["#1c7ed6"])
    position: int = Field(0, ge=0, le=100_000, description="order in lists, lowest first")


class _Terms(Input):
    """What is agreed for an account; all but the low balance are for cards alone."""

    low_balance_minor: Minor | None = Field(
        None, description="below it the balance is low, in minor units", examples=[20_000]
    )
    credit_limit_minor: Positive | None = Field(
        None, description="cards: the most that it lends, in minor units", examples=[300_000]
    )
    statement_day: DayOfMonth | None = Field(
        None, description="cards: the day of the month the statement closes on; 31 is the month's last"
    )
    due_day: DayOfMonth | None = Field(
        None, description="cards: the day of the month it is to be paid by; 31 is the month's last"
    )
    minimum_payment_minor: Positive | None = Field(
        None, description="cards: what must be paid by each due day, in minor units", examples=[5_000]
    )
    credit_overspend: CreditOverspend | None = Field(
        None,
        description="cards: what spending that no envelope covers becomes: debt on the card (`liability`, the"
        " default), or less to budget in the next month (`reduce_next_month`)",
        examples=["liability"],
    )


class AccountIn(_Details, _Terms):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    name: Name = Field(description="what you call it", examples=["Checking"])
    type: AccountType = Field(description="`bank` is taken for checking", examples=["checking"])
    currency: CurrencyCode
    opening_balance_minor: Minor = Field(
        0,
        description="what was in it on `opened_on`, in minor units; owed money is negative",
        examples=[150_000],
    )
    opened_on: Day = Field(description="the day the opening balance is of; no currency is converted")
    on_budget: bool | None = Field(
        None,
        description="whether its money is budgeted; by default all but investment, loan, asset and liability. The"
        " budget counts accounts in the book's own currency alone, and leaves out those in another one whole",
    )


class AccountPatch(_Terms):
    name: Name | None = None
    type: AccountType | None = None
    opening_balance_minor: Minor | None = Field(None, description="minor units of the account's currency")
    opened_on: Day | None = None
    on_budget: bool | None = Field(
        None,
        description="whether its money is budgeted; in another currency than the book's it is not counted yet",
    )
    is_active: bool | None = Field(
        None, description="false closes the account, which needs a balance of zero"
    )
    institution: Name | None = None
    last_four: LastFour | None = None
    note: Text | None = None
    colour: Colour | None = None
    position: int | None = Field(None, ge=0, le=100_000)
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class AccountOut(Output):
    id: UUID
    name: str = Field(examples=["Checking"])
    type: str = Field(examples=["checking"])
    currency: str = Field(description="ISO 4217 code", examples=["EUR"])
    opening_balance_minor: int = Field(description="minor units", examples=[150_000])
    opened_on: date
    on_budget: bool = Field(
        description="whether its money is meant for the budget, which counts accounts in the book's currency alone"
    )
    is_active: bool = Field(description="false: closed")
    institution: str | None
    last_four: str | None
    note: str | None
    colour: str | None
    position: int
    low_balance_minor: int | None = Field(description="minor units", examples=[20_000])
    credit_limit_minor: int | None = Field(description="of a card, in minor units", examples=[300_000])
    statement_day: int | None = Field(description="of a card: day of the month", examples=[15])
    due_day: int | None = Field(description="of a card: day of the month", examples=[5])
    minimum_payment_minor: int | None = Field(description="of a card, in minor units", examples=[5_000])
    credit_overspend: str | None = Field(
        description="of a card: `liability` or `reduce_next_month`", examples=["liability"]
    )
    balance_minor: int = Field(
        description="of all transactions, pending ones and those dated in the future included, in minor units; as of"
        " a day: GET /balances",
        examples=[128_350],
    )
    cleared_balance_minor: int = Field(
        description="the same without what is pending, in minor units", examples=[130_000]
    )
    version: int = Field(
        description="rises with every change of its own fields, not of its balance", examples=[1]
    )


class Accounts(Output):
    items: list[AccountOut]
    next_cursor: None = Field(None, description="a book's accounts fit on one page")


@router.post("", status_code=201, response_model=AccountOut, summary="Open an account")
async def create_account(body: AccountIn, principal: Editor, ledger: LedgerDep, claim: MustClaim) -> Response:
    """The opening balance is posted against equity and is no item of the transaction list."""
    await ledger.check_day(principal.book_id, body.opened_on, "opened_on")
    account = operations.Account(
        id=body.id or new_id(),
        name=body.name,
        type=body.type,
        currency=body.currency,
        opening_balance_minor=body.opening_balance_minor,
        opened_on=body.opened_on,
        on_budget=is_on_budget(body.type) if body.on_budget is None else body.on_budget,
        is_active=True,
        institution=body.institution,
        last_four=body.last_four,
        note=body.note,
        colour=body.colour,
        position=body.position,
        low_balance_minor=body.low_balance_minor,
        **card_terms(body.type, {name: getattr(body, name) for name in CARD_TERMS}),
    )
    opening = account.opening_balance_minor
    made = answer_of(
        _out(account, opening, opening, 1).model_dump_json(),
        version=1,
        status=201,
        location=f"/api/v1/accounts/{account.id}",
    )
    return written(principal, made, await operations.create(ledger.journal, principal, account, claim, made))


@router.get("", response_model=Accounts, summary="List accounts")
async def list_accounts(principal: Viewer, tx: Tx, *, include_inactive: IncludeInactive = False) -> Response:
    rows = await queries.listed(tx, principal.book_id, include_inactive=include_inactive)
    return answer(Accounts(items=[AccountOut.model_validate(row) for row in rows]))


@router.get("/{account_id}", response_model=AccountOut, summary="One account")
async def get_account(account_id: Id, principal: Viewer, tx: Tx) -> Response:
    row = found(await queries.get(tx, principal.book_id, account_id), "account")
    return answer(AccountOut.model_validate(row), version=row.version)


@router.patch("/{account_id}", response_model=AccountOut, summary="Change, close or reopen an account")
async def change_account(
    account_id: Id, body: AccountPatch, principal: Editor, ledger: LedgerDep, if_match: IfMatch
) -> Response:
    """The currency never changes, nor does the opening while transactions of the account are reconciled. Turning
    an account on or off the budget re-derives every month.
    """
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    refuse_null(
        changes, ("name", "type", "opening_balance_minor", "opened_on", "on_budget", "is_active", "position")
    )
    if body.opened_on is not None:
        await ledger.check_day(principal.book_id, body.opened_on, "opened_on")
    changed = await operations.change(
        ledger.journal, principal, account_id, changes, lambda v: check_version(v, if_match, body.version)
    )
    shown = _out(changed.account, changed.balance_minor, changed.cleared_balance_minor, changed.version)
    return written(principal, answer_of(shown.model_dump_json(), version=changed.version), changed.written)


@router.delete("/{account_id}", status_code=204, summary="Delete an account without transactions")
async def delete_account(
    account_id: Id,
    principal: Editor,
    tx: Tx,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    result = await operations.delete(
        ledger.journal, tx, principal, account_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


def _out(account: operations.Account, balance: int, cleared: int, version: int) -> AccountOut:
    fields = {name: getattr(account, name) for name in operations.Account.__slots__}
    return AccountOut(**fields, balance_minor=balance, cleared_balance_minor=cleared, version=version)
