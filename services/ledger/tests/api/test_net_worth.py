"""Net worth over time, and the earlier versions of things."""


async def test_each_point_equals_the_balances_of_its_day(anna):
    checking = await anna.account(opening_balance_minor=10_000, opened_on="2025-11-15")
    card = await anna.account("Card", type="credit", opened_on="2026-01-01")
    yen = await anna.account("Yen", currency="JPY", opened_on="2026-01-01")
    for account, amount, day in (
        (checking, -2_500, "2025-12-31"),
        (card, -4_000, "2026-01-05"),
        (card, -700, "2026-02-28"),
        (yen, 900, "2026-03-11"),
        (checking, 50, "2026-03-12"),
    ):
        await anna.spend(account, amount, day)

    answer = (await anna.get("/net-worth", **{"from": "2025-10-05", "to": "2026-03-11"})).json()

    assert [(item["date"], item["currency"], item["net_worth_minor"]) for item in answer["items"]] == [
        ("2025-11-30", "EUR", 10_000),
        ("2025-12-31", "EUR", 7_500),
        ("2026-01-31", "EUR", 3_500),
        ("2026-02-28", "EUR", 2_800),
        ("2026-03-11", "EUR", 2_800),
        ("2026-03-11", "JPY", 900),
    ]
    assert (answer["items"][3]["assets_minor"], answer["items"][3]["liabilities_minor"]) == (7_500, 4_700)
    for item in answer["items"]:
        held = (await anna.get("/balances", as_of=item["date"])).json()["items"]
        balances = {each["account_id"]: each["balance_minor"] for each in held}
        assert [each["balance_minor"] for each in item["accounts"]] == [
            balances[each["account_id"]] for each in item["accounts"]
        ]


async def test_a_span_that_is_none_is_refused(anna):
    for wrong in ({"to": "2020-01-01", "from": "2020-01-02"}, {"interval": "day"}, {"from": "2020-01"}):
        assert (await anna.get("/net-worth", **wrong)).status_code == 400


async def test_earlier_versions_say_what_it_was_and_who_changed_it_when(anna, boris):
    account = await anna.account()
    for path, made in (
        ("/categories", (await anna.post("/categories", name="Kites", type="expense")).json()),
        ("/payees", (await anna.post("/payees", name="Kites")).json()),
        ("/pots", (await anna.post("/pots", name="Kites", account_id=account["id"])).json()),
        ("/accounts", account),
    ):
        await anna.patch(f"{path}/{made['id']}", 1, name="Dragons", note="renamed")
        await anna.delete(f"{path}/{made['id']}", 2)

        versions = (await anna.get(f"{path}/{made['id']}/versions")).json()["items"]
        page = (await anna.get(f"{path}/{made['id']}/versions", limit=1)).json()
        rest = (await anna.get(f"{path}/{made['id']}/versions", limit=2, cursor=page["next_cursor"])).json()

        assert [version["version"] for version in versions] == [1, 2, 3]
        assert [version["data"].get("name") for version in versions] == [made["name"], "Dragons", None]
        assert {version["actor"] for version in versions} == {str(anna.person.user_id)}
        assert [*page["items"], *rest["items"]] == versions
        assert (await boris.get(f"{path}/{made['id']}/versions")).status_code == 404
