"""Planning months: their headers and what is held for the next one; and the choices of a book."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from pfms_budget.domain.filling import Filling
from pfms_budget.domain.planned_income import planned_total
from pfms_budget.operations import log
from pfms_budget.operations.filling import fill
from pfms_budget.operations.named import check_plannable
from pfms_budget.operations.work import Work
from pfms_budget.queries import allocations
from pfms_budget.queries import plans as queries
from pfms_budget.queries.filling import last_planned
from pfms_budget.queries.plans import Choices, Plan
from pfms_common.period import PeriodKey
from pfms_common.problem import Conflict, InUse, NotFound
from pfms_events.contracts.budget.header import header_id

PARTS = (
    "planned_salary_minor",
    "planned_bonuses_minor",
    "planned_side_income_minor",
    "planned_investments_minor",
    "planned_other_minor",
)
_COLUMNS = tuple(Plan.__slots__)
_KEEP = f"""
INSERT INTO plan (book_id, first_day, {", ".join(_COLUMNS)})
VALUES ($1, $2, {", ".join(f"${n}" for n in range(3, 3 + len(_COLUMNS)))})
ON CONFLICT (book_id, first_day) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
"""
_DELETE = "DELETE FROM plan WHERE book_id = $1 AND first_day = $2"
_CHOOSE = """
INSERT INTO settings (book_id, default_rollover, unrolled, strict, version, alert_percents)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (book_id) DO UPDATE SET default_rollover = excluded.default_rollover, unrolled = excluded.unrolled,
    strict = excluded.strict, version = excluded.version, alert_percents = excluded.alert_percents
"""


async def create(
    work: Work, month: PeriodKey, fields: Mapping[str, Any], filling: Filling = Filling.EMPTY
) -> None:
    """Gives a month its header and what it begins with; Conflict where it has a header."""
    await check_plannable(work, month)
    if (await queries.plan(work.connection, work.book_id, month.first)).version:
        raise Conflict(
            "This month has a budget already; change that one.",
            errors={"month": ["has a budget already"]},
            extra={"month": month.key},
        )
    await _keep(work, month, _changed(await _begun(work, month, filling), fields))
    await fill(work, month, filling)


async def _begun(work: Work, month: PeriodKey, filling: Filling) -> Plan:
    """The header before what is given of it: nothing, or what the month planned last has of money."""
    last = None
    if filling is Filling.COPY:
        last = await last_planned(work.connection, work.book_id, month.first)
    if last is None:
        return Plan()
    plan = await queries.plan(work.connection, work.book_id, last)
    return replace(plan, hold_minor=0, status="draft", notes=None, version=0)


async def change(
    work: Work,
    month: PeriodKey,
    fields: Mapping[str, Any],
    check: Callable[[int], None],
    *,
    replaces: bool = False,
) -> None:
    """Changes the given fields; a month of the budget without a header gets one.

    `replaces`: what is not given goes back to its default, but for the hold.
    """
    plan = await _present(work, month)
    check(plan.version)
    before = Plan(hold_minor=plan.hold_minor, version=plan.version) if replaces else plan
    await _keep(work, month, _changed(before, fields))


async def delete(work: Work, month: PeriodKey, check: Callable[[int], None]) -> None:
    """Takes a month's header away, with what it holds; months that nothing plans any more leave the budget.

    Allocations must be deleted first, so that no money is set free by the way.
    """
    plan = await _present(work, month)
    if not plan.version:
        raise NotFound(f"Nothing is planned for {month.key}.")
    check(plan.version)
    if await allocations.of_month(work.connection, work.book_id, month.first):
        raise InUse(f"{month.key} has allocations; delete them first.")
    await remove(work, month, plan)
    await work.derive(month.first, tells=True)


async def hold(work: Work, month: PeriodKey, minor: int) -> None:
    """Sets what the month holds back for the next one."""
    plan = await _present(work, month)
    await _keep(work, month, replace(plan, hold_minor=minor), allocates=True)


async def choose(work: Work, fields: Mapping[str, Any], check: Callable[[int], None]) -> Choices:
    """Changes a book's choices; another default policy or another way with what is not rolled changes every month."""
    before = await queries.choices(work.connection, work.book_id)
    check(before.version)
    after = replace(before, **fields, version=before.version + 1)
    told_at = sorted(set(after.alert_percents))
    after = replace(after, alert_percents=tuple(told_at))
    values = (str(after.default_rollover), str(after.unrolled), after.strict, after.version, told_at)
    await work.connection.execute(_CHOOSE, work.book_id, *values)
    await work.tell(log.choices_kept(work.book_id, after))
    if (before.default_rollover, before.unrolled) != (after.default_rollover, after.unrolled):
        await work.derive_all()
    return after


def _changed(plan: Plan, fields: Mapping[str, Any]) -> Plan:
    """Where no total is given, it follows its parts if it was their sum; one that stood alone stays."""
    after = replace(plan, **fields)
    follows = "planned_income_minor" not in fields and plan.planned_income_minor == sum(_parts(plan))
    total = None if follows else after.planned_income_minor
    return replace(after, planned_income_minor=planned_total(total, _parts(after)))


def _parts(plan: Plan) -> list[int]:
    return [getattr(plan, name) for name in PARTS]


async def _present(work: Work, month: PeriodKey) -> Plan:
    if not await queries.is_in_budget(work.connection, work.book_id, month):
        raise NotFound(f"The budget of this book has no month {month.key}; make it with POST /budgets.")
    return await queries.plan(work.connection, work.book_id, month.first)


async def write(work: Work, month: PeriodKey, plan: Plan) -> None:
    """One version on. A header that comes back goes on with the versions of the one that went."""
    before = plan.version or await log.last_version(
        work.connection, work.book_id, header_id(work.book_id, month.key)
    )
    kept = replace(plan, version=before + 1)
    await work.connection.execute(_KEEP, work.book_id, month.first, *asdict(kept).values())
    await work.tell(log.header_kept(work.book_id, month, kept, is_new=not plan.version))


async def remove(work: Work, month: PeriodKey, plan: Plan) -> None:
    await work.connection.execute(_DELETE, work.book_id, month.first)
    await work.tell(log.header_deleted(work.book_id, month, plan))


async def _keep(work: Work, month: PeriodKey, plan: Plan, *, allocates: bool = False) -> None:
    await write(work, month, plan)
    await work.derive(month.first, allocates=allocates, tells=True)
