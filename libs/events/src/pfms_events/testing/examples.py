"""One example per contract, as it would travel; written once into contracts/events/examples and sealed there."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from pfms_events.contracts import PRODUCERS, auth, budget
from pfms_events.contracts.ledger.account import AccountCreated, AccountDeleted, AccountUpdated
from pfms_events.contracts.ledger.attachment import AttachmentCreated, AttachmentDeleted, AttachmentUpdated
from pfms_events.contracts.ledger.balance import BalanceLow
from pfms_events.contracts.ledger.category import CategoryCreated, CategoryDeleted, CategoryUpdated
from pfms_events.contracts.ledger.habit import (
    HabitCreated,
    HabitDeleted,
    HabitLogDeleted,
    HabitLogged,
    HabitUpdated,
)
from pfms_events.contracts.ledger.imports import ImportCompleted, ImportProgress
from pfms_events.contracts.ledger.income_source import (
    IncomeSourceCreated,
    IncomeSourceDeleted,
    IncomeSourceUpdated,
)
from pfms_events.contracts.ledger.ledger_settings import LedgerSettingsDeleted, LedgerSettingsUpdated
from pfms_events.contracts.ledger.payee import PayeeCreated, PayeeDeleted, PayeeUpdated
from pfms_events.contracts.ledger.plan import PlanCreated, PlanDeleted, PlanTemplate, PlanUpdated
from pfms_events.contracts.ledger.pot import PotBalanceChanged, PotCreated, PotDeleted, PotUpdated
from pfms_events.contracts.ledger.rate import RateDeleted, RateSet
from pfms_events.contracts.ledger.reconciliation import (
    ReconciliationCreated,
    ReconciliationDeleted,
    ReconciliationUpdated,
)
from pfms_events.contracts.ledger.recurring import RecurringDue, RecurringPosted, RecurringSkipped
from pfms_events.contracts.ledger.transaction import (
    Side,
    Split,
    TransactionCreated,
    TransactionDeleted,
    TransactionRefused,
    TransactionUpdated,
)
from pfms_events.event import Event

_BOOK, _USER, _SESSION, _MEMBER = (UUID(int=0x0197_0000_0000_7000_8000_0000_0000_0000 + n) for n in range(4))
_ACCOUNT, _SAVINGS, _CATEGORY, _PAYEE, _SPLIT, _TRANSACTION, _IMPORT, _EVENT = (
    UUID(int=0x0197_0000_0000_7000_8000_0000_0001_0000 + n) for n in range(8)
)
_AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

_USER_STATE: dict[str, Any] = {
    "id": _USER,
    "home_currency": "EUR",
    "timezone": "Europe/Berlin",
    "default_book_id": _BOOK,
}
_BOOK_STATE = {"id": _BOOK, "name": "Household", "base_currency": "EUR", "timezone": "Europe/Berlin"}
_ACCOUNT_STATE: dict[str, Any] = {
    "id": _ACCOUNT,
    "name": "Checking",
    "type": "checking",
    "currency": "EUR",
    "opening_balance_minor": 100_000,
    "opened_on": date(2026, 1, 1),
    "on_budget": True,
}
_POT = UUID(int=0x0197_0000_0000_7000_8000_0000_0002_0000)
_POT_STATE: dict[str, Any] = {"id": _POT, "account_id": _ACCOUNT, "name": "Holidays", "currency": "EUR"}
_RECONCILIATION_STATE: dict[str, Any] = {
    "id": UUID(int=0x0197_0000_0000_7000_8000_0000_0003_0000),
    "account_id": _ACCOUNT,
    "currency": "EUR",
    "statement_date": date(2026, 1, 31),
    "statement_balance_minor": 98_750,
    "started_by": _USER,
    "started_at": _AT,
}
_CATEGORY_STATE: dict[str, Any] = {
    "id": _CATEGORY,
    "name": "Groceries",
    "type": "expense",
    "key": "groceries",
    "spending_class": "need",
    "is_essential": True,
}
_TRANSACTION_STATE: dict[str, Any] = {
    "id": _TRANSACTION,
    "type": "standard",
    "kind": "expense",
    "status": "cleared",
    "date": date(2026, 1, 30),
    "amount_minor": -1250,
    "currency": "EUR",
    "account_id": _ACCOUNT,
    "payee": "Corner shop",
    "payee_id": _PAYEE,
    "splits": (Split(id=_SPLIT, category_id=_CATEGORY, amount_minor=-1250, tags=("food",)),),
    "created_by": _USER,
}
_IMPORT_STATE: dict[str, Any] = {
    "id": _IMPORT,
    "account_id": _ACCOUNT,
    "format": "ofx",
    "rows_total": 3,
    "rows_new": 2,
    "rows_duplicate": 1,
}
_PLAN, _OCCURRENCE = (UUID(int=0x0197_0000_0000_7000_8000_0000_0002_0000 + n) for n in range(2))
_PLAN_STATE: dict[str, Any] = {
    "id": _PLAN,
    "name": "Rent",
    "kind": "expense",
    "currency": "EUR",
    "template": PlanTemplate(
        amount_minor=-95_000,
        account_id=_ACCOUNT,
        payee="Landlord",
        payee_id=_PAYEE,
        splits=(Split(id=_SPLIT, category_id=_CATEGORY, amount_minor=-95_000),),
    ),
    "rrule": "FREQ=MONTHLY",
    "start": date(2026, 1, 31),
    "auto_post": True,
    "amount_since": date(2026, 1, 31),
    "catch_up_from": date(2026, 1, 31),
    "created_by": _USER,
}
_RECURRING_STATE: dict[str, Any] = {
    "id": _OCCURRENCE,
    "plan_id": _PLAN,
    "plan_version": 1,
    "name": "Rent",
    "nominal_date": date(2026, 1, 31),
    "date": date(2026, 1, 30),
    "amount_minor": -95_000,
    "currency": "EUR",
    "auto_post": True,
}
_RATE = UUID("0199f1c2-7a10-7c3e-9a51-0d6f3f1c2b01")
_SETTINGS = UUID("0b6f3f1c-2b01-5c3e-9a51-0d6f7a100199")
_ATTACHMENT_STATE: dict[str, Any] = {
    "id": UUID(int=0x0197_0000_0000_7000_8000_0000_0001_0011),
    "transaction_id": _TRANSACTION,
    "name": "receipt.pdf",
    "media_type": "application/pdf",
    "size_bytes": 48_213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": _AT,
    "created_by": _USER,
}
_SOURCE, _HABIT, _LOG, _GOAL = (UUID(f"0199f1c2-7a10-7c3e-9a51-0d6f3f1c2c0{n}") for n in (1, 2, 3, 4))
_SOURCE_STATE: dict[str, Any] = {
    "id": _SOURCE,
    "name": "Acme",
    "type": "salary",
    "amount_minor": 320_000,
    "currency": "EUR",
    "frequency": "monthly",
}
_GOAL_STATE: dict[str, Any] = {
    "id": _GOAL,
    "name": "Holidays",
    "kind": "savings",
    "status": "active",
    "currency": "EUR",
    "target_minor": 100_000,
    "target_date": date(2026, 7, 1),
    "pot_id": _POT,
}
_PROGRESS: dict[str, Any] = {
    "goal_id": _GOAL,
    "currency": "EUR",
    "current_minor": 100_000,
    "target_minor": 100_000,
    "achieved_by": "balance",
    "achieved_on": date(2026, 1, 31),
    "milestones": (budget.goal.Milestone(percent=100, reached_on=date(2026, 1, 31)),),
}
_HABIT_STATE: dict[str, Any] = {
    "id": _HABIT,
    "name": "Coffee",
    "unit_cost_minor": 450,
    "currency": "EUR",
    "icon": "coffee",
    "target_reduction": 10,
}

_HEADER, _ALLOCATION = budget.header.header_id(_BOOK, "2026-01"), UUID(int=_EVENT.int + 1)
_HEADER_STATE: dict[str, Any] = {
    "id": _HEADER,
    "month": "2026-01",
    "planned_income_minor": 200_000,
    "planned_salary_minor": 180_000,
    "planned_bonuses_minor": 0,
    "planned_side_income_minor": 20_000,
    "planned_investments_minor": 0,
    "planned_other_minor": 0,
    "savings_budget_minor": 10_000,
    "debt_payment_budget_minor": 5_000,
    "hold_minor": 0,
    "status": "draft",
}
_ALLOCATION_STATE: dict[str, Any] = {
    "id": _ALLOCATION,
    "month": "2026-01",
    "category_id": _CATEGORY,
    "allocation_type": "percentage",
    "percentage": "12.50",
    "allocated_minor": 25_000,
    "rollover": "surplus",
    "colour": "#1c7ed6",
}

_SCENARIO = UUID(int=_EVENT.int + 2)
_SCENARIO_STATE: dict[str, Any] = {
    "id": _SCENARIO,
    "name": "We move",
    "items": (
        budget.scenario.ScenarioItem(
            id=UUID(int=_EVENT.int + 3),
            name="New flat",
            account_id=_ACCOUNT,
            amount_minor=-95_000,
            start=date(2026, 2, 1),
            rrule="FREQ=MONTHLY",
            category_id=_CATEGORY,
        ),
    ),
}
_CROSSED = budget.alert.alert_id(_BOOK, "2026-01", "allocation", _CATEGORY, 80)
_SHARE = {"threshold_percent": 80, "allocated_minor": 30_000, "actual_minor": 24_500}
_OVERSPENT = budget.alert.alert_id(_BOOK, "2026-01", "overspent", _CATEGORY, 0)


EXAMPLES: tuple[Event, ...] = (
    auth.UserRegistered(**_USER_STATE),
    auth.UserVerified(**_USER_STATE | {"is_verified": True}),
    auth.UserUpdated(**_USER_STATE | {"is_verified": True, "language": "de"}),
    auth.BookCreated(**_BOOK_STATE),
    auth.BookUpdated(**_BOOK_STATE | {"name": "Home"}),
    auth.BookMemberAdded(id=_MEMBER, book_id=_BOOK, user_id=_USER, role="viewer"),
    auth.BookMemberRoleChanged(id=_MEMBER, book_id=_BOOK, user_id=_USER, role="editor"),
    auth.BookMemberRemoved(id=_MEMBER, book_id=_BOOK, user_id=_USER),
    auth.SessionStarted(id=_SESSION, user_id=_USER, started_at=_AT),
    auth.SessionRevoked(id=_SESSION, user_id=_USER, reason="logout"),
    auth.SessionCompromised(id=_SESSION, user_id=_USER),
    AccountCreated(**_ACCOUNT_STATE),
    AccountUpdated(**_ACCOUNT_STATE | {"name": "Joint account"}),
    AccountDeleted(id=_ACCOUNT),
    BalanceLow(account_id=_ACCOUNT, currency="EUR", balance_minor=19_950, low_balance_minor=20_000),
    PotCreated(**_POT_STATE),
    PotUpdated(**_POT_STATE | {"is_active": False}),
    PotDeleted(id=_POT),
    PotBalanceChanged(
        pot_id=_POT, account_id=_ACCOUNT, currency="EUR", balance_minor=30_000, account_paid_minor=0
    ),
    ReconciliationCreated(**_RECONCILIATION_STATE | {"status": "open"}),
    ReconciliationUpdated(
        **_RECONCILIATION_STATE
        | {"status": "finished", "ticked": (_TRANSACTION,), "finished_by": _USER, "finished_at": _AT}
    ),
    ReconciliationDeleted(id=_RECONCILIATION_STATE["id"]),
    CategoryCreated(**_CATEGORY_STATE),
    CategoryUpdated(**_CATEGORY_STATE | {"is_archived": True}),
    CategoryDeleted(id=_CATEGORY),
    PayeeCreated(id=_PAYEE, name="Corner shop"),
    PayeeUpdated(id=_PAYEE, name="Corner shop", aliases=("CORNER SHOP 12",)),
    PayeeDeleted(id=_PAYEE),
    TransactionCreated(**_TRANSACTION_STATE),
    TransactionUpdated(
        id=_TRANSACTION,
        type="transfer",
        kind="transfer",
        status="cleared",
        date=date(2026, 1, 30),
        amount_minor=1250,
        currency="EUR",
        from_=Side(account_id=_ACCOUNT, amount_minor=1250, currency="EUR"),
        to=Side(account_id=_SAVINGS, amount_minor=1250, currency="EUR"),
        created_by=_USER,
    ),
    TransactionDeleted(id=_TRANSACTION),
    TransactionRefused(
        id=_TRANSACTION,
        source="goal",
        subject_id=_GOAL,
        detail="to.pot_id is closed or archived; reactivate it or choose another.",
        errors={"to.pot_id": ["is closed or archived; reactivate it or choose another"]},
    ),
    PlanCreated(**_PLAN_STATE),
    PlanUpdated(**_PLAN_STATE | {"weekend_rule": "before", "holidays": "DE"}),
    PlanDeleted(id=_PLAN),
    RecurringDue(**_RECURRING_STATE),
    RecurringPosted(**_RECURRING_STATE | {"transaction_id": _TRANSACTION}),
    RecurringSkipped(**_RECURRING_STATE),
    RateSet(id=_RATE, base="EUR", quote="USD", date=date(2026, 11, 20), rate="1.0842", source="manual"),
    RateDeleted(id=_RATE),
    LedgerSettingsUpdated(id=_SETTINGS, default_account_id=_ACCOUNT),
    LedgerSettingsDeleted(id=_SETTINGS),
    AttachmentCreated(**_ATTACHMENT_STATE),
    AttachmentUpdated(**_ATTACHMENT_STATE),
    AttachmentDeleted(id=_ATTACHMENT_STATE["id"]),
    IncomeSourceCreated(**_SOURCE_STATE),
    IncomeSourceUpdated(**_SOURCE_STATE | {"is_active": False}),
    IncomeSourceDeleted(id=_SOURCE),
    HabitCreated(**_HABIT_STATE),
    HabitUpdated(**_HABIT_STATE | {"target_reduction": 20}),
    HabitDeleted(id=_HABIT),
    HabitLogged(id=_LOG, habit_id=_HABIT, date=date(2026, 1, 31), time="08:15", quantity="2", cost_minor=900),
    HabitLogDeleted(id=_LOG),
    ImportProgress(**_IMPORT_STATE | {"status": "processing", "rows_imported": 1}),
    ImportCompleted(**_IMPORT_STATE | {"status": "completed", "rows_imported": 2}),
    budget.month.BudgetMonthChanged(
        month="2026-01",
        planned_income_minor=200_000,
        income_minor=200_000,
        outflow_minor=1250,
        to_be_budgeted_minor=168_750,
    ),
    budget.header.BudgetCreated(**_HEADER_STATE),
    budget.header.BudgetUpdated(**_HEADER_STATE | {"status": "active", "notes": "the boiler is due"}),
    budget.header.BudgetDeleted(id=_HEADER, month="2026-01"),
    budget.allocation.AllocationCreated(**_ALLOCATION_STATE),
    budget.allocation.AllocationUpdated(**_ALLOCATION_STATE | {"rollover": "both"}),
    budget.allocation.AllocationDeleted(id=_ALLOCATION),
    budget.budget_settings.BudgetSettingsUpdated(
        id=budget.budget_settings.settings_id(_BOOK),
        default_rollover="surplus",
        unrolled="to_be_budgeted",
        strict=True,
    ),
    budget.forecast.ForecastLowBalance(
        account_id=_ACCOUNT, currency="EUR", date=date(2026, 2, 3), balance_minor=-4_200
    ),
    budget.scenario.ScenarioCreated(**_SCENARIO_STATE),
    budget.scenario.ScenarioUpdated(**_SCENARIO_STATE | {"note": "in spring", "without_plan_ids": (_PLAN,)}),
    budget.scenario.ScenarioDeleted(id=_SCENARIO),
    budget.goal.GoalCreated(**_GOAL_STATE),
    budget.goal.GoalUpdated(**_GOAL_STATE | {"status": "paused", "pause_reason": "pot_deleted"}),
    budget.goal.GoalDeleted(id=_GOAL),
    budget.goal.GoalMilestoneReached(**_PROGRESS, milestone=100),
    budget.goal.GoalCompleted(**_PROGRESS),
    budget.goal.GoalContributionRequested(
        id=_TRANSACTION,
        goal_id=_GOAL,
        goal_name="Holidays",
        pot_id=_POT,
        from_account_id=_ACCOUNT,
        amount_minor=10_000,
        currency="EUR",
        date=date(2026, 1, 31),
    ),
    budget.goal.GoalReopened(
        **_PROGRESS | {"current_minor": 99_999, "achieved_by": None, "achieved_on": None}
    ),
    budget.budget_periods.BudgetPeriodsUpdated(
        id=budget.budget_periods.periods_id(_BOOK),
        rules=(
            budget.budget_periods.PeriodRule(
                first_day=date(2026, 1, 25), bridge_day=date(2026, 1, 1), cycle="monthly", day=25
            ),
        ),
    ),
    budget.alert.BudgetThresholdCrossed(
        id=_CROSSED, month="2026-01", kind="allocation", category_id=_CATEGORY, **_SHARE
    ),
    budget.alert.BudgetOverspent(
        id=_OVERSPENT, month="2026-01", category_id=_CATEGORY, available_minor=-1250
    ),
)


def write_examples(folder: Path) -> None:
    """Writes the examples that are not there yet; what is there is sealed and stays."""
    folder.mkdir(parents=True, exist_ok=True)
    producers = {event: name for name, events in PRODUCERS.items() for event in events}
    for number, event in enumerate(EXAMPLES, start=1):
        target = folder / f"{event.EVENT}.v{event.SCHEMA_VERSION}.json"
        if not target.exists():
            item = example_envelope(event, producers[type(event)], number)
            target.write_bytes(orjson.dumps(item, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def example_envelope(event: Event, source: str, number: int) -> dict[str, Any]:
    data = orjson.loads(event.to_json())
    return {
        "id": str(_EVENT),
        "type": event.EVENT,
        "schema_version": event.SCHEMA_VERSION,
        "source": source,
        "stream_id": str(_USER if event.EVENT.startswith(("user.", "session.")) else _BOOK),
        "sequence": number,
        "aggregate": {"type": event.AGGREGATE, "id": data.get("id", str(_BOOK)), "version": 1},
        "occurred_at": "2026-01-31T12:00:00.000000Z",
        "actor": str(_USER),
        "trace": {"correlation_id": "0197000000007000800000000000cafe"},
        "mode": "live",
        "data": data,
    }
