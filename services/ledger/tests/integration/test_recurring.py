"""The scheduler of plans on a real database: each occurrence once, whatever happens to it and to its clock."""

import asyncio
import json
import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from pfms_common.principal import Token, access_claims, sign
from pfms_ledger.app import SERVICE
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.operations.waking import wake
from pfms_ledger.queries.invariants import faults
from pfms_service.testing import KEY, Person, harness

WORKER = Path(__file__).with_name("recurring_worker.py")


class Wall:
    """A clock on the wall that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 10, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def set(self, day: str) -> None:
        self.now = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


@pytest.fixture
def wall():
    return Wall()


@pytest_asyncio.fixture
async def ledger(wall):
    async with harness(SERVICE, clock=wall) as running:
        yield running


class Household:
    """Somebody with one account and plans on it."""

    def __init__(self, ledger, http, person, wall) -> None:
        self.ledger, self.http, self.person, self.wall = ledger, http, person, wall
        self.account = ""
        self.keys = 0

    async def post(self, path, body):
        self.keys += 1
        response = await self.http.post(
            path, json=body, headers={"Idempotency-Key": f"key-of-household-{self.keys}"}
        )
        assert response.is_success, response.text
        return response.json()

    async def get(self, path, **params):
        response = await self.http.get(path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    async def plan(self, **fields):
        template = {"account_id": self.account, "amount_minor": -1_000, "payee": "Landlord"}
        body = {"name": "Rent", "template": template, "rrule": "FREQ=MONTHLY", "start": "2026-01-31"}
        return await self.post("/recurring", {**body, "auto_post": True, **fields})

    async def bring(self, content):
        """Imports a table, and waits for the end of it; answers the preview."""
        response = await self.http.post(
            "/imports", files={"file": ("bank.csv", content)}, data={"account_id": self.account}
        )
        upload = response.json()
        await self.post(f"/imports/{upload['id']}/commit", {})
        while (await self.get(f"/imports/{upload['id']}"))["status"] == "processing":  # noqa: ASYNC110  # of a server
            await asyncio.sleep(0.01)
        return upload

    async def look(self):
        return await wake(self.ledger.own, self.ledger.resources.relay_pool)

    async def posted(self):
        items = (await self.get("/transactions", limit=200))["items"]
        return sorted(item["date"] for item in items)

    async def worker(self, failpoint=""):
        """A scheduler process that has the same time."""
        told = {
            "app": self.ledger.urls.app,
            "relay": self.ledger.urls.relay,
            "now": self.wall.now.isoformat(),
        }
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(WORKER),
            json.dumps(told),
            env={**os.environ, "PFMS_FAILPOINT": failpoint},
            stdout=asyncio.subprocess.PIPE,
        )

    async def holds(self):
        book_id = self.person.book_id
        assert await faults(self.ledger.resources.pool, book_id) == []
        assert await rebuild(self.ledger.own.journal, book_id) == 0


@pytest_asyncio.fixture
async def home(ledger, wall):
    person = Person()
    token = Token(
        user_id=person.user_id,
        session_id=person.user_id,
        book_id=person.book_id,
        books={person.book_id: person.role},
        expires_at=int(datetime(2040, 1, 1, tzinfo=UTC).timestamp()),
        auth_time=int(wall.now.timestamp()),
    )
    signed = sign(KEY, "at+jwt", access_claims(token, now=wall.now, amr=["pwd"]))
    async with ledger.client() as client:
        client.headers["Authorization"] = f"Bearer {signed}"
        household = Household(ledger, client, person, wall)
        account = await household.post(
            "/accounts", {"name": "Giro", "type": "checking", "currency": "EUR", "opened_on": "2026-01-01"}
        )
        household.account = account["id"]
        yield household


MONTHS_END = ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


async def test_what_was_missed_is_caught_up_once_and_then_each_day_its_own(home, wall):
    plan = await home.plan()

    assert await home.look() == 5
    assert await home.look() == 0
    assert await home.posted() == MONTHS_END
    wall.set("2026-06-29")
    assert await home.look() == 0
    wall.set("2026-06-30")
    assert await home.look() == 1
    assert await home.posted() == [*MONTHS_END, "2026-06-30"]
    assert (await home.get(f"/recurring/{plan['id']}"))["last_realized_date"] == "2026-06-30"
    await home.holds()


@pytest.mark.property(10, "Lifecycle: a scheduler killed at any step leaves each occurrence posted once")
@pytest.mark.parametrize(
    "failpoint", ["recurring.begun", "recurring.appended", "recurring.noted", "recurring.committed"]
)
async def test_a_scheduler_that_dies_at_any_step_leaves_nothing_lost_or_doubled(home, failpoint):
    await home.plan()

    process = await home.worker(failpoint)
    await process.communicate()
    await home.look()

    assert process.returncode == 137
    assert await home.posted() == MONTHS_END
    await home.holds()


@pytest.mark.property(10, "Lifecycle: whoever posts at the same time, each occurrence is posted once")
async def test_schedulers_and_people_at_once_post_each_occurrence_once(home, wall):
    plans = [await home.plan(name=f"Daily {n}", rrule="FREQ=DAILY", start="2026-05-01") for n in range(3)]
    path = f"/recurring/{plans[0]['id']}/realize"

    one, other = await home.worker(), await home.worker()
    await asyncio.gather(one.stdout.readline(), other.stdout.readline())
    headers = [{"Idempotency-Key": f"realize-by-hand-{n}"} for n in range(4)]
    answers = await asyncio.gather(
        home.look(),
        home.look(),
        *(home.http.post(path, json={"up_to": "2026-06-10"}, headers=each) for each in headers),
    )
    await asyncio.gather(one.communicate(), other.communicate())
    await home.look()

    days = [(date(2026, 5, 1) + timedelta(days=n)).isoformat() for n in range(41)]
    assert {answer.status_code for answer in answers[2:]} <= {200, 409, 503}
    assert await home.posted() == sorted(days * 3)
    rows = await home.ledger.sql(
        "SELECT plan_id, nominal_date FROM plan_occurrence GROUP BY plan_id, nominal_date HAVING count(*) > 1"
    )
    assert rows == []
    await home.holds()


async def test_a_clock_that_jumps_forward_and_back_posts_nothing_twice(home, wall):
    await home.plan(start="2026-05-31")
    await home.look()
    wall.set("2026-08-15")
    await home.look()
    wall.set("2026-06-10")

    assert await home.look() == 0
    wall.set("2026-08-31")
    await home.look()

    assert await home.posted() == ["2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31"]
    await home.holds()


async def test_the_day_is_that_of_the_books_zone(home, wall):
    wall.now = datetime(2026, 6, 29, 12, 30, tzinfo=UTC)
    await home.ledger.sql("INSERT INTO book VALUES ($1, 'NZD', 'Pacific/Auckland', 1)", home.person.book_id)
    await home.plan(start="2026-06-30")

    assert await home.look() == 1
    assert await home.posted() == ["2026-06-30"]


async def test_what_needs_a_person_is_announced_once_and_waits_for_the_person(home, wall):
    plan = await home.plan(auto_post=False, start="2026-06-15", reminder_days=3)

    assert await home.look() == 0
    wall.set("2026-06-12")
    assert await home.look() == 1
    assert await home.look() == 0
    wall.set("2026-07-20")
    assert await home.look() == 1
    assert await home.posted() == []

    done = await home.post(f"/recurring/{plan['id']}/confirm", {"nominal_date": "2026-07-15"})
    await home.post(f"/recurring/{plan['id']}/skip", {"nominal_date": "2026-06-15"})

    assert (done["transaction"]["date"], done["transaction"]["source"]) == ("2026-07-15", "recurring")
    events = (await home.get("/ledger/events", limit=200))["items"]
    told = [
        (event["type"], event["data"]["nominal_date"], event["version"])
        for event in events
        if event["type"].startswith("recurring.")
    ]
    assert told == [
        ("recurring.due", "2026-06-15", 1),
        ("recurring.due", "2026-07-15", 1),
        ("recurring.posted", "2026-07-15", 2),
        ("recurring.skipped", "2026-06-15", 2),
    ]
    await home.holds()


async def test_a_plan_that_cannot_be_posted_says_why_and_goes_on_when_it_can(home, wall):
    plan = await home.plan(start="2026-06-10")
    path = f"/accounts/{home.account}"
    await home.http.patch(path, json={"is_active": False}, headers={"If-Match": '"1"'})

    assert await home.look() == 0
    stuck = await home.get(f"/recurring/{plan['id']}")
    await home.http.patch(path, json={"is_active": True}, headers={"If-Match": '"2"'})
    wall.set("2026-06-11")
    await home.look()

    assert "closed or archived" in stuck["problem"]
    assert stuck["status"] == "due"
    assert await home.posted() == ["2026-06-10"]
    assert (await home.get(f"/recurring/{plan['id']}"))["problem"] is None


async def test_an_occurrence_that_the_bank_brought_already_becomes_that_transaction(home, wall):
    await home.bring(b"Date,Payee,Amount\n2026-06-08,LANDLORD LTD,-10.00\n2026-06-09,Kiosk,-10.00\n")
    plan = await home.plan(start="2026-06-10")

    await home.look()

    items = (await home.get("/transactions"))["items"]
    landlord = next(item for item in items if item["date"] == "2026-06-08")
    shown = await home.get(
        f"/recurring/{plan['id']}/occurrences", **{"from": "2026-06-01", "to": "2026-06-30"}
    )
    assert len(items) == 2
    assert [(item["status"], item["transaction_id"]) for item in shown["items"]] == [("paid", landlord["id"])]
    await home.holds()


async def test_a_row_of_a_bank_file_clears_what_a_plan_posted(home, wall):
    await home.plan(
        start="2026-06-10",
        template={
            "account_id": home.account,
            "amount_minor": -1_000,
            "payee": "Landlord",
            "status": "pending",
        },
    )
    await home.look()
    upload = await home.bring(b"Date,Payee,Amount\n2026-06-12,LANDLORD LTD,-10.00\n2026-06-12,Kiosk,-3.00\n")

    items = (await home.get("/transactions"))["items"]

    assert upload["rows_match"] == 1
    assert sorted((item["source"], item["status"]) for item in items) == [
        ("import", "cleared"),
        ("recurring", "cleared"),
    ]
