"""The budget, written out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from pfms_budget.api import (
    alerts,
    allocations,
    auto_assign,
    budget_settings,
    budget_templates,
    budgets,
    contributions,
    explain,
    forecast,
    goals,
    periods,
    scenarios,
    sync,
)
from pfms_budget.consumers import SUBSCRIPTIONS
from pfms_budget.db.tables import Base
from pfms_budget.domain.allocation import (
    AllocationExists,
    IncomeTakesNoAllocation,
    InvalidPercentage,
    NoPlannedIncome,
    OverAllocated,
    PercentagesOver100,
    ReceivableTakesNoAllocation,
)
from pfms_budget.domain.assigning.rules import RulesInEachOthersWay
from pfms_budget.domain.goal import BadGoal, NotContributed
from pfms_budget.domain.planned_income import PartsDoNotAddUp
from pfms_budget.jobs import JOBS
from pfms_budget.operations.check import check
from pfms_budget.settings import BudgetSettings
from pfms_common.problem import Problem
from pfms_common.rrule import BadRecurrence
from pfms_common.turns import Turns
from pfms_events.sync import Resync
from pfms_service.roles import feed_clients
from pfms_service.sagas import SAGAS
from pfms_service.service import Resources, Running, Service


@asynccontextmanager
async def _turns(_resources: Resources) -> AsyncIterator[Turns]:
    yield Turns()


async def _check(running: Running, book_id: UUID) -> list[str]:
    feed = feed_clients(SERVICE, running.resources).get("ledger")
    return await check(running.resources.pool, book_id, running.resources.clock(), feed)


SERVICE = Service(
    name="budget",
    summary="Months: what was planned, what happened, and what is left to be budgeted",
    package="pfms_budget",
    settings=BudgetSettings,
    metadata=Base.metadata,
    routers=(
        alerts.router,
        budgets.router,
        explain.router,
        allocations.router,
        budget_settings.router,
        budget_templates.router,
        periods.router,
        forecast.router,
        scenarios.router,
        forecast.safe_router,
        auto_assign.router,
        goals.router,
        contributions.router,
        sync.router,
    ),
    errors={
        BadRecurrence: Problem(400, "bad_recurrence", "The recurrence rule names no days"),
        InvalidPercentage: Problem(400, "invalid_percentage", "This is not a percentage"),
        NoPlannedIncome: Problem(400, "no_planned_income", "There is no planned income to take a share of"),
        PercentagesOver100: Problem(400, "percentages_over_100", "The percentages are more than the whole"),
        IncomeTakesNoAllocation: Problem(400, "income_takes_no_allocation", "Income takes no allocation"),
        ReceivableTakesNoAllocation: Problem(
            400, "receivable_takes_no_allocation", "What others owe takes no allocation"
        ),
        PartsDoNotAddUp: Problem(400, "parts_do_not_add_up", "The parts are not the planned income"),
        RulesInEachOthersWay: Problem(
            400, "rules_in_each_others_way", "Two rules would count the same saved money"
        ),
        BadGoal: Problem(400, "bad_goal", "This is not a goal of its kind"),
        NotContributed: Problem(409, "not_contributed", "This goal is not filled by contributions now"),
        Resync: Problem(410, "resync", "Sync anew from the beginning"),
        AllocationExists: Problem(409, "allocation_exists", "The category has an allocation already"),
        OverAllocated: Problem(409, "over_allocated", "More is allocated than there is"),
    },
    subscriptions=SUBSCRIPTIONS,
    jobs=JOBS,
    own=_turns,
    commands={"sagas": SAGAS},
    check=_check,
)
