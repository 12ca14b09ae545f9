"""The first minutes of every client, through the gateway: a bank file in, a true budget month out."""

import datetime as dt

CSV = b"""Date,Payee,Amount,Memo
2026-03-02,Corner Shop,-12.50,groceries
2026-03-03,Employer,2500.00,salary march
2026-03-05,Corner Shop,-12.50,groceries
2026-03-05,Corner Shop,-12.50,groceries
2026-03-09,Landlord,-800.00,rent
2026-03-20,Cinema,-18.20,film
"""
OFX = b"""OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>EUR
<BANKACCTFROM><BANKID>1<ACCTID>77<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260301<DTEND>20260331
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260304<TRNAMT>-45.10<FITID>A1<NAME>Fuel Station</STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260306<TRNAMT>100.00<FITID>A2<NAME>Aunt Mary</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>54.90<DTASOF>20260331</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


async def line(user, month, category_id):
    budget = await user.month(month)
    return next((row for row in budget["categories"] if row["category_id"] == category_id), None)


async def actual(user, month, category_id):
    row = await line(user, month, category_id)
    return row["actual_minor"] if row else 0


async def test_signing_up_gives_a_user_a_book_and_its_categories(new_user):
    user = await new_user(home_currency="CHF", timezone="Europe/Zurich")

    profile = await user.get("/user/profile")
    books = await user.get("/books")

    assert profile["email"] == user.email
    assert [(book["id"], book["base_currency"], book["role"]) for book in books["items"]] == [
        (user.book_id, "CHF", "owner")
    ]
    assert {"groceries", "salary"} <= set(await user.categories())


async def test_a_refreshed_session_goes_on_and_its_old_token_is_spent(anna):
    first = anna.tokens

    answer = await anna.http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})

    assert answer.status_code == 200
    assert answer.json()["refresh_token"] != first["refresh_token"]
    anna.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    assert (await anna.get("/books"))["items"]


async def test_money_recorded_allocated_moved_and_given_back_shows_in_the_month(anna):
    keys = await anna.categories()
    account = await anna.account(opening_balance_minor=100_000)
    savings = await anna.account("Savings", type="savings")
    pension = await anna.account("Pension", type="investment")
    await anna.post("/budgets", {"month": "2026-02", "planned_income_minor": 200_000})
    await anna.post(
        "/budgets/2026-02/allocations",
        {
            "category_id": keys["groceries"],
            "allocation_type": "fixed",
            "allocation_value": 30_000,
            "rollover": "surplus",
        },
    )
    await anna.post(
        "/budgets/2026-02/allocations",
        {
            "category_id": keys["dining"],
            "allocation_type": "percentage",
            "allocation_value": "12.50",
            "rollover": "none",
        },
    )

    spent = await anna.post(
        "/transactions",
        {
            "account_id": account["id"],
            "date": "2026-02-10",
            "amount_minor": -8_000,
            "payee": "Corner Shop",
            "status": "cleared",
            "splits": [
                {"category_id": keys["groceries"], "amount_minor": -5_000},
                {"category_id": keys["dining"], "amount_minor": -3_000},
            ],
        },
    )
    await anna.until(lambda: actual(anna, "2026-02", keys["groceries"]), lambda minor: minor == 5_000)
    row = await line(anna, "2026-02", keys["dining"])
    assert (row["allocated_minor"], row["actual_minor"], row["available_minor"]) == (25_000, 3_000, 22_000)

    refund = await anna.post(
        "/transactions",
        {
            "type": "refund",
            "related_transaction_id": spent["id"],
            "account_id": account["id"],
            "date": "2026-02-12",
            "amount_minor": 800,
        },
    )
    await anna.until(lambda: actual(anna, "2026-02", keys["groceries"]), lambda minor: minor == 4_500)
    month = await anna.month("2026-02")
    assert month["income_minor"] == 0, "a refund is no income"

    def transfer(to, amount, **more):
        return anna.post(
            "/transactions",
            {
                "type": "transfer",
                "date": "2026-02-14",
                "amount_minor": amount,
                "from": {"account_id": account["id"]},
                "to": {"account_id": to["id"]},
                **more,
            },
        )

    inside = await transfer(savings, 10_000)
    assert (inside["type"], inside["amount_minor"]) == ("transfer", 10_000)
    await transfer(pension, 7_000, splits=[{"category_id": keys["savings"], "amount_minor": 7_000}])
    await anna.until(lambda: actual(anna, "2026-02", keys["savings"]), lambda minor: minor == 7_000)
    assert (await anna.month("2026-02"))["outflow_minor"] == 8_000 - 800 + 7_000

    edited = await anna.patch(f"/transactions/{spent['id']}", 1, {"date": "2026-03-01"})
    await anna.until(lambda: actual(anna, "2026-02", keys["groceries"]), lambda minor: minor == -500)
    assert await actual(anna, "2026-03", keys["groceries"]) == 5_000
    await anna.delete(f"/transactions/{edited['id']}", 2)
    await anna.delete(f"/transactions/{refund['id']}", 1)
    await anna.until(lambda: actual(anna, "2026-02", keys["groceries"]), lambda minor: minor == 0)
    history = await anna.get(f"/transactions/{spent['id']}/history")
    assert [item["version"] for item in history["items"]] == [1, 2, 3]
    balances = {b["account_id"]: b["balance_minor"] for b in (await anna.get("/balances"))["items"]}
    assert balances == {account["id"]: 83_000, savings["id"]: 10_000, pension["id"]: 7_000}


async def test_a_write_can_be_read_back_by_its_consistency_token(anna):
    keys = await anna.categories()
    account = await anna.account()
    await anna.post("/budgets", {"month": "2026-02", "planned_income_minor": 0})
    for n in range(1, 11):
        response = await anna.http.post(
            "/transactions",
            json={
                "account_id": account["id"],
                "date": "2026-02-10",
                "amount_minor": -100,
                "splits": [{"category_id": keys["groceries"], "amount_minor": -100}],
            },
            headers={"Idempotency-Key": f"consistency-token-{n}"},
        )
        token = response.headers["X-Consistency-Token"]

        month = await anna.http.get("/budgets/2026-02", headers={"X-Consistency-Token": token})

        rows = {row["category_id"]: row["actual_minor"] for row in month.json()["categories"]}
        assert "X-Stale" in month.headers or rows[keys["groceries"]] == 100 * n


async def test_a_csv_file_arrives_once_and_whole_and_fills_the_month(anna):
    keys = await anna.categories()
    account = await anna.account()

    upload = await anna.upload(account, "march.csv", CSV)
    assert upload["status"] == "preview", upload
    assert (upload["rows_total"], upload["rows_new"]) == (6, 6)
    assert (upload["sum_in_minor"], upload["sum_out_minor"]) == (250_000, -85_570)
    done = await anna.commit(upload)
    again = await anna.upload(account, "march.csv", CSV)

    assert (done["status"], done["rows_imported"]) == ("completed", 6)
    assert (again["rows_new"], again["rows_duplicate"]) == (0, 6)
    await anna.commit(again)
    assert (await anna.get(f"/accounts/{account['id']}"))["balance_minor"] == 250_000 - 85_570
    items = (await anna.get("/transactions", account_id=account["id"]))["items"]
    assert len(items) == 6
    chosen = {"Corner Shop": "groceries", "Employer": "salary", "Landlord": "rent", "Cinema": "entertainment"}
    for item in items:
        splits = [{"category_id": keys[chosen[item["payee"]]], "amount_minor": item["amount_minor"]}]
        await anna.patch(f"/transactions/{item['id']}", item["version"], {"splits": splits})
    await anna.post("/budgets", {"month": "2026-03", "planned_income_minor": 0})
    expected = {keys["groceries"]: 3_750, keys["rent"]: 80_000, keys["entertainment"]: 1_820}

    async def figures():
        month = await anna.month("2026-03")
        return {row["category_id"]: row["actual_minor"] for row in month["categories"] if row["actual_minor"]}

    assert await anna.until(figures, lambda seen: seen == expected) == expected
    month = await anna.month("2026-03")
    assert (month["income_minor"], month["outflow_minor"]) == (250_000, 85_570)


async def test_an_ofx_file_arrives_once_and_is_taken_back(anna):
    account = await anna.account()

    upload = await anna.upload(account, "march.ofx", OFX)
    done = await anna.commit(upload)
    again = await anna.upload(account, "march.ofx", OFX)

    assert (upload["format"], upload["rows_new"], done["rows_imported"]) == ("ofx", 2, 2)
    assert again["rows_duplicate"] == 2
    assert (await anna.get(f"/accounts/{account['id']}"))["balance_minor"] == 5_490
    response = await anna.http.delete(f"/imports/{upload['id']}")
    assert response.status_code in {200, 202, 204}, response.text
    await anna.until(lambda: anna.get(f"/accounts/{account['id']}"), lambda now: now["balance_minor"] == 0)


async def test_a_shared_book_is_read_and_written_as_its_roles_allow(new_user):
    anna, boris = await new_user(), await new_user()
    account = await anna.account()

    before = await boris.http.get("/accounts", headers={"Book-Id": anna.book_id})
    assert before.status_code == 403
    invited = await anna.http.post(
        f"/books/{anna.book_id}/invitations", json={"email": boris.email, "role": "viewer"}
    )
    assert invited.status_code == 201, invited.text
    assert (await boris.get("/invitations"))["items"] == [], "an address that is not confirmed gets no book"
    await boris.confirm_address()
    waiting = (await boris.get("/invitations"))["items"]
    accepted = await boris.http.post(f"/invitations/{waiting[0]['id']}/accept", json={})
    assert accepted.status_code == 200, accepted.text
    boris.http.headers["Authorization"] = f"Bearer {accepted.json()['access_token']}"

    seen = await boris.http.get("/accounts", headers={"Book-Id": anna.book_id})
    written = await boris.http.post(
        "/transactions",
        json={"account_id": account["id"], "date": str(dt.date(2026, 2, 1)), "amount_minor": -1},
        headers={"Book-Id": anna.book_id, "Idempotency-Key": "a viewer's attempt".replace(" ", "-")},
    )

    assert [item["id"] for item in seen.json()["items"]] == [account["id"]]
    assert written.status_code == 403
