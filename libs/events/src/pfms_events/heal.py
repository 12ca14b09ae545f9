"""Noticing gaps, and filling those that do not close by themselves."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from pfms_events.feed import Feed
from pfms_events.fill import behind, fill, holes
from pfms_events.subscription import Subscription

_OVERLAP = timedelta(minutes=5)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two looks, of an empty queue before heads are compared, until a gap is filled, between
    two comparisons of a consumer of everything and of one of some types. Tests make them shorter.
    """

    tick: float = 1.0
    quiet: float = 2.0
    gap: float = 5.0
    compare: float = 30.0
    compare_some: float = 3600.0


@dataclass(slots=True)
class Watch:
    """What one consumer has seen of its queue and of its producer's heads; instants are of the monotonic clock."""

    subscription: Subscription
    feed: Feed
    pace: Pace
    busy_at: float = field(default_factory=time.monotonic)
    backlog_at: float = 0.0
    compared_at: float | None = None
    compared_all_at: float | None = None
    compared: datetime | None = None
    suspects: dict[UUID, tuple[int, float]] = field(default_factory=dict)


def note_list(watch: Watch, occurred: Sequence[datetime]) -> None:
    """Old events mean that the queue has a backlog, in which what seems to be missing may well be."""
    watch.busy_at = time.monotonic()
    if occurred and (datetime.now(UTC) - min(occurred)).total_seconds() >= watch.pace.gap:
        watch.backlog_at = watch.busy_at


def note_loss(watch: Watch) -> None:
    """The transport says that messages may be gone: heads are compared at the next look."""
    watch.compared_at = None


async def heal(watch: Watch, app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool) -> int:
    """One look: suspects what is missing, fills what has been for long enough; how many events came."""
    if _compare_is_due(watch):
        await _compare(watch, relay_pool)
    if watch.subscription.whole:
        _suspect(watch, await holes(relay_pool, watch.subscription))
    now = time.monotonic()
    if now - watch.backlog_at < watch.pace.quiet:
        return 0
    old = [(s, head) for s, (head, seen) in watch.suspects.items() if now - seen >= watch.pace.gap]
    filled = 0
    for stream_id, head in old:
        filled += await fill(app_pool, watch.subscription, watch.feed, stream_id, head)
        del watch.suspects[stream_id]
    if filled:
        _log.info("events.filled", consumer=watch.subscription.name, events=filled, streams=len(old))
    return filled


async def _compare(watch: Watch, relay_pool: asyncpg.Pool) -> None:
    """Asks for the heads of streams that changed since the last time, and now and then for all of them."""
    started, now = datetime.now(UTC), time.monotonic()
    whole = watch.compared_all_at is None or now - watch.compared_all_at >= watch.pace.compare_some
    since = None if whole else watch.compared
    _suspect(watch, await behind(relay_pool, watch.subscription, watch.feed, since))
    watch.compared, watch.compared_at = started - _OVERLAP, now
    if whole:
        watch.compared_all_at = now


def _suspect(watch: Watch, gaps: Mapping[UUID, int]) -> None:
    now = time.monotonic()
    for stream_id, head in gaps.items():
        known, seen = watch.suspects.get(stream_id, (0, now))
        watch.suspects[stream_id] = (max(known, head), seen)


def _compare_is_due(watch: Watch) -> bool:
    now = time.monotonic()
    if now - watch.busy_at < watch.pace.quiet:
        return False
    every = watch.pace.compare if watch.subscription.whole else watch.pace.compare_some
    return watch.compared_at is None or now - watch.compared_at >= every
