"""Rows that are here already: entered by hand, announced as pending, of another format, or of another amount."""

CSV = """Date,Payee,Memo,Amount
2026-03-01,Landlord,Rent March,-800.00
2026-03-02,Corner Shop,,-12.50
2026-03-02,Corner Shop,,-12.50
2026-03-05,Employer,Salary,2500.00
"""


class TestMatches:
    async def test_a_row_clears_the_transaction_that_was_entered_by_hand(self, anna):
        account = await anna.account()
        groceries = await anna.category("groceries")
        mine = await anna.spend(
            account,
            -1_250,
            "2026-02-28",
            payee="Corner shop",
            status="pending",
            note="with Ben",
            splits=[{"amount_minor": -1_250, "category_id": groceries}],
        )

        preview = await anna.preview(account, CSV)
        done = await anna.commit(preview)

        after = (await anna.get(f"/transactions/{mine['id']}")).json()
        assert (preview["rows_new"], preview["rows_match"], done["rows_imported"]) == (3, 1, 4)
        assert [row["match_transaction_id"] for row in await anna.rows(preview, state="match")] == [
            mine["id"]
        ]
        assert (after["status"], after["note"], after["date"], after["version"]) == (
            "cleared",
            "with Ben",
            "2026-02-28",
            2,
        )
        assert after["splits"] == mine["splits"]
        assert len(await anna.transactions()) == 4
        assert (await anna.preview(account, CSV))["rows_duplicate"] == 4

    async def test_a_match_that_is_not_accepted_is_imported_as_new(self, anna):
        account = await anna.account()
        await anna.spend(account, -1_250, "2026-03-02", payee="Corner Shop")
        preview = await anna.preview(account, CSV)

        unknown = await anna.post(f"/imports/{preview['id']}/commit", accept_matches=[2])
        done = await anna.commit(preview, accept_matches=[])

        assert unknown.status_code == 400
        assert "accept_matches" in unknown.json()["errors"]
        assert done["rows_imported"] == 4
        assert len(await anna.transactions()) == 5

    async def test_a_reconciled_transaction_is_found_and_left_as_it_is(self, anna):
        account = await anna.account()
        mine = await anna.spend(account, -80_000, "2026-03-01", payee="Landlord", status="reconciled")

        await anna.bring(account, CSV)

        assert (await anna.get(f"/transactions/{mine['id']}")).json()["version"] == 1
        assert len(await anna.transactions()) == 4

    async def test_one_transaction_is_found_by_one_row_though_two_previews_saw_it(self, anna):
        account = await anna.account()
        mine = await anna.spend(account, -1_250, "2026-03-02", payee="Corner Shop")
        first = await anna.preview(account, "Date,Payee,Amount\n2026-03-01,Corner Shop,-12.50\n")
        second = await anna.preview(account, "Date,Payee,Amount\n2026-03-03,Corner Shop,-12.50\n")

        one, other = await anna.commit(first), await anna.commit(second)

        assert (first["rows_match"], second["rows_match"]) == (1, 1)
        assert (one["rows_match"], other["rows_match"], other["rows_new"]) == (1, 0, 1)
        items = await anna.transactions()
        assert len(items) == 2
        assert mine["id"] in {item["id"] for item in items}

    async def test_both_sides_of_a_transfer_are_found_in_both_files(self, anna, ofx):
        checking, savings = await anna.account(), await anna.account("Savings", type="savings")
        ends = {"from": {"account_id": checking["id"]}, "to": {"account_id": savings["id"]}}
        body = {"type": "transfer", "date": "2026-03-01", "amount_minor": 5_000, **ends}
        await anna.post("/transactions", **body)

        out = await anna.bring(checking, ofx(("A1", "20260301", "-50.00", ""), account="1"))
        came = await anna.bring(savings, ofx(("B1", "20260302", "50.00", ""), account="2"))

        assert (out["rows_match"], came["rows_match"]) == (1, 1)
        assert len(await anna.transactions()) == 1

    async def test_a_file_of_another_format_brings_the_same_facts_once(self, anna, ofx):
        account = await anna.account()
        await anna.bring(account, ofx(("A1", "20260301", "-800.00", "LANDLORD LTD")))

        done = await anna.bring(account, CSV)
        later = await anna.bring(account, "Date,Payee,Amount\n2026-03-03,Flat,-800.00\n2026-03-30,X,-1.00\n")

        assert (done["rows_match"], done["rows_new"]) == (1, 3)
        assert (later["rows_match"], later["rows_new"]) == (0, 2), "a row of this make stands for it already"
        assert len(await anna.transactions()) == 6


class TestPendingAndConflict:
    async def announced(self, anna, account):
        await anna.bring(
            account, "Date,Payee,Amount,Status,Transaction ID\n2026-03-01,Hotel,-100.00,Pending,R1\n"
        )
        return (await anna.transactions())[0]

    async def test_a_pending_row_is_cleared_by_its_id_with_the_amount_that_was_booked(self, anna):
        account = await anna.account()
        announced = await self.announced(anna, account)

        done = await anna.bring(
            account, "Date,Payee,Amount,Status,Transaction ID\n2026-03-03,Hotel,-112.00,Completed,R1\n"
        )

        after = (await anna.get(f"/transactions/{announced['id']}")).json()
        assert (announced["status"], done["rows_match"]) == ("pending", 1)
        assert (after["status"], after["amount_minor"], after["date"]) == ("cleared", -11_200, "2026-03-03")
        assert await anna.balance(account) == -11_200

    async def test_two_previews_of_the_booked_row_clear_the_pending_one_once(self, anna):
        account = await anna.account()
        await self.announced(anna, account)
        booked = "Date,Payee,Amount,Status,Transaction ID\n2026-03-03,Hotel,-112.00,Completed,R1\n"
        first, second = await anna.preview(account, booked), await anna.preview(account, booked)

        await anna.commit(first)
        done = await anna.commit(second)

        assert (second["rows_match"], done["rows_match"], done["rows_duplicate"]) == (1, 0, 1)
        assert [item["amount_minor"] for item in await anna.transactions()] == [-11_200]

    async def test_what_a_person_changed_is_not_overwritten(self, anna):
        account = await anna.account()
        announced = await self.announced(anna, account)
        await anna.patch(f"/transactions/{announced['id']}", 1, amount_minor=-9_000)

        await anna.bring(
            account, "Date,Payee,Amount,Status,Transaction ID\n2026-03-03,Hotel,-112.00,Completed,R1\n"
        )

        after = (await anna.get(f"/transactions/{announced['id']}")).json()
        assert (after["status"], after["amount_minor"], after["date"]) == ("cleared", -9_000, "2026-03-01")

    async def test_a_known_id_with_another_amount_is_a_conflict_and_left_out_unless_accepted(self, anna, ofx):
        account = await anna.account()
        await anna.bring(account, ofx(("A1", "20260301", "-8.00", "Kiosk")))
        changed = ofx(("A1", "20260301", "-9.00", "Kiosk"))

        left_out = await anna.bring(account, changed)
        preview = await anna.preview(account, changed)
        accepted = await anna.commit(preview, accept_conflicts=[1])
        again = await anna.preview(account, changed)

        assert (left_out["rows_conflict"], left_out["rows_imported"]) == (1, 0)
        assert "another amount" in (await anna.rows(left_out))[0]["error"]
        assert accepted["rows_imported"] == 1
        assert sorted(item["amount_minor"] for item in await anna.transactions()) == [-900, -800]
        assert again["rows_duplicate"] == 1
