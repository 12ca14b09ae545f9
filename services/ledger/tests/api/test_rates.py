"""Dated rates: set, brought, changed, removed; what they make of amounts, at once or when they come late."""

import asyncio

import pytest

from pfms_ledger.operations import restating
from pfms_ledger.operations.rebuild import rebuild


@pytest.fixture
async def euro_book(ledger, anna):
    """Anna's book thinks in euros."""
    await ledger.sql("INSERT INTO book VALUES ($1, 'EUR', 'Europe/Berlin', 1)", anna.person.book_id)
    return anna


@pytest.fixture
def settled(ledger, euro_book):
    """Waits until every late rate is told."""

    async def wait():
        while ledger.own.background._tasks:  # noqa: ASYNC110  # the tasks are nobody's else
            await asyncio.sleep(0.005)

    return wait


async def rate(anna, base, quote, day, text):
    response = await anna.post("/rates", base=base, quote=quote, date=day, rate=text)
    assert response.status_code == 201, response.text
    return response.json()


async def worth(anna, made):
    found = (await anna.get(f"/transactions/{made['id']}")).json()
    return [split["base_amount_minor"] for split in found["splits"]], found["version"]


async def test_what_is_spent_abroad_is_worth_what_the_newest_rate_of_its_day_says(euro_book):
    dollars = await euro_book.account("Dollars", currency="USD")
    yen = await euro_book.account("Yen", currency="JPY")
    euros = await euro_book.account()
    await rate(euro_book, "EUR", "USD", "2026-02-01", "1.25")
    await rate(euro_book, "JPY", "EUR", "2026-02-01", "0.00615")

    at_home = await euro_book.spend(euros, -700)
    split = await euro_book.spend(dollars, -1_001, splits=[{"amount_minor": -500}, {"amount_minor": -501}])
    in_yen = await euro_book.spend(yen, -1_000)
    before = await euro_book.spend(dollars, -1_000, "2026-01-31")

    assert at_home["splits"][0]["base_amount_minor"] == -700
    # 10.01 dollars are 8.008 euros: the parts add up to -801.
    assert [part["base_amount_minor"] for part in split["splits"]] == [-400, -401]
    assert in_yen["splits"][0]["base_amount_minor"] == -615
    assert before["splits"][0]["base_amount_minor"] is None


async def test_a_rate_that_comes_late_tells_anew_what_it_changes_and_nothing_else(
    ledger, euro_book, settled, monkeypatch
):
    monkeypatch.setattr(restating, "BATCH", 2)
    dollars = await euro_book.account("Dollars", currency="USD")
    early = await euro_book.spend(dollars, -1_000, "2026-01-31")
    late = [await euro_book.spend(dollars, -1_000 * n, f"2026-02-0{n}") for n in range(1, 6)]

    made = await rate(euro_book, "EUR", "USD", "2026-02-01", "1.25")
    await settled()
    second = await rate(euro_book, "USD", "EUR", "2026-02-05", "0.9")
    await settled()

    assert await worth(euro_book, early) == ([None], 1)
    assert [await worth(euro_book, each) for each in late] == [
        ([-800], 2),
        ([-1_600], 2),
        ([-2_400], 2),
        ([-3_200], 2),
        ([-4_500], 3),
    ]

    await euro_book.delete(f"/rates/{second['id']}", 1)
    changed = await euro_book.http.put(f"/rates/{made['id']}", json={"rate": "2", "version": 1})
    await settled()

    assert changed.status_code == 200
    assert (await worth(euro_book, late[4]))[0] == [-2_500]
    assert await rebuild(ledger.own.journal, euro_book.person.book_id) == 0


async def test_a_late_rate_tells_what_is_on_an_account_that_was_opened_with_money(ledger, euro_book, settled):
    yen = await euro_book.account("Yen", currency="JPY", opening_balance_minor=100_000)
    made = await euro_book.spend(yen, -16_050)

    await rate(euro_book, "EUR", "JPY", "2026-01-01", "160.5")
    await settled()

    assert await worth(euro_book, made) == ([-10_000], 2)
    assert await euro_book.balance(yen) == 83_950
    assert await rebuild(ledger.own.journal, euro_book.person.book_id) == 0


async def test_a_book_whose_rates_cannot_be_told_keeps_no_other_from_its_turn(
    ledger, anna, boris, monkeypatch
):
    books = [anna.person.book_id, boris.person.book_id]
    for book_id in books:
        await ledger.sql("INSERT INTO book VALUES ($1, 'EUR', 'Europe/Berlin', 1)", book_id)
        await ledger.sql(
            """INSERT INTO restatement (book_id, currency, since, day, number, again, due_at)
               VALUES ($1, 'USD', '2026-01-01', '2026-01-01', 0, true, now())""",
            book_id,
        )
    told = []

    async def restate(_, book_id):
        told.append(book_id)
        if len(told) == 1:
            raise KeyError("status")

    monkeypatch.setattr(restating, "restate", restate)
    await restating.restate_all(ledger.own, ledger.resources.relay_pool)

    assert sorted(told) == sorted(books)


