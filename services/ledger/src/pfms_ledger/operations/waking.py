"""What the job does with plans: posts what is due, announces what comes, and notes when to look again."""

from datetime import date, timedelta
from uuid import UUID

import asyncpg

from pfms_common import logs
from pfms_common.principal import Principal
from pfms_common.problem import Busy, Conflict, NotFound, Refusal, Stale, Unavailable
from pfms_events.failpoint import failpoint
from pfms_ledger.db.journal import Renamed, append
from pfms_ledger.db.plans import note
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.settling import Due, Mark, Marks, amount_on, due
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.operations.recurring import Posting, mark_change, prepared, settled
from pfms_ledger.queries import plans as queries
from pfms_ledger.queries.plans import Planned

MOST_AT_ONCE = 100
MOST_TURNS = 100

log = logs.get("recurring")


async def wake(ledger: Ledger, relay_pool: asyncpg.Pool) -> int:
    """Does what is due for every plan; how many occurrences were posted or announced."""
    done = 0
    for book_id, plan_id in await queries.to_wake(relay_pool, ledger.now()):
        try:
            done += await _look_after(ledger, book_id, plan_id)
        except (Busy, Unavailable, Stale, Conflict, Renamed, NotFound) as error:
            # Changed, deleted or being written in this moment: the next look finds it as it is then.
            log.info("a plan is looked at again later", plan_id=str(plan_id), why=type(error).__name__)
        except Exception:
            log.exception("a plan could not be looked after; it is tried again", plan_id=str(plan_id))
    return done


async def _look_after(ledger: Ledger, book_id: UUID, plan_id: UUID) -> int:
    """A portion after the other, so that a book is free for its people in between."""
    done = 0
    for _ in range(MOST_TURNS):
        planned, marks = await queries.load(ledger.facts.pool, book_id, plan_id)
        today = await ledger.today_in(book_id)
        todo = due(planned.plan, marks, today, planned.open_from, MOST_AT_ONCE)
        try:
            done += await _carry_out(ledger, book_id, planned, todo)
        except Renamed:
            ledger.facts.forget_payees(book_id, [fold(planned.plan.template.payee or "")])
            raise
        except (Busy, Unavailable, Stale, Conflict):
            raise
        except Refusal as refusal:
            log.warning("an occurrence cannot be posted", plan_id=str(plan_id), why=type(refusal).__name__)
            await _give_up_until(ledger, book_id, planned, refusal, today + timedelta(days=1))
            return done
        if todo.wake_on > today:
            break
    return done


async def _carry_out(ledger: Ledger, book_id: UUID, planned: Planned, todo: Due) -> int:
    plan = planned.plan
    owner = plan.created_by or book_id
    who = Principal(owner, owner, book_id, "editor")
    work = await prepared(ledger, who, planned, [Posting(each, each.date) for each in todo.post])
    async with ledger.journal.begin_write(book_id) as connection:
        changes, posted = await settled(connection, book_id, work, matching=True)
        marks = (await queries.marks(connection, book_id, [plan.id]))[plan.id]
        announced = _announced(planned, todo, marks)
        changes += [mark_change(planned, mark) for mark in announced]
        if changes:
            refs = work.refs if posted.created else ()
            await append(connection, book_id, changes, actor=None, refs=refs)
        failpoint("recurring.appended")
        await note(
            connection, book_id, plan.id, planned.version, wake_on=todo.wake_on, open_from=todo.open_from
        )
        failpoint("recurring.noted")
    failpoint("recurring.committed")
    return len(posted.marks) + len(announced)


def _announced(planned: Planned, todo: Due, marks: Marks) -> list[Mark]:
    """Marks of what is announced now and was not yet."""
    return [
        Mark(each.nominal, "due", 1, each.date, amount_on(planned.plan, each.nominal), None)
        for each in todo.announce
        if each.nominal not in marks
    ]


async def _give_up_until(
    ledger: Ledger, book_id: UUID, planned: Planned, refusal: Refusal, wake_on: date
) -> None:
    """Tells the plan's people why nothing was posted; it is tried again tomorrow, or once they change the plan."""
    async with ledger.journal.begin_write(book_id) as connection:
        await note(
            connection,
            book_id,
            planned.plan.id,
            planned.version,
            wake_on=wake_on,
            open_from=planned.open_from,
            problem=refusal.detail or type(refusal).__name__,
        )
