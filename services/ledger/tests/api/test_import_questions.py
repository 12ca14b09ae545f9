"""What a file leaves open is asked, answered, and remembered."""

import pytest
from services.ledger.tests.unit.workbooks import xlsx

CSV = """Date,Payee,Memo,Amount
2026-03-01,Landlord,Rent March,-800.00
2026-03-02,Corner Shop,,-12.50
2026-03-02,Corner Shop,,-12.50
2026-03-05,Employer,Salary,2500.00
"""


class TestQuestions:
    UNSIGNED = "Date,Payee,Amount\n2026-03-01,Shop,12.50\n2026-03-02,Bar,7.00\n"

    async def test_what_is_open_is_asked_answered_without_the_file_and_remembered(self, anna):
        account = await anna.account()
        preview = await anna.preview(account, self.UNSIGNED)
        early = await anna.post(f"/imports/{preview['id']}/commit")

        answered = await anna.http.put(
            f"/imports/{preview['id']}/mapping", json={"mapping": {"unsigned": "out"}}
        )
        await anna.commit(answered.json())
        next_month = await anna.preview(
            account, "Date,Payee,Amount\n2026-04-01,Shop,3.00\n2026-04-02,Bar,4.00\n"
        )

        assert preview["status"] == "needs_mapping"
        assert [question["field"] for question in preview["questions"]] == ["unsigned"]
        assert early.status_code == 409
        assert (answered.status_code, answered.json()["status"]) == (200, "preview")
        assert (answered.json()["sum_in_minor"], answered.json()["sum_out_minor"]) == (0, -1_950)
        assert (next_month["status"], next_month["sum_out_minor"]) == ("preview", -700)
        assert any("earlier file" in warning for warning in next_month["warnings"])

    @pytest.mark.parametrize("mapping", [{"skip_rows": 10**20}, {"sign_values": {"D": 10**20}}])
    async def test_a_number_that_nothing_can_store_is_refused(self, anna, mapping):
        account = await anna.account()
        preview = await anna.preview(account, self.UNSIGNED)

        uploaded = await anna.upload(account, self.UNSIGNED, mapping=mapping)
        answered = await anna.http.put(f"/imports/{preview['id']}/mapping", json={"mapping": mapping})

        assert (uploaded.status_code, answered.status_code) == (400, 400)
        assert "mapping" in uploaded.json()["errors"]

    async def test_an_answer_by_which_no_row_came_in_is_not_remembered(self, anna):
        account = await anna.account()

        nonsense = await anna.bring(account, self.UNSIGNED, mapping={"date": "Payee", "unsigned": "out"})
        next_month = await anna.preview(account, self.UNSIGNED)

        assert (nonsense["status"], nonsense["rows_imported"], nonsense["rows_error"]) == ("completed", 0, 2)
        assert [question["field"] for question in next_month["questions"]] == ["unsigned"]
        assert not any("earlier file" in warning for warning in next_month["warnings"])

    async def test_which_sheet_of_a_workbook_is_meant_is_asked_once(self, anna):
        account = await anna.account()
        header, card = ["Date", "Payee", "Amount"], ["2026-03-02", "Hotel", -99]
        march = xlsx(
            Giro=[header, ["2026-03-01", "Shop", -12.5], ["2026-03-02", "Bar", -7]], Card=[header, card]
        )
        april = xlsx(
            Giro=[header, ["2026-04-01", "Shop", -3.1], ["2026-04-02", "Bar", -4]], Card=[header, card]
        )

        asked = await anna.preview(account, march, name="march.xlsx")
        answered = await anna.http.put(f"/imports/{asked['id']}/mapping", json={"mapping": {"sheet": "Giro"}})
        done = await anna.commit(answered.json())
        next_month = await anna.preview(account, april, name="april.xlsx")

        assert (asked["format"], asked["status"]) == ("xlsx", "needs_mapping")
        assert [(question["field"], question["options"]) for question in asked["questions"]] == [
            ("sheet", ["Giro", "Card"])
        ]
        assert (done["rows_imported"], await anna.balance(account)) == (2, -1_950)
        assert (next_month["status"], next_month["sum_out_minor"]) == ("preview", -710)
        assert any("earlier file" in warning for warning in next_month["warnings"])

    async def test_the_preview_s_mapping_may_be_sent_back_with_the_file(self, anna):
        account = await anna.account()
        asked = await anna.preview(account, self.UNSIGNED)

        answered = await anna.preview(account, self.UNSIGNED, mapping={**asked["mapping"], "unsigned": "in"})

        assert (answered["status"], answered["sum_in_minor"]) == ("preview", 1_950)

    async def test_an_answer_that_does_not_fit_is_refused_and_changes_nothing(self, anna):
        preview = await anna.preview(await anna.account(), CSV)
        path = f"/imports/{preview['id']}/mapping"

        wrong = await anna.http.put(path, json={"mapping": {"amount": "Price"}})
        unknown = await anna.http.put(path, json={"mapping": {"colour": "red"}})
        python = await anna.http.put(path, json={"mapping": {"invert": "True"}})

        assert (wrong.status_code, wrong.json()["code"]) == (400, "mapping_does_not_fit")
        assert "mapping.amount" in wrong.json()["errors"]
        assert python.json()["errors"] == {"mapping.invert": ["invert is one of true, false, null."]}
        assert unknown.status_code == 400
        assert (await anna.get(f"/imports/{preview['id']}")).json() == preview

    async def test_a_committed_import_is_not_read_anew(self, anna):
        done = await anna.bring(await anna.account(), CSV)

        response = await anna.http.put(f"/imports/{done['id']}/mapping", json={"mapping": {"invert": True}})

        assert response.status_code == 409

    SEVERAL = (
        "Account,Date,Payee,Amount\n"
        "Giro,2026-03-01,Shop,-1.00\nGiro,2026-03-02,Bar,-2.00\nSpar,2026-03-03,Interest,3.00\nAlt,2026-03-04,X,-4.00\n"
    )

    async def test_several_accounts_in_a_file_are_asked_opened_skipped_and_remembered(self, anna):
        account = await anna.account()
        asked = await anna.preview(account, self.SEVERAL, mapping={"account": "Account"})
        where = {"Giro": account["id"], "Spar": {"type": "savings", "currency": "EUR"}, "Alt": "skip"}

        answered = await anna.http.put(f"/imports/{asked['id']}/mapping", json={"account_map": where})
        assert answered.status_code == 200, answered.text
        done = await anna.commit(answered.json())
        again = await anna.preview(
            account, self.SEVERAL, account_map={"Alt": "skip"}, mapping={"account": "Account"}
        )

        accounts = {a["name"]: a for a in (await anna.get("/accounts")).json()["items"]}
        assert asked["status"] == "needs_mapping"
        assert [question["field"] for question in asked["questions"]] == ["account_map"]
        assert (done["status"], done["rows_imported"], done["rows_skipped"]) == ("completed", 3, 1)
        assert (accounts["Spar"]["type"], accounts["Spar"]["balance_minor"]) == ("savings", 300)
        assert accounts["Spar"]["opened_on"] == "2026-03-03"
        assert await anna.balance(account) == -300
        assert (again["status"], again["rows_duplicate"], again["rows_skipped"]) == ("preview", 3, 1)

    async def test_a_bank_account_that_went_elsewhere_before_is_asked(self, anna, ofx):
        first, second = await anna.account(), await anna.account("Second")
        await anna.bring(first, ofx(("A1", "20260301", "-8.00", "Kiosk")))

        asked = await anna.preview(second, ofx(("A2", "20260302", "-9.00", "Kiosk")))
        answered = await anna.http.put(
            f"/imports/{asked['id']}/mapping", json={"account_map": {"12345678": second["id"]}}
        )

        assert asked["status"] == "needs_mapping"
        assert asked["questions"][0]["options"][:2] == [second["id"], first["id"]]
        assert answered.json()["status"] == "preview"
        assert answered.json()["accounts"][0]["account_id"] == second["id"]

    async def test_without_an_account_the_file_s_own_is_asked_and_may_be_opened(self, anna, ofx):
        asked = await anna.preview(
            None, ofx(("A1", "20260301", "-8.00", "Kiosk"), account="DE89370400440532")
        )

        answered = await anna.http.put(
            f"/imports/{asked['id']}/mapping", json={"account_map": {"DE89370400440532": "new"}}
        )
        await anna.commit(answered.json())

        opened = (await anna.get("/accounts")).json()["items"]
        assert [question["field"] for question in asked["questions"]] == ["account_map"]
        assert [(a["name"], a["last_four"], a["balance_minor"]) for a in opened] == [
            ("Account …0532", "0532", -800)
        ]

    async def test_a_file_in_another_currency_than_the_account_is_refused(self, anna, ofx):
        response = await anna.upload(
            await anna.account(), ofx(("A1", "20260301", "-8.00", "X"), currency="USD")
        )

        assert (response.status_code, response.json()["reason"]) == (400, "other_currency")
