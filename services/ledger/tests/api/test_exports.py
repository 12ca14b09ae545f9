"""The book in other programs' formats."""

import asyncio
import csv
import io
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from uuid import UUID

import pytest

from pfms_common.currency import currency
from pfms_common.money import parse_minor
from pfms_common.period import month_of
from pfms_common.sql import scope
from pfms_embedded.demo import Filler
from pfms_embedded.household import household as demo_household

EVIL = '=HYPERLINK("x")'


async def household(client):
    """Accounts of several kinds and currencies, names that mean something to a parser, every type of transaction."""
    checking = await client.account('A: "Giro";  (x)', opening_balance_minor=123_456)
    savings = await client.account("a giro x", type="savings")
    card = await client.account("Visa", type="credit", opening_balance_minor=-5_000)
    yen = await client.account("¥ 現金", type="cash", currency="JPY", opening_balance_minor=10_000)
    dinar = await client.account("Dinar", type="cash", currency="KWD")
    depot = await client.account("Depot", type="investment")
    groceries, salary = await client.category("groceries"), await client.category("salary")
    odd = (await client.post("/categories", name='1: "(odd)"; ', type="expense", parent_id=groceries)).json()[
        "id"
    ]
    split = [
        {"category_id": groceries, "amount_minor": -1_000, "memo": EVIL},
        {"category_id": odd, "amount_minor": -250},
    ]
    first = await client.spend(
        checking, -1_250, payee=EVIL, splits=split, tags=["+1", "trip"], note="a; b\nc"
    )
    await client.spend(
        checking, 250_000, payee='"Firm" \\ Co', splits=[{"category_id": salary, "amount_minor": 250_000}]
    )
    await client.spend(card, -777, status="pending", description="(code) | =x ; y")
    await client.spend(yen, -350, date="1999-12-31")
    await client.spend(dinar, 1_234_567)
    moves = [
        {"from": {"account_id": checking["id"]}, "to": {"account_id": savings["id"]}, "amount_minor": 5_000},
        {
            "from": {"account_id": checking["id"]},
            "to": {"account_id": yen["id"], "amount_minor": 16_000},
            "amount_minor": 10_000,
        },
        {
            "from": {"account_id": checking["id"]},
            "to": {"account_id": depot["id"]},
            "amount_minor": 700,
            "splits": [{"category_id": groceries, "amount_minor": 700}],
        },
    ]
    for move in moves:
        made = await client.post("/transactions", type="transfer", date="2026-03-01", **move)
        assert made.status_code == 201, made.text
    refund = await client.post(
        "/transactions", type="refund", account_id=checking["id"], date="2026-03-02", amount_minor=300,
        related_transaction_id=first["id"],
    )  # fmt: skip
    assert refund.status_code == 201, refund.text
    gone = await client.spend(checking, -99)
    await client.delete(f"/transactions/{gone['id']}", 1)
    return [checking, savings, card, yen, dinar, depot]


async def balances(client):
    """Account id → (currency, minor units), and how much stands on categories by currency."""
    items = (await client.get("/accounts", include_inactive=True)).json()["items"]
    return {item["id"]: (item["currency"], item["balance_minor"]) for item in items}


async def exported(client, what):
    response = await client.get(f"/exports/{what}")
    assert response.status_code == 200, response.text
    assert response.headers["content-disposition"].startswith("attachment; filename=")
    return response.content


