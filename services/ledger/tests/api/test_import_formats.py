"""Each format of a bank file, from the upload to the account's balance; sent again it adds nothing."""

import pytest

QIF = "!Type:Bank\nD28/03/2026\nT-12.50\nPCorner Shop\n^\nD29/03/2026\nT2,500.00\nPEmployer\n^\n"
MT940 = """:20:START
:25:37040044/0532013000
:28C:1/1
:60F:C260301EUR0,00
:61:2603280328D12,50N005NONREF//20260328-0007
:86:105?00LASTSCHRIFT?20Bread?32Corner Shop
:61:2603290329RD2500,00NTRFNONREF
:86:166?00GUTSCHRIFT?20Salary?32Employer
:62F:C260329EUR2487,50
-
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Ntry><Amt Ccy="EUR">12.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-03-28</Dt></BookgDt><AcctSvcrRef>r-1</AcctSvcrRef><AddtlNtryInf>Corner Shop</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="EUR">2500</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-03-29</Dt></BookgDt><AcctSvcrRef>r-2</AcctSvcrRef><AddtlNtryInf>Employer</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="EUR">99</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>INFO</Cd></Sts>
<BookgDt><Dt>2026-03-29</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""


@pytest.mark.parametrize(
    ("content", "told", "skipped"), [(QIF, "qif", 0), (MT940, "mt940", 0), (CAMT, "camt", 1)]
)
async def test_a_file_comes_in_once(anna, content, told, skipped):
    account = await anna.account()

    done = await anna.bring(account, content)
    again = await anna.preview(account, content)

    assert (done["format"], done["status"], done["rows_imported"]) == (told, "completed", 2)
    assert done["warnings"] == []
    assert await anna.balance(account) == 248_750
    assert {(one["date"], one["amount_minor"], one["payee"]) for one in await anna.transactions()} == {
        ("2026-03-28", -1_250, "Corner Shop"),
        ("2026-03-29", 250_000, "Employer"),
    }
    assert (again["rows_new"], again["rows_duplicate"], again["rows_skipped"]) == (0, 2, skipped)


async def test_a_movement_of_another_format_is_offered_as_a_match(anna):
    account = await anna.account()
    await anna.bring(account, CAMT)

    preview = await anna.preview(account, MT940)

    assert (preview["rows_new"], preview["rows_match"]) == (0, 2)


async def test_what_was_announced_is_cleared_by_the_statement_that_books_it(anna):
    account = await anna.account()
    await anna.bring(account, CAMT.replace("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>"))

    done = await anna.bring(account, CAMT.replace("2500<", "2600<"))

    assert (done["rows_match"], done["rows_new"]) == (2, 0)
    assert {one["status"] for one in await anna.transactions()} == {"cleared"}
    assert await anna.balance(account) == 258_750


async def test_days_that_can_be_read_in_two_ways_are_asked_each_time(anna):
    account = await anna.account()
    content = "!Type:Bank\nD3/4/26\nT-12.50\nPCorner Shop\n^\n"

    preview = await anna.preview(account, content)
    answered = await anna.http.put(
        f"/imports/{preview['id']}/mapping", json={"mapping": {"date_order": "mdy"}}
    )
    await anna.commit(answered.json())
    later = await anna.preview(account, content.replace("3/4", "5/6"))

    assert (preview["status"], [question["field"] for question in preview["questions"]]) == (
        "needs_mapping",
        ["date_order"],
    )
    assert [one["date"] for one in await anna.transactions()] == ["2026-03-04"]
    assert later["status"] == "needs_mapping"


async def test_a_file_that_declares_entities_is_refused_by_name(anna):
    content = CAMT.replace("<Document", '<!DOCTYPE d [<!ENTITY a "b">]><Document', 1)

    response = await anna.upload(await anna.account(), content)

    assert (response.status_code, response.json()["reason"]) == (400, "entities")
