"""Setting money aside: one allocation, a list of them, percentages anew, or from one category to another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.domain.allocation import (
    AllocationType,
    check_category,
    check_not_allocated,
    check_percentages,
    share,
    shares,
)
from pfms_budget.domain.rollover import Rollover
from pfms_budget.operations import log
from pfms_budget.operations.named import check_plannable
from pfms_budget.operations.work import Work
from pfms_budget.queries import allocations as queries
from pfms_budget.queries import plans
from pfms_budget.queries.allocations import Allocation
from pfms_common.ids import new_id
from pfms_common.money import AmountOutOfBoundsError, checked
from pfms_common.period import PeriodKey
from pfms_common.problem import Conflict, Invalid, NotFound, Stale

_COLUMNS = tuple(name for name in Allocation.__slots__ if name != "month")
_TYPES = ("uuid", "date", "uuid", "text", "int", "bigint", "text", "text", "int", "bigint")
_PLACES = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_TYPES, start=2))
_KEEP = f"""
INSERT INTO allocation (book_id, {", ".join(_COLUMNS)})
SELECT $1, u.* FROM unnest({_PLACES}) AS u
ON CONFLICT (book_id, id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
WHERE allocation.version < excluded.version
"""
_DELETE = "DELETE FROM allocation WHERE book_id = $1 AND id = $2"
_REMOVE = "DELETE FROM allocation WHERE book_id = $1 AND id = ANY ($2)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants set aside.

    Args:
        value: minor units, or hundredths of a percent of the planned income, as the type says.
        rollover: None takes the policy last set for the category, else the book's default.
        version: of the row it replaces, in a list.
    """

    category_id: UUID
    type: AllocationType
    value: int
    rollover: Rollover | None = None
    colour: str | None = None
    position: int = 0
    id: UUID | None = None
    version: int | None = None


async def create(work: Work, month: PeriodKey, wanted: Wanted) -> Allocation:
    await check_plannable(work, month)
    await check_categories(work, {"category_id": wanted.category_id})
    present = await queries.of_month(work.connection, work.book_id, month.first)
    existing = next((row.id for row in present if row.category_id == wanted.category_id), None)
    check_not_allocated(existing)
    made = await _made(work, month, wanted, present)
    await _keep(work, [made])
    return made


async def change(
    work: Work, allocation_id: UUID, wish: Callable[[Allocation], Wanted], check: Callable[[int], None]
) -> Allocation:
    """`wish` makes of the present row what it shall be; an amount that is not set anew stays as it is."""
    row = await _present(work, allocation_id)
    check(row.version)
    wanted = wish(row)
    after = replace(
        row, rollover=wanted.rollover or row.rollover, colour=wanted.colour, position=wanted.position
    )
    if (wanted.type, wanted.value) != (row.type, _value(row)):
        others = await queries.of_month(work.connection, work.book_id, row.first_day)
        income = await _planned_income(work, row.first_day)
        after = _valued(after, wanted, income, [other for other in others if other.id != row.id])
    after = replace(after, version=row.version + 1)
    await _keep(work, [after])
    return after


async def delete(work: Work, allocation_id: UUID, check: Callable[[int], None]) -> None:
    row = await _present(work, allocation_id)
    check(row.version)
    await remove(work.connection, work.book_id, allocation_id)
    await work.tell(log.allocation_deleted(row.id, row.version))
    await work.derive(row.first_day, allocates=True)


async def set_together(work: Work, month: PeriodKey, wanted: Sequence[Wanted]) -> list[Allocation]:
    """Sets several at once; rows of other categories stay. The shares of its percentages add up exactly.

    A row that is there already is replaced where the list names its version; Stale otherwise.
    """
    await check_plannable(work, month)
    paths = {f"items.{n}.category_id": item.category_id for n, item in enumerate(wanted)}
    await check_categories(work, paths)
    if len(set(paths.values())) != len(paths):
        raise Invalid("A category stands in the list twice.", errors={"items": ["a category stands twice"]})
    present = {
        row.category_id: row for row in await queries.of_month(work.connection, work.book_id, month.first)
    }
    for n, item in enumerate(wanted):
        _check_listed(n, item, present.get(item.category_id))
    named = set(paths.values())
    percentages = {item.category_id: item.value for item in wanted if item.type is AllocationType.PERCENTAGE}
    check_percentages(
        [*percentages.values(), *_percentages(row for c, row in present.items() if c not in named)]
    )
    income = await _planned_income(work, month.first)
    amounts = shares(income, percentages) if percentages else {}
    policies = await _rollovers(work, month, [item.category_id for item in wanted])
    rows = [
        replace(
            _row(month, item, policies[item.category_id]),
            id=present[item.category_id].id if item.category_id in present else item.id or new_id(),
            allocated_minor=amounts.get(item.category_id, item.value),
            version=(item.version or 0) + 1,
        )
        for item in wanted
    ]
    _check_ids(rows)
    await _keep(work, rows)
    return await queries.of_month(work.connection, work.book_id, month.first)


async def apply_percentages(work: Work, month: PeriodKey) -> list[Allocation]:
    """Makes the amounts of all percentages of the month anew from its planned income, adding up exactly."""
    await check_month(work, month)
    rows = await queries.of_month(work.connection, work.book_id, month.first)
    income = await _planned_income(work, month.first)
    amounts = shares(income, {row.id: row.percentage for row in rows if row.percentage is not None})
    changed = [
        replace(row, allocated_minor=amounts[row.id], version=row.version + 1)
        for row in rows
        if row.id in amounts and row.allocated_minor != amounts[row.id]
    ]
    await _keep(work, changed)
    return await queries.of_month(work.connection, work.book_id, month.first)


async def move(
    work: Work, month: PeriodKey, source: UUID, target: UUID, minor: int
) -> tuple[Allocation, Allocation]:
    """Takes an amount from one category's allocation and adds it to another's; both are fixed amounts after it."""
    if source == target:
        raise Invalid("Choose two categories.", errors={"to_category_id": ["is the category it comes from"]})
    await check_month(work, month)
    await check_categories(work, {"from_category_id": source, "to_category_id": target})
    rows = {
        row.category_id: row for row in await queries.of_month(work.connection, work.book_id, month.first)
    }
    policies = await _rollovers(work, month, [source, target])
    moved = []
    for category_id, amount in ((source, -minor), (target, minor)):
        row = rows.get(category_id) or replace(
            _row(month, Wanted(category_id, AllocationType.FIXED, 0), policies[category_id]), version=0
        )
        fixed = replace(row, type=AllocationType.FIXED, percentage=None, version=row.version + 1)
        moved.append(replace(fixed, allocated_minor=bounded(row.allocated_minor + amount)))
    await _keep(work, moved)
    return moved[0], moved[1]


async def _made(work: Work, month: PeriodKey, wanted: Wanted, present: Sequence[Allocation]) -> Allocation:
    policies = await _rollovers(work, month, [wanted.category_id])
    row = _row(month, wanted, policies[wanted.category_id])
    return _valued(row, wanted, await _planned_income(work, month.first), present)


def _row(month: PeriodKey, wanted: Wanted, policy: Rollover) -> Allocation:
    """A new row, its amount still as if it were fixed; `policy` where none is wanted."""
    is_share = wanted.type is AllocationType.PERCENTAGE
    return Allocation(
        id=wanted.id or new_id(),
        month=month.key,
        first_day=month.first,
        category_id=wanted.category_id,
        type=wanted.type,
        percentage=wanted.value if is_share else None,
        allocated_minor=wanted.value,
        rollover=wanted.rollover or policy,
        colour=wanted.colour,
        position=wanted.position,
        version=1,
    )


def _valued(row: Allocation, wanted: Wanted, planned_income: int, others: Sequence[Allocation]) -> Allocation:
    """With the amount that its type and value make, set alone."""
    if wanted.type is AllocationType.FIXED:
        return replace(row, type=wanted.type, percentage=None, allocated_minor=wanted.value)
    check_percentages([wanted.value, *_percentages(others)])
    minor = share(planned_income, wanted.value)
    return replace(row, type=wanted.type, percentage=wanted.value, allocated_minor=minor)


async def _rollovers(work: Work, month: PeriodKey, category_ids: Sequence[UUID]) -> dict[UUID, Rollover]:
    """By category the policy last set for it, else the book's default."""
    default = (await plans.choices(work.connection, work.book_id)).default_rollover
    last = await queries.rollovers_before(work.connection, work.book_id, category_ids, month.first)
    return {category_id: last.get(category_id, default) for category_id in category_ids}


async def _planned_income(work: Work, first_day: date) -> int:
    return (await plans.plan(work.connection, work.book_id, first_day)).planned_income_minor


async def _keep(work: Work, rows: Sequence[Allocation]) -> None:
    """Writes the rows and derives the months from theirs on."""
    if rows:
        await _write(work, rows)
        await work.derive(rows[0].first_day, allocates=True)


async def replace_all(work: Work, kept: Sequence[Allocation], gone: Sequence[Allocation]) -> None:
    """Rows that go to other months, and those that others took in; months are not derived."""
    await work.connection.execute(_REMOVE, work.book_id, [row.id for row in (*kept, *gone)])
    await work.tell(*(log.allocation_deleted(row.id, row.version) for row in gone))
    if kept:
        await _write(work, kept)


async def _write(work: Work, rows: Sequence[Allocation]) -> None:
    made = [row.id for row in rows if row.version == 1]
    written = await put(work.connection, work.book_id, rows)
    if written != len(rows) or await log.told_of(work.connection, work.book_id, made):
        raise Conflict("There is, or was, an allocation with this id.", errors={"id": ["is taken"]})
    await work.tell(*map(log.allocation_kept, rows))


async def put(connection: asyncpg.Connection, book_id: UUID, rows: Sequence[Allocation]) -> int:
    """Writes the rows that are newer than what is there; how many."""
    columns = [[getattr(row, name) for row in rows] for name in _COLUMNS]
    status: str = await connection.execute(_KEEP, book_id, *columns)
    return int(status.rpartition(" ")[2])


async def remove(connection: asyncpg.Connection, book_id: UUID, allocation_id: UUID) -> None:
    await connection.execute(_DELETE, book_id, allocation_id)


async def _present(work: Work, allocation_id: UUID) -> Allocation:
    row = await queries.get(work.connection, work.book_id, allocation_id)
    if row is None:
        raise NotFound("There is no such allocation in this book.")
    return row


async def check_month(work: Work, month: PeriodKey) -> None:
    if not await plans.is_in_budget(work.connection, work.book_id, month):
        raise NotFound(f"The budget of this book has no month {month.key}.")


async def check_categories(work: Work, paths: Mapping[str, UUID]) -> None:
    """Each is an expense category of this book; `paths`: the input field that names it."""
    types = await queries.category_types(work.connection, work.book_id, list(paths.values()))
    missing = {
        path: ["there is no such category in this book"] for path, c in paths.items() if c not in types
    }
    if missing:
        raise NotFound("There is no such category in this book.", errors=missing)
    for category_id in paths.values():
        check_category(types[category_id])


def _check_ids(rows: Sequence[Allocation]) -> None:
    """An id that was chosen for a new row may be neither another's choice nor that of a row that is replaced."""
    ids = [row.id for row in rows]
    if twice := {f"items.{n}.id": ["stands twice"] for n, key in enumerate(ids) if ids.count(key) > 1}:
        raise Invalid("Two allocations of the list have the same id.", errors=twice)


def _check_listed(n: int, item: Wanted, row: Allocation | None) -> None:
    if (item.version or 0) != (row.version if row else 0):
        now = f"has version {row.version} now" if row else "has no allocation in this month"
        raise Stale(f"Item {n} {now}; read it again.", errors={f"items.{n}.version": [now]})


def _percentages(rows: Iterable[Allocation]) -> list[int]:
    return [row.percentage for row in rows if row.percentage is not None]


def _value(row: Allocation) -> int:
    return row.allocated_minor if row.percentage is None else row.percentage


def bounded(minor: int) -> int:
    """An amount that a row can hold; Invalid beyond."""
    try:
        return checked(minor)
    except AmountOutOfBoundsError as error:
        raise Invalid(str(error), errors={"amount_minor": ["takes an allocation beyond 10^15"]}) from error
