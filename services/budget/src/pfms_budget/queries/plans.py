"""Reading what people planned: the headers of months and the choices of a book."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.domain.alert import PERCENTS
from pfms_budget.domain.rollover import Rollover, Unrolled
from pfms_common.period import PeriodKey

_PLAN = "SELECT * FROM plan WHERE book_id = $1 AND first_day = $2"
_SETTINGS = (
    "SELECT default_rollover, unrolled, strict, version, alert_percents FROM settings WHERE book_id = $1"
)
_IN_BUDGET = "SELECT EXISTS (SELECT FROM month WHERE book_id = $1 AND first_day = $2 AND key = $3)"
_SINCE = "SELECT * FROM plan WHERE book_id = $1 AND first_day >= $2 ORDER BY first_day"


@dataclass(frozen=True, slots=True)
class Plan:
    """A month's header; amounts in minor units of the book's base currency."""

    planned_income_minor: int = 0
    planned_salary_minor: int = 0
    planned_bonuses_minor: int = 0
    planned_side_income_minor: int = 0
    planned_investments_minor: int = 0
    planned_other_minor: int = 0
    savings_budget_minor: int = 0
    debt_payment_budget_minor: int = 0
    hold_minor: int = 0
    status: str = "draft"
    notes: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Choices:
    """A book's choices; version 0: the defaults, since nobody chose."""

    default_rollover: Rollover = Rollover.SURPLUS
    unrolled: Unrolled = Unrolled.TO_BE_BUDGETED
    strict: bool = False
    version: int = 0
    alert_percents: tuple[int, ...] = PERCENTS


async def plan(connection: asyncpg.Connection, book_id: UUID, first_day: date) -> Plan:
    """The header of a month; version 0 where it has none."""
    row = await connection.fetchrow(_PLAN, book_id, first_day)
    return _plan(row) if row else Plan()


async def plans_since(connection: asyncpg.Connection, book_id: UUID, first_day: date) -> dict[date, Plan]:
    """The headers of months that begin on a day or later, by their first days, oldest first."""
    rows = await connection.fetch(_SINCE, book_id, first_day)
    return {row["first_day"]: _plan(row) for row in rows}


def _plan(row: asyncpg.Record) -> Plan:
    return Plan(**{name: row[name] for name in Plan.__slots__})


async def is_in_budget(connection: asyncpg.Connection, book_id: UUID, month: PeriodKey) -> bool:
    """Whether the month lies in the unbroken run of the book's budget."""
    found: bool = await connection.fetchval(_IN_BUDGET, book_id, month.first, month.key)
    return found


async def choices(connection: asyncpg.Connection, book_id: UUID) -> Choices:
    row = await connection.fetchrow(_SETTINGS, book_id)
    if row is None:
        return Choices()
    return Choices(
        Rollover(row["default_rollover"]),
        Unrolled(row["unrolled"]),
        row["strict"],
        row["version"],
        tuple(row["alert_percents"]),
    )
