"""/budgets: months with what was planned, what happened, and what is left to be budgeted."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from pfms_budget.api.deps import (
    CursorParam,
    DeletedVersion,
    Limit,
    MonthDep,
    Reader,
    ReaderDep,
    Version,
    Write,
    WriteDep,
    stale_headers,
)
from pfms_budget.domain.filling import Filling
from pfms_budget.operations import plans as operations
from pfms_budget.queries import months as queries
from pfms_budget.queries.months import Document
from pfms_common.input import Input, Minor, Output, PeriodName, Text
from pfms_common.pagination import DEFAULT_LIMIT
from pfms_common.period import FIRST_YEAR, LAST_YEAR, Period, PeriodKey, period_key
from pfms_common.problem import Invalid
from pfms_common.web import Claimed, IfMatch, StrictRoute, check_version, etag, found

router = APIRouter(prefix="/budgets", tags=["Budgets"], route_class=StrictRoute)

Positive = Annotated[Minor, Field(ge=0)]
Status = Literal["draft", "active", "archived"]


class _Plan(Input):
    planned_income_minor: Positive = Field(
        0, description="income you expect, in minor units of the book's currency", examples=[250_000]
    )
    planned_salary_minor: Positive = Field(
        0, description="part of the planned income; the parts, if any, add up to it", examples=[220_000]
    )
    planned_bonuses_minor: Positive = Field(0, description="part of the planned income, minor units")
    planned_side_income_minor: Positive = Field(0, description="part of the planned income, minor units")
    planned_investments_minor: Positive = Field(0, description="part of the planned income, minor units")
    planned_other_minor: Positive = Field(0, description="part of the planned income, minor units")
    savings_budget_minor: Positive = Field(
        0, description="what you want to save, minor units", examples=[30_000]
    )
    debt_payment_budget_minor: Positive = Field(
        0, description="what you want to pay off debts with, minor units", examples=[15_000]
    )
    status: Status = Field("draft", description="for yourself; it changes no figure")
    notes: Text | None = Field(None, description="for yourself", examples=["Holidays in May"])


class BudgetIn(_Plan):
    month: PeriodName = Field(
        description="YYYY-MM of a calendar month, of another period its first day; the budget runs on from its first"
        " month without a gap"
    )
    from_: Annotated[Filling, Field(strict=False)] = Field(
        Filling.EMPTY,
        alias="from",
        description="what the month begins with; `GET /budget-templates` tells what each does",
        examples=["copy"],
    )


class ArchiveIn(Input):
    version: Version = None


class BudgetPut(_Plan):
    version: Version = None


class BudgetPatch(Input):
    planned_income_minor: Positive | None = Field(
        None, description="minor units; the parts must add up to it"
    )
    planned_salary_minor: Positive | None = Field(
        None,
        description="minor units; where no total is given, one that was the sum of the parts follows them",
    )
    planned_bonuses_minor: Positive | None = Field(None, description="minor units")
    planned_side_income_minor: Positive | None = Field(None, description="minor units")
    planned_investments_minor: Positive | None = Field(None, description="minor units")
    planned_other_minor: Positive | None = Field(None, description="minor units")
    savings_budget_minor: Positive | None = Field(None, description="minor units")
    debt_payment_budget_minor: Positive | None = Field(None, description="minor units")
    status: Status | None = None
    notes: Text | None = None
    version: Version = None


class HoldIn(Input):
    hold_minor: Positive = Field(
        description="what this month holds back for the next one, in minor units; 0 lets it go",
        examples=[10_000],
    )


class LineOut(Output):
    category_id: UUID | None = Field(
        description="null: everything without a category; of a card's payment row the card's account"
    )
    kind: Literal["category", "uncategorised", "card_payment"] = Field(
        description="`card_payment`: what waits to pay a card with, whose debt is kept apart"
    )
    allocated_minor: int = Field(description="set aside this month, in minor units", examples=[30_000])
    actual_minor: int = Field(
        description="spent, in minor units; refunds count against it, so it may be negative",
        examples=[35_000],
    )
    carry_in_minor: int = Field(description="brought along from the month before, minor units", examples=[0])
    available_minor: int = Field(
        description="carry_in + allocated − actual + funded − paid, in minor units; negative: overspent",
        examples=[-5_000],
    )
    card_debt_minor: int = Field(
        description="of a category: spent on cards and not covered by it, in minor units", examples=[0]
    )
    funded_minor: int = Field(
        description="of a payment row: what categories covered of spending on the card, less returns, minor units",
        examples=[0],
    )
    paid_minor: int = Field(
        description="of a payment row: transfers into the card less those out of it, and income on it, minor units",
        examples=[0],
    )
    transaction_count: int = Field(description="transactions that make up `actual_minor`", examples=[12])
    rollover: str | None = Field(
        description="the policy last set for the category; null: the book's default", examples=["surplus"]
    )


class SummaryOut(Output):
    month: str = Field(examples=["2026-11"])
    first_day: date
    last_day: date
    status: Status
    notes: str | None
    planned_income_minor: int = Field(description="minor units", examples=[250_000])
    planned_salary_minor: int = Field(description="minor units")
    planned_bonuses_minor: int = Field(description="minor units")
    planned_side_income_minor: int = Field(description="minor units")
    planned_investments_minor: int = Field(description="minor units")
    planned_other_minor: int = Field(description="minor units")
    savings_budget_minor: int = Field(description="minor units")
    debt_payment_budget_minor: int = Field(description="minor units")
    start_minor: int = Field(
        description="handed on by the month before, in minor units; in the first month the balance of the accounts"
        " on the budget on the day before it",
        examples=[100_000],
    )
    income_minor: int = Field(
        description="came in this month and counts in it, minor units", examples=[240_000]
    )
    expected_income_minor: int = Field(description="the planned income, else the income; minor units")
    held_income_minor: int = Field(description="came in this month and counts in the next, minor units")
    openings_minor: int = Field(description="opening balances dated in this month, minor units")
    total_planned_minor: int = Field(description="sum of what is allocated, minor units", examples=[180_000])
    outflow_minor: int = Field(description="sum of what was spent, minor units", examples=[175_250])
    rollover_balance_minor: int = Field(description="sum of what the lines brought along, minor units")
    released_minor: int = Field(
        description="left in the lines of the month before and not brought along, minor units; negative: overspending"
        " that this month pays for"
    )
    hold_minor: int = Field(description="held back for the next month, minor units", examples=[0])
    excluded_minor: int = Field(
        description="net of what is excluded from the budget, or owed by others, since its first month, minor units"
    )
    discarded_minor: int = Field(description="left the budget for good since its first month, minor units")
    fx_minor: int = Field(
        description="what rates did this month to the money in other currencies, in minor units of the book's"
    )
    card_debt_minor: int = Field(description="spent on cards this month and not covered, minor units")
    minimum_debt_payments_minor: int = Field(
        description="due at least this month: minimums of cards, instalments of loans; minor units",
        examples=[5_000],
    )
    discretionary_minor: int = Field(
        description="expected income less what is allocated to essential categories (debt payments aside) and less"
        " minimum_debt_payments, in minor units",
        examples=[90_000],
    )
    available_for_debt_payoff_minor: int = Field(
        description="discretionary less what is allocated to the rest and less the savings budget, at least 0, minor"
        " units",
        examples=[20_000],
    )
    unconverted: list[UUID] = Field(
        description="accounts on the budget that are left out whole: a rate for their currency is missing"
    )
    to_be_budgeted_minor: int = Field(
        description="start + income + openings + fx − allocated − hold, minor units; negative: more is allocated than"
        " there is",
        examples=[60_000],
    )
    version: int = Field(description="of what was planned, 0: nothing; figures do not raise it", examples=[1])
    as_of: datetime = Field(description="up to when the figures are complete")


class MonthOut(SummaryOut):
    categories: list[LineOut] = Field(description="by category id; the line without category last")


class Months(Output):
    items: list[SummaryOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


@router.post("", status_code=201, response_model=MonthOut, summary="Plan a month")
async def create_budget(body: BudgetIn, write: WriteDep, claim: Claimed) -> Response:
    """The first planned month is where the budget begins; one planned before it moves the beginning there.

    `from` fills it: what the month has already stays, and categories that are archived get nothing.
    """
    period = period_key(body.month)
    fields = body.model_dump(exclude_unset=True, exclude={"month", "from_"})

    async def run() -> Response:
        await operations.create(write.work, period, fields, body.from_)
        return await _answer(write, period, created=True)

    return await write.once(claim, run)


@router.get("", response_model=Months, summary="List months")
async def list_budgets(
    reader: ReaderDep,
    from_: Annotated[
        PeriodName | None, Query(alias="from", description="first month, or day", examples=["2026-01"])
    ] = None,
    to: Annotated[PeriodName | None, Query(description="last month, or day", examples=["2026-12"])] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorParam = None,
) -> Response:
    """The months of the budget that begin in these days, without their lines, oldest first; by default all."""
    stale = await reader.caught_up() if reader.wanted else None
    bound = (reader.book_id, "budgets", [from_, to])
    first = period_key(from_).first if from_ else date(FIRST_YEAR, 1, 1)
    if cursor is not None:
        first = period_key(reader.resources.cursors.read(*bound, cursor)[0]).first + timedelta(days=1)
    last = _until(to) if to else date(LAST_YEAR, 12, 31)
    rows = await queries.many(reader.resources.pool, reader.book_id, first, last, limit + 1, reader.wanted)
    page, more = rows[:limit], len(rows) > limit
    next_cursor = f'"{reader.resources.cursors.write(*bound, [page[-1].key])}"' if more else "null"
    items = ",".join(row.text for row in page)
    body = f'{{"items":[{items}],"next_cursor":{next_cursor}}}'
    return Response(body, headers=stale_headers(stale), media_type="application/json")


@router.get("/{month}", response_model=MonthOut, summary="One month with its lines")
async def get_budget(period: MonthDep, reader: ReaderDep) -> Response:
    """Any month from the first planned one to the next from today, or the last with an allocation or a
    transaction; one that nobody planned reads as zeros with version 0, one outside is 404.
    """
    read = await _document(reader, period)
    stale = None
    if reader.wanted and (read is None or read.applied < reader.wanted):
        stale = await reader.caught_up()
        read = await _document(reader, period)
    document = found(read, "month")
    headers = {"ETag": etag(document.version), **stale_headers(stale)}
    return Response(document.text, headers=headers, media_type="application/json")


@router.put("/{month}", response_model=MonthOut, summary="Replace what is planned for a month")
async def replace_budget(
    period: MonthDep, body: BudgetPut, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    fields = body.model_dump(exclude_unset=True, exclude={"version"})
    return await _change(write, period, fields, if_match, body.version, claim, replaces=True)


@router.patch("/{month}", response_model=MonthOut, summary="Change what is planned for a month")
async def change_budget(
    period: MonthDep, body: BudgetPatch, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    """Another planned income changes no allocation; POST …/apply-percentages does."""
    fields = body.model_dump(exclude_unset=True, exclude={"version"})
    wrong = {
        name: ["must not be null"] for name, value in fields.items() if value is None and name != "notes"
    }
    if wrong:
        raise Invalid(f"{', '.join(wrong)} must not be null.", errors=wrong)
    return await _change(write, period, fields, if_match, body.version, claim)


@router.post("/{month}/archive", response_model=MonthOut, summary="Archive a month")
async def archive_budget(
    period: MonthDep, body: ArchiveIn, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    """Its status is `archived`; no figure changes. PATCH with another status takes it back."""
    return await _change(write, period, {"status": "archived"}, if_match, body.version, claim)


@router.delete("/{month}", status_code=204, summary="Delete what is planned for a month")
async def delete_budget(
    period: MonthDep, write: WriteDep, if_match: IfMatch, claim: Claimed, version: DeletedVersion = None
) -> Response:
    """With what it holds for the next month. The budget then runs from the first to the last month that is still
    planned or used. A month with allocations is 409: delete those first.
    """

    async def run() -> Response:
        await operations.delete(write.work, period, lambda v: check_version(v, if_match, version))
        return Response(status_code=204)

    return await write.once(claim, run)


@router.post("/{month}/hold", response_model=MonthOut, summary="Hold money back for the next month")
async def hold(period: MonthDep, body: HoldIn, write: WriteDep, claim: Claimed) -> Response:
    """The amount leaves this month's to-be-budgeted and starts the next one's."""

    async def run() -> Response:
        await operations.hold(write.work, period, body.hold_minor)
        return await _answer(write, period)

    return await write.once(claim, run)


async def _change(
    write: Write,
    period: PeriodKey,
    fields: dict[str, Any],
    if_match: int | None,
    in_body: int | None,
    claim: Claimed,
    *,
    replaces: bool = False,
) -> Response:
    async def run() -> Response:
        await operations.change(
            write.work, period, fields, lambda v: check_version(v, if_match, in_body), replaces=replaces
        )
        return await _answer(write, period)

    return await write.once(claim, run)


def _until(name: str) -> date:
    """The last day of a calendar month, or the day that is named."""
    named = period_key(name)
    return named.last if isinstance(named, Period) else named.first


async def _document(reader: Reader, period: PeriodKey) -> Document | None:
    return await queries.one(reader.resources.pool, reader.book_id, period, reader.wanted)


async def _answer(write: Write, period: PeriodKey, *, created: bool = False) -> Response:
    """The whole month after a write."""
    read = await queries.one(write.work.connection, write.work.book_id, period)
    document = found(read, "month")
    headers = {"ETag": etag(document.version)}
    if created:
        headers["Location"] = f"/api/v1/budgets/{period.key}"
    return Response(document.text, 201 if created else 200, headers, "application/json")
