"""Ledgers of hledger and beancount, posted through our API: their balances are ours.

Each is read by its own program, in a process of its own. What PFMS has no notion of is left out and counted: of
commodities that are no currencies the money that was paid for them goes to an account called Outside.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from pfms_common.currency import CURRENCIES

FOLDER = Path(os.environ.get("PFMS_SAMPLES", "-")) / "data/ledgers"
MANIFEST = FOLDER / "manifest.json"
HERE = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else []
SYMBOLS = {"$": "USD", "£": "GBP", "€": "EUR"}
OUTSIDE = "Outside"

pytestmark = [pytest.mark.samples, pytest.mark.timeout(600)]

# What beancount read, as [date, [[account, commodity, number], …]].
BEANCOUNT = """
import json, sys
from beancount import loader
from beancount.core.data import Transaction
entries, _, _ = loader.load_file(sys.argv[1])
json.dump([
    [entry.date.isoformat(), [[p.account, p.units.currency, str(p.units.number)] for p in entry.postings]]
    for entry in entries if isinstance(entry, Transaction)
], sys.stdout)
"""


def entries_of(path, kind):
    """Transactions as (day, [(account, commodity, amount)])."""
    if kind == "beancount":
        read = json.loads(told_by(sys.executable, "-c", BEANCOUNT, path))
        return [(day, [(name, code, Decimal(number)) for name, code, number in legs]) for day, legs in read]
    program = shutil.which("hledger")
    if program is None:
        pytest.skip("hledger is not here: on Debian `apt install hledger`")
    read = json.loads(told_by(program, "-f", path, "print", "-x", "-O", "json"))
    return [
        (
            entry["tdate"],
            [
                (posting["paccount"], amount["acommodity"], number_of(amount["aquantity"]))
                for posting in entry["tpostings"]
                for amount in posting["pamount"]
            ],
        )
        for entry in read
    ]


def number_of(quantity):
    return Decimal(quantity["decimalMantissa"]).scaleb(-quantity["decimalPlaces"])


def told_by(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def promised(facts):
    """(account, commodity) → amount, by the manifest; nothing where it gives none."""
    if "final_units_by_account" in facts:
        return {
            (name, code): Decimal(number)
            for name, units in facts["final_units_by_account"].items()
            for code, number in units.items()
        }
    found = {}
    for name, text in facts["final_balances"].items():
        for part in str(text).split(", "):
            match = re.fullmatch(r"([^\d\s-]*)(-?[\d,]+(?:\.\d+)?) ?(\S*)", part)
            if match is not None and name != "(too many)":
                found[name, match[1] or match[3]] = Decimal(match[2].replace(",", ""))
    return found


def code_of(commodity):
    """The currency that a commodity is; None for all else."""
    code = SYMBOLS.get(commodity, commodity)
    return code if code in CURRENCIES else None


def is_category(name):
    return name.partition(":")[0].casefold() in {"income", "expenses"}


class Poster:
    """Puts entries into a book by the API; any entry becomes transfers and transactions of one account each."""

    def __init__(self, client):
        self.client = client
        self.accounts, self.categories, self.bodies = {}, {}, []
        self.left_out = Counter()
        self.inexact = set()

    async def open(self, entries):
        """Makes the accounts and categories of all legs."""
        legs = {(name, code_of(what)) for _, legs in entries for name, what, _ in legs}
        codes = {code for _, code in legs if code}
        for name, code in sorted({*((n, c) for n, c in legs if c), *((OUTSIDE, code) for code in codes)}):
            if is_category(name):
                await self._category(name)
            else:
                made = await self.client.account(
                    name[-120:], type="asset", currency=code, opened_on="1900-01-01"
                )
                self.accounts[name, code] = made["id"]

    async def _category(self, name):
        if name not in self.categories:
            above, _, own = name.rpartition(":")
            parent = await self._category(above) if above else None
            kind = "income" if name.casefold().startswith("income") else "expense"
            response = await self.client.post("/categories", name=own, type=kind, parent_id=parent)
            assert response.status_code == 201, response.text
            self.categories[name] = response.json()["id"]
        return self.categories[name]

    def take(self, day, legs):
        sums = defaultdict(Counter)
        for name, commodity, amount in legs:
            code = code_of(commodity)
            if code is None:
                self.left_out[commodity] += 1
                continue
            minor = amount.scaleb(CURRENCIES[code].exponent)
            if minor != int(minor):
                self.inexact.add((name, code))
            sums[code][name] += round(minor)
        for code, by_name in sums.items():
            by_name[OUTSIDE] -= sum(by_name.values())
            self._post(day, code, {name: minor for name, minor in by_name.items() if minor})

    def _post(self, day, code, legs):
        moved = [(name, minor) for name, minor in legs.items() if not is_category(name)]
        spent = [(name, minor) for name, minor in legs.items() if is_category(name)]
        main, *others = moved or [(OUTSIDE, 0)]
        for name, minor in others:
            ends = [self.accounts[main[0], code], self.accounts[name, code]][:: 1 if minor > 0 else -1]
            self.bodies.append(
                {"type": "transfer", "date": day, "amount_minor": abs(minor),
                 "from": {"account_id": ends[0]}, "to": {"account_id": ends[1]}}
            )  # fmt: skip
        # What cancels out over categories would be an amount of zero, which is none.
        alike = [spent] if sum(minor for _, minor in spent) else [
            [one for one in spent if one[1] > 0], [one for one in spent if one[1] < 0]
        ]  # fmt: skip
        for part in filter(None, alike):
            splits = [{"category_id": self.categories[name], "amount_minor": -minor} for name, minor in part]
            self.bodies.append(
                {"account_id": self.accounts[main[0], code], "date": day, "splits": splits,
                 "amount_minor": sum(split["amount_minor"] for split in splits)}
            )  # fmt: skip

    async def send(self):
        queue = iter(self.bodies)

        async def worker():
            for body in queue:
                response = await self.client.post("/transactions", **body)
                assert response.status_code == 201, response.text

        await asyncio.gather(*(worker() for _ in range(4)))

    async def balances(self, ledger):
        """(account or category, currency) → amount."""
        items = (await self.client.get("/balances")).json()["items"]
        ids = {id_: name for name, id_ in self.accounts.items()}
        found = {
            ids[item["account_id"]]: Decimal(item["balance_minor"]).scaleb(
                -CURRENCIES[item["currency"]].exponent
            )
            for item in items
        }
        names = {id_: name for name, id_ in self.categories.items()}
        rows = await ledger.sql(
            "SELECT category_id, currency, sum(amount_minor) AS minor FROM posting"
            " WHERE book_id = $1 AND category_id IS NOT NULL GROUP BY 1, 2",
            self.client.person.book_id,
        )
        for row in rows:
            amount = Decimal(row["minor"]).scaleb(-CURRENCIES[row["currency"]].exponent)
            found[names[str(row["category_id"])], row["currency"]] = amount
        return found


@pytest.mark.parametrize("item", HERE or [None], ids=lambda item: Path(item["file"]).name if item else "none")
async def test_a_ledger_of_another_program_has_its_balances_here(ledger, boris, item, capsys):
    if item is None:
        pytest.skip("PFMS_SAMPLES names no folder with data/ledgers")
    path = FOLDER / Path(item["file"]).name
    wanted = {
        (name, code_of(what)): number
        for (name, what), number in promised(item["facts"]).items()
        if code_of(what)
    }
    if not wanted:
        pytest.skip("the manifest gives no balances in money of it")
    poster = Poster(boris)
    entries = entries_of(path, item["format"])
    await poster.open(entries)
    for day, legs in entries:
        poster.take(day, legs)
    await poster.send()
    found = await poster.balances(ledger)

    compared = {key: number for key, number in wanted.items() if key not in poster.inexact}
    differing = {
        key: (number, found.get(key)) for key, number in compared.items() if found.get(key, 0) != number
    }
    more = {
        key: number for key, number in found.items()
        if number and key not in wanted and key[0] != OUTSIDE and key not in poster.inexact
    }  # fmt: skip
    with capsys.disabled():
        print(  # noqa: T201  # what was read and what was not
            f"\n{path.name}: {len(entries)} entries as {len(poster.bodies)} transactions,"
            f" {len(compared) - len(differing)} of {len(compared)} balances equal, {len(more)} that nobody promised;"
            f" legs left out, which are no money: {dict(poster.left_out)};"
            f" not compared, for more decimals than the currency has: {sorted(poster.inexact)}"
        )
    assert (differing, more) == ({}, {})
