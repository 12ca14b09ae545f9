"""A phone that keeps a copy of the book."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfms_common.ids import new_id
from pfms_events import sync


class Phone:
    """Keeps a copy by the pages it gets: what is deleted goes, all else replaces what it had."""

    def __init__(self, client, limit=200):
        self.client, self.limit = client, limit
        self.cursor: str | None = None
        self.copy: dict[tuple[str, str], dict] = {}

    async def page(self):
        since = {"since": self.cursor} if self.cursor else {}
        response = await self.client.get("/sync/ledger", limit=self.limit, **since)
        assert response.status_code == 200, response.text
        page = response.json()
        for item in page["items"]:
            key = (item["type"], item["id"])
            self.copy.pop(key, None)
            if not item["deleted"]:
                self.copy[key] = {**item["data"], "version": item["version"]}
        self.cursor = page["next_cursor"]
        return page

    async def sync(self):
        items = []
        while True:
            page = await self.page()
            items += page["items"]
            if not page["has_more"]:
                return items

    def all(self, kind):
        return {key[1]: data for key, data in self.copy.items() if key[0] == kind}


async def of_server(client, path, **params):
    """Id → what the server has."""
    items, cursor = {}, {}
    while True:
        page = (await client.get(path, limit=200, **params, **cursor)).json()
        items |= {item["id"]: item for item in page["items"]}
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


async def assert_equal(phone, client):
    """The copy has what the server has, but for what is derived: balances, a payee's present name."""
    for path, kind, params in (
        ("/accounts", "account", {"include_inactive": True}),
        ("/categories", "category", {"include_inactive": True}),
        ("/payees", "payee", {}),
        ("/transactions", "transaction", {}),
    ):
        there, here = await of_server(client, path, **params), phone.all(kind)
        assert there.keys() == here.keys()
        for id_, item in there.items():
            shared = (item.keys() & here[id_].keys()) - {"payee"}
            assert {"id", "version"} < shared
            assert {name: item[name] for name in shared} == {name: here[id_][name] for name in shared}
            if item.get("payee_id"):
                assert item["payee"] == phone.all("payee")[item["payee_id"]]["name"]


async def test_the_first_sync_brings_the_whole_book_and_the_next_what_changed(anna):
    account = await anna.account(opening_balance_minor=500)
    kept, gone = await anna.spend(account, -100, payee="Kiosk"), await anna.spend(account, -200)
    phone = Phone(anna, limit=7)
    first = await phone.sync()
    await anna.patch(f"/transactions/{kept['id']}", 1, note="twice")
    await anna.patch(f"/transactions/{kept['id']}", 2, note="thrice")
    await anna.delete(f"/transactions/{gone['id']}", 1)

    then = await phone.sync()

    assert {item["type"] for item in first} == {"account", "category", "payee", "transaction"}
    assert [(item["id"], item["version"], item["deleted"]) for item in then] == [
        (kept["id"], 3, False),
        (gone["id"], 2, True),
    ]
    assert then[1]["data"] is None
    assert await phone.sync() == []
    await assert_equal(phone, anna)


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["spend", "change", "delete", "account", "payee", "category"]), st.integers(0, 30)
    ),
    max_size=5,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(limit=st.integers(1, 9), writes=st.lists(WRITES, min_size=2, max_size=10))
async def test_a_copy_made_while_others_write_ends_equal_to_the_book(anna, limit, writes):
    account = await anna.account(f"Account {new_id()}")
    made = {(await anna.spend(account, -n, payee=f"Shop {n % 3}"))["id"]: 1 for n in range(1, 6)}

    async def write(what, pick):
        nth = list(made)[pick % len(made)] if made else None
        if what == "spend" or nth is None:
            made[(await anna.spend(account, -pick - 1, payee=f"Shop {pick % 3}"))["id"]] = 1
        elif what == "change":
            changed = await anna.patch(f"/transactions/{nth}", made[nth], note=f"{pick}")
            made[nth] = changed.json()["version"]
        elif what == "delete":
            await anna.delete(f"/transactions/{nth}", made.pop(nth))
        elif what == "account":
            await anna.account(f"Account {new_id()}")
        else:
            items = (await anna.get({"payee": "/payees", "category": "/categories"}[what])).json()["items"]
            one = items[pick % len(items)]
            path = {"payee": "/payees", "category": "/categories"}[what]
            await anna.patch(f"{path}/{one['id']}", one["version"], name=f"Named {new_id()}")

    async def in_turn(several):
        for what, pick in several:
            await write(what, pick)

    phone = Phone(anna, limit)
    for several in writes:
        await asyncio.gather(phone.page(), in_turn(several))
    await phone.sync()

    await assert_equal(phone, anna)


