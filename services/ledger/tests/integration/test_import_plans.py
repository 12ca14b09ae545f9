"""A bank's row that is an occurrence of a plan: shown as that, settled once, refused, and given back."""

import pytest

from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.operations.waking import wake
from pfms_ledger.queries.invariants import faults

RENT = "Date,Payee,Memo,Amount\n2026-03-02,LANDLORD LTD,March,-800.00\n2026-03-03,Kiosk,,-3.00\n"


@pytest.fixture
def look(ledger):
    """The scheduler looks, and says how much it did."""

    async def looked():
        return await wake(ledger.own, ledger.resources.relay_pool)

    return looked


@pytest.fixture
def holds(ledger, anna):
    async def held():
        book_id = anna.person.book_id
        assert await faults(ledger.resources.pool, book_id) == []
        assert await rebuild(ledger.own.journal, book_id) == 0

    return held


async def rent_of(anna, account, **fields):
    """A plan of 800.00 on 1 March and 1 April, posted by itself unless told otherwise."""
    category = await anna.category("rent")
    template = {
        "account_id": account["id"],
        "payee": "Landlord",
        "amount_minor": -80_000,
        "splits": [{"category_id": category, "amount_minor": -80_000}],
        "tags": ["home"],
    }
    body = {"name": "Rent", "template": template, "rrule": "FREQ=MONTHLY", "start": "2026-03-01", "count": 2}
    made = await anna.post("/recurring", **{**body, "auto_post": True, **fields})
    assert made.status_code == 201, made.text
    return made.json()


async def march(anna, plan):
    shown = await anna.get(
        f"/recurring/{plan['id']}/occurrences", **{"from": "2026-02-20", "to": "2026-03-20"}
    )
    return shown.json()["items"][0]


@pytest.mark.parametrize("auto_post", [True, False])
async def test_the_row_is_shown_as_the_occurrence_and_settles_it_once(anna, look, holds, auto_post):
    account = await anna.account()
    plan = await rent_of(anna, account, auto_post=auto_post)

    preview = await anna.preview(account, RENT)
    rows = await anna.rows(preview, state="match")
    done = await anna.commit(preview)
    for _ in range(2):
        await look()

    paid = await march(anna, plan)
    landlord = [item for item in await anna.transactions() if item["payee"] == "Landlord"]
    of_march = next(item for item in landlord if item["id"] == paid["transaction_id"])
    assert [(row["match_plan"], row["match_transaction_id"]) for row in rows] == [
        ({"plan_id": plan["id"], "name": "Rent", "nominal_date": "2026-03-01"}, None)
    ]
    assert (preview["rows_new"], preview["rows_match"], done["rows_imported"]) == (1, 1, 2)
    assert (paid["status"], paid["date"], of_march["date"]) == ("paid", "2026-03-02", "2026-03-02")
    assert of_march["splits"][0]["category_id"] == await anna.category("rent")
    assert of_march["tags"] == ["home"]
    assert len(landlord) == (2 if auto_post else 1), "April is the plan's own"
    assert (await anna.preview(account, RENT))["rows_duplicate"] == 2
    await holds()


async def test_an_amount_within_the_tolerance_is_the_plans_and_is_what_the_bank_says(anna, look, holds):
    account = await anna.account()
    plan = await rent_of(anna, account, amount_tolerance_percent="5")
    low, high = (f"Date,Payee,Amount\n2026-03-02,Landlord,-{amount}\n" for amount in ("839.99", "840.01"))

    beyond = await anna.preview(account, high)
    await anna.bring(account, low)
    await look()

    paid = await march(anna, plan)
    assert (beyond["rows_match"], beyond["rows_new"]) == (0, 1)
    assert (paid["status"], paid["amount_minor"]) == ("paid", -83_999)
    assert sorted(item["amount_minor"] for item in await anna.transactions()) == [-83_999, -80_000]
    await holds()


async def test_an_estimate_that_was_posted_takes_the_banks_amount(anna, look, holds):
    account = await anna.account()
    await rent_of(anna, account, amount_tolerance_percent="5", count=1)
    await look()
    posted = (await anna.transactions())[0]

    preview = await anna.preview(account, "Date,Payee,Amount\n2026-03-02,Landlord,-790.00\n")
    row = (await anna.rows(preview))[0]
    await anna.commit(preview)
    cleared = await anna.transactions()
    await anna.http.delete(f"/imports/{preview['id']}")

    assert (row["match_transaction_id"], row["match_plan"]["name"]) == (posted["id"], "Rent")
    assert [(item["amount_minor"], item["date"]) for item in cleared] == [(-79_000, "2026-03-02")]
    assert [(item["amount_minor"], item["date"]) for item in await anna.transactions()] == [
        (-80_000, "2026-03-01")
    ]
    await holds()


async def test_a_refused_match_is_imported_as_new_and_the_plan_posts_its_own(anna, look, holds):
    account = await anna.account()
    plan = await rent_of(anna, account, count=1)
    preview = await anna.preview(account, RENT)

    await anna.commit(preview, accept_matches=[])
    await look()

    rents = [item for item in await anna.transactions() if item["amount_minor"] == -80_000]
    assert sorted(item["source"] for item in rents) == ["import", "recurring"]
    assert (await march(anna, plan))["status"] == "paid"
    await holds()


