"""Worked cases of other projects on imports: amounts in text, duplicates, matches with what was entered, splits."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from pfms_ledger.bankfiles.amount import parse_amount
from pfms_ledger.domain.duplicate import Incoming, Known, Stored, fingerprints, judge
from pfms_ledger.domain.matching import BankRow, Candidate, assign, likely_pairs
from pfms_ledger.domain.split import SplitsDoNotAddUp, check_sum

SAMPLES = os.environ.get("PFMS_SAMPLES", "")
ACCOUNT = UUID(int=1)

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder with cases/ and data/"),
]

Say = Callable[[str], None]


def cases(area: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for case in json.loads((Path(SAMPLES) / "cases" / f"{area}.json").read_text()):
        yield case["input"], case["expected"]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Shows a line of figures although output is captured: they are what these tests are run for."""

    def shown(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}")

    return shown


def test_amounts_in_text_are_read_as_others_read_them(say: Say) -> None:
    tried = 0
    for given, expected in cases("parse_amount"):
        tried += 1
        assert parse_amount(given["text"]) == Decimal(expected["value"]), given

    say(f"parse_amount: {tried} of {tried} right")
    assert tried


def key(name: str) -> UUID:
    return uuid5(UUID(int=0), name)


def test_duplicates_are_those_others_find(say: Say) -> None:
    tried = 0
    for given, expected in cases("duplicate_detection"):
        tried += 1
        rows = [incoming(entry) for entry in (*given["existing"], given["new"])]
        *before, new = judge(rows, fingerprints(rows), Known())
        known = Known(
            by_print={
                (one.fingerprint, one.occurrence): Stored(key(str(i)), row.date, row.amount_minor)
                for i, (row, one) in enumerate(zip(rows, before, strict=False))
            }
        )
        again = judge(rows[-1:], fingerprints(rows[-1:]), known)[0]
        assert (again.state == "duplicate") is expected["duplicate"], (given, new)

    say(f"duplicate_detection: {tried} of {tried} right")
    assert tried


def incoming(entry: dict[str, Any]) -> Incoming:
    minor = int(Decimal(str(entry["amount"])) * 100)
    return Incoming(0, ACCOUNT, date.fromisoformat(entry["date"][:10]), minor, entry["merchant"])


def test_matches_are_those_others_make(say: Say) -> None:
    """A merge of two given transactions is no import: it is counted apart."""
    tried = apart = 0
    for given, expected in cases("import_matching"):
        if "import" not in given:
            apart += 1
            continue
        tried += 1
        found = matched(given["existing"], given["import"])
        existing = given["existing"] if isinstance(given["existing"], list) else [given["existing"]]
        assert len(existing) + (not found) == expected["transactions_after"], given
        if "matched" in expected:
            assert found == key(expected["matched"])

    say(f"import_matching: {tried} of {tried} right, {apart} on merging two transactions aside")
    assert tried


def matched(existing: Any, row: dict[str, Any]) -> UUID | None:
    """The transaction the row is, among those that carry no bank id of their own."""
    entries = existing if isinstance(existing, list) else [existing]
    candidates = [
        Candidate(
            key(entry.get("id", "")),
            ACCOUNT,
            date.fromisoformat(entry["date"]),
            entry["amount"],
            entry["payee"] or "",
        )
        for entry in entries
        if not entry.get("imported_id")
    ]
    bank_row = BankRow(1, ACCOUNT, date.fromisoformat(row["date"]), row["amount"], row["payee"], row["payee"])
    return assign(likely_pairs([bank_row], candidates)).get(1)


def test_splits_add_up_as_others_say(say: Say) -> None:
    """That a split can't be split again is a rule of other models: here its parts are replaced. Counted apart."""
    tried = apart = 0
    for given, expected in cases("transaction_split"):
        if given.get("already_split"):
            apart += 1
            continue
        tried += 1
        whole: int = given["parent"] if "parent" in given else given["amount"]
        parts = [given.get("change", {}).get(f"part{i}", part) for i, part in enumerate(given["parts"])]
        if expected.get("ok"):
            check_sum(whole, parts)
        else:
            with pytest.raises(SplitsDoNotAddUp, match=str(expected["difference"])):
                check_sum(whole, parts)

    say(f"transaction_split: {tried} of {tried} right, {apart} on splitting twice aside")
    assert tried