async def test_a_thing_changed_often_makes_a_page_short_and_not_the_sync_wrong(anna, monkeypatch):
    account = await anna.account()
    busy = await anna.spend(account, -100)
    monkeypatch.setattr(sync, "LOOKED_AT", 2)
    for version in range(1, 30):
        await anna.patch(f"/transactions/{busy['id']}", version, note=f"{version}")
    phone = Phone(anna, limit=5)
    pages = [await phone.page()]
    while pages[-1]["has_more"]:
        pages.append(await phone.page())

    assert [] in [page["items"] for page in pages]
    assert phone.all("transaction")[busy["id"]]["version"] == 30
    await assert_equal(phone, anna)


async def test_a_cursor_of_a_book_that_was_restored_to_an_earlier_state_says_resync(ledger, anna):
    beyond = ledger.resources.cursors.write(anna.person.book_id, "sync", [], [10_000])

    response = await anna.get("/sync/ledger", since=beyond)

    assert (response.status_code, response.json()["code"]) == (410, "resync")


async def test_another_books_or_a_changed_cursor_is_refused(anna, boris):
    cursor = (await anna.get("/sync/ledger")).json()["next_cursor"]

    for client, since in ((boris, cursor), (anna, cursor[:-2] + "AA"), (anna, "17")):
        response = await client.get("/sync/ledger", since=since)
        assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")
    assert (await boris.get("/sync/ledger")).json()["items"] == []


async def test_a_phone_offline_for_a_week_writes_later_and_the_next_sync_mends_its_copy(anna):
    """Its own ids and keys make its writes safe to repeat; versions tell what others did meanwhile."""
    account = await anna.account()
    edited, deleted = await anna.spend(account, -100), await anna.spend(account, -200)
    phone = Phone(anna)
    await phone.sync()
    # Meanwhile, elsewhere:
    await anna.patch(f"/transactions/{edited['id']}", 1, note="from the laptop")
    await anna.delete(f"/transactions/{deleted['id']}", 1)

    # The phone is back and sends what it has kept, one thing twice since the first answer was lost.
    own_account, own = str(new_id()), str(new_id())
    opened = {
        "id": own_account, "name": "Wallet", "type": "cash", "currency": "EUR",
        "opening_balance_minor": 0, "opened_on": "2026-02-01",
    }  # fmt: skip
    spent = {"id": own, "account_id": own_account, "amount_minor": -300, "date": "2026-02-05"}
    keys = [f"phone-{new_id()}" for _ in range(3)]
    made = [
        await anna.post("/accounts", keys[0], **opened),
        await anna.post("/transactions", keys[1], **spent),
        await anna.post("/transactions", keys[1], **spent),
    ]
    taken = await anna.post("/transactions", keys[2], **spent)
    stale = await anna.patch(f"/transactions/{edited['id']}", 1, note="from the phone")
    stale_by_body = await anna.http.patch(
        f"/transactions/{edited['id']}", json={"note": "from the phone", "version": 1}
    )
    gone = await anna.patch(f"/transactions/{deleted['id']}", 1, note="from the phone")

    assert [response.status_code for response in made] == [201, 201, 201]
    assert made[2].headers["Idempotency-Replayed"] == "true"
    assert [response.status_code for response in (taken, stale, stale_by_body, gone)] == [409, 412, 409, 404]
    await phone.sync()
    assert phone.all("transaction")[edited["id"]]["note"] == "from the laptop"
    assert deleted["id"] not in phone.all("transaction")
    assert own in phone.all("transaction")
    await assert_equal(phone, anna)
