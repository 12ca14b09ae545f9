"""A phone that keeps a copy of what was planned."""

from pfms_events.contracts.budget.header import header_id


async def sync(home, since=None, **more):
    response = await home.http.get("/sync/budget", params={**({"since": since} if since else {}), **more})
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_copy_begins_with_everything_planned(home, book):
    await home.plan(planned_income_minor=200_000)
    made = await home.allocate(home.groceries, 30_000)
    await home.http.patch("/budget-settings", json={"strict": True, "version": 0})

    page = await sync(home)

    assert {(each["type"], each["version"], each["deleted"]) for each in page["items"]} == {
        ("budget", 1, False),
        ("allocation", 1, False),
        ("budget_settings", 1, False),
    }
    states = {each["id"]: each["data"] for each in page["items"]}
    assert states[made["id"]]["allocated_minor"] == 30_000
    assert states[str(header_id(book.id, "2024-01"))]["planned_income_minor"] == 200_000
    assert not page["has_more"]


async def test_later_only_what_changed_comes_once_in_its_newest_state(home):
    await home.plan()
    made = await home.allocate(home.groceries, 30_000)
    gone = await home.allocate(home.rent, 1_000)
    before = await sync(home)

    for version, amount in enumerate((100, 200), start=1):
        change = {"allocation_type": "fixed", "allocation_value": amount, "version": version}
        assert (await home.http.put(f"/allocations/{made['id']}", json=change)).status_code == 200
    assert (await home.http.delete(f"/allocations/{gone['id']}", params={"version": 1})).status_code == 204
    page = await sync(home, before["next_cursor"])

    assert [(each["id"], each["version"], each["deleted"]) for each in page["items"]] == [
        (made["id"], 3, False),
        (gone["id"], 2, True),
    ]
    assert page["items"][0]["data"]["allocated_minor"] == 200
    assert page["items"][1]["data"] is None
    assert (await sync(home, page["next_cursor"]))["items"] == []


async def test_figures_alone_are_no_change_of_what_was_planned(home):
    await home.plan()
    before = await sync(home)
    await home.spend("2024-01-05", -100, home.rent)

    assert (await sync(home, before["next_cursor"]))["items"] == []


async def test_pages_go_on_until_the_copy_is_whole(home):
    await home.plan()
    await home.allocate(home.groceries, 1)
    await home.allocate(home.rent, 2)

    page, seen = await sync(home, limit=1), []
    while True:
        seen += [each["id"] for each in page["items"]]
        if not page["has_more"]:
            break
        page = await sync(home, page["next_cursor"], limit=1)

    assert len(seen) == len(set(seen)) == 3


async def test_a_cursor_of_another_book_is_refused(home, stranger):
    await home.plan()
    page = await sync(home)

    assert (await stranger.get("/sync/budget", params={"since": page["next_cursor"]})).status_code == 400
