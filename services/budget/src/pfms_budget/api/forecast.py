"""/forecast and /safe-to-spend: how much will be there, day by day, and what of it may be spent."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Response

from pfms_budget.adapters import kept_answers
from pfms_budget.api.deps import Reader, ReaderDep, stale_headers
from pfms_budget.api.forecast_models import (
    CashflowMonthOut,
    CashflowOut,
    DayOut,
    EverydayOut,
    ExpectedIncomeOut,
    IncomeOut,
    ProjectionOut,
    SafeToSpendOut,
    WarningOut,
)
from pfms_budget.domain.forecast import MOST_DAYS, Day, Flow, Origin, warnings
from pfms_budget.domain.outlook import Known, Outlook
from pfms_budget.domain.safe_to_spend import payday, safe_to_spend
from pfms_budget.queries import forecast as queries
from pfms_common.input import MAX_MINOR, Id, Output
from pfms_common.period import month_of, next_month
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_common.web import StrictRoute, found

router = APIRouter(prefix="/forecast", tags=["Forecast"], route_class=StrictRoute)
safe_router = APIRouter(prefix="/safe-to-spend", tags=["Forecast"], route_class=StrictRoute)

Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="how many days after today", examples=[30])]
AccountId = Annotated[Id | None, Query(description="by default all accounts on the budget")]
Threshold = Annotated[
    int,
    Query(
        ge=-MAX_MINOR,
        le=MAX_MINOR,
        description="warn below this, in minor units of each account's currency",
        examples=[10_000],
    ),
]
PAYDAYS_WITHIN = 62
"""Days: income that is further away is nothing to wait for."""

type Make = Callable[[Known, asyncpg.Connection], Awaitable[Output]]


@router.get("/projection", response_model=ProjectionOut, summary="Balances day by day")
async def get_projection(
    reader: ReaderDep,
    days: Days = 30,
    account_id: AccountId = None,
    threshold_minor: Threshold = 0,
) -> Response:
    """What accounts hold, plus what is expected with a date, less everyday spending."""

    async def make(known: Known, _: asyncpg.Connection) -> Output:
        return projection(reader, Outlook(known, days), account_id, threshold_minor)

    return await kept_answer(reader, "projection", [days, account_id, threshold_minor], days, make)


@router.get("/income", response_model=IncomeOut, summary="Income that is expected")
async def get_expected_income(reader: ReaderDep, days: Days = 30) -> Response:
    """From plans, from sources that came before, and what the books have with a later date."""

    async def make(known: Known, _: asyncpg.Connection) -> Output:
        return _income(Outlook(known, days))

    return await kept_answer(reader, "income", [days], days, make)


@router.get("/cashflow", response_model=CashflowOut, summary="Income and expenses by month")
async def get_cashflow(reader: ReaderDep, days: Days = 90) -> Response:
    """The days of the projection added up, of all accounts on the budget."""

    async def make(known: Known, _: asyncpg.Connection) -> Output:
        return _cashflow(Outlook(known, days))

    return await kept_answer(reader, "cashflow", [days], days, make)


@safe_router.get("", response_model=SafeToSpendOut, summary="What may be spent until the next payday")
async def get_safe_to_spend(reader: ReaderDep) -> Response:
    """Cash on the budget, less what is due before payday and what envelopes hold, nothing of it twice."""

    async def make(known: Known, connection: asyncpg.Connection) -> Output:
        envelopes = await queries.envelopes(connection, reader.book_id, known.today)
        return _safe(Outlook(known, PAYDAYS_WITHIN), envelopes)

    return await kept_answer(reader, "safe-to-spend", [], PAYDAYS_WITHIN, make)


async def kept_answer(reader: Reader, name: str, asked: Sequence[object], days: int, make: Make) -> Response:
    """The answer, as fresh as the caller's tokens ask; one made for the same data minutes ago will do."""
    stale = await reader.caught_up() if reader.wanted else None
    resources, now = reader.resources, reader.resources.clock()
    with scope(books=[reader.book_id]):
        async with connection_of(resources.pool) as connection, connection.transaction():
            as_of = await queries.as_of(connection, reader.book_id)
            key = ":".join(map(str, ("forecast", name, reader.book_id, as_of, now.date(), *asked)))
            text = await kept_answers.read(resources.redis, key)
            if text is None:
                known = await queries.known(connection, reader.book_id, now, days)
                text = (await make(known, connection)).model_dump_json()
                await kept_answers.keep(resources.redis, key, text)
    return Response(text, headers=stale_headers(stale), media_type="application/json")


