"""The tags of a book."""

from pfms_ledger.operations.rebuild import rebuild


async def counts(client, **params):
    return {
        item["tag"]: item["transactions"] for item in (await client.get("/tags", **params)).json()["items"]
    }


async def some(client):
    account = await client.account()
    split = {"amount_minor": -2, "tags": ["wrok", "Zug"]}
    await client.spend(account, -1, tags=["wrok", "haus"])
    await client.spend(account, -2, splits=[split], tags=["work"])


async def test_tags_are_counted_and_paged_by_name(anna, boris):
    await some(anna)

    first = (await anna.get("/tags", limit=2)).json()
    second = (await anna.get("/tags", limit=2, cursor=first["next_cursor"])).json()

    assert [item["tag"] for item in first["items"] + second["items"]] == ["Zug", "haus", "work", "wrok"]
    assert await counts(anna, q="w") == {"work": 1, "wrok": 2}
    assert await counts(boris) == {}


async def test_a_tag_is_renamed_wherever_it_stands_and_every_version_says_so(ledger, anna):
    await some(anna)

    renamed = await anna.post("/tags/rename", tag="wrok", to="arbeit")

    assert (renamed.json()["changed"], renamed.json()["left"]) == (2, 0)
    assert await counts(anna) == {"Zug": 1, "arbeit": 2, "haus": 1, "work": 1}
    for item in await anna.transactions(tag="arbeit"):
        assert item["version"] == 2
        assert "arbeit" in [*item["tags"], *item["splits"][0]["tags"]]
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_two_tags_become_one_only_when_that_is_said(anna):
    await some(anna)

    refused = await anna.post("/tags/rename", tag="wrok", to="work")
    merged = await anna.post("/tags/rename", tag="wrok", to="work", merge=True)
    again = await anna.post("/tags/rename", tag="wrok", to="work", merge=True)

    assert [each.status_code for each in (refused, merged, again)] == [409, 200, 200]
    assert await counts(anna) == {"Zug": 1, "haus": 1, "work": 2}


async def test_a_tag_that_was_renamed_is_renamed_again_without_a_change_and_one_of_nothing_is_missing(anna):
    await some(anna)

    await anna.post("/tags/rename", tag="wrok", to="arbeit")
    again = await anna.post("/tags/rename", tag="wrok", to="arbeit")
    missing = await anna.post("/tags/rename", tag="nowhere", to="nothing")

    assert again.json() == {"changed": 0, "left": 0, "correlation_id": None}
    assert {item["version"] for item in await anna.transactions(tag="arbeit")} == {2}
    assert missing.status_code == 404


async def test_a_tag_is_the_same_in_any_case_and_stands_once_as_it_was_written_first(ledger, anna):
    account = await anna.account()
    split = {"amount_minor": -1, "tags": ["Öl", "öl"]}
    made = await anna.spend(account, -1, tags=["wk", "a", "WK", " A "], splits=[split])
    other = await anna.spend(account, -2, tags=["Wk"])

    assert (made["tags"], made["splits"][0]["tags"]) == (["wk", "a"], ["Öl"])
    assert await counts(anna, q="W") == {"Wk": 1, "wk": 1}
    assert {item["id"] for item in await anna.transactions(tag="WK")} == {made["id"], other["id"]}
    assert [item["id"] for item in await anna.transactions(tag="ÖL")] == [made["id"]]

    item = {"id": made["id"], "version": 1}
    bulk = await anna.post(
        "/transactions/bulk", items=[item], set={"add_tags": ["A", "b"], "remove_tags": ["öL"]}
    )
    renamed = await anna.post("/tags/rename", tag="wK", to="WORK")

    assert bulk.status_code == 200, bulk.text
    assert (renamed.json()["changed"], renamed.json()["left"]) == (2, 0)
    assert await counts(anna) == {"WORK": 2, "a": 1, "b": 1}
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0
