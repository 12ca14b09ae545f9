"""Merges and undos of many on a real database: what was acknowledged is finished, and nothing twice."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from pfms_ledger.operations import lengthy
from pfms_ledger.operations.background import Background
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.operations.resuming import resume
from pfms_ledger.queries.invariants import faults

WORKER = Path(__file__).with_name("resuming_worker.py")
ROWS = 1_200
"""Two batches."""


async def worker(ledger, failpoint=""):
    """A process that goes on with what is left, until it ends or dies at the failpoint."""
    addresses = json.dumps({"app": ledger.urls.app, "relay": ledger.urls.relay})
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(WORKER),
        addresses,
        env={**os.environ, "PFMS_FAILPOINT": failpoint},
        stdout=asyncio.subprocess.PIPE,
    )


async def expire(ledger):
    """As if twenty seconds had gone by since the worker died."""
    await ledger.sql("UPDATE work SET leased_until = now() - interval '1 second'")


@pytest.fixture
def left(ledger, anna, monkeypatch):
    """Asks for work; it is acknowledged, and the process that took it dies before its first batch."""

    def dies(_background, work, _name):
        work.close()
        return asyncio.get_running_loop().create_future()

    async def asked(path, **body):
        with monkeypatch.context() as patched:
            patched.setattr(lengthy, "ANSWER_SECONDS", 0)
            patched.setattr(Background, "start", dies)
            response = await anna.post(path, **body)
        assert response.status_code == 202
        await expire(ledger)
        return response.json()

    return asked


@pytest.fixture
async def shops(anna):
    """Many transactions of one payee, and another payee."""
    account = await anna.account()
    lines = "".join(f"2025-01-{1 + n % 28:02},Shop,row {n},-1.00\n" for n in range(ROWS))
    await anna.bring(account, "Date,Payee,Memo,Amount\n" + lines)
    shop = (await anna.get("/payees")).json()["items"][0]
    return account, shop, (await anna.post("/payees", name="Corner")).json()


async def payees(ledger):
    found = await ledger.sql(
        """SELECT p.name, t.version, count(*) FROM transaction t
           JOIN payee p ON p.book_id = t.book_id AND p.id = t.payee_id GROUP BY 1, 2"""
    )
    return {tuple(row) for row in found}


async def holds(ledger, anna):
    book_id = anna.person.book_id
    assert await ledger.sql("SELECT FROM work") == []
    assert await faults(ledger.resources.pool, book_id) == []
    assert await rebuild(ledger.own.journal, book_id) == 0


@pytest.mark.parametrize("failpoint", ["work.batch.written", "work.batch.advanced", "work.batch.committed"])
async def test_a_merge_and_its_undo_that_die_at_any_step_are_finished(ledger, anna, shops, left, failpoint):
    account, shop, corner = shops
    told = await left(f"/payees/{shop['id']}/merge", key="a-merge-of-16-chars", into=corner["id"])

    process = await worker(ledger, failpoint)
    await process.communicate()
    await expire(ledger)
    await resume(ledger.own, ledger.resources.relay_pool)

    again = await anna.post(f"/payees/{shop['id']}/merge", key="a-merge-of-16-chars", into=corner["id"])
    assert process.returncode == 137
    assert (told["status"], told["moved"]) == ("merging", 0)
    assert (again.status_code, again.json()) == (200, {**told, "status": "merged", "moved": ROWS})
    assert (await anna.get(f"/payees/{shop['id']}")).status_code == 404
    assert await payees(ledger) == {("Corner", 2, ROWS)}
    await holds(ledger, anna)

    await left("/ledger/undo", key="an-undo-of-16-chars", correlation_id=told["correlation_id"])
    process = await worker(ledger, failpoint)
    await process.communicate()
    await expire(ledger)
    await resume(ledger.own, ledger.resources.relay_pool)

    undone = await anna.post("/ledger/undo", key="an-undo-of-16-chars", correlation_id=told["correlation_id"])
    assert process.returncode == 137
    assert (undone.json()["status"], undone.json()["undone"], undone.json()["kept"]) == (
        "undone",
        ROWS + 2,
        [],
    )
    assert await payees(ledger) == {("Shop", 3, ROWS)}
    assert await anna.balance(account) == -100 * ROWS
    await holds(ledger, anna)


async def test_two_workers_at_one_merge_move_each_transaction_once(ledger, anna, shops, left):
    _, shop, corner = shops
    await left(f"/payees/{shop['id']}/merge", into=corner["id"])

    one, other = await worker(ledger), await worker(ledger)
    for _ in range(20):  # each thinks that the other is dead, over and over
        await expire(ledger)
        await asyncio.sleep(0.02)
    await asyncio.gather(one.communicate(), other.communicate())
    await expire(ledger)
    await resume(ledger.own, ledger.resources.relay_pool)

    assert await payees(ledger) == {("Corner", 2, ROWS)}
    await holds(ledger, anna)


async def test_who_asks_again_goes_on_with_what_nobody_works_on(ledger, anna, left):
    made = [(await anna.post("/payees", name=name)).json() for name in ("Shop", "Corner")]
    path, into = f"/payees/{made[0]['id']}/merge", made[1]["id"]
    await left(path, into=into)

    await ledger.sql("UPDATE work SET worker = gen_random_uuid(), leased_until = now() + interval '1 minute'")
    elsewhere = await anna.post(path, into=into)
    await expire(ledger)
    here = await anna.post(path, into=into)

    assert (elsewhere.status_code, elsewhere.json()["status"]) == (202, "merging")
    assert (here.status_code, here.json()["status"]) == (200, "merged")
    assert here.json()["correlation_id"] == elsewhere.json()["correlation_id"]
    await holds(ledger, anna)


async def test_what_is_refused_later_is_not_tried_for_ever(ledger, anna, left):
    made = [(await anna.post("/payees", name=name)).json() for name in ("Shop", "Corner")]
    await left(f"/payees/{made[0]['id']}/merge", into=made[1]["id"])
    await anna.delete(f"/payees/{made[1]['id']}", 1)

    await resume(ledger.own, ledger.resources.relay_pool)

    assert (await anna.get(f"/payees/{made[0]['id']}")).status_code == 200
    await holds(ledger, anna)
