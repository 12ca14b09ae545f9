"""Every bank file of the samples folder, read as a stranger's would be, and counted by what became of it.

A file is right when count, sum and days are those of its manifest; the answer to a question is worked out by trying
its options until one gives those facts. Silently wrong must be none.
"""

import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import (
    AccountFacts,
    MappingDoesNotFit,
    Reading,
    StatementRow,
    UnreadableFile,
)

SAMPLES = os.environ.get("PFMS_SAMPLES", "")
TODAY = date(2026, 11, 21)
FORMATS = ("ofx", "qfx", "csv", "qif", "mt940", "mt942", "camt.052", "camt.053", "camt.054", "xlsx", "xls")
MOST_ASKED = 0.35
MOST_ROUNDS = 4
MOST_TRIES = 300

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder with cases/ and data/"),
]


@dataclass(frozen=True)
class Facts:
    """What the manifest knows of a file; None where it says nothing."""

    path: Path
    count: int | None
    sums: dict[str, int] | None
    first: str | None
    last: str | None
    currency: str
    card: bool
    negative: bool

    @property
    def account(self) -> AccountFacts:
        return AccountFacts(self.currency, "credit" if self.card else "checking")


def files(*folders: str) -> Iterator[Facts]:
    for folder in folders:
        for entry in json.loads((Path(SAMPLES) / "data" / folder / "manifest.json").read_text()):
            if entry["format"].split("-")[0] in FORMATS:
                yield facts(Path(SAMPLES) / "data" / folder, entry)


def facts(folder: Path, entry: dict[str, Any]) -> Facts:
    currency, total = entry["currency"], entry["sum_minor"]
    first = currency[0] if isinstance(currency, list) else currency if currency in CURRENCIES else "EUR"
    sums = total if isinstance(total, dict) else None if total is None else {first: total}
    return Facts(
        folder / entry["file"].rsplit("/", 1)[-1],
        entry["txn_count"],
        sums,
        entry["first_date"],
        entry["last_date"],
        first,
        "credit-card" in entry["notes"],
        bool(entry.get("negative")),
    )


def agrees(known: Facts, rows: list[StatementRow]) -> bool:
    """Whether rows have the manifest's facts.

    Rows skipped by name are in its count, and in its sum if signed, but not what was never booked. Days of no rows
    are those of trades.
    """
    good = [row for row in rows if row.error is None and row.skipped != "status INFO"]
    sums: Counter[str] = Counter()
    for row in good:
        sums[row.currency or known.currency] += row.amount_minor or 0
    days = sorted(row.date.isoformat() for row in good if row.date)
    return (
        known.count in (None, len(good))
        and (
            known.sums is None
            or {c: s for c, s in sums.items() if s} == {c: s for c, s in known.sums.items() if s}
        )
        and (not known.count or known.first is None or days[:1] == [known.first])
        and (not known.count or known.last is None or days[-1:] == [known.last])
    )


def named(known: Facts, rows: list[StatementRow]) -> bool:
    """Whether what is missing from the manifest's facts is missing by name: as many rows, some with an error."""
    errors = [row.error for row in rows if row.error]
    return bool(errors) and all(errors) and known.count in (None, len(rows), len(rows) - len(errors))


def outcome(known: Facts, reading: Reading) -> str:
    rows = [row for batch in reading.batches() for row in batch]
    if agrees(known, rows):
        return "right"
    return "named" if named(known, rows) else "wrong"


def answered(known: Facts, file: Any, reading: Reading, rounds: int = 0) -> Iterator[str]:
    """What each way of answering the questions leads to."""
    if not reading.questions:
        yield outcome(known, reading)
        return
    if rounds == MOST_ROUNDS:
        return
    fields = [question.field for question in reading.questions if question.field != "account_map"]
    options = [question.options for question in reading.questions if question.field != "account_map"]
    accounts = {found.key: AccountFacts(found.currency or known.currency) for found in reading.accounts}
    for choice in itertools.product(*options):
        mapping = reading.mapping | dict(zip(fields, choice, strict=True))
        try:
            again = read(file, today=TODAY, account=known.account, mapping=mapping, account_map=accounts)
        except (UnreadableFile, MappingDoesNotFit):
            continue
        yield from answered(known, file, again, rounds + 1)


def verdict(known: Facts) -> tuple[str, bool, bool]:
    """(what became of the file, whether its reading was asked about, whether its accounts were)."""
    with known.path.open("rb") as file:
        try:
            reading = read(file, today=TODAY, account=known.account)
        except UnreadableFile:
            return "refused", False, False
        if not reading.questions:
            return outcome(known, reading), False, False
        fields = {question.field for question in reading.questions}
        ways = set(itertools.islice(answered(known, file, reading), MOST_TRIES))
    best = next((way for way in ("right", "named") if way in ways), "unanswerable")
    return f"asked, then {best}", fields != {"account_map"}, "account_map" in fields


Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Shows a line of figures although output is captured: they are what these tests are run for."""

    def shown(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}")

    return shown


def figures(title: str, counted: dict[str, str]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(counted.values()).items()))
    return f"{title}: {len(counted)} files, {kinds}"


@pytest.mark.parametrize("folder", ["bank_ofx", "bank_qfx", "bank_qif", "bank_mt940", "bank_camt"])
def test_statements_are_read_right_or_refused_by_name(folder: str, say: Say) -> None:
    counted = {known.path.name: verdict(known)[0] for known in files(folder)}

    say(figures(folder, counted))
    assert counted
    assert "wrong" not in counted.values()
    assert sum("right" in what for what in counted.values()) >= 0.8 * len(counted)


def test_tables_are_read_right_asked_about_or_left_out_by_name(say: Say) -> None:
    verdicts = {known.path.name: verdict(known) for known in files("bank_csv")}
    counted = {name: what for name, (what, _, _) in verdicts.items()}
    asked = sum(reading for _, reading, _ in verdicts.values())
    accounts = sum(of_accounts and not reading for _, reading, of_accounts in verdicts.values())

    say(figures("bank_csv", counted))
    say(f"    asked how to read {asked}, and only which accounts are meant {accounts}")
    assert counted
    assert "wrong" not in counted.values()
    assert asked <= MOST_ASKED * len(counted)
    assert sum("right" in what for what in counted.values()) >= 0.8 * len(counted)


def test_workbooks_of_known_facts_are_read_right_at_once_or_after_the_answer(say: Say) -> None:
    known = list(files("bank_xlsx"))
    counted = {each.path.name: verdict(each)[0] for each in known}

    say(figures("bank_xlsx", counted))
    assert counted
    assert "wrong" not in counted.values()
    assert all(counted[each.path.name].endswith("right") for each in known if each.count is not None)


def test_bad_files_never_come_in_wrong(say: Say) -> None:
    counted = {known.path.name: verdict(known)[0] for known in files("bank_negative")}

    say(figures("bank_negative", counted))
    assert counted
    assert "wrong" not in counted.values()


def test_every_currency_of_the_manifests_is_known() -> None:
    assert {known.currency for known in files("bank_ofx", "bank_qfx", "bank_csv")} <= CURRENCIES.keys()
