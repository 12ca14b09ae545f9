"""Imports on a real database: crashes, concurrency, limits, and that rows still equal a replay of the events."""

import asyncio
import json
import os
import resource
import signal
import sys
import tracemalloc
from pathlib import Path

import pytest

from pfms_ledger.bankfiles.statement import MAX_BYTES
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.operations.resuming import clear_away, resume
from pfms_ledger.queries.invariants import faults

WORKER = Path(__file__).with_name("resuming_worker.py")
ROWS = 1_500


def statement(rows, *, shops=40, first=1):
    """A table of `rows` rows over a year."""
    lines = (
        f"2025-{1 + n * 12 // (rows + first):02}-{1 + n % 28:02},Shop {n % shops},x,-{n % 90 + 1}.{n % 100:02}\n"
        for n in range(first, rows + first)
    )
    return "Date,Payee,Memo,Amount\n" + "".join(lines)


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
    await ledger.sql(
        "UPDATE import SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"
    )


async def committed_but_left(ledger, anna, account, content):
    """An import that is being committed, by nobody."""
    preview = await anna.preview(account, content)
    response = await anna.post(f"/imports/{preview['id']}/commit")
    assert response.status_code == 202
    await ledger.own.background.stop()
    await expire(ledger)
    return preview


async def holds(ledger, anna):
    book_id = anna.person.book_id
    assert await faults(ledger.resources.pool, book_id) == []
    assert await rebuild(ledger.own.journal, book_id) == 0


@pytest.mark.parametrize(
    "failpoint",
    [
        "import.batch.begun",
        "import.batch.appended",
        "import.batch.advanced",
        "import.batch.committed",
        "import.completing",
    ],
)
async def test_a_commit_that_dies_at_any_step_is_finished_with_nothing_lost_or_doubled(
    ledger, anna, failpoint
):
    account = await anna.account()
    preview = await committed_but_left(ledger, anna, account, statement(ROWS))

    process = await worker(ledger, failpoint)
    await process.communicate()
    await expire(ledger)
    await resume(ledger.own, ledger.resources.relay_pool)

    done = await anna.until(preview["id"], "processing")
    count = await ledger.sql("SELECT count(*) FROM transaction WHERE type <> 'opening'")
    assert process.returncode == 137
    assert (done["status"], done["rows_imported"], count[0][0]) == ("completed", ROWS, ROWS)
    assert await anna.balance(account) == preview["sum_out_minor"]
    assert (await anna.preview(account, statement(ROWS)))["rows_duplicate"] == ROWS
    await holds(ledger, anna)


async def test_a_commit_that_is_killed_in_the_middle_again_and_again_ends_exact(ledger, anna):
    account = await anna.account()
    preview = await committed_but_left(ledger, anna, account, statement(ROWS, shops=900))

    for _ in range(3):
        process = await worker(ledger)
        await process.stdout.readline()
        while not await ledger.sql("SELECT FROM import WHERE worker IS NOT NULL AND done_through > 0"):
            if process.returncode is not None:
                break
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.communicate()
        await expire(ledger)
    await resume(ledger.own, ledger.resources.relay_pool)

    done = await anna.until(preview["id"], "processing")
    assert (done["status"], done["rows_imported"]) == ("completed", ROWS)
    assert await anna.balance(account) == preview["sum_out_minor"]
    await holds(ledger, anna)


async def test_a_reading_that_dies_is_begun_anew(ledger, anna):
    account = await anna.account()
    preview = await anna.preview(account, statement(ROWS))
    await ledger.sql("UPDATE import SET status = 'reading'")

    process = await worker(ledger, "import.read.stored")
    await process.communicate()
    await expire(ledger)
    await resume(ledger.own, ledger.resources.relay_pool)

    assert process.returncode == 137
    assert await anna.until(preview["id"], "reading") == preview


async def test_taking_back_that_dies_is_finished(ledger, anna):
    account = await anna.account()
    done = await anna.bring(account, statement(ROWS))
    await ledger.sql("UPDATE import SET status = 'undoing'")

    process = await worker(ledger, "import.undo.appended")
    await process.communicate()
    await expire(ledger)
    await resume(ledger.own, ledger.resources.relay_pool)

    taken = await anna.until(done["id"], "undoing")
    assert process.returncode == 137
    assert (taken["status"], taken["rows_undone"]) == ("undone", ROWS)
    assert await anna.balance(account) == 0
    await holds(ledger, anna)


async def test_two_workers_at_one_import_write_each_row_once(ledger, anna):
    account = await anna.account()
    preview = await committed_but_left(ledger, anna, account, statement(ROWS))

    one, other = await worker(ledger), await worker(ledger)
    for _ in range(20):  # each thinks that the other is dead, over and over
        await expire(ledger)
        await asyncio.sleep(0.02)
    await asyncio.gather(one.communicate(), other.communicate())
    await expire(ledger)
    await resume(ledger.own, ledger.resources.relay_pool)

    done = await anna.until(preview["id"], "processing")
    assert (done["status"], done["rows_imported"]) == ("completed", ROWS)
    assert await anna.balance(account) == preview["sum_out_minor"]
    await holds(ledger, anna)


