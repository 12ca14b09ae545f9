"""The AsyncAPI document says of every event where it goes, and every reference in it leads somewhere."""

from pathlib import Path

from pfms_events.asyncapi import document
from pfms_events.contracts import MODELS
from pfms_events.topology import packaged_topology

CONTRACTS = Path(__file__).parents[4] / "contracts"
MADE = document(packaged_topology())


def _references(node):
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _leads_somewhere(reference):
    if not reference.startswith("#/"):
        return (CONTRACTS / reference).exists()
    node = MADE
    for step in reference.removeprefix("#/").split("/"):
        if step not in node:
            return False
        node = node[step]
    return True


def test_every_event_is_a_message_on_one_exchange_that_its_producer_publishes():
    names = {f"{kind}.v{version}" for kind, version in MODELS}
    carried = [name for channel in MADE["channels"].values() for name in channel["messages"]]
    sent = [
        reference["$ref"].rpartition("/")[2]
        for operation in MADE["operations"].values()
        if operation["action"] == "send"
        for reference in operation["messages"]
    ]

    assert sorted(carried) == sorted(sent) == sorted(names)


def test_every_queue_with_a_contract_takes_its_types():
    taken = {
        name.partition(".takes.")[0] for name, op in MADE["operations"].items() if op["action"] == "receive"
    }

    assert "ledger.contributions" in taken
    assert taken <= {queue.name for queue in packaged_topology().queues}


def test_every_reference_leads_somewhere():
    references = list(_references(MADE))

    assert references
    assert [each for each in references if not _leads_somewhere(each)] == []