def projection(reader: Reader, outlook: Outlook, account_id: UUID | None, threshold: int) -> ProjectionOut:
    known = outlook.known
    if account_id is None:
        currency, days, paths = known.base, outlook.total(), outlook.paths()
    else:
        currency = found(known.accounts.get(account_id), "account").currency
        days = outlook.of_account(account_id)
        paths = {account_id: days}
    usual = outlook.usual(currency)
    per_30_days = usual.minor if account_id is None else usual.by_account.get(account_id, 0)
    return ProjectionOut(
        currency=currency,
        account_id=account_id,
        start_minor=_start(days),
        end_minor=days[-1].balance,
        everyday=EverydayOut(per_30_days_minor=per_30_days, months=usual.months, outliers=usual.outliers),
        days=[_day(day) for day in days],
        warnings=[
            WarningOut(account_id=each.account_id, date=each.date, balance_minor=each.balance)
            for each in warnings(paths, threshold)
        ],
        unconverted=outlook.unconverted,
        as_of=reader.resources.clock(),
    )


def _income(outlook: Outlook) -> IncomeOut:
    known = outlook.known
    items = [flow for flow in outlook.dated if outlook.is_income(flow)]
    worth = sum(flow.minor for flow in outlook.in_base() if outlook.is_income(flow))
    return IncomeOut(
        currency=known.base,
        total_minor=worth,
        items=[_expected(flow, known.accounts[flow.account_id].currency) for flow in items],
        undated_source_ids=[each.id for each in known.sources if not (each.has_a_next or each.is_planned)],
    )


def _expected(flow: Flow, currency: str) -> ExpectedIncomeOut:
    return ExpectedIncomeOut(
        date=flow.day,
        account_id=flow.account_id,
        amount_minor=flow.minor,
        currency=currency,
        name=flow.name,
        origin=flow.origin,
        plan_id=flow.subject_id if flow.origin is Origin.PLAN else None,
        income_source_id=flow.subject_id if flow.origin is Origin.INCOME_SOURCE else None,
    )


def _cashflow(outlook: Outlook) -> CashflowOut:
    days = outlook.total()
    items = []
    for key, of_month in groupby(days, lambda day: month_of(day.date).key):
        within = list(of_month)
        income, expenses = sum(day.income for day in within), sum(day.expenses for day in within)
        figures = {"income_minor": income, "expenses_minor": expenses, "net_minor": income - expenses}
        items.append(CashflowMonthOut(month=key, **figures, end_minor=within[-1].balance))
    return CashflowOut(
        currency=outlook.known.base, start_minor=_start(days), items=items, unconverted=outlook.unconverted
    )


def _safe(outlook: Outlook, envelopes: dict[UUID, int]) -> SafeToSpendOut:
    known = outlook.known
    today, cash = known.today, known.scope.cash.difference(outlook.unconverted)
    flows = outlook.in_base()
    expected = payday(filter(outlook.is_income, flows), today)
    until = expected or next_month(month_of(today)).first
    safe = safe_to_spend(outlook.held(cash), flows, envelopes, cash, today, until)
    return SafeToSpendOut(
        currency=known.base,
        until=until,
        income_expected=expected is not None,
        safe_to_spend_minor=safe.minor,
        per_day_minor=max(safe.minor, 0) // max((until - today) // timedelta(days=1), 1),
        cash_minor=safe.cash,
        committed_minor=safe.committed,
        due_minor=safe.due,
        set_aside_minor=safe.set_aside,
        unconverted=outlook.unconverted,
    )


def _start(days: Sequence[Day]) -> int:
    """What was held before the first day."""
    return days[0].balance - days[0].income + days[0].expenses


def _day(day: Day) -> DayOut:
    return DayOut(
        date=day.date,
        balance_minor=day.balance,
        expected_income_minor=day.income,
        expected_expenses_minor=day.expenses,
        confidence=day.confidence,
    )
