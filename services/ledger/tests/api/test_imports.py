"""A bank's file in, a preview out, then its rows as transactions."""

import json

import pytest

CSV = """Date,Payee,Memo,Amount
2026-03-01,Landlord,Rent March,-800.00
2026-03-02,Corner Shop,,-12.50
2026-03-02,Corner Shop,,-12.50
2026-03-05,Employer,Salary,2500.00
"""


class TestUpload:
    async def test_answers_with_counts_sums_and_rows_and_writes_nothing(self, anna):
        account = await anna.account()

        response = await anna.upload(account, CSV, name="march.csv")

        preview = response.json()
        assert response.status_code == 201
        assert response.headers["Location"] == f"/api/v1/imports/{preview['id']}"
        assert (preview["status"], preview["format"], preview["file_name"]) == ("preview", "csv", "march.csv")
        assert (preview["rows_total"], preview["rows_new"]) == (4, 4)
        assert (preview["sum_in_minor"], preview["sum_out_minor"]) == (250_000, -82_500)
        assert preview["accounts"] == [{"key": "", "currency": "EUR", "rows": 4, "account_id": account["id"]}]
        assert [(row["row"], row["amount_minor"], row["payee"]) for row in await anna.rows(preview)] == [
            (2, -80_000, "Landlord"),
            (3, -1_250, "Corner Shop"),
            (4, -1_250, "Corner Shop"),
            (5, 250_000, "Employer"),
        ]
        assert await anna.transactions() == []

    async def test_the_rows_are_walked_page_by_page_and_by_state(self, anna):
        preview = await anna.preview(await anna.account(), CSV + "2026-03-06,Nobody,,abc\n")
        path = f"/imports/{preview['id']}/rows"

        first = (await anna.get(path, limit=3)).json()
        rest = (await anna.get(path, limit=3, cursor=first["next_cursor"])).json()
        foreign = await anna.get(path, limit=3, state="new", cursor=first["next_cursor"])

        assert [row["row"] for row in first["items"] + rest["items"]] == [2, 3, 4, 5, 6]
        assert rest["next_cursor"] is None
        assert [row["state"] for row in await anna.rows(preview, state="error")] == ["error"]
        assert foreign.json()["code"] == "invalid_cursor"

    async def test_one_bad_row_never_loses_the_good_ones(self, anna):
        account = await anna.account()

        done = await anna.bring(account, CSV + "2026-03-06,Nobody,,12.3.4\n")

        assert (done["status"], done["rows_imported"], done["rows_error"]) == ("completed", 4, 1)
        assert [error["row"] for error in done["errors"]] == [6]
        assert done["errors"][0]["message"]

    async def test_a_file_that_is_none_is_refused_with_its_reason_and_leaves_nothing(self, anna):
        account = await anna.account()

        for content, reason in (
            (b"", "empty"),
            (b"%PDF-1.7 x", "format_not_read"),
            ("hello\n", "not_a_statement"),
        ):
            response = await anna.upload(account, content)

            assert response.status_code == 400
            assert (response.json()["code"], response.json()["reason"]) == ("import_unreadable", reason)
        assert (await anna.get("/imports")).json()["items"] == []

    async def test_parts_that_make_no_sense_are_refused_by_name(self, anna):
        account = await anna.account()

        answers = {
            "file": await anna.http.post("/imports", files={"x": ("a", b"a")}, data={}),
            "account_id": await anna.upload({"id": "7"}, CSV),
            "mapping": await anna.upload(account, CSV, mapping="{"),
            "account_map.x": await anna.upload(account, CSV, account_map={"x": "nowhere"}),
            "colour": await anna.upload(account, CSV, colour="red"),
        }

        assert {response.status_code for response in answers.values()} == {400}
        for field, response in answers.items():
            assert any(path.startswith(field) for path in response.json()["errors"]) or field == "file"

    @pytest.mark.parametrize("content", [b"Date,Payee,Amount\n", b"x" * 300_000])
    async def test_a_file_without_a_name_is_told_to_have_one(self, anna, content):
        response = await anna.http.post("/imports", files={"file": ("", content)})

        assert response.status_code == 400
        assert "with a file name" in response.json()["detail"]

    @pytest.mark.parametrize(
        "content",
        ["Da\0te,Te\0xt,Amount\n2026-03-01,A\0,-1.00\n", "D\0,T,A\n2026-03-01,A,1.00\n2026-03-02,B,2.00\n"],
    )
    async def test_zeros_in_a_text_are_read_as_blanks(self, anna, content):
        response = await anna.upload(await anna.account(), content, name="a\0b.csv")

        assert response.status_code == 201
        assert "\\u0000" not in response.text

    async def test_only_a_form_is_taken(self, anna):
        response = await anna.http.post("/imports", json={"file": "x"})

        assert response.status_code == 415

    async def test_an_account_of_another_book_is_as_missing_as_none(self, anna, boris):
        account = await anna.account()

        foreign = await boris.upload(account, CSV)
        mapped = await boris.upload(await boris.account(), CSV, account_map={"x": account["id"]})

        assert (foreign.status_code, mapped.status_code) == (404, 404)
        assert "account_id" in foreign.json()["errors"]
        assert "account_map.x" in mapped.json()["errors"]

    async def test_the_same_key_and_parts_have_one_effect_and_one_answer(self, anna):
        account = await anna.account()

        first = await anna.upload(account, CSV, key="an-upload-of-march")
        again = await anna.upload(account, CSV, key="an-upload-of-march")
        other = await anna.upload(account, CSV + "2026-03-09,More,,-1.00\n", key="an-upload-of-march")

        assert again.content == first.content
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert other.status_code == 422
        assert len((await anna.get("/imports")).json()["items"]) == 1


