"""Worked series of balances from other projects, recorded through the API and read back day by day."""

import json
import os
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

SAMPLES = os.environ.get("PFMS_SAMPLES", "")
TODAY = date(2026, 3, 20)

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder with cases/ and data/"),
]


def day(n):
    return (TODAY + timedelta(days=int(n))).isoformat()


def holds_securities(given):
    """Holdings and their prices are another service's; a portfolio is added to net worth in the reports."""
    return any("buy" in entry or "price" in entry for entry in given["entries"])


async def recorded(anna, given):
    """An account with the entries; of a card, what is owed is a balance below zero here."""
    sign = -1 if "credit" in given["type"] else 1
    first = given["entries"][0]
    currency = "USD" if "USD" in given["type"] else "EUR"
    account = await anna.account(
        type="credit" if sign < 0 else "checking",
        currency=currency,
        opened_on=day(first["day"]),
        opening_balance_minor=sign * first.get("opening", 0) * 100,
    )
    for entry in given["entries"]:
        if "set_balance" in entry:
            minor = entry["set_balance"] * 100 - await anna.balance(account)
            await anna.spend(account, minor, day(entry["day"]), type="adjustment")
        elif "payment" in entry or "purchase" in entry:
            minor = entry.get("payment", 0) * 100 - entry.get("purchase", 0) * 100
            await anna.spend(account, minor, day(entry["day"]))
        elif entry.get("currency", currency) != currency:
            # An account has one currency; what was paid in another is kept beside it.
            rate = given["fx"][f"{entry['currency']}/{currency}"]
            original = {"amount_minor": entry["txn"] * 100, "currency": entry["currency"], "rate": str(rate)}
            await anna.spend(account, round(entry["txn"] * rate * 100), day(entry["day"]), original=original)
        elif "txn" in entry:
            await anna.spend(account, entry["txn"] * 100, day(entry["day"]))
    return account, sign


async def test_balances_day_by_day_are_those_of_others(anna, capsys):
    right = tried = apart = 0
    for case in json.loads((Path(SAMPLES) / "cases" / "account_balance_series.json").read_text()):
        given, expected = case["input"], case["expected"]["balance_by_day"]
        if holds_securities(given):
            apart += 1
            continue
        tried += 1
        account, sign = await recorded(anna, given)
        for n, balance in expected.items():
            held = (await anna.get("/balances", as_of=day(n))).json()["items"]
            worth = (await anna.get("/net-worth", **{"from": day(n), "to": day(n)})).json()["items"]
            of_account = {
                each["account_id"]: each["balance_minor"] for item in worth for each in item["accounts"]
            }
            found = next(item["balance_minor"] for item in held if item["account_id"] == account["id"])
            assert found == sign * balance * 100, (given, n)
            assert of_account.get(account["id"], 0) == found
        right += 1

    with capsys.disabled():
        sys.stdout.write(f"\naccount_balance_series: {right} of {tried} right, {apart} with securities aside")
    assert tried
