from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfms_events.contracts import MODELS, PRODUCERS
from pfms_events.contracts.ledger.account import AccountCreated
from pfms_events.envelope import (
    MAX_ENVELOPES,
    Envelope,
    Faulty,
    Foreign,
    UnreadableError,
    join_body,
    open_envelope,
    split_body,
)
from pfms_events.event import catalogue
from pfms_events.testing.examples import EXAMPLES, example_envelope

_BY_TYPE = {event.EVENT: event for event in EXAMPLES}
_NEEDED = [
    (event, field.alias or name)
    for event in EXAMPLES
    for name, field in type(event).model_fields.items()
    if field.is_required()
]


def _item(event_type: str = "transaction.created", **changes: Any) -> dict[str, Any]:
    return example_envelope(_BY_TYPE[event_type], "ledger", 7) | changes


class TestBody:
    @pytest.mark.parametrize(
        "body", [b"", b"{}", b"[]", b"nonsense", b"\xff\xfe", b"[" + b"0," * 1000 + b"0]"]
    )
    def test_what_is_no_array_of_1_to_1000_is_unreadable(self, body: bytes) -> None:
        with pytest.raises(UnreadableError):
            split_body(body)

    def test_a_full_body_is_read(self) -> None:
        assert len(split_body(join_body(["{}"] * MAX_ENVELOPES))) == MAX_ENVELOPES


class TestOpening:
    @pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.EVENT)
    def test_every_contract_comes_back_as_it_went(self, event: Any) -> None:
        source = next(name for name, events in PRODUCERS.items() if type(event) in events)
        item = orjson.loads(orjson.dumps(example_envelope(event, source, 3)))

        opened = open_envelope(item, MODELS, source)

        assert isinstance(opened, Envelope)
        assert opened.data == event
        assert opened.sequence == 3

    def test_an_instant_without_zone_is_utc(self) -> None:
        opened = open_envelope(_item(occurred_at="2026-01-31T12:00:00.5"), MODELS, "ledger")

        assert isinstance(opened, Envelope)
        assert opened.occurred_at.isoformat() == "2026-01-31T12:00:00.500000+00:00"

    @pytest.mark.parametrize(
        "broken",
        [
            {"stream_id": None},
            {"stream_id": "x"},
            {"id": 5},
            {"sequence": "7"},
            {"sequence": 0},
            {"sequence": True},
            {"sequence": 2**63},
            {"aggregate": None},
            {"aggregate": {"id": "x", "version": 1}},
            {"source": "budget"},
        ],
        ids=str,
    )
    def test_without_a_place_in_a_stream_of_this_producer_it_is_unreadable(
        self, broken: dict[str, Any]
    ) -> None:
        with pytest.raises(UnreadableError):
            open_envelope(_item(**broken), MODELS, "ledger")

    def test_an_element_that_is_no_object_is_unreadable(self) -> None:
        with pytest.raises(UnreadableError):
            open_envelope(3, MODELS, "ledger")  # type: ignore[arg-type]  # what a broker may bring

    def test_a_type_the_consumer_does_not_take_is_foreign(self) -> None:
        models = catalogue((AccountCreated,))

        assert isinstance(open_envelope(_item(), models, "ledger"), Foreign)

    def test_a_known_type_in_an_unknown_version_waits_for_code_that_can_read_it(self) -> None:
        opened = open_envelope(_item(schema_version=9), MODELS, "ledger")

        assert isinstance(opened, Faulty)
        assert opened.error == "transaction.created v9 is not known here"

    def test_a_payload_against_its_contract_is_faulty_and_its_values_stay_untold(self) -> None:
        item = _item()
        item["data"] |= {"amount_minor": "secret", "splits": [{"id": 1}]}

        opened = open_envelope(item, MODELS, "ledger")

        assert isinstance(opened, Faulty)
        assert "amount_minor" in opened.error
        assert "secret" not in opened.error

    @pytest.mark.property(
        13, "Input validation: an event of any contract without a field, or with nonsense in it, is parked"
    )
    @settings(max_examples=200)
    @given(needed=st.sampled_from(_NEEDED), nonsense=st.sampled_from([None, [["secret"]], [{"secret": 1}]]))
    def test_no_contract_takes_nonsense_for_a_field_it_needs(
        self, needed: tuple[Any, str], nonsense: list[Any] | None
    ) -> None:
        event, field = needed
        source = next(name for name, events in PRODUCERS.items() if type(event) in events)
        item = orjson.loads(orjson.dumps(example_envelope(event, source, 3)))
        del item["data"][field]
        if nonsense is not None:
            item["data"][field] = nonsense

        opened = open_envelope(item, MODELS, source)

        assert isinstance(opened, Faulty)
        assert field in opened.error
        assert "secret" not in opened.error

    @pytest.mark.parametrize("broken", [{"occurred_at": "soon"}, {"actor": "me"}, {"data": None}], ids=str)
    def test_any_other_fault_is_parked_not_lost(self, broken: dict[str, Any]) -> None:
        assert isinstance(open_envelope(_item(**broken), MODELS, "ledger"), Faulty)
