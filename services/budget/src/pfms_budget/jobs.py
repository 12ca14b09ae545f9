"""What runs by the clock: months that time itself adds, what still waits to be derived, and what may go."""

import asyncpg

from pfms_budget.operations import alerts, evaluating, foretelling, projecting
from pfms_budget.operations.contributions import ASKING
from pfms_events.contracts.budget.allocation import Allocation
from pfms_events.contracts.budget.budget_periods import BudgetPeriodsUpdated
from pfms_events.contracts.budget.budget_settings import BudgetSettingsUpdated
from pfms_events.contracts.budget.header import Budget
from pfms_events.retention import compact, retire
from pfms_events.saga import ask_again
from pfms_service.service import Job, Running

MINUTES = 60
HISTORIES = (
    Allocation.AGGREGATE,
    Budget.AGGREGATE,
    BudgetSettingsUpdated.AGGREGATE,
    BudgetPeriodsUpdated.AGGREGATE,
)
"""Every change of these can be looked at for good."""
HOUR = 3600


async def extend(running: Running) -> None:
    resources, now = running.resources, running.resources.clock()
    relay_pool = _relay_pool(running)
    await projecting.derive_waiting(resources.pool, relay_pool, now)
    if await projecting.extend(resources.pool, relay_pool, now):
        resources.poke()


async def foretell(running: Running) -> None:
    """Who is going to run dry hears of it."""
    resources = running.resources
    if await foretelling.foretell(resources.pool, _relay_pool(running), resources.clock()):
        resources.poke()


async def goals(running: Running) -> None:
    """A month that begins brings other balances of categories."""
    resources = running.resources
    if await evaluating.see_the_month(resources.pool, _relay_pool(running), resources.clock()):
        resources.poke()


async def look_for_unbudgeted(running: Running) -> None:
    resources = running.resources
    if await alerts.look_for_unbudgeted(resources.pool, _relay_pool(running), resources.clock()):
        resources.poke()


async def sagas(running: Running) -> None:
    """What others did not answer in time is asked of them again."""
    resources = running.resources
    if await ask_again(resources.pool, _relay_pool(running), ASKING, resources.clock()):
        resources.poke()


async def retention(running: Running) -> None:
    """The newest event of each thing stays, which also keeps the count of its versions."""
    now = running.resources.clock()
    await compact(_relay_pool(running), keep=HISTORIES, now=now)
    await retire(_relay_pool(running), now=now)


def _relay_pool(running: Running) -> asyncpg.Pool:
    pool = running.resources.relay_pool
    if pool is None:
        raise RuntimeError("the jobs role opens a relay pool")
    return pool


JOBS = (
    Job("extend", 10 * MINUTES, extend),
    Job("goals", 10 * MINUTES, goals),
    Job("alerts", HOUR, look_for_unbudgeted),
    Job("sagas", 30, sagas),
    Job("foretell", 6 * HOUR, foretell),
    Job("retention", HOUR, retention),
)
