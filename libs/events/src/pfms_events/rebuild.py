"""Making a projection again from the producer's feed, stream by stream, while it serves."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from pfms_common.sql import connection, scope
from pfms_events.apply import events_of, park
from pfms_events.envelope import Faulty, open_envelope
from pfms_events.feed import PAGE, Feed
from pfms_events.fill import fill, without
from pfms_events.progress import Mark, merge, read_marks, write_marks
from pfms_events.subscription import Fold, Replace, Subscription

_FORGET_WAITING = (
    "DELETE FROM retry WHERE stream_id = $1 AND consumer = $2 AND producer = $3 AND sequence <= $4"
)


class NotRebuildableError(ValueError):
    """The subscription has no `fold` and `replace`: it has effects, or keeps nothing."""


async def rebuild(
    app_pool: asyncpg.Pool,
    subscription: Subscription,
    feed: Feed,
    stream_ids: Iterable[UUID] | None = None,
) -> int:
    """Rebuilds these streams, or all that the feed knows; how many. Triggers no mails, rules or postings."""
    if subscription.fold is None or subscription.replace is None:
        raise NotRebuildableError(f"{subscription.name} has nothing that could be made again")
    streams = list(stream_ids) if stream_ids is not None else await _all_streams(feed)
    for stream_id in streams:
        await _rebuild_one(app_pool, subscription, feed, stream_id, subscription.fold, subscription.replace)
    return len(streams)


async def _rebuild_one(
    app_pool: asyncpg.Pool,
    subscription: Subscription,
    feed: Feed,
    stream_id: UUID,
    fold: Fold,
    replace: Replace,
) -> None:
    """Reads and folds outside any transaction; replaces in one; what came meanwhile is filled after it."""
    models, state, faulty, through = subscription.models, None, list[Faulty](), 0
    types = () if subscription.whole else subscription.types
    while True:
        page = await feed.events(stream_id, after=through, types=types)
        opened = [open_envelope(item, models, subscription.producer) for item in page.items]
        state = fold(state, events_of(opened))
        faulty += [each for each in opened if isinstance(each, Faulty)]
        if page.through <= through:
            break
        through = page.through
    with scope(books=[stream_id], users=[stream_id]):
        async with connection(app_pool) as session, session.transaction():
            await session.execute("SELECT lock_heads($1)", [stream_id])
            marks = await read_marks(session, subscription.name, subscription.producer, [stream_id])
            await replace(session, stream_id, state)
            await _restart(session, subscription, stream_id, through, faulty)
    reached = _highest(marks[stream_id])
    if reached > through:
        await fill(app_pool, subscription, feed, stream_id, reached)


async def _restart(
    session: asyncpg.Connection,
    subscription: Subscription,
    stream_id: UUID,
    through: int,
    faulty: Sequence[Faulty],
) -> None:
    """The mark goes to where the feed was read, whatever it was; what cannot be read is parked again."""
    await session.execute(_FORGET_WAITING, stream_id, subscription.name, subscription.producer, through)
    await park(session, subscription, [(each, each.error) for each in faulty])
    mark = merge(Mark(), without((1, through), sorted(each.sequence for each in faulty)))
    await write_marks(session, subscription.name, subscription.producer, {stream_id: mark})


def _highest(mark: Mark) -> int:
    return mark.ahead[-1][1] if mark.ahead else mark.applied_through


async def _all_streams(feed: Feed) -> list[UUID]:
    streams: list[UUID] = []
    while True:
        page = await feed.streams(after=streams[-1] if streams else None)
        streams += [stream_id for stream_id, _ in page]
        if len(page) < PAGE:
            return streams