async def test_what_took_the_old_rate_while_the_new_one_came_is_told_by_the_second_look(
    ledger, euro_book, settled, monkeypatch
):
    dollars = await euro_book.account("Dollars", currency="USD")
    await rate(euro_book, "EUR", "USD", "2026-02-01", "1.25")
    await settled()
    made = await euro_book.spend(dollars, -1_000)
    # As a write would leave it that read the rates before this one came.
    await ledger.sql(
        """UPDATE event SET data = jsonb_set(data, '{splits,0,base_amount_minor}', 'null')
           WHERE stream_id = $1 AND aggregate_id = $2""",
        euro_book.person.book_id,
        made["id"],
    )

    await restating.restate(ledger.own, euro_book.person.book_id)
    first = await worth(euro_book, made)
    await ledger.sql("UPDATE restatement SET due_at = now()")
    await restating.restate(ledger.own, euro_book.person.book_id)

    assert first == ([None], 1)
    assert await worth(euro_book, made) == ([-800], 2)
    assert await ledger.sql("SELECT count(*) FROM restatement") == [(0,)]


async def test_balances_are_added_up_in_one_currency_and_what_has_no_rate_is_listed(euro_book):
    await euro_book.account(opening_balance_minor=10_000)
    await euro_book.account("Dollars", currency="USD", opening_balance_minor=1_001)
    dinars = await euro_book.account("Dinars", currency="BHD", opening_balance_minor=5_000)
    await rate(euro_book, "USD", "EUR", "2026-02-01", "0.8")

    found = (await euro_book.get("/balances", currency="EUR", as_of="2026-02-10")).json()
    base = (await euro_book.get("/balances", currency="base", as_of="2026-01-10")).json()
    plain = (await euro_book.get("/balances", as_of="2026-02-10")).json()

    assert [item["converted_minor"] for item in found["items"]] == [10_000, 801, None]
    assert found["total"] == {
        "currency": "EUR",
        "total_minor": 10_801,
        "unconverted": [{"account_id": dinars["id"], "balance_minor": 5_000, "currency": "BHD"}],
    }
    assert (base["total"]["total_minor"], len(base["total"]["unconverted"])) == (10_000, 2)
    assert "total" not in plain
    assert "converted_minor" not in plain["items"][0]


async def test_a_file_sets_many_rates_over_those_that_stand_and_names_its_bad_rows(euro_book):
    await rate(euro_book, "EUR", "USD", "2026-02-01", "1.1")
    content = (
        "rate;quote;base;date\n1.20;USD;EUR;2026-02-01\n1.30;USD;EUR;2026-02-02\n"
        "1,30;USD;EUR;2026-02-03\n1;USD;USD;2026-02-03\n1.1;XYZ;USD;2026-02-03\n1.1;USD;EUR;2026-02-30\n"
    )

    async def bring():
        return await euro_book.http.post("/rates/upload", files={"file": ("rates.csv", content.encode())})

    first, again = await bring(), await bring()
    listed = (await euro_book.get("/rates", base="EUR")).json()["items"]

    assert first.status_code == 200, first.text
    assert (first.json()["rows_set"], again.json()["rows_set"], again.json()["rows_unchanged"]) == (2, 0, 2)
    assert [error["row"] for error in first.json()["errors"]] == [3, 4, 5, 6]
    assert [(one["date"], one["rate"], one["source"], one["version"]) for one in listed] == [
        ("2026-02-02", "1.3", "file", 1),
        ("2026-02-01", "1.2", "file", 2),
    ]


async def test_an_import_into_a_foreign_account_is_worth_its_days_and_is_taken_back_whole_after_a_late_rate(
    euro_book, ofx, settled
):
    dollars = await euro_book.account("Dollars", currency="USD")
    await rate(euro_book, "USD", "EUR", "2026-02-02", "0.5")
    await settled()
    statement = ofx(("1", "20260201", "-10.00", "Shop"), ("2", "20260203", "-20.00", "Shop"), currency="USD")
    done = await euro_book.bring(dollars, statement)
    before = [item["splits"][0]["base_amount_minor"] for item in await euro_book.transactions()]

    await rate(euro_book, "USD", "EUR", "2026-02-01", "0.25")
    await settled()
    after = [item["splits"][0]["base_amount_minor"] for item in await euro_book.transactions()]
    await euro_book.http.delete(f"/imports/{done['id']}")

    assert (before, after) == ([-1_000, None], [-1_000, -250])
    assert await euro_book.transactions() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"rate": "0"}, 400),
        ({"rate": "-1"}, 400),
        ({"rate": 1.1}, 400),
        ({"rate": "1e3"}, 400),
        ({"base": "USD"}, 400),
        ({"base": "XXX"}, 400),
        ({"date": "2026-02-01"}, 409),
    ],
)
async def test_a_rate_that_cannot_be_is_refused(anna, change, status):
    await rate(anna, "EUR", "USD", "2026-02-01", "1.1")
    body = {"base": "EUR", "quote": "USD", "date": "2026-02-02", "rate": "1.2", **change}

    response = await anna.post("/rates", **body)

    assert response.status_code == status, response.text
    assert len((await anna.get("/rates")).json()["items"]) == 1


