"""Work of many batches that began with a request: answered after five seconds, whether or not it is done by then.

It is noted in `work` before its first batch. Each batch is a transaction of its own, between which the book is free
for others, and names the lease; the last one strikes the note off and keeps the answer. What is cut off is gone on
with by a job, or by who asks for it again: every such work passes over what it did before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol
from uuid import UUID

import asyncpg
import orjson

from pfms_common import telemetry
from pfms_common.idempotency import Answer, Claim, Stored
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Busy, KeyReused
from pfms_events.failpoint import failpoint
from pfms_ledger.db import works
from pfms_ledger.db.imports import claim as claim_with
from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.db.works import Work
from pfms_ledger.domain.undo import Reason
from pfms_ledger.operations.holding import carry_out
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import transactions as queries

TRIES = 10
WAIT_SECONDS = 1
ANSWER_SECONDS = 5
MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """What stayed as it is."""

    aggregate_type: str
    aggregate_id: UUID
    reason: Reason
    detail: str | None = None


@dataclass(slots=True)
class Step:
    """What a batch did: things changed, things left as they are, and where the next begins; None after the last."""

    changed: int = 0
    kept: list[Kept] = field(default_factory=list)
    next: int | None = None


@dataclass(slots=True)
class Progress:
    """How far it is: `changed` by all who were at it; `kept` lists at most a thousand of `kept_count`.

    `correlation_id`: of the events that it writes.
    """

    correlation_id: str
    changed: int = 0
    kept_count: int = 0
    kept: list[Kept] = field(default_factory=list)
    is_done: bool = False

    def keep(self, kept: Sequence[Kept]) -> None:
        self.kept_count += len(kept)
        self.kept += kept[: MOST_LISTED - len(self.kept)]


class Plan(Protocol):
    """What differs between works of many batches. `wanted` is kept until it is done, and leads to the same plan."""

    kind: ClassVar[str]

    @property
    def wanted(self) -> Mapping[str, str]: ...

    async def batch(self, connection: asyncpg.Connection, actor: UUID, at: int, /) -> Step:
        """Does a part under the book's lock, from 0 on; what was done before, by whomever, is passed over."""

    def shown(self, progress: Progress) -> Mapping[str, Any]:
        """The body of the answer."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The answer, and whether it was stored before."""

    answer: Answer
    stored: Stored | None = None


async def undertake(ledger: Ledger, principal: Principal, plan: Plan, claim: Claim | None) -> Begun:
    """Does it; 202 when it takes longer than five seconds or another is at it: it goes on by itself.

    Raises:
        Refusal: the plan's own, when it comes in time; KeyReused.
    """
    trace = telemetry.current()
    held = Held(principal.book_id, new_id(), new_id(), principal.user_id, "work")
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        work, is_mine = await works.begin(
            connection, held, plan.kind, plan.wanted, trace.request_id if trace else "", claim
        )
    progress = Progress(work.correlation_id, work.done)
    if is_mine:
        held = Held(held.book_id, work.id, held.worker, held.user_id, "work")
        name = f"{plan.kind} {work.id}"
        working = ledger.background.start(_finish(ledger, held, work, plan, progress), name)
        done, _ = await asyncio.wait([working], timeout=ANSWER_SECONDS)
        if done:
            working.result()
    return Begun(answer_of(plan, progress))


def answer_of(plan: Plan, progress: Progress) -> Answer:
    return Answer(200 if progress.is_done else 202, {}, orjson.dumps(plan.shown(progress), default=str))


async def go_on(plan_of: Callable[[UUID, Mapping[str, Any]], Plan], ledger: Ledger, held: Held) -> None:
    """What a job does with work whose worker died."""
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        work = await works.get(connection, held)
    if work is not None:
        plan = plan_of(held.book_id, work.wanted)
        await _carry_out(ledger, held, work, plan, Progress(work.correlation_id, work.done))


async def _finish(ledger: Ledger, held: Held, work: Work, plan: Plan, progress: Progress) -> None:
    refusal = await _carry_out(ledger, held, work, plan, progress)
    if refusal is not None:
        raise refusal


async def _carry_out(
    ledger: Ledger, held: Held, work: Work, plan: Plan, progress: Progress
) -> Exception | None:
    telemetry.enter(work.correlation_id or None, None)  # whoever writes them, its events belong together
    return await carry_out(
        ledger.facts.pool, held, _batches(ledger, held, work, plan, progress), works.give_up
    )


async def _batches(ledger: Ledger, held: Held, work: Work, plan: Plan, progress: Progress) -> None:
    at: int | None = 0

    async def write() -> Step:
        async with ledger.background.writing, ledger.journal.begin_write(held.book_id) as connection:
            step = await plan.batch(connection, held.user_id, at or 0)
            failpoint("work.batch.written")
            await works.advance(connection, held, step.changed)
            if step.next is None:
                await _end(connection, held, work, plan, progress, step)
            failpoint("work.batch.advanced")
        return step

    while at is not None:
        step = await patiently(write)
        failpoint("work.batch.committed")
        _count(progress, step)
        at = step.next


def _count(progress: Progress, step: Step) -> None:
    progress.changed += step.changed
    progress.keep(step.kept)
    progress.is_done = step.next is None


async def _end(
    connection: asyncpg.Connection, held: Held, work: Work, plan: Plan, progress: Progress, step: Step
) -> None:
    """The note goes and the answer stays: who asks again with the same key is told what became of it."""
    last = Progress(progress.correlation_id, progress.changed, progress.kept_count, list(progress.kept))
    _count(last, step)
    await works.end(connection, held)
    await store(connection, held.book_id, work.claim, answer_of(plan, last))


async def patiently[T](write: Callable[[], Awaitable[T]]) -> T:
    """One batch, tried again while the book is busy."""
    for _ in range(TRIES - 1):
        try:
            return await write()
        except Busy:
            await asyncio.sleep(WAIT_SECONDS)
    return await write()


async def answered_before(ledger: Ledger, principal: Principal, claim: Claim | None) -> Begun | None:
    """The first answer where this key was used before."""
    first = await queries.first_answer(ledger.facts.pool, principal.book_id, claim)
    if first is None or first.stored is None:
        return None
    stored = first.stored
    return Begun(Answer(stored.status, stored.headers, stored.body), stored)


async def store(connection: asyncpg.Connection, book_id: UUID, claim: Claim | None, answer: Answer) -> None:
    """Keeps the answer of what is finished under its key."""
    try:
        await claim_with(connection, book_id, claim, answer)
    except KeyReused:
        return  # the key has another answer by now; what was begun is done all the same
