"""Many transactions at once."""

from pfms_ledger.operations.rebuild import rebuild


def seen(*transactions):
    return [{"id": each["id"], "version": each["version"]} for each in transactions]


async def three(client):
    account = await client.account()
    return [await client.spend(account, -n, f"2026-02-0{n}", payee="Shop", tags=["old"]) for n in (1, 2, 3)]


async def test_one_call_sets_category_payee_tags_and_status_of_all_items(ledger, anna):
    made = await three(anna)
    groceries = await anna.category("groceries")

    answer = await anna.post(
        "/transactions/bulk",
        items=seen(*made),
        set={
            "category_id": groceries,
            "payee": "Corner Shop",
            "status": "reconciled",
            "excluded_from_budget": True,
            "add_tags": ["new"],
            "remove_tags": ["old"],
        },
    )

    body = answer.json()
    assert answer.status_code == 200
    assert (body["changed"], body["unchanged"], body["failed"]) == (3, 0, 0)
    assert [item["version"] for item in body["items"]] == [2, 2, 2]
    for item in await anna.transactions():
        assert (item["splits"][0]["category_id"], item["payee"]) == (groceries, "Corner Shop")
        assert (item["status"], item["excluded_from_budget"], item["tags"]) == ("reconciled", True, ["new"])
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_what_cannot_be_done_is_told_item_by_item_and_the_rest_is_done(anna):
    done, stale, reconciled = await three(anna)
    await anna.patch(f"/transactions/{stale['id']}", 1, note="meanwhile")
    reconciled = (await anna.patch(f"/transactions/{reconciled['id']}", 1, status="reconciled")).json()
    missing = {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "version": 1}

    answer = await anna.post(
        "/transactions/bulk", items=[*seen(done, stale, reconciled), missing], delete=True
    )

    told = [(item["status"], (item["problem"] or {}).get("code")) for item in answer.json()["items"]]
    assert told == [
        ("deleted", None),
        ("failed", "stale_version"),
        ("failed", "reconciled"),
        ("failed", "not_found"),
    ]
    assert answer.json()["items"][3]["problem"]["preserved_input"] == missing
    assert {item["id"] for item in await anna.transactions()} == {stale["id"], reconciled["id"]}


async def test_all_or_nothing_does_nothing_where_one_item_fails(anna):
    made = await three(anna)
    several = await anna.spend(
        await anna.account("Other"), -9, splits=[{"amount_minor": -4}, {"amount_minor": -5}]
    )
    groceries = await anna.category("groceries")

    answer = await anna.post(
        "/transactions/bulk",
        items=seen(*made, several),
        set={"category_id": groceries},
        all_or_nothing=True,
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "not_all")
    assert [item["problem"]["code"] for item in answer.json()["items"]] == ["several_splits"]
    assert {item["version"] for item in await anna.transactions()} == {1}


async def test_all_events_share_one_correlation_id_and_a_repeated_key_has_one_effect(ledger, anna):
    made = await three(anna)
    body = {"items": seen(*made), "set": {"tags": ["trip"]}}

    first = await anna.post("/transactions/bulk", key="k" * 20, **body)
    again = await anna.post("/transactions/bulk", key="k" * 20, **body)

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    events = await ledger.sql(
        "SELECT trace ->> 'correlation_id' AS id FROM event WHERE type = 'transaction.updated'"
    )
    assert [event["id"] for event in events] == [first.json()["correlation_id"]] * 3


async def test_what_is_so_already_is_not_written_again(anna):
    made = await three(anna)

    answer = await anna.post("/transactions/bulk", items=seen(*made), set={"tags": ["old"], "payee": "SHOP"})

    assert [(item["status"], item["version"]) for item in answer.json()["items"]] == [("unchanged", 1)] * 3


async def test_a_category_that_is_missing_or_archived_refuses_the_whole_call(anna):
    made = await three(anna)
    groceries = await anna.category("groceries")
    await anna.patch(f"/categories/{groceries}", 1, is_archived=True)

    answers = [
        await anna.post("/transactions/bulk", items=seen(*made), set={"category_id": category})
        for category in (groceries, "01890a5d-ac96-774b-bcce-b302099a8057")
    ]

    assert [answer.status_code for answer in answers] == [400, 404]
    assert [list(answer.json()["errors"]) for answer in answers] == [["set.category_id"]] * 2


async def test_a_thousand_are_changed_in_one_write_and_one_more_is_refused(ledger, anna):
    account = await anna.account()
    lines = "".join(f"2026-02-{1 + n % 28:02},Shop {n % 7},{-n}.00\n" for n in range(1, 1002))
    await anna.bring(account, "Date,Payee,Amount\n" + lines)
    items, cursor = [], None
    while len(items) < 1001:
        params = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = (await anna.get("/transactions", **params)).json()
        items, cursor = items + page["items"], page["next_cursor"]
    groceries = await anna.category("groceries")

    most = await anna.post("/transactions/bulk", items=seen(*items[:1000]), set={"category_id": groceries})
    more = await anna.post("/transactions/bulk", items=seen(*items), set={"category_id": groceries})

    assert (most.status_code, most.json()["changed"], more.status_code) == (200, 1000, 400)
    assert (await anna.get("/transactions", include="total", uncategorised="true")).json()["total"] == 1
