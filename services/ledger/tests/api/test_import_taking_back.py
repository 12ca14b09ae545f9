"""An import is taken back; what was worked on since stays."""

CSV = """Date,Payee,Memo,Amount
2026-03-01,Landlord,Rent March,-800.00
2026-03-02,Corner Shop,,-12.50
2026-03-02,Corner Shop,,-12.50
2026-03-05,Employer,Salary,2500.00
"""


class TestTakingBack:
    async def test_before_the_commit_it_is_just_removed(self, anna):
        preview = await anna.preview(await anna.account(), CSV)

        response = await anna.http.delete(f"/imports/{preview['id']}")

        assert response.status_code == 204
        assert (await anna.get(f"/imports/{preview['id']}")).status_code == 404

    async def test_what_was_worked_on_since_stays_and_is_listed(self, anna):
        account = await anna.account()
        by_hand = await anna.spend(account, 250_000, "2026-03-05", payee="Employer", status="pending")
        done = await anna.bring(account, CSV + "2026-03-07,Cinema,,-9.00\n")
        rows = {row["payee"]: row for row in await anna.rows(done)}
        await anna.patch(f"/transactions/{rows['Landlord']['transaction_id']}", 1, note="too much")
        await anna.patch(f"/transactions/{rows['Cinema']['transaction_id']}", 1, status="reconciled")

        response = await anna.http.delete(f"/imports/{done['id']}")

        taken = response.json()
        assert (response.status_code, taken["status"]) == (200, "undone")
        assert {(kept["transaction_id"], kept["reason"]) for kept in taken["kept"]} == {
            (rows["Landlord"]["transaction_id"], "edited"),
            (rows["Cinema"]["transaction_id"], "reconciled"),
        }
        left = {item["id"]: item for item in await anna.transactions()}
        assert set(left) == {by_hand["id"], *(kept["transaction_id"] for kept in taken["kept"])}
        assert (left[by_hand["id"]]["status"], left[by_hand["id"]]["version"]) == ("pending", 3)
        assert taken["rows_undone"] == 3

    async def test_a_transaction_that_another_file_was_matched_with_stays(self, anna, ofx):
        account = await anna.account()
        first = await anna.bring(account, ofx(("A1", "20260301", "-800.00", "LANDLORD LTD")))
        await anna.bring(account, CSV)

        taken = (await anna.http.delete(f"/imports/{first['id']}")).json()

        assert [kept["reason"] for kept in taken["kept"]] == ["matched"]
        assert len(await anna.transactions()) == 4

    async def test_the_file_can_be_imported_again_afterwards(self, anna):
        account = await anna.account()
        done = await anna.bring(account, CSV)
        await anna.http.delete(f"/imports/{done['id']}")
        balance = await anna.balance(account)

        again = await anna.bring(account, CSV)

        assert balance == 0
        assert again["rows_imported"] == 4
        assert (await anna.http.delete(f"/imports/{done['id']}")).json()["status"] == "undone"
        assert len(await anna.transactions()) == 4
