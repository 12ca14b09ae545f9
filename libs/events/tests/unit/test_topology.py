from pathlib import Path

import pytest

from pfms_events.contracts import auth, ledger
from pfms_events.subscription import Batch, Subscription
from pfms_events.topology import (
    DuplicateQueueError,
    Queue,
    exchange_of,
    read_topology,
    topology_json,
    topology_of,
)


async def _handle(_connection: object, _batch: Batch) -> None:
    raise AssertionError("no event is handled here")


_BUDGET = Subscription("budget.summary", "ledger", ledger.EVENTS, _handle, whole=True)
_TREE = Subscription("ledger.tree", "auth", (auth.BookCreated,), _handle, kind="effects")


def test_types_with_a_queue_are_routed_and_no_others() -> None:
    routed = topology_of([_BUDGET, _TREE]).routed

    assert {"transaction.created", "book.created"} <= routed
    assert "session.started" not in routed


def test_two_consumers_never_share_a_name() -> None:
    with pytest.raises(DuplicateQueueError, match=r"budget\.summary"):
        topology_of([_BUDGET, _BUDGET])


def test_the_file_reads_back(tmp_path: Path) -> None:
    topology = topology_of([_TREE, Queue("gateway.auth", "auth", ("book.created",), keep=3600), _BUDGET])
    path = tmp_path / "topology.json"
    path.write_bytes(topology_json(topology))

    assert read_topology(path) == topology


@pytest.mark.parametrize(
    ("event_type", "exchange"),
    [
        ("book.member_added", "user.events"),
        ("erasure.requested", "user.events"),
        ("erasure.part_done", "financial.events"),
        ("budget.month_changed", "financial.events"),
        ("allocation.created", "financial.events"),
        ("scenario.created", "financial.events"),
        ("budget_settings.updated", "financial.events"),
        ("budget_periods.updated", "financial.events"),
        ("forecast.low_balance", "analytics.events"),
        ("notification.send", "notification.events"),
    ],
)
def test_a_type_goes_to_the_exchange_of_its_family(event_type: str, exchange: str) -> None:
    assert exchange_of(event_type) == exchange


def test_a_type_of_no_family_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        exchange_of("weather.changed")