async def test_people_write_between_the_batches(ledger, anna):
    account, cash = await anna.account(), await anna.account("Cash", type="cash")
    preview = await anna.preview(account, statement(ROWS))
    await anna.post(f"/imports/{preview['id']}/commit")

    made = 0
    while (await anna.get(f"/imports/{preview['id']}")).json()["status"] == "processing":
        await anna.spend(cash, -1)
        made += 1

    numbers = await ledger.sql(
        "SELECT count(DISTINCT t.import_id IS NULL) FROM transaction t WHERE t.type <> 'opening'"
    )
    assert numbers[0][0] == 2
    assert await anna.balance(cash) == -made
    await holds(ledger, anna)


async def test_a_payee_that_is_renamed_or_made_meanwhile_is_found_again(ledger, anna):
    account = await anna.account()
    first = await anna.spend(account, -1, payee="Shop 1")
    preview = await anna.preview(account, statement(60, shops=3))
    await anna.patch(f"/payees/{first['payee_id']}", 1, name="Corner")
    await anna.post("/payees", name="shop 2")

    done = await anna.commit(preview)

    names = {item["payee"] for item in await anna.transactions(source="import")}
    assert done["status"] == "completed"
    assert names == {"Shop 0", "Shop 1", "shop 2"}


async def test_a_file_of_more_rows_than_are_taken_is_refused_by_name(ledger, anna):
    account = await anna.account()
    row = "2025-01-01,Shop,-1.00\n"

    response = await anna.upload(account, "Date,Payee,Amount\n" + row * 200_001)

    if response.status_code == 201:  # on a busy machine it is read for longer than the answer waits
        path = f"/imports/{response.json()['id']}"
        while (read := (await anna.get(path)).json())["status"] == "reading":  # noqa: ASYNC110  # HTTP tells by asking
            await asyncio.sleep(0.1)
        assert read["status"] == "failed"
        assert "200,000" in read["error"] or "200000" in read["error"]
    else:
        assert (response.status_code, response.json()["reason"]) == (400, "too_many_rows")
    assert (await ledger.sql("SELECT count(*) FROM import_row"))[0][0] == 0
    assert (await ledger.sql("SELECT count(*) FROM import_chunk"))[0][0] == 0


async def test_how_far_a_commit_is_can_be_seen_while_it_goes_on(ledger, anna):
    rows = 3 * ROWS
    preview = await anna.preview(await anna.account(), statement(rows))

    await anna.post(f"/imports/{preview['id']}/commit")
    seen = []
    while (found := (await anna.get(f"/imports/{preview['id']}")).json())["status"] == "processing":
        seen.append((found["rows_imported"], found["rows_new"], found["rows_total"]))
    told = await ledger.sql(
        "SELECT (data->>'rows_imported')::int, data->>'rows_total' FROM event WHERE type = 'import.progress'"
        " ORDER BY sequence"
    )

    done = [imported for imported, new, total in seen if (new, total) == (rows, rows)]
    assert done == sorted(done)
    assert len(done) == len(seen)
    assert len({imported for imported in done if 0 < imported < rows}) >= 2
    assert [imported for imported, _ in told] == sorted({imported for imported, _ in told})
    assert len(told) == 3
    assert {total for _, total in told} == {str(rows)}


async def test_a_file_over_the_limit_is_refused_without_being_held_in_memory(anna):
    account = await anna.account()
    slice_of_file = b"2025-01-01,Shop,-1.00\n" * 3_000
    boundary = "a-boundary"
    sent = 0

    async def body():
        nonlocal sent
        yield (
            f'--{boundary}\r\nContent-Disposition: form-data; name="account_id"\r\n\r\n{account["id"]}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        ).encode()
        for _ in range((MAX_BYTES + 1024 * 1024) // len(slice_of_file)):
            sent += len(slice_of_file)
            yield slice_of_file
        yield f"\r\n--{boundary}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    tracemalloc.start()
    try:
        response = await anna.http.post("/imports", content=body(), headers=headers)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    announced = await anna.http.post(
        "/imports", content=b"x", headers={**headers, "Content-Length": str(MAX_BYTES * 2)}
    )

    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert announced.status_code == 413
    assert peak < MAX_BYTES // 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0


async def test_previews_nobody_came_back_for_and_uploads_nobody_was_told_of_are_removed(ledger, anna):
    account = await anna.account()
    old, young = await anna.preview(account, statement(3)), await anna.preview(account, statement(4))
    done = await anna.bring(account, statement(5))
    untold = await anna.preview(account, statement(6))
    await ledger.sql("UPDATE import SET created_at = now() - interval '8 days' WHERE id <> $1", young["id"])
    await ledger.sql(
        "UPDATE import SET answered = false, created_at = now() - interval '11 minutes' WHERE id = $1",
        untold["id"],
    )

    removed = await clear_away(ledger.own, ledger.resources.relay_pool)

    left = {item["id"] for item in (await anna.get("/imports")).json()["items"]}
    assert removed == 2
    assert left == {young["id"], done["id"]}
    assert (await anna.get(f"/imports/{old['id']}")).status_code == 404


async def test_an_import_that_can_t_be_finished_fails_in_the_end(ledger, anna):
    account = await anna.account()
    preview = await committed_but_left(ledger, anna, account, statement(3))
    await ledger.sql("UPDATE import SET attempts = 5")

    await resume(ledger.own, ledger.resources.relay_pool)

    found = (await anna.get(f"/imports/{preview['id']}")).json()
    assert (found["status"], found["rows_imported"]) == ("failed", 0)
