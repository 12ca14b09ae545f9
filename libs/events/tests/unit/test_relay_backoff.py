"""The relay gives a broker that does not answer time, whichever way the silence was met."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from pfms_events.parcel import Row, pack
from pfms_events.relay import _publish, _Relay
from pfms_events.transport import Message, Outcome
from pfms_events.transport.memory import MemoryTransport


class Scripted(MemoryTransport):
    """Answers a list of events with `lists`, a single event with `single`."""

    def __init__(self, lists: Outcome, single: Outcome) -> None:
        super().__init__()
        self.lists = lists
        self.single = single

    async def publish_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        return [self.lists if b"},{" in message.body else self.single for message in messages]


def relaying(transport: Scripted) -> _Relay:
    return _Relay("", transport, "ledger", frozenset({"payee.created"}), asyncio.Event(), 1.0)


def rows(amount: int) -> list[Row]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [Row(at, UUID(int=1), n, "payee.created", '{"trace":{}}') for n in range(1, amount + 1)]


@pytest.mark.parametrize("lists", [Outcome.UNKNOWN, Outcome.REFUSED])
async def test_each_round_without_an_answer_lengthens_the_rest(lists: Outcome) -> None:
    relay = relaying(Scripted(lists, Outcome.UNKNOWN))

    for failures in (1, 2, 3):
        assert await _publish(relay, pack(rows(3))) == ([], [])
        assert relay.failures == failures


async def test_an_answer_ends_it_though_a_list_was_refused() -> None:
    transport = Scripted(Outcome.REFUSED, Outcome.UNKNOWN)
    relay = relaying(transport)
    await _publish(relay, pack(rows(3)))
    transport.single = Outcome.HELD

    held, unroutable = await _publish(relay, pack(rows(3)))

    assert ([row.sequence for row in held], unroutable, relay.failures) == ([1, 2, 3], [], 0)
