"""What the forecast answers."""

from datetime import date as date_
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import Field

from pfms_budget.domain.forecast import Origin
from pfms_common.input import Output


class EverydayOut(Output):
    per_30_days_minor: int = Field(
        description="the median of the last whole months, at most six, without what plans posted and without"
        " outliers; with fewer than three months what the last 30 days came to; minor units of `currency`",
        examples=[84_000],
    )
    months: int = Field(description="of how many months it is the median; 0: the last 30 days", examples=[6])
    outliers: int = Field(description="single amounts far out that were left aside", examples=[1])


class DayOut(Output):
    date: date_ = Field(examples=["2026-11-21"])
    balance_minor: int = Field(
        description="at the end of the day, in minor units: of the day before, plus income, less expenses",
        examples=[212_345],
    )
    expected_income_minor: int = Field(description="minor units", examples=[250_000])
    expected_expenses_minor: int = Field(
        description="everyday spending and what is due, above zero; minor units", examples=[2_800]
    )
    confidence: Decimal = Field(
        description="from 0 to 1, less with every day, and less the more months differ", examples=["0.93"]
    )


class WarningOut(Output):
    account_id: UUID
    date: date_ = Field(description="first day of being below the threshold", examples=["2026-12-01"])
    balance_minor: int = Field(
        description="at the end of that day, in minor units of the account's currency", examples=[-4_200]
    )


class ProjectionOut(Output):
    currency: str = Field(
        description="the account's, or the book's where no account was named", examples=["EUR"]
    )
    account_id: UUID | None = Field(description="null: all accounts on the budget, cards' debts taken off")
    start_minor: int = Field(description="held today, in minor units", examples=[215_145])
    end_minor: int = Field(description="held at the end of the last day, in minor units", examples=[180_000])
    everyday: EverydayOut
    days: list[DayOut] = Field(description="today with what is still to come today, then each day asked for")
    warnings: list[WarningOut] = Field(
        description="each time that an account with money on the budget (or the one named) falls below the threshold"
    )
    unconverted: list[UUID] = Field(
        description="accounts on the budget left out of the total: no rate for their currency is known"
    )
    as_of: datetime = Field(
        description="when this was made; it is kept for up to five minutes while nothing changes"
    )


class ExpectedIncomeOut(Output):
    date: date_ = Field(examples=["2026-11-27"])
    account_id: UUID
    amount_minor: int = Field(description="in minor units of the account's currency", examples=[241_500])
    currency: str = Field(examples=["EUR"])
    name: str = Field(description="of the plan or the source; empty for what is in the books already")
    origin: Origin = Field(description="what says so", examples=["plan"])
    plan_id: UUID | None = Field(description="the plan that it is an occurrence of")
    income_source_id: UUID | None = Field(description="the source that it comes from")


class IncomeOut(Output):
    currency: str = Field(description="the book's", examples=["EUR"])
    total_minor: int = Field(
        description="of all items, in minor units of the book's currency at today's rates", examples=[553_500]
    )
    items: list[ExpectedIncomeOut] = Field(description="by date")
    undated_source_ids: list[UUID] = Field(
        description="active sources of which nobody can say when: no transaction named them yet, or they come"
        " irregularly"
    )


class CashflowMonthOut(Output):
    month: str = Field(description="calendar month; the first and the last in part", examples=["2026-12"])
    income_minor: int = Field(description="expected, minor units of the book's currency", examples=[553_500])
    expenses_minor: int = Field(description="expected, above zero; minor units", examples=[498_000])
    net_minor: int = Field(description="income less expenses, minor units", examples=[55_500])
    end_minor: int = Field(description="held at the end, minor units", examples=[267_845])


class CashflowOut(Output):
    currency: str = Field(description="the book's", examples=["EUR"])
    start_minor: int = Field(description="held today, in minor units", examples=[215_145])
    items: list[CashflowMonthOut]
    unconverted: list[UUID] = Field(description="accounts left out: no rate for their currency is known")


class SafeToSpendOut(Output):
    currency: str = Field(description="the book's", examples=["EUR"])
    until: date_ = Field(
        description="the next payday; where no income is expected, the next month's first day"
    )
    income_expected: bool = Field(description="whether `until` is a payday")
    safe_to_spend_minor: int = Field(
        description="cash − committed − set_aside, in minor units; negative: so much is missing until then",
        examples=[42_000],
    )
    per_day_minor: int = Field(
        description="what that is a day until then, at least 0, rounded down; minor units", examples=[7_000]
    )
    cash_minor: int = Field(
        description="on the accounts on the budget today, without cards; minor units", examples=[215_145]
    )
    committed_minor: int = Field(
        description="in the books already with a date before then, above zero; minor units", examples=[0]
    )
    due_minor: int = Field(
        description="expected to leave before then, everyday spending aside; above zero, minor units",
        examples=[128_000],
    )
    set_aside_minor: int = Field(
        description="by category the larger of what its envelope holds and what of it is due, and what is due without"
        " one; minor units",
        examples=[173_145],
    )
    unconverted: list[UUID] = Field(description="accounts left out: no rate for their currency is known")