@pytest.mark.parametrize("first", ["import", "plan"])
async def test_taking_the_import_back_gives_the_occurrence_back(anna, look, holds, first):
    """Also where the plan came due after the bank's row was there, and took that one. The job leaves it to people."""
    account = await anna.account()
    if first == "import":
        plan = await rent_of(anna, account, count=1)
        done = await anna.bring(account, RENT)
        await look()
    else:
        done = await anna.bring(account, RENT)
        plan = await rent_of(anna, account, count=1)
        await look()
    brought = await march(anna, plan)

    taken = (await anna.http.delete(f"/imports/{done['id']}")).json()
    await look()
    open_again = await march(anna, plan)
    confirmed = await anna.post(f"/recurring/{plan['id']}/confirm", nominal_date="2026-03-01")

    assert confirmed.status_code == 201, confirmed.text
    paid = await march(anna, plan)
    history = (await anna.get(f"/transactions/{brought['transaction_id']}/history")).json()["items"]
    deletion = next(item for item in history if item["type"] == "transaction.deleted")
    back = await anna.post(f"/ledger/events/{deletion['event_id']}/undo")
    assert (brought["status"], taken["status"], taken["kept"]) == ("paid", "undone", [])
    assert (open_again["transaction_id"], open_again["status"] in ("overdue", "due", "scheduled")) == (
        None,
        True,
    )
    assert [item["id"] for item in await anna.transactions(source="recurring")] == [paid["transaction_id"]]
    assert back.status_code == (409 if first == "import" else 200)
    await holds()


async def test_what_was_settled_between_preview_and_commit_is_not_settled_again(anna, look, holds):
    account = await anna.account()
    plan = await rent_of(anna, account, amount_tolerance_percent="5")
    first = await anna.preview(account, "Date,Payee,Amount\n2026-03-02,Landlord,-790.00\n")
    second = await anna.preview(account, "Date,Payee,Amount\n2026-03-04,Landlord,-805.00\n")
    skipped = await anna.preview(account, "Date,Payee,Amount\n2026-04-02,Landlord,-800.00\n")
    await anna.post(f"/recurring/{plan['id']}/skip", nominal_date="2026-04-01")
    await look()

    done = [await anna.commit(preview) for preview in (first, second, skipped)]

    found = {item["amount_minor"]: item["source"] for item in await anna.transactions()}
    assert [(each["rows_match"], each["rows_new"]) for each in done] == [(1, 0), (0, 1), (0, 1)]
    assert found == {-79_000: "recurring", -80_500: "import", -80_000: "import"}
    await holds()


async def test_a_planned_transfer_stands_in_the_files_of_both_accounts(anna, look, holds, ofx):
    checking, savings = await anna.account(), await anna.account("Savings", type="savings")
    ends = {
        "from": {"account_id": checking["id"]},
        "to": {"account_id": savings["id"]},
        "amount_minor": 5_000,
    }
    plan = await rent_of(anna, checking, name="Savings plan", template=ends, count=1)

    came = await anna.bring(savings, ofx(("B1", "20260302", "50.00", "Savings plan"), account="2"))
    went = await anna.bring(checking, ofx(("A1", "20260301", "-50.00", "Savings plan"), account="1"))
    await look()

    assert (came["rows_match"], went["rows_match"]) == (1, 1)
    assert [item["type"] for item in await anna.transactions()] == ["transfer"]
    assert ((await march(anna, plan))["status"], await anna.balance(savings)) == ("paid", 5_000)
    await holds()


async def test_a_plan_that_cannot_post_leaves_the_banks_own_transaction_and_is_settled(anna, holds):
    account = await anna.account()
    plan = await rent_of(anna, account)
    category = (await anna.get(f"/categories/{await anna.category('rent')}")).json()
    archived = await anna.patch(f"/categories/{category['id']}", category["version"], is_archived=True)
    preview = await anna.preview(account, RENT)

    await anna.commit(preview)

    paid = await march(anna, plan)
    brought = (await anna.get(f"/transactions/{paid['transaction_id']}")).json()
    assert archived.status_code == 200, archived.text
    assert (brought["source"], brought["splits"][0]["category_id"]) == ("import", None)
    await holds()


@pytest.mark.parametrize(("change", "status"), [("changed", "paid"), ("deleted", None)])
async def test_a_plan_that_changed_since_the_preview_is_looked_at_anew(anna, holds, change, status):
    account = await anna.account()
    plan = await rent_of(anna, account)
    preview = await anna.preview(account, RENT)
    if change == "changed":
        await anna.patch(f"/recurring/{plan['id']}", plan["version"], note="until summer", auto_post=False)
    else:
        await anna.delete(f"/recurring/{plan['id']}", plan["version"])

    done = await anna.commit(preview)

    assert (done["rows_imported"], done["rows_match"]) == (2, 1 if status else 0)
    if status:
        assert (await march(anna, plan))["status"] == status
    await holds()


async def test_what_was_entered_by_hand_goes_before_what_a_plan_expects(anna):
    account = await anna.account()
    await rent_of(anna, account, auto_post=False)
    mine = await anna.spend(account, -80_000, "2026-03-05", payee="Landlord")

    preview = await anna.preview(account, RENT)

    assert [row["match_transaction_id"] for row in await anna.rows(preview, state="match")] == [mine["id"]]


@pytest.mark.parametrize("percent", ["-1", "50.1", 5])
async def test_a_tolerance_lies_between_nothing_and_half(anna, percent):
    template = {"account_id": (await anna.account())["id"], "payee": "Landlord", "amount_minor": -1}
    body = {"name": "Rent", "template": template, "rrule": "FREQ=MONTHLY", "start": "2026-03-01"}

    refused = await anna.post("/recurring", **body, amount_tolerance_percent=percent)

    assert refused.status_code == 400
    assert "amount_tolerance_percent" in refused.json()["errors"]
