"""The files in contracts/ say what the code does."""

from pathlib import Path

from pfms_embedded.contracts import differing, generated

ROOT = Path(__file__).parents[2]


def test_every_generated_file_is_as_the_code_generates_it():
    found = differing(ROOT, generated())

    assert not found, f"{', '.join(found)}: run `make contracts` and review the difference"


def test_a_changed_a_missing_and_a_left_over_file_are_each_seen(tmp_path):
    openapi = tmp_path / "contracts/openapi"
    openapi.mkdir(parents=True)
    (openapi / "ledger.json").write_bytes(b"{}")
    (openapi / "gone.json").write_bytes(b"{}")
    contents = {"contracts/openapi/ledger.json": b"{ }", "contracts/topology.json": b"{}"}

    assert differing(tmp_path, contents) == [
        "contracts/openapi/gone.json",
        "contracts/openapi/ledger.json",
        "contracts/topology.json",
    ]
    assert differing(tmp_path, {f"contracts/openapi/{name}.json": b"{}" for name in ("ledger", "gone")}) == []