async def test_a_file_without_header_is_read_and_a_row_that_a_later_one_replaces_is_named(anna):
    content = (
        b"2026-11-20,EUR,USD,1.08\n2026-11-20,EUR,USD,1.09\n2026-11-21,EUR,USD,1.1\n2026-11-21,USD,EUR,0.9\n"
    )

    brought = await anna.http.post("/rates/upload", files={"file": ("rates.csv", content)})

    assert brought.status_code == 200, brought.text
    assert brought.json() == {
        "rows_set": 2,
        "rows_unchanged": 0,
        "errors": [
            {"row": 1, "message": "row 2 sets the same pair and day"},
            {"row": 3, "message": "row 4 sets the same pair and day"},
        ],
    }
    listed = (await anna.get("/rates")).json()["items"]
    assert [(one["base"], one["rate"]) for one in listed] == [("USD", "0.9"), ("EUR", "1.09")]


async def test_a_pair_has_one_rate_a_day_whichever_way_round(anna):
    made = await rate(anna, "EUR", "JPY", "2026-02-01", "160.5")

    twice = await anna.post("/rates", base="JPY", quote="EUR", date="2026-02-01", rate="0.006")
    content = b"2026-02-01,JPY,EUR,0.006\n2026-02-02,JPY,EUR,0.006\n"
    brought = (await anna.http.post("/rates/upload", files={"file": ("rates.csv", content)})).json()
    await anna.delete(f"/rates/{made['id']}", 1)
    events = (await anna.get("/ledger/events", limit=200)).json()["items"]
    removal = next(item["event_id"] for item in events if item["type"] == "rate.deleted")
    now = await anna.post("/rates", base="JPY", quote="EUR", date="2026-02-01", rate="0.006")
    restored = await anna.post(f"/ledger/events/{removal}/undo")

    assert (twice.status_code, twice.json()["id"]) == (409, made["id"])
    assert (brought["rows_set"], brought["rows_unchanged"]) == (1, 0)
    assert brought["errors"] == [{"row": 1, "message": "EUR/JPY of 2026-02-01 is set to 160.5 already"}]
    assert (now.status_code, restored.status_code) == (201, 409)


async def test_a_currency_that_is_none_is_named_by_the_parameter(anna):
    response = await anna.get("/balances", currency="eur")

    assert response.status_code == 400
    assert response.json()["errors"] == {"currency": ["must be base, or an ISO 4217 code such as EUR"]}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"date,base,quote\n", b"date,date,base,quote,rate\n"])
async def test_a_file_that_is_no_table_of_rates_is_refused(anna, content):
    response = await anna.http.post("/rates/upload", files={"file": ("rates.csv", content)})

    assert (response.status_code, response.json()["code"]) == (400, "import_unreadable")


async def test_undoing_a_rate_and_a_change_leaves_each_split_worth_what_the_rates_say(
    ledger, euro_book, settled
):
    dollars = await euro_book.account("Dollars", currency="USD")
    made = await euro_book.spend(dollars, -1_000)
    set_ = await euro_book.post("/rates", base="USD", quote="EUR", date="2026-02-01", rate="0.5")
    await settled()
    changed = await euro_book.patch(f"/transactions/{made['id']}", 2, amount_minor=-3_000)
    history = (await euro_book.get(f"/transactions/{made['id']}/history")).json()["items"]

    event = next(item["event_id"] for item in history if item["version"] == 3)
    await euro_book.post(f"/ledger/events/{event}/undo")
    undone = await worth(euro_book, made)
    events = (await euro_book.get("/ledger/events", limit=200)).json()["items"]
    event = next(item["event_id"] for item in events if item["type"] == "rate.set")
    taken_back = await euro_book.post(f"/ledger/events/{event}/undo")
    await restating.restate(ledger.own, euro_book.person.book_id)

    assert changed.json()["splits"][0]["base_amount_minor"] == -1_500
    assert undone == ([-500], 4)
    assert (set_.status_code, taken_back.status_code) == (201, 200)
    assert await worth(euro_book, made) == ([None], 5)
    assert (await euro_book.get("/rates")).json()["items"] == []
