"""Two people at one book, each at a client of their own: nothing is overwritten silently, and each hears of it."""

import asyncio

from tests.e2e.live import first, listening


async def member(anna, new_user, role="editor"):
    """Boris, whom Anna let into her book."""
    boris = await new_user(display_name="Boris")
    await boris.confirm_address()
    invited = await anna.http.post(
        f"/books/{anna.book_id}/invitations", json={"email": boris.email, "role": role}
    )
    assert invited.status_code == 201, invited.text
    waiting = (await boris.get("/invitations"))["items"]
    accepted = await boris.http.post(f"/invitations/{waiting[0]['id']}/accept", json={})
    assert accepted.status_code == 200, accepted.text
    boris.http.headers["Authorization"] = f"Bearer {accepted.json()['access_token']}"
    boris.http.headers["Book-Id"] = anna.book_id
    return boris


async def change(user, made, **fields):
    return await user.http.patch(f"/transactions/{made['id']}", json=fields, headers={"If-Match": '"1"'})


async def test_of_two_edits_of_one_version_one_wins_and_the_other_is_told(anna, new_user):
    boris = await member(anna, new_user)
    account = await anna.account()
    made = await anna.post(
        "/transactions", {"account_id": account["id"], "date": "2026-02-03", "amount_minor": -100}
    )

    answers = await asyncio.gather(change(anna, made, note="Anna's"), change(boris, made, note="Boris's"))

    assert sorted(answer.status_code for answer in answers) == [200, 412]
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    now = await anna.get(f"/transactions/{made['id']}")
    assert (now["version"], now["note"]) == (2, won["note"])
    assert now == await boris.get(f"/transactions/{made['id']}")


async def test_each_hears_what_the_other_changed(anna, new_user):
    boris = await member(anna, new_user)
    account = await anna.account()
    async with listening(anna) as annas, listening(boris) as borises:
        await first(annas, lambda kind, _: kind == "ready")
        await first(borises, lambda kind, _: kind == "ready")
        made = await anna.post(
            "/transactions", {"account_id": account["id"], "date": "2026-02-03", "amount_minor": -100}
        )
        to_boris, _ = await first(borises, lambda _, data: data.get("id") == made["id"])
        changed = await change(boris, made, note="Boris's")
        to_anna, _ = await first(
            annas, lambda _, data: data.get("id") == made["id"] and data.get("version") == 2
        )

    assert changed.status_code == 200
    assert (to_boris["type"], to_anna["type"]) == ("transaction.created", "transaction.updated")


async def test_a_phone_that_was_away_brings_its_own_and_meets_what_was_changed_meanwhile(anna, new_user):
    boris = await member(anna, new_user)
    account = await anna.account()
    made = await anna.post(
        "/transactions", {"account_id": account["id"], "date": "2026-02-03", "amount_minor": -100}
    )
    before = (await boris.get("/sync/ledger", limit=1000))["next_cursor"]
    await change(anna, made, note="Anna's")

    late = await change(boris, made, note="Boris's")
    page = await boris.get("/sync/ledger", since=before)

    assert late.status_code == 412
    news = {item["id"]: item for item in page["items"]}
    assert (news[made["id"]]["version"], news[made["id"]]["data"]["note"]) == (2, "Anna's")
