"""Events join the transaction that makes them true; the stream's head is the first lock of every write."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common import telemetry
from pfms_common.sql import raw
from pfms_events import outbox
from pfms_events.outbox import Change


async def lock(tx: AsyncSession, *streams: UUID) -> None:
    """Makes writes to these people and books come one after the other."""
    await outbox.lock_heads(await raw(tx), list(streams))


async def publish(
    tx: AsyncSession, stream_id: UUID, changes: Sequence[Change], *, actor: UUID | None, now: datetime
) -> int:
    """Appends the events and answers with the stream's last number."""
    trace = telemetry.current()
    return await outbox.append(
        await raw(tx),
        stream_id,
        changes,
        actor=actor,
        trace={"traceparent": trace.traceparent, "correlation_id": trace.request_id} if trace else {},
        occurred_at=now,
    )
