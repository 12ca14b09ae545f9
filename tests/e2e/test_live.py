"""Two clients on one book: each hears what the other did, and nothing of anybody else's."""

import httpx2 as httpx

from tests.e2e.live import first, listening


async def test_a_change_is_told_to_other_clients_of_the_book_and_to_nobody_else(anna, new_user):
    stranger, account = await new_user(), await anna.account()
    async with listening(anna) as events, listening(stranger) as foreign:
        await first(events, lambda kind, _: kind == "ready")
        await first(foreign, lambda kind, _: kind == "ready")
        made = await anna.post(
            "/transactions", {"account_id": account["id"], "date": "2026-02-03", "amount_minor": -100}
        )
        told, seen = await first(events, lambda _, data: data.get("id") == made["id"])
        await stranger.account("Own")
        its, _ = await first(foreign, lambda kind, _: kind == "change")

    assert told == {
        "stream_id": anna.book_id, "source": "ledger", "number": told["number"], "type": "transaction.created",
        "aggregate": "transaction", "id": made["id"], "version": 1,
    }  # fmt: skip
    assert its["stream_id"] == stranger.book_id
    assert seen


async def test_a_client_that_was_away_goes_on_where_it_was_and_the_number_leads_into_the_log(anna):
    account = await anna.account()
    async with listening(anna) as events:
        _, seen = await first(events, lambda _, data: data.get("id") == account["id"] or data == {})
    changed = await anna.patch(f"/accounts/{account['id']}", 1, {"name": "Giro"})

    async with listening(anna, last=seen) as events:
        told, _ = await first(events, lambda _, data: data.get("version") == 2)

    assert told["id"] == changed["id"]
    log = await anna.get("/ledger/events", after=told["number"] - 1, limit=1)
    assert log["items"][0]["data"]["name"] == "Giro"


async def test_a_budget_month_that_changed_is_told_as_well(anna):
    async with listening(anna) as events:
        await first(events, lambda kind, _: kind == "ready")
        await anna.post("/budgets", {"month": "2026-02", "planned_income_minor": 1_000})

        told, _ = await first(events, lambda _, data: data.get("source") == "budget")

    assert told["stream_id"] == anna.book_id


async def test_an_id_from_long_ago_gets_a_reset_and_nobody_without_a_token_gets_anything(anna, base_url):
    async with listening(anna, last="1-0") as events:
        await first(events, lambda kind, _: kind == "reset")
    async with httpx.AsyncClient(base_url=f"{base_url}/api/v1") as nobody:
        assert (await nobody.get("/events")).status_code == 401
