"""Every bank file of the samples folder through the API: uploaded, answered where it asks, committed, sent again.

A file is right when its rows have the count, sum and days of its manifest; then the accounts must hold that sum, and
the file must add nothing when it comes again. Silently wrong must be none, and so must be a 500.
"""

import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pfms_common.currency import CURRENCIES

SAMPLES = os.environ.get("PFMS_SAMPLES", "")
FORMATS = ("ofx", "qfx", "csv", "qif", "mt940", "mt942", "camt.052", "camt.053", "camt.054", "xlsx", "xls")
MOST_TRIES = 60

pytestmark = [
    pytest.mark.samples,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder with cases/ and data/"),
]


@dataclass(frozen=True)
class Sample:
    """A file with what the manifest knows of it; None where it says nothing."""

    content: bytes
    name: str
    count: int | None
    sums: dict[str, int] | None
    first: str | None
    last: str | None
    currency: str
    card: bool


def samples(folder: str) -> Iterator[Sample]:
    place = Path(SAMPLES) / "data" / folder
    for entry in json.loads((place / "manifest.json").read_text()):
        currency, total = entry["currency"], entry["sum_minor"]
        first = currency[0] if isinstance(currency, list) else currency if currency in CURRENCIES else "EUR"
        path = place / entry["file"].rsplit("/", 1)[-1]
        if entry["format"].split("-")[0] in FORMATS:
            yield Sample(
                path.read_bytes(),
                path.name,
                entry["txn_count"],
                total if isinstance(total, dict) else None if total is None else {first: total},
                entry["first_date"],
                entry["last_date"],
                first,
                "credit-card" in entry["notes"],
            )


async def all_rows(client, found: dict) -> list[dict]:
    rows, cursor = [], None
    while True:
        params = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"/imports/{found['id']}/rows", **params)).json()
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


def right(known: Sample, rows: list[dict]) -> bool:
    """Whether rows have the manifest's facts.

    What is skipped by name is in its count, and in its sum if signed, but not what was never booked. Days of no rows
    are those of trades.
    """
    good = [row for row in rows if row["state"] != "error" and row["error"] != "status INFO"]
    sums: Counter[str] = Counter()
    for row in good:
        sums[row["currency"] or known.currency] += row["amount_minor"] or 0
    days = sorted(row["date"] for row in good if row["date"])
    expected = None if known.sums is None else {code: minor for code, minor in known.sums.items() if minor}
    return (
        known.count in (None, len(good))
        and expected in (None, {code: minor for code, minor in sums.items() if minor})
        and (not known.count or known.first is None or days[:1] == [known.first])
        and (not known.count or known.last is None or days[-1:] == [known.last])
    )


def named(known: Sample, rows: list[dict]) -> bool:
    """Whether what is missing is missing by name: as many rows as the manifest knows, some with their error."""
    errors = [row["error"] for row in rows if row["state"] == "error"]
    return bool(errors) and all(errors) and known.count in (None, len(rows), len(rows) - len(errors))


def ways(known: Sample, found: dict) -> Iterator[dict[str, Any]]:
    """Each way of answering the questions."""
    asked = [question for question in found["questions"] if question["field"] != "account_map"]
    body: dict[str, Any] = {}
    if len(asked) < len(found["questions"]):
        body["account_map"] = {
            account["key"]: {"currency": account["currency"] or known.currency}
            for account in found["accounts"]
            if account["rows"]
        }
    for choice in itertools.product(*(question["options"] for question in asked)):
        answers = {question["field"]: option for question, option in zip(asked, choice, strict=True)}
        yield body | ({"mapping": answers} if answers else {})


async def answered(client, known: Sample, found: dict, rounds: int = 0) -> str:
    """The best that answering leads to; the import is left in that state."""
    tried = set()
    for body in itertools.islice(ways(known, found), MOST_TRIES):
        response = await client.http.put(f"/imports/{found['id']}/mapping", json=body)
        assert response.status_code < 500, response.text
        if response.status_code != 200:
            continue
        after = await client.until(found["id"], "reading")
        if after["status"] == "needs_mapping":
            what = await answered(client, known, after, rounds + 1) if rounds < 3 else "unanswerable"
        else:
            what = outcome(known, await all_rows(client, after))
        tried.add(what)
        if what == "right":
            return what
    return "named" if "named" in tried else "unanswerable"


def outcome(known: Sample, rows: list[dict]) -> str:
    return "right" if right(known, rows) else "named" if named(known, rows) else "wrong"


async def verdict(client, known: Sample) -> str:
    """What becomes of a file in a book of its own."""
    account = await client.account(currency=known.currency, type="credit" if known.card else "checking")
    response = await client.upload(account, known.content, name=known.name)
    assert response.status_code in (201, 400), response.text
    if response.status_code == 400:
        problem = response.json()
        assert (problem["code"], bool(problem["detail"])) == ("import_unreadable", True)
        return "refused"
    found = await client.until(response.json()["id"], "reading")
    if found["status"] == "preview":
        what = outcome(known, await all_rows(client, found))
    else:
        what = f"asked, then {await answered(client, known, found)}"
    if what.endswith("right"):
        await arrives(client, found, known)
    return what


async def arrives(client, found: dict, known: Sample) -> None:
    """The accounts hold what the preview said, and the same file adds nothing."""
    before = (await client.get(f"/imports/{found['id']}")).json()
    done = await client.commit(before)
    rows = await all_rows(client, done)
    written = sum(row["amount_minor"] for row in rows if row["transaction_id"])
    accounts = (await client.get("/accounts")).json()["items"]
    assert done["status"] == "completed", done["error"]
    assert sum(account["balance_minor"] for account in accounts) == written, known.name
    if not any(row["state"] == "duplicate" for row in rows):
        assert written == done["sum_in_minor"] + done["sum_out_minor"], known.name
    targets = {account["key"]: account["account_id"] for account in done["accounts"] if account["account_id"]}
    again = await client.preview(
        accounts[0] if len(targets) < 2 else None,
        known.content,
        name=known.name,
        mapping=done["mapping"],
        account_map={key: account_id for key, account_id in targets.items() if key},
    )
    assert again["rows_new"] + again["rows_match"] + again["rows_conflict"] == 0, known.name


async def counted(new_client, folder: str) -> dict[str, str]:
    verdicts = {}
    for known in samples(folder):
        async with new_client() as client:
            verdicts[known.name] = await verdict(client, known)
    sys.stdout.write(
        f"\n{folder} through the API, {len(verdicts)} files: {dict(Counter(verdicts.values()))}\n"
    )
    return verdicts


@pytest.mark.parametrize(
    "folder", ["bank_ofx", "bank_qfx", "bank_csv", "bank_qif", "bank_mt940", "bank_camt"]
)
async def test_files_arrive_right_or_say_why_not(new_client, folder):
    verdicts = await counted(new_client, folder)

    assert verdicts
    assert "wrong" not in verdicts.values()
    assert sum("right" in what for what in verdicts.values()) >= len(verdicts) * 4 // 5


async def test_workbooks_arrive_right_or_are_refused_by_name(new_client):
    verdicts = await counted(new_client, "bank_xlsx")

    assert verdicts
    assert {verdict for verdict in verdicts.values() if not verdict.endswith("right")} <= {"refused"}


async def test_bad_files_never_come_in_wrong(new_client):
    verdicts = await counted(new_client, "bank_negative")

    assert verdicts
    assert "wrong" not in verdicts.values()
