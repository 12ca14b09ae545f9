"""Going over to another cycle of periods, with what is planned for later."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pfms_budget.domain.periods import (
    Calendar,
    Cycle,
    Move,
    Rule,
    check_by_hand,
    check_since,
    last_working_days,
    moves,
)
from pfms_budget.operations import log, moving, store
from pfms_budget.operations.work import Work
from pfms_budget.queries import allocations, inputs, plans
from pfms_budget.queries import periods as queries
from pfms_budget.queries.allocations import Allocation
from pfms_budget.queries.plans import Plan
from pfms_common.clock import today_in
from pfms_common.holiday import check_country
from pfms_common.period import Period

_FORGET = "DELETE FROM period_rule WHERE book_id = $1 AND first_day > $2"
_KEEP = "INSERT INTO period_rule VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"


@dataclass(frozen=True, slots=True)
class Periods:
    """A book's calendar with its version, and the period of today."""

    calendar: Calendar
    version: int
    running: Period


@dataclass(frozen=True, slots=True)
class Turn:
    """A calendar as it is and as it would be, and what is planned from the bridge on."""

    before: Periods
    after: Calendar
    allocations: Sequence[Allocation]
    plans: Mapping[date, Plan]
    moves: Sequence[Move]

    @property
    def bridge(self) -> Period:
        return self.after.of(self.after.changes[-1].bridge)


async def read(work: Work) -> Periods:
    calendar, version = await queries.calendar(work.connection, work.book_id)
    facts = (await inputs.facts(work.connection, [work.book_id]))[work.book_id]
    return Periods(calendar, version, calendar.of(today_in(facts.timezone, work.now)))


async def preview(work: Work, rule: Rule, since: date) -> Turn:
    """What going over to a rule from a day on would change; Invalid where it cannot be done."""
    before = await read(work)
    check_since(since, before.running)
    after = before.calendar.with_rule(_dated(rule, since), since)
    bridge = after.changes[-1].bridge
    rows = await allocations.since(work.connection, work.book_id, bridge)
    headers = await plans.plans_since(work.connection, work.book_id, bridge)
    firsts = {row.first_day for row in rows} | headers.keys()
    return Turn(before, after, rows, headers, moves(before.calendar, after, firsts))


async def change(work: Work, rule: Rule, since: date, check: Callable[[int], None]) -> Turn:
    """Goes over to a rule. Periods before the bridge stay as they are; what is planned for later ones goes to those
    that hold most of their days.
    """
    turn = await preview(work, rule, since)
    check(turn.before.version)
    await _keep(work, turn)
    await moving.allocations(work, turn.allocations, turn.moves)
    await moving.headers(work, turn.plans, turn.moves)
    await work.tell(log.periods_kept(work.book_id, turn.after, turn.before.version + 1))
    await store.drop_outside(work.connection, {work.book_id: (date.min, turn.bridge.first)})
    await work.derive_since(turn.bridge.first)
    return turn


def _dated(rule: Rule, since: date) -> Rule:
    """With the days that are kept with it."""
    if rule.cycle is Cycle.BY_HAND:
        check_by_hand(rule.days, since)
    if rule.cycle is Cycle.LAST_WORKING_DAY:
        if rule.holidays is not None:
            check_country(rule.holidays)
        return Rule(rule.cycle, holidays=rule.holidays, days=last_working_days(since, rule.holidays))
    return rule


async def _keep(work: Work, turn: Turn) -> None:
    new = turn.after.changes[-1]
    rule, version = new.rule, turn.before.version + 1
    columns = (str(rule.cycle), rule.day, rule.anchor, rule.holidays, list(rule.days), version)
    await work.connection.execute(_FORGET, work.book_id, new.bridge)
    await work.connection.execute(_KEEP, work.book_id, new.first, new.bridge, *columns)