class TestCommit:
    async def test_rows_become_transactions_with_payees_and_the_banks_text(self, anna):
        account = await anna.account()

        done = await anna.bring(account, CSV)

        items = await anna.transactions()
        assert (done["status"], done["rows_imported"]) == ("completed", 4)
        assert await anna.balance(account) == 250_000 - 82_500
        assert [(item["payee"], item["description"], item["amount_minor"]) for item in items] == [
            ("Employer", "Salary", 250_000),
            ("Corner Shop", None, -1_250),
            ("Corner Shop", None, -1_250),
            ("Landlord", "Rent March", -80_000),
        ]
        assert {(item["source"], item["status"], item["import_id"]) for item in items} == {
            ("import", "cleared", done["id"])
        }
        assert items[1]["payee_id"] == items[2]["payee_id"]
        assert [row["transaction_id"] for row in await anna.rows(done)][3] == items[0]["id"]

    async def test_the_same_file_again_adds_nothing_and_two_equal_coffees_stay_two(self, anna):
        account = await anna.account()
        await anna.bring(account, CSV)

        again = await anna.bring(account, CSV)
        third = await anna.bring(account, CSV + "2026-03-02,Corner Shop,,-12.50\n")

        assert (again["rows_new"], again["rows_duplicate"], again["rows_imported"]) == (0, 4, 0)
        assert (third["rows_new"], third["rows_duplicate"], third["rows_imported"]) == (1, 4, 1)
        assert len(await anna.transactions()) == 5

    async def test_a_row_that_was_deleted_by_hand_does_not_come_back(self, anna):
        account = await anna.account()
        await anna.bring(account, CSV)
        gone = (await anna.transactions())[0]
        await anna.delete(f"/transactions/{gone['id']}", 1)

        again = await anna.bring(account, CSV)

        assert again["rows_duplicate"] == 4
        assert len(await anna.transactions()) == 3

    async def test_the_banks_id_tells_a_row_that_was_renamed(self, anna, ofx):
        account = await anna.account()
        await anna.bring(account, ofx(("A1", "20260301", "-8.00", "COFFEE 4711")))

        again = await anna.bring(
            account, ofx(("A1", "20260301", "-8.00", "Coffee Bar"), ("A2", "20260301", "-8.00", "Coffee Bar"))
        )

        assert (again["rows_duplicate"], again["rows_imported"]) == (1, 1)
        assert sorted(item["bank_id"] for item in await anna.transactions()) == ["A1", "A2"]

    async def test_a_commit_needs_a_key_and_has_one_effect_whoever_sends_it(self, anna):
        account = await anna.account()
        preview = await anna.preview(account, CSV)
        path = f"/imports/{preview['id']}/commit"

        without = await anna.http.post(path)
        first = await anna.http.post(path, headers={"Idempotency-Key": "the-commit-of-march"})
        again = await anna.http.post(path, headers={"Idempotency-Key": "the-commit-of-march"})
        other = await anna.post(path)
        done = await anna.until(preview["id"], "processing")

        assert (without.status_code, first.status_code, other.status_code) == (400, 202, 409)
        assert first.json() == {"id": preview["id"], "status": "processing"}
        assert again.content == first.content
        assert again.headers["Idempotency-Replayed"] == "true"
        assert done["rows_imported"] == 4
        assert len(await anna.transactions()) == 4

    async def test_two_previews_of_one_file_bring_its_rows_once(self, anna):
        account = await anna.account()
        first, second = await anna.preview(account, CSV), await anna.preview(account, CSV)

        await anna.commit(first)
        done = await anna.commit(second)

        assert (done["rows_new"], done["rows_duplicate"], done["rows_imported"]) == (0, 4, 0)
        assert len(await anna.transactions()) == 4

    async def test_an_account_closed_meanwhile_fails_the_import_with_the_reason(self, anna):
        account = await anna.account()
        preview = await anna.preview(account, CSV)
        await anna.patch(f"/accounts/{account['id']}", 1, is_active=False)

        done = await anna.commit(preview)

        assert (done["status"], done["rows_imported"]) == ("failed", 0)
        assert "closed" in done["error"]

    async def test_events_tell_the_progress_and_the_end(self, anna):
        account = await anna.account()
        done = await anna.bring(account, CSV)

        events = (await anna.get("/ledger/events", limit=200)).json()["items"]

        told = [event for event in events if event["aggregate_type"] == "import"]
        assert [event["type"] for event in told] == ["import.completed"]
        assert told[0]["data"]["rows_imported"] == 4
        assert {e["aggregate_id"] for e in told} == {done["id"]}

    async def test_a_viewer_reads_and_does_not_write(self, ledger, anna):
        preview = await anna.preview(await anna.account(), CSV)
        person = type(anna.person)(book_id=anna.person.book_id, role="viewer")

        async with ledger.client(person) as http:
            read = await http.get(f"/imports/{preview['id']}")
            sent = await http.post("/imports", files={"file": ("a.csv", CSV.encode())})
            committed = await http.post(
                f"/imports/{preview['id']}/commit", headers={"Idempotency-Key": "a-viewers-try-123"}
            )

        assert (read.status_code, sent.status_code, committed.status_code) == (200, 403, 403)

    async def test_an_import_of_another_book_is_as_missing_as_none(self, anna, boris):
        preview = await anna.preview(await anna.account(), CSV)
        path = f"/imports/{preview['id']}"

        answers = [
            await boris.get(path),
            await boris.get(f"{path}/rows"),
            await boris.post(f"{path}/commit"),
            await boris.http.put(f"{path}/mapping", json={}),
            await boris.http.delete(path),
        ]

        assert {response.status_code for response in answers} == {404}
        assert (await boris.get("/imports")).json()["items"] == []


async def test_imports_are_listed_newest_first(anna):
    account = await anna.account()
    made = [(await anna.preview(account, CSV + f"2026-04-0{n},X,,-1.00\n"))["id"] for n in range(1, 4)]

    first = (await anna.get("/imports", limit=2)).json()
    rest = (await anna.get("/imports", limit=2, cursor=first["next_cursor"])).json()

    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert json.dumps(first["items"][0]).count("samples") == 0
