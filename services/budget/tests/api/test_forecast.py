"""The forecast of a running book: what the ledger tells of plans, sources and movements comes out as days."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx2 as httpx
import pytest

from pfms_budget.domain.cells import Split, Transaction
from pfms_common.ids import new_id
from pfms_events.contracts.ledger.income_source import IncomeSourceCreated
from pfms_events.contracts.ledger.plan import PlanCreated, PlanDeleted, PlanTemplate
from pfms_events.contracts.ledger.recurring import RecurringDue, RecurringPosted
from pfms_events.contracts.ledger.transaction import Split as ToldSplit
from pfms_events.rebuild import rebuild

NOW = datetime.now(UTC)


@pytest.fixture
def today() -> date:
    """In UTC; the book is in Berlin, so a test asks for days some way off only."""
    return NOW.date()


@pytest.fixture
async def home(new_book: Any, household: Any, anna: httpx.AsyncClient, book: Any) -> Any:
    """1,000.00 on the checking account."""
    book.now = NOW
    made = household(book, anna)
    await made.settle()
    return made


def plan(home: Any, start: date, minor: int = -80_000, **more: Any) -> PlanCreated:
    template = PlanTemplate(
        amount_minor=minor,
        account_id=home.checking,
        splits=(ToldSplit(id=new_id(), category_id=home.rent, amount_minor=minor),),
    )
    fields = {"id": new_id(), "name": "Rent", "kind": "expense", "currency": "EUR", "template": template}
    fields |= {
        "rrule": "FREQ=WEEKLY;INTERVAL=4",
        "start": start,
        "amount_since": start,
        "catch_up_from": start,
    }
    return PlanCreated.model_validate({**fields, **more})


def mark(kind: type, of: PlanCreated, nominal: date, transaction_id: UUID | None = None) -> Any:
    return kind(
        id=uuid5(of.id, nominal.isoformat()),
        plan_id=of.id,
        plan_version=1,
        name=of.name,
        nominal_date=nominal,
        date=nominal,
        amount_minor=of.template.amount_minor,
        currency="EUR",
        transaction_id=transaction_id,
    )


async def projection(home: Any, **asked: Any) -> dict[str, Any]:
    response = await home.http.get("/forecast/projection", params=asked)
    assert response.status_code == 200, response.text
    return response.json()


async def spend_each_month(home: Any, today: date, minor: int, category: UUID) -> None:
    """On the first day of each of the last five months before this one."""
    for n in range(1, 6):
        month = today.replace(day=1)
        for _ in range(n):
            month = (month - timedelta(days=1)).replace(day=1)
        await home.spend(str(month), -minor, category)


class TestProjection:
    async def test_counts_everyday_spending_from_what_was_held(self, home, today):
        await spend_each_month(home, today, 3_000, home.groceries)

        found = await projection(home, days=30)

        assert found["start_minor"] == 100_000 - 5 * 3_000
        assert found["end_minor"] == found["start_minor"] - 3_000
        assert found["everyday"]["per_30_days_minor"] == 3_000
        assert found["everyday"]["months"] >= 5
        assert len(found["days"]) == 31
        assert found["days"][0]["confidence"] == "1.00"
        assert found["account_id"] is None

    async def test_expects_a_plan_until_it_is_posted_and_again_when_that_is_taken_back(self, home, today):
        first = today + timedelta(days=5)
        rent = plan(home, first)
        await home.book.tell(rent)
        assert (await projection(home))["end_minor"] == 20_000

        posted = new_id()
        moved = Transaction(first, home.checking, [Split(home.rent, -80_000)])
        await home.book.tell(home.book.transaction(posted, moved), mark(RecurringPosted, rent, first, posted))
        assert (await projection(home))["end_minor"] == 20_000, "it is in the books now, and not twice"

        await home.book.tell(mark(RecurringDue, rent, first))
        assert (await projection(home))["end_minor"] == 20_000 - 80_000

    async def test_what_plans_posted_is_no_everyday_spending(self, home, today):
        start = today - timedelta(days=150)
        rent = plan(home, start, rrule="FREQ=DAILY;COUNT=1", minor=-10_000)
        posted = new_id()
        moved = Transaction(start + timedelta(days=20), home.checking, [Split(home.groceries, -10_000)])
        await home.book.tell(
            rent, home.book.transaction(posted, moved), mark(RecurringPosted, rent, start, posted)
        )
        await spend_each_month(home, today, 3_000, home.groceries)

        assert (await projection(home))["everyday"]["per_30_days_minor"] == 3_000

    async def test_warns_of_each_account_and_answers_for_one(self, home, today):
        await home.book.tell(plan(home, today + timedelta(days=5), minor=-100_001))

        found = await projection(home, threshold_minor=0)

        falls = str(today + timedelta(days=5))
        assert found["warnings"] == [{"account_id": str(home.checking), "date": falls, "balance_minor": -1}]
        assert (await projection(home, account_id=str(home.savings)))["end_minor"] == 0
        assert (await projection(home, account_id=str(home.checking)))["end_minor"] == -1

    async def test_a_plan_that_is_deleted_or_rests_is_not_expected(self, home, today):
        rent, resting = (
            plan(home, today + timedelta(days=5)),
            plan(home, today + timedelta(days=5), is_active=False),
        )
        await home.book.tell(rent, resting)
        await home.book.tell(PlanDeleted(id=rent.id))

        assert (await projection(home))["end_minor"] == 100_000

    @pytest.mark.parametrize(
        "asked", [{"days": 0}, {"days": 366}, {"days": "a"}, {"account_id": "x"}, {"day": 1}]
    )
    async def test_refuses_what_it_does_not_know(self, home, asked):
        assert (await home.http.get("/forecast/projection", params=asked)).status_code == 400

    async def test_knows_no_account_of_others(self, home):
        assert (
            await home.http.get("/forecast/projection", params={"account_id": str(new_id())})
        ).status_code == 404


class TestIncome:
    async def test_of_a_source_comes_when_it_usually_comes(self, home, today):
        came = today - timedelta(days=10)
        source = new_id()
        about = {"name": "Acme", "type": "salary", "currency": "EUR"}
        told = home.book.transaction(
            new_id(), Transaction(came, home.checking, [Split(home.salary, 190_000)])
        ).model_copy(update={"income_source_id": source})
        await home.book.tell(
            IncomeSourceCreated(id=source, amount_minor=200_000, frequency="biweekly", **about),
            IncomeSourceCreated(id=(unknown := new_id()), frequency="irregular", **about),
            told,
        )

        found = (await home.http.get("/forecast/income", params={"days": 20})).json()

        assert [(each["date"], each["amount_minor"], each["origin"]) for each in found["items"]] == [
            (str(came + timedelta(days=n)), 200_000, "income_source") for n in (14, 28)
        ]
        assert (found["total_minor"], found["undated_source_ids"]) == (400_000, [str(unknown)])
        assert found["items"][0]["income_source_id"] == str(source)

    async def test_and_expenses_add_up_by_month(self, home, today):
        await home.book.tell(plan(home, today + timedelta(days=5)))

        found = (await home.http.get("/forecast/cashflow", params={"days": 55})).json()

        assert sum(each["net_minor"] for each in found["items"]) == -160_000
        assert found["items"][-1]["end_minor"] == found["start_minor"] + sum(
            each["net_minor"] for each in found["items"]
        )


class TestSafeToSpend:
    async def test_is_cash_less_what_is_due_and_set_aside_until_payday(self, home, today):
        month = f"{today:%Y-%m}"
        await home.plan(month)
        await home.allocate(home.groceries, 10_000, month)
        await home.allocate(home.rent, 50_000, month)
        paid = plan(home, today + timedelta(days=8), 250_000, kind="income", name="Salary")
        await home.book.tell(plan(home, today + timedelta(days=4)), paid)

        found = (await home.http.get("/safe-to-spend")).json()

        assert found["until"] == str(today + timedelta(days=8))
        assert found["income_expected"]
        assert (found["cash_minor"], found["due_minor"]) == (100_000, 80_000)
        assert (found["set_aside_minor"], found["safe_to_spend_minor"]) == (90_000, 10_000)
        assert found["per_day_minor"] in {10_000 // 8, 10_000 // 7}

    async def test_without_income_it_is_until_the_month_ends(self, home):
        found = (await home.http.get("/safe-to-spend")).json()

        assert not found["income_expected"]
        assert found["until"].endswith("-01")
        assert found["safe_to_spend_minor"] == 100_000


@pytest.mark.parametrize(
    "path", ["/forecast/projection", "/forecast/income", "/forecast/cashflow", "/safe-to-spend"]
)
async def test_each_book_has_its_own(home, stranger, viewer, path):
    assert (await viewer.get(path)).status_code == 200
    read = (await stranger.get(path)).json()
    assert read.get("start_minor", read.get("cash_minor", read.get("total_minor"))) == 0


@pytest.mark.parametrize(
    "damage", ["recurring_plan SET amount_minor = 1", "recurring_mark SET is_settled = false"]
)
async def test_a_copy_that_is_wrong_is_seen_and_made_anew(home, book, today, damage):
    first = today + timedelta(days=5)
    rent = plan(home, first)
    await book.tell(rent, mark(RecurringPosted, rent, first))
    assert await book.faults() == []

    await book.sql(f"UPDATE {damage} WHERE book_id = $1", book.id)  # a test's own words
    assert any("is not as the ledger tells it" in fault for fault in await book.faults())

    await rebuild(book.running.resources.pool, book.of_ledger, book, [book.id])
    assert await book.faults() == []
    assert (await projection(home, days=20))["end_minor"] == 100_000
