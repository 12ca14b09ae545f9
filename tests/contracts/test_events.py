"""Events keep what was promised to their readers, and each has readers or is known to have none."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from pfms_embedded.contracts import subscriptions
from pfms_embedded.services import SERVICES, takers
from pfms_events import schema
from pfms_events.contracts import PRODUCERS
from tools.openapi_breaks import committed

CONTRACTS = Path(__file__).parents[2] / "contracts"

NOBODY_YET = {
    "user.registered": "auth alone knows people until there are profiles elsewhere",
    "user.verified": "as user.registered",
    "user.updated": "as user.registered",
    "book.member_added": "roles travel in access tokens",
    "book.member_role_changed": "as book.member_added",
    "book.member_removed": "as book.member_added",
    "session.started": "the gateway's live updates alone, which take every type",
    "session.revoked": "as session.started",
    "session.compromised": "a mail, once there are notifications",
    "budget.month_changed": "as session.started",
    **dict.fromkeys(
        (
            *("budget.created", "budget.updated", "budget.deleted", "budget_settings.updated"),
            "budget_periods.updated",
            *("allocation.created", "allocation.updated", "allocation.deleted"),
            *("scenario.created", "scenario.updated", "scenario.deleted"),
            "forecast.low_balance",
        ),
        "as session.started; the budget's own log is where their history is read",
    ),
    **dict.fromkeys(
        (
            *("goal.created", "goal.updated", "goal.deleted"),
            *("goal.milestone_reached", "goal.completed", "goal.reopened"),
            *("budget.threshold_crossed", "budget.overspent"),
        ),
        "as session.started; a person is told, once there are notifications",
    ),
}


def taken():
    return {(each.producer, kind) for each in subscriptions() for kind in each.types}


def given():
    return {(producer, event.EVENT) for producer, events in PRODUCERS.items() for event in events}


def test_schemas_examples_and_topology_hold():
    assert schema.check(CONTRACTS, takers()) == []


@pytest.mark.parametrize("path", sorted(CONTRACTS.glob("events/*.schema.json")), ids=lambda path: path.name)
def test_readers_of_the_last_commit_can_read_this_one(path):
    before = committed(f"contracts/events/{path.name}")

    found = [] if before is None else schema.breaking(before, orjson.loads(path.read_bytes()))

    assert found == [], "make it a new version beside this one, and `make contracts`"


def test_every_subscription_takes_types_that_its_producer_has():
    assert taken() - given() == set()


def test_every_type_has_a_reader_or_is_known_to_have_none_yet():
    unread = {kind for producer, kind in given() if (producer, kind) not in taken()}

    assert unread == NOBODY_YET.keys()


def test_every_producer_is_a_service():
    assert PRODUCERS.keys() <= {service.name for service in SERVICES}


def test_every_queue_has_a_name_of_its_own_that_begins_with_its_service():
    names = [(service.name, each.name) for service in SERVICES for each in service.subscriptions]

    assert [name for name, count in Counter(name for _, name in names).items() if count > 1] == []
    assert [name for service, name in names if not name.startswith(f"{service}.")] == []
