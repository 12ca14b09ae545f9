"""Files kept with a transaction."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from pfms_common.clock import system_clock
from pfms_ledger.app import SERVICE
from pfms_ledger.domain.attachment import GRACE, UNUSED
from pfms_ledger.operations.attachments import clear_away
from pfms_ledger.operations.rebuild import rebuild
from pfms_service.testing import Harness, harness

PDF = b"%PDF-1.7\n" + b"receipt " * 100


@pytest.fixture
def clock() -> SimpleNamespace:
    """A clock that can be put forward; tokens stay valid for ten minutes."""
    return SimpleNamespace(ahead=timedelta())


@pytest_asyncio.fixture
async def ledger(tmp_path: Path, clock: SimpleNamespace) -> AsyncIterator[Harness]:
    async with harness(
        SERVICE, clock=lambda: system_clock() + clock.ahead, attachments=str(tmp_path / "kept")
    ) as running:
        yield running


@pytest_asyncio.fixture
async def bought(anna):
    return await anna.spend(await anna.account(), -500, payee="Shop")


async def attach(client, transaction, content=PDF, name="receipt.pdf", **headers):
    path = f"/transactions/{transaction['id']}/attachments"
    return await client.http.post(path, files={"file": (name, content)}, headers=headers)


async def listed(client, transaction):
    return (await client.get(f"/transactions/{transaction['id']}/attachments")).json()["items"]


def files(tmp_path):
    return [path.name for path in (tmp_path / "kept").rglob("*") if path.is_file()]


async def follow(ledger, url):
    """As a browser does, without a token."""
    async with ledger.client() as nobody:
        return await nobody.get(url.removeprefix("/api/v1"))


async def test_an_attached_file_comes_back_by_its_link_and_only_as_a_download(ledger, anna, bought):
    made = await attach(anna, bought, name="C:\\My receipts\\Café.pdf")
    (item,) = await listed(anna, bought)

    answer = await follow(ledger, item["url"])

    assert made.status_code == 201
    assert {name: item[name] for name in made.json()} == made.json()
    assert (item["name"], item["media_type"], item["size_bytes"]) == (
        "Café.pdf",
        "application/pdf",
        len(PDF),
    )
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Caf%C3%A9.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0
    assert (await anna.get(f"/transactions/{bought['id']}")).json()["version"] == 1


async def test_a_link_with_any_byte_altered_another_attachments_or_five_minutes_old_is_none(
    ledger, anna, boris, bought, clock
):
    await attach(anna, bought)
    await attach(anna, bought, b"another")
    theirs = await boris.spend(await boris.account(), -1)
    await attach(boris, theirs)
    one, other = [item["url"] for item in await listed(anna, bought)]
    foreign = (await listed(boris, theirs))[0]["url"]
    link, signature = urlsplit(one), parse_qs(urlsplit(one).query)["signature"][0]

    wrong = [
        f"{link.path}?signature={signature[:n]}{'A' if byte != 'A' else 'B'}{signature[n + 1 :]}"
        for n, byte in enumerate(signature)
    ]
    wrong += [
        f"{link.path}?signature={parse_qs(urlsplit(url).query)['signature'][0]}" for url in (other, foreign)
    ]
    wrong += [f"{link.path}?signature={signature}{more}" for more in ("A", "=", "\u00e9")]

    assert {(await follow(ledger, url)).status_code for url in wrong} == {404}
    assert (await follow(ledger, link.path)).status_code == 400
    clock.ahead = timedelta(minutes=4)
    assert (await follow(ledger, one)).status_code == 200
    clock.ahead = timedelta(minutes=5, seconds=1)
    assert (await follow(ledger, one)).status_code == 404


async def test_a_stranger_neither_lists_nor_attaches_nor_deletes(anna, boris, bought):
    made = (await attach(anna, bought)).json()

    assert (await boris.get(f"/transactions/{bought['id']}/attachments")).status_code == 404
    assert (await attach(boris, bought)).status_code == 404
    assert (await boris.delete(f"/attachments/{made['id']}", 1)).status_code == 404
    assert len(await listed(anna, bought)) == 1


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "image/heic"),
        ("Café;1,20\r\n".encode(), "text/plain"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"MZ\x90\x00", "application/octet-stream"),
        (b"caf\xe9", "application/octet-stream"),
    ],
)
async def test_the_content_says_what_it_is_and_the_name_does_not(anna, bought, content, media_type):
    made = await attach(anna, bought, content, "page.html")

    assert made.json()["media_type"] == media_type


async def test_twenty_are_the_most_and_ten_mebibytes_the_largest(anna, bought):
    tall = await attach(anna, bought, b"x" * (10 * 1024 * 1024 + 1))
    empty = await attach(anna, bought, b"")
    for n in range(20):
        assert (await attach(anna, bought, f"{n}".encode())).status_code == 201
    one_more = await attach(anna, bought)

    assert (tall.status_code, empty.status_code, one_more.status_code) == (413, 400, 409)
    assert one_more.json()["code"] == "too_many_attachments"


async def test_a_repeated_upload_with_the_same_key_has_one_effect(anna, bought):
    key = {"Idempotency-Key": "k" * 20}

    first = await attach(anna, bought, **key)
    again = await attach(anna, bought, **key)
    other = await attach(anna, bought, b"another", **key)

    assert again.json() == first.json()
    assert (again.headers["Idempotency-Replayed"], other.status_code) == ("true", 422)
    assert len(await listed(anna, bought)) == 1


async def test_lists_tell_what_has_an_attachment(anna, bought):
    await anna.spend(await anna.account("Other"), -1)
    await attach(anna, bought)

    assert [item["id"] for item in await anna.transactions(has_attachment="true")] == [bought["id"]]
    assert len(await anna.transactions(has_attachment="false")) == 1


async def test_thirty_days_after_its_transaction_was_deleted_an_attachment_and_its_file_go(
    ledger, anna, bought, clock, tmp_path
):
    """The same file on another transaction stays."""
    other = await anna.spend(await anna.account("Other"), -1)
    await attach(anna, bought)
    await attach(anna, bought, b"only here")
    await attach(anna, other)
    await anna.delete(f"/transactions/{bought['id']}", 1)
    sweep = clear_away, ledger.own, ledger.resources.relay_pool

    clock.ahead = GRACE - timedelta(minutes=1)
    await sweep[0](*sweep[1:], ledger.own.now())
    before = len(files(tmp_path))
    clock.ahead = GRACE + timedelta(minutes=1)
    await sweep[0](*sweep[1:], ledger.own.now())

    assert (before, len(files(tmp_path))) == (2, 1)
    events = await ledger.sql("SELECT count(*) FROM event WHERE type = 'attachment.deleted'")
    assert events[0]["count"] == 2
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_a_deleted_attachment_keeps_its_file_for_the_grace_and_one_that_was_never_recorded_for_a_day(
    ledger, anna, bought, clock, tmp_path
):
    made = (await attach(anna, bought)).json()
    assert (await anna.http.delete(f"/attachments/{made['id']}")).status_code == 428
    assert (await anna.delete(f"/attachments/{made['id']}", 1)).status_code == 204
    for n in range(20):
        await attach(anna, bought, f"{n}".encode())
    await attach(anna, bought, b"one too many")  # it reached the store, and is refused

    told = []
    for ahead in (UNUSED - timedelta(hours=1), UNUSED + timedelta(hours=1), GRACE + timedelta(hours=1)):
        clock.ahead = ahead
        await clear_away(ledger.own, ledger.resources.relay_pool, ledger.own.now())
        told.append(len(files(tmp_path)))

    assert told == [22, 21, 20]
    assert len(await listed_later(ledger, anna, bought)) == 20


async def listed_later(ledger, client, transaction):
    rows = "SELECT id FROM attachment WHERE transaction_id = $1::uuid"
    return await ledger.sql(rows, transaction["id"])


async def test_without_a_store_attachments_are_away_and_nothing_else(anna, bought, ledger):
    ledger.app.state.own = replace(ledger.own, attachments=None)

    answer = await attach(anna, bought)

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await anna.get(f"/transactions/{bought['id']}")).status_code == 200


async def test_undo_brings_an_attachment_back_with_its_file(ledger, anna, bought):
    made = (await attach(anna, bought)).json()
    await anna.delete(f"/attachments/{made['id']}", 1)
    gone = await ledger.sql("SELECT id FROM event WHERE type = 'attachment.deleted'")

    undone = await anna.post(f"/ledger/events/{gone[0]['id']}/undo")

    assert (undone.status_code, undone.json()["version"]) == (200, 3)
    (item,) = await listed(anna, bought)
    assert (await follow(ledger, item["url"])).content == PDF
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_attachments_come_back_with_their_transaction(ledger, anna, bought):
    made = (await attach(anna, bought)).json()
    link = (await listed(anna, bought))[0]["url"]
    await anna.delete(f"/transactions/{bought['id']}", 1)

    assert (await follow(ledger, link)).status_code == 404
    assert (await anna.delete(f"/attachments/{made['id']}", 1)).status_code == 404
    gone = await ledger.sql("SELECT id FROM event WHERE type = 'transaction.deleted'")
    await anna.post(f"/ledger/events/{gone[0]['id']}/undo")
    assert (await follow(ledger, link)).content == PDF
