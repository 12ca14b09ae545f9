"""Making, changing and deleting habits, and logging each time; the expense may be posted in the same write."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, Invalid, NotFound
from pfms_ledger.db.journal import Change, Ref, append
from pfms_ledger.domain.habit import check_posted, cost_of
from pfms_ledger.domain.transaction import Split, Transaction
from pfms_ledger.operations.drafts import Draft, composed
from pfms_ledger.operations.quick_entry import account_for
from pfms_ledger.operations.recording import Ledger, refs_of
from pfms_ledger.operations.recording import change_of as transaction_change
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import habits as queries
from pfms_ledger.queries.habits import Log, Totalled
from pfms_ledger.queries.transactions import stored_answer

type AnswerOf = Callable[[Log], Answer]


@dataclass(frozen=True, slots=True)
class Habit:
    """`unit_cost_minor` in minor units of `currency`; `target_reduction` in percent of the month before."""

    id: UUID
    name: str
    unit_cost_minor: int
    currency: str
    icon: str | None = None
    target_reduction: int | None = None
    is_active: bool = True
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Expense:
    """What is to be posted with a log, on the book's default account where none is named."""

    account_id: UUID | None
    category_id: UUID | None


@dataclass(frozen=True, slots=True)
class Time:
    """One time as it was asked for."""

    id: UUID | None
    date: date
    time: str | None
    quantity: Decimal
    note: str | None
    expense: Expense | None


async def create(
    ledger: Ledger, principal: Principal, habit: Habit, claim: Claim | None, answer: Answer
) -> Written:
    with id_is_free("a habit"):
        return await ledger.journal.append(
            principal.book_id,
            [change_of(habit, "habit.created", 1)],
            actor=principal.user_id,
            claim=claim,
            answer=answer,
        )


async def change(
    ledger: Ledger,
    principal: Principal,
    habit_id: UUID,
    changes: dict[str, Any],
    check: Callable[[int], None],
) -> tuple[Totalled, Written]:
    """Changes the given fields; what was logged keeps its cost."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        before = await queries.totalled(connection, book_id, habit_id)
        if before is None:
            raise _missing()
        check(before.version)
        after = replace(before, **changes, version=before.version + 1)
        habit = Habit(**{name: getattr(after, name) for name in Habit.__slots__})
        updated = change_of(habit, "habit.updated", after.version)
        written = await append(connection, book_id, [updated], actor=principal.user_id)
    return after, written


async def delete(
    ledger: Ledger, principal: Principal, habit_id: UUID, check: Callable[[int], None]
) -> Written:
    """Deletes a habit without logs."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        before = await queries.totalled(connection, book_id, habit_id)
        if before is None:
            raise _missing()
        check(before.version)
        gone = Change("habit.deleted", habit_id, before.version + 1, {"id": habit_id})
        return await append(connection, book_id, [gone], actor=principal.user_id)


async def log(
    ledger: Ledger, principal: Principal, habit_id: UUID, time: Time, claim: Claim, answer: AnswerOf
) -> tuple[Answer, Written]:
    """Logs one time, and posts what it cost where that is asked for, in one write."""
    book_id = principal.book_id
    await ledger.check_day(book_id, time.date)
    known = await queries.habits(ledger.facts.pool, book_id, habit_id=habit_id)
    if not known:
        raise _missing()
    habit = known[0]
    cost = cost_of(time.quantity, habit.unit_cost_minor)
    posted = await _expense(ledger, principal, habit, time, cost) if time.expense else None
    logged = Log(
        time.id or new_id(),
        habit_id,
        time.date,
        time.time,
        format(time.quantity.normalize(), "f"),
        cost,
        time.note,
        posted.id if posted else None,
        1,
    )
    made = answer(logged)
    changes = [] if posted is None else [transaction_change(posted, "transaction.created", 1)]
    refs: list[Ref] = [] if posted is None else refs_of(posted, None)
    async with ledger.journal.begin_write(book_id) as connection:
        before = await stored_answer(connection, book_id, claim)
        if before is not None:
            return made, before
        present = await queries.totalled(connection, book_id, habit_id)
        if present is None:
            raise _missing()
        if not present.is_active:
            raise Conflict("The habit is put away; reactivate it to log it.")
        with id_is_free("a log"):
            written = await append(
                connection,
                book_id,
                [*changes, log_change(logged, 1)],
                actor=principal.user_id,
                refs=refs,
                claim=claim,
                answer=made,
            )
    return made, written


async def _expense(
    ledger: Ledger, principal: Principal, habit: Totalled, time: Time, cost: int
) -> Transaction:
    """What the time cost, as a transaction in the habit's currency."""
    check_posted(cost)
    expense = time.expense or Expense(None, None)
    account_id = expense.account_id or await account_for(ledger, principal.book_id)
    draft = Draft(
        type="standard",
        date=time.date,
        amount_minor=-cost,
        status="cleared",
        account_id=account_id,
        description=habit.name,
        note=time.note,
        splits=(Split(-cost, expense.category_id),),
    )
    made = await composed(ledger, principal, draft)
    if made.currency != habit.currency:
        raise Invalid(
            f"The habit costs {habit.currency}, the account is in {made.currency}.",
            errors={"expense.account_id": [f"must be in {habit.currency}"]},
        )
    return (await ledger.worth(principal.book_id, made)).of(made)


async def unlog(
    ledger: Ledger, principal: Principal, habit_id: UUID, log_id: UUID, check: Callable[[int], None]
) -> Written:
    """Takes a log away; an expense that was posted with it stays a transaction of its own."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        version = await queries.log(connection, book_id, habit_id, log_id)
        if version is None:
            raise NotFound("There is no such log of this habit.")
        check(version)
        gone = Change("habit_log.deleted", log_id, version + 1, {"id": log_id})
        return await append(connection, book_id, [gone], actor=principal.user_id)


def _missing() -> NotFound:
    return NotFound("There is no such habit in this book.")


def change_of(habit: Habit, event: str, version: int) -> Change:
    return Change(event, habit.id, version, asdict(habit))


def from_data(data: Mapping[str, Any]) -> Habit:
    """A habit from an event's JSON."""
    return Habit(**{**data, "id": UUID(data["id"])})


def log_change(log: Log, version: int) -> Change:
    data = asdict(log)
    del data["version"]  # as everywhere it stands beside the data
    return Change("habit.logged", log.id, version, data)


def log_from(data: Mapping[str, Any], version: int) -> Log:
    """A log from an event's JSON."""
    transaction_id = data["transaction_id"]
    return Log(
        **{
            **data,
            "id": UUID(data["id"]),
            "habit_id": UUID(data["habit_id"]),
            "date": date.fromisoformat(data["date"]),
            "transaction_id": UUID(transaction_id) if transaction_id else None,
        },
        version=version,
    )
