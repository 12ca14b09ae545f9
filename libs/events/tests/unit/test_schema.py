from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from pfms_events.contracts.ledger.transaction import TransactionCreated
from pfms_events.schema import breaking, check, schema_of, write
from pfms_events.testing.examples import write_examples


def _changed(**properties: Any) -> dict[str, Any]:
    schema = deepcopy(schema_of(TransactionCreated))
    schema["properties"] |= properties
    return schema


_OLD = schema_of(TransactionCreated)


class TestCompatibility:
    def test_an_optional_field_more_is_fine(self) -> None:
        assert breaking(_OLD, _changed(place={"type": "string"})) == []

    def test_a_description_may_change(self) -> None:
        assert breaking(_OLD, _changed(payee=_OLD["properties"]["payee"] | {"description": "who"})) == []

    def test_a_required_field_more_breaks_old_producers(self) -> None:
        new = _changed(place={"type": "string"})
        new["required"] = [*new["required"], "place"]

        assert breaking(_OLD, new) == ["place is new and required"]

    def test_what_is_required_inside_an_optional_new_field_is_a_change_that_readers_live_with(self) -> None:
        inside = {"type": "object", "properties": {"rate": {"type": "string"}}, "required": ["rate"]}

        assert breaking(_OLD, _changed(place={"anyOf": [inside, {"type": "null"}]})) == []

    def test_a_field_less_breaks_readers(self) -> None:
        new = deepcopy(_OLD)
        del new["properties"]["payee"]

        assert breaking(_OLD, new) == ["payee is gone"]

    def test_another_type_breaks(self) -> None:
        [problem] = breaking(_OLD, _changed(amount_minor={"type": "number"}))

        assert problem.startswith("amount_minor was")

    def test_one_more_value_in_a_closed_list_breaks_readers(self) -> None:
        status = deepcopy(_OLD["properties"]["status"])
        status["enum"].append("void")

        [problem] = breaking(_OLD, _changed(status=status))

        assert problem.startswith("status was")

    def test_a_required_field_that_becomes_optional_breaks_readers(self) -> None:
        new = deepcopy(_OLD)
        new["required"].remove("status")

        assert breaking(_OLD, new) == ["status is optional now"]

    def test_what_is_inside_lists_counts_too(self) -> None:
        new = deepcopy(_OLD)
        del new["$defs"]["Split"]["properties"]["memo"]

        assert "splits[].memo is gone" in breaking(_OLD, new)


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    write_examples(tmp_path / "events" / "examples")
    assert write(tmp_path, []) == []
    return tmp_path


class TestFiles:
    def test_what_was_written_is_well(self, contracts: Path) -> None:
        assert check(contracts, []) == []

    def test_an_edited_schema_is_drift(self, contracts: Path) -> None:
        path = contracts / "events" / "payee.deleted.v1.schema.json"
        path.write_bytes(path.read_bytes() + b"\n")

        [problem] = check(contracts, [])

        assert "payee.deleted.v1.schema.json is not what the code says" in problem

    def test_writing_refuses_what_breaks_and_leaves_the_files_alone(self, contracts: Path) -> None:
        path = contracts / "events" / "payee.created.v1.schema.json"
        schema = orjson.loads(path.read_bytes())
        schema["properties"]["address"] = {"type": "string"}
        published = orjson.dumps(schema)
        path.write_bytes(published)

        assert write(contracts, []) == ["payee.created.v1: address is gone; make it a new version"]
        assert path.read_bytes() == published

    def test_a_sealed_example_is_never_edited(self, contracts: Path) -> None:
        path = contracts / "events" / "examples" / "payee.created.v1.json"
        path.write_bytes(path.read_bytes().replace(b"Corner shop", b"Baker"))

        assert check(contracts, []) == [
            "example payee.created.v1.json is not as it was sealed; add a new one instead"
        ]

    def test_a_missing_example_is_asked_for(self, contracts: Path) -> None:
        (contracts / "events" / "examples" / "payee.created.v1.json").unlink()

        assert check(contracts, []) == [
            "payee.created.v1.json is missing among the examples",
            "example payee.created.v1.json is sealed and gone",
        ]