async def test_the_lines_of_the_table_add_up_to_every_balance(anna):
    accounts = await household(anna)
    text = (await exported(anna, "csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    sums = Counter()
    for row in rows:
        sums[row["account"]] += parse_minor(row["amount"], currency(row["currency"]))
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
    assert dict(sums) == {account["name"]: (await balances(anna))[account["id"]][1] for account in accounts}
    assert {row["type"] for row in rows} == {"opening", "standard", "transfer", "refund"}


async def test_no_cell_of_the_table_is_a_formula(anna):
    await household(anna)
    rows = list(csv.DictReader(io.StringIO((await exported(anna, "csv")).decode("utf-8-sig"))))

    texts = {
        cell for row in rows for name, cell in row.items() if name not in {"amount", "date", "transaction_id"}
    }
    assert [text for text in texts if text.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert {f"'{EVIL}", "'+1, trip"} <= texts


async def test_an_accounts_statement_reads_back_with_the_same_count_and_sum(anna, new_client):
    for account in await household(anna):
        content = await exported(anna, f"accounts/{account['id']}/ofx")
        there = await anna.transactions(account_id=account["id"])
        async with new_client() as other:
            copy = await other.account("Copy", currency=account["currency"])
            found = await other.bring(copy, content, name="account.ofx")
            came = await other.transactions(account_id=copy["id"])

            assert (found["status"], found["rows_error"], found["warnings"]) == (
                "completed",
                0,
                [],
            ) or not there
        by = [(item["date"], item["account_amount_minor"]) for item in there]
        assert sorted((item["date"], item["account_amount_minor"]) for item in came) == sorted(by)


def told_by(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def awkward(client):
    """The household above, for programs that read it."""
    await household(client)


async def demo(client):
    """Half a year of the demo household: two currencies, pots, plans, a statement it agrees with."""
    months = [month_of(date(2025, month, 1)) for month in range(7, 13)]
    plan = demo_household(months, months[-1].last, random.Random(2026))
    await Filler(client.http).fill_ledger(plan)


BOTH = pytest.mark.parametrize("filled", [awkward, demo])


@BOTH
async def test_hledger_finds_our_balances(ledger, anna, tmp_path, filled):
    program = shutil.which("hledger")
    if program is None:
        pytest.skip("hledger is not here: on Debian `apt install hledger`")
    await filled(anna)
    journal = tmp_path / "book.journal"
    journal.write_bytes(await exported(anna, "hledger"))

    words = ["bal", "--flat", "-N", "-E", "--layout=bare", "-O", "csv"]
    rows = list(csv.DictReader(io.StringIO(told_by(program, "-f", journal, *words))))

    assert found_in(rows) == await wanted(ledger, anna)


BEANCOUNT = """
import json, sys
from beancount import loader
from beancount.core import realization
entries, errors, _ = loader.load_file(sys.argv[1])
balances = [
    {"account": account.account, "commodity": position.units.currency, "balance": str(position.units.number)}
    for account in realization.iter_children(realization.realize(entries)) for position in account.balance
]
json.dump({"errors": [str(error.message) for error in errors], "balances": balances}, sys.stdout)
"""


@BOTH
async def test_beancount_finds_our_balances(ledger, anna, tmp_path, filled):
    """It is run as a program, as a person would."""
    assert find_spec("beancount") is not None, "it is among the tools of development"
    await filled(anna)
    book = tmp_path / "book.beancount"
    book.write_bytes(await exported(anna, "beancount"))

    told = json.loads(told_by(sys.executable, "-c", BEANCOUNT, book))

    assert told["errors"] == []
    assert found_in(told["balances"]) == await wanted(ledger, anna)


async def test_the_demo_household_restores_to_an_equal_book(anna, new_client):
    await demo(anna)
    document = await exported(anna, "json")

    async with new_client() as fresh:
        restored = await fresh.http.post(
            "/restores",
            files={"file": ("book.json", document)},
            headers={"Idempotency-Key": "restore-of-the-demo"},
        )
        back, derived = json.loads(await exported(fresh, "json")), await derived_of(fresh)

    assert restored.status_code == 201, restored.text
    assert {**back, "exported_at": None} == {**json.loads(document), "exported_at": None}
    assert derived == await derived_of(anna)


async def derived_of(client):
    """Figures that no export holds: balances, what is in pots, and what comes next of plans."""
    pots = (await client.get("/pots")).json()["items"]
    plans = (await client.get("/recurring")).json()["items"]
    return (
        await balances(client),
        {pot["id"]: pot["balance_minor"] for pot in pots},
        {
            plan["id"]: (plan["last_realized_date"], plan["next_date"], plan["next_amount_minor"])
            for plan in plans
        },
    )


def found_in(rows):
    """What the program says: the amounts on accounts and on all else, whatever it calls them."""
    own = Counter()
    rest = Counter()
    for row in rows:
        amount = Decimal(row["balance"])
        if row["account"].startswith(("Assets", "Liabilities")):
            own[row["commodity"], amount] += amount != 0
        else:
            rest[row["commodity"], amount] += amount != 0
    return +own, +rest


_REST = """SELECT currency, sum(amount_minor) AS minor FROM posting WHERE account_id IS NULL
    GROUP BY currency, kind, category_id, kind = 'category' AND category_id IS NULL AND amount_minor > 0"""


async def wanted(ledger, client):
    """Our balances of accounts, and the sums of categories, equity and conversions by the postings themselves."""
    own, rest = Counter(), Counter()
    for code, minor in (await balances(client)).values():
        own[code, major(minor, code)] += minor != 0
    with scope(books=[client.person.book_id]):
        async with ledger.resources.pool.acquire() as connection, connection.transaction():
            for code, minor in await connection.fetch(_REST):
                rest[code, major(int(minor), code)] += minor != 0
    return +own, +rest


def major(minor, code):
    return Decimal(minor).scaleb(-currency(code).exponent)


async def test_a_foreign_or_missing_account_has_no_statement(anna, boris):
    account = await anna.account()

    assert (await boris.get(f"/exports/accounts/{account['id']}/ofx")).status_code == 404


async def test_what_is_written_while_an_export_runs_is_not_in_it(anna, monkeypatch):
    """The pages are read one after the other, all from the moment at which it began."""
    from pfms_ledger.queries import export  # noqa: PLC0415  # of this one test

    account = await anna.account()
    for n in range(1, 8):
        await anna.spend(account, -n, date=f"2026-01-0{n}")
    monkeypatch.setattr(export, "PIECE", 2)
    plain, writing = export.Snapshot._pieces, []

    async def slowly(book, statement, *values):
        async for rows in plain(book, statement, *values):
            yield rows
            if not writing:
                writing.append(await anna.spend(account, -1_000, date="2026-01-31"))

    monkeypatch.setattr(export.Snapshot, "_pieces", slowly)
    rows = list(csv.DictReader(io.StringIO((await exported(anna, "csv")).decode("utf-8-sig"))))

    assert writing
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("-0.28")


async def test_a_third_export_at_once_waits_and_is_told_to_come_again(ledger, anna):
    pool = ledger.own.exports
    async with pool.acquire(), pool.acquire():
        busy = await anna.get("/exports/csv")
    after = await asyncio.gather(*(anna.get("/exports/csv") for _ in range(3)))

    assert (busy.status_code, busy.json()["code"]) == (503, "busy")
    assert [response.status_code for response in after] == [200, 200, 200]


MANY = """WITH many AS (
        INSERT INTO event
        SELECT (jsonb_populate_record(e, jsonb_build_object('sequence', 1000 + n, 'id', gen_random_uuid(),
                                                            'aggregate_id', gen_random_uuid()))).*
        FROM event e, generate_series(1, 4000) n WHERE e.aggregate_id = $1
        RETURNING stream_id, aggregate_id, sequence
    )
    INSERT INTO transaction (book_id, id, type, status, date, amount_minor, source, number, last_event, version)
    SELECT stream_id, aggregate_id, 'standard', 'cleared', '2026-01-01', -1, 'manual', sequence, sequence, 1
    FROM many"""


@pytest.mark.parametrize("plans", ["force_generic_plan", "force_custom_plan"])
async def test_a_page_of_an_export_reads_no_more_of_the_book_than_itself(ledger, anna, plans):
    from pfms_ledger.db.imports import know_written  # noqa: PLC0415  # of this one test
    from pfms_ledger.queries import export  # noqa: PLC0415

    account = await anna.account()
    made = await anna.spend(account, -1)
    await ledger.sql("ANALYZE")  # the tables are known, and the book in them is small
    await ledger.sql(MANY, UUID(made["id"]))
    await know_written(ledger.resources.pool, anna.person.book_id, 4000)

    asked = (anna.person.book_id, date(2000, 1, 1), 0, 50)
    with scope(books=[anna.person.book_id]):
        async with ledger.resources.pool.acquire() as connection, connection.transaction():
            await connection.execute(f"SET LOCAL plan_cache_mode = {plans}")
            for statement, *of_account in (
                (export._ALL,),
                (export._DOCUMENTS,),
                (export._OF_ACCOUNT, UUID(account["id"])),
            ):
                told = await connection.fetchval(
                    f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", *asked, *of_account
                )
                assert read_of(json.loads(told)[0]["Plan"], "event") <= 50


def read_of(node, table):
    """How many rows of a table the scans of a plan met."""
    met = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    own = met * node["Actual Loops"] if node.get("Relation Name") == table else 0
    return own + sum(read_of(below, table) for below in node.get("Plans", []))


async def test_what_only_moves_into_the_accounts_own_pot_is_on_no_statement(anna):
    account = await anna.account(opening_balance_minor=10_000)
    pot = (await anna.post("/pots", account_id=account["id"], name="Holiday")).json()
    ends = {"from": {"account_id": account["id"]}, "to": {"account_id": account["id"], "pot_id": pot["id"]}}
    moved = await anna.post("/transactions", type="transfer", date="2026-03-01", amount_minor=500, **ends)
    spent = await anna.spend(account, -100)

    text = (await exported(anna, f"accounts/{account['id']}/ofx")).decode()

    assert moved.status_code == 201, moved.text
    assert (text.count("<STMTTRN>"), spent["id"] in text) == (1, True)
