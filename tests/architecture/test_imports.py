"""Each rule about who may import whom is broken once, in a copy, and must be seen."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SERVICES = sorted(
    path.name for path in (Path(__file__).parents[2] / "services").iterdir() if (path / "src").exists()
)

BREAKS = [
    ("storeys", "libs/common/src/pfms_common/ids.py", "import pfms_events.event"),
    ("storeys", "libs/events/src/pfms_events/relay.py", "import pfms_service.roles"),
    ("storeys", "libs/service/src/pfms_service/roles.py", "import pfms_auth.app"),
    ("storeys", "services/ledger/src/pfms_ledger/app.py", "import pfms_budget.app"),
    ("storeys", "services/ledger/src/pfms_ledger/app.py", "import pfms_gateway.app"),
    ("storeys", "gateway/src/pfms_gateway/app.py", "import pfms_ledger.app"),
    ("storeys", "gateway/src/pfms_gateway/app.py", "import pfms_embedded.run"),
    ("doors", "embedded/src/pfms_embedded/run.py", "import pfms_ledger.settings"),
    ("doors", "embedded/src/pfms_embedded/run.py", "import pfms_gateway.routes"),
    ("rooms", "services/ledger/src/pfms_ledger/domain/split.py", "import pfms_ledger.queries.payees"),
    ("rooms", "services/ledger/src/pfms_ledger/queries/payees.py", "import pfms_ledger.operations.payees"),
    ("rooms", "services/ledger/src/pfms_ledger/operations/payees.py", "import pfms_ledger.settings"),
    ("rooms", "services/ledger/src/pfms_ledger/api/payees.py", "import pfms_ledger.consumers"),
    ("rooms", "services/ledger/src/pfms_ledger/helpers.py", '"""A room that nobody agreed on."""'),
    ("web", "services/ledger/src/pfms_ledger/operations/payees.py", "import pfms_common.web"),
    ("web", "services/ledger/src/pfms_ledger/queries/payees.py", "from fastapi import Response"),
    ("web", "services/ledger/src/pfms_ledger/db/journal.py", "import starlette.requests"),
    ("pure", "services/ledger/src/pfms_ledger/domain/split.py", "import sqlalchemy"),
    ("pure", "services/budget/src/pfms_budget/domain/month.py", "from pydantic import BaseModel"),
    ("pure", "services/ledger/src/pfms_ledger/domain/split.py", "from pfms_common.clock import system_clock"),
    ("pure", "services/ledger/src/pfms_ledger/bankfiles/rows.py", "from pathlib import Path"),
    ("pure", "libs/common/src/pfms_common/money.py", "import asyncio"),
    *((f"{name}-db", f"services/{name}/src/pfms_{name}/settings.py", f"import pfms_{name}.db") for name in SERVICES),
]  # fmt: skip  # one break a line


@pytest.fixture(scope="module")
def broken_contracts(copy_of_repository: Callable[[], Any]) -> Callable[[], set[str]]:
    """Which contracts are broken in the copy as it is now."""
    copy = copy_of_repository()
    named = {each["name"]: each["id"] for each in copy.config["tool"]["importlinter"]["contracts"]}

    def broken() -> set[str]:
        told = copy.run("lint-imports", "--no-logo").stdout
        verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)(?: \(.*\))?$", told, re.MULTILINE))
        assert named.keys() == verdicts.keys(), told
        return {named[name] for name, verdict in verdicts.items() if verdict == "BROKEN"}

    broken.path = copy.path  # type: ignore[attr-defined]  # where the tests break things
    return broken


def test_the_code_as_it_is_keeps_every_rule(broken_contracts):
    assert broken_contracts() == set()


@pytest.mark.parametrize(("rule", "file", "line"), BREAKS)
def test_a_break_is_seen(rule, file, line, broken_contracts):
    place = broken_contracts.path / file
    before = place.read_text("utf-8") if place.exists() else None
    place.write_text(f"{before or ''}\n{line}\n", "utf-8")
    try:
        assert rule in broken_contracts()
    finally:
        place.unlink() if before is None else place.write_text(before, "utf-8")


def test_every_rule_is_broken_once(copy_of_repository):
    contracts = copy_of_repository().config["tool"]["importlinter"]["contracts"]

    assert {rule for rule, _, _ in BREAKS} == {contract["id"] for contract in contracts}
