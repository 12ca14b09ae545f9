"""What becomes of a plan's occurrences, whatever people do in whatever order: each is settled once, as predicted."""

import asyncio
from datetime import date, timedelta
from typing import NamedTuple

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pfms_common.recurrence import Occurrence, Schedule, occurrences
from pfms_ledger.queries.invariants import faults

BEGIN, END = date(2025, 12, 1), date(2027, 6, 30)
BUSY = {409, 503}
SETTLED = {"paid", "skipped"}
TWICE = """
SELECT e.data->>'plan_id', e.data->>'plan_date' FROM event e
JOIN transaction t ON t.book_id = e.stream_id AND t.id = e.aggregate_id
WHERE e.stream_id = $1 AND e.type = 'transaction.created' AND e.data->>'plan_id' IS NOT NULL
GROUP BY 1, 2 HAVING count(*) > 1
"""

up_to_days = st.dates(BEGIN, END - timedelta(days=20))


class Settled(NamedTuple):
    status: str
    date: date
    transaction_id: str | None


class PlanLifecycle(RuleBasedStateMachine):
    """Does to a new plan what people do, and keeps beside it which occurrences there are and what became of them."""

    def __init__(self, anna, account, loop):
        super().__init__()
        self.anna, self.account, self.do = anna, account, loop.run_until_complete
        self.settled: dict[date, Settled] = {}
        self.latest = ""
        self.is_active = True

    @initialize(
        rrule=st.sampled_from(
            [
                "FREQ=MONTHLY",
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,MO",
                "FREQ=MONTHLY;BYMONTHDAY=29,31",
                "FREQ=DAILY;INTERVAL=19",
                "FREQ=YEARLY;COUNT=1",
            ]
        ),
        weekend_rule=st.sampled_from(["none", "skip", "before", "after"]),
        short_months=st.sampled_from(["last_day", "skip"]),
        start=st.dates(date(2026, 1, 1), date(2026, 3, 31)),
        end=st.none() | st.dates(date(2026, 4, 1), END),
    )
    def make(self, **schedule):
        template = {"account_id": self.account["id"], "amount_minor": -1_000, "payee": "Landlord"}
        body = {name: value and str(value) for name, value in schedule.items()}
        made = self.do(self.anna.post("/recurring", name="Rent", template=template, **body))
        assert made.status_code == 201, made.text
        self.path, self.version = f"/recurring/{made.json()['id']}", 1
        self.looks_from = schedule["start"]
        self.all = list(occurrences(Schedule(**schedule), BEGIN, END))

    # What people do.

    @rule(up_to=up_to_days, times=st.integers(1, 3))
    def realize(self, up_to, times):
        """Once, or several times at the same time."""
        expected = self.open_until(up_to)

        async def together():
            asked = [self.anna.post(f"{self.path}/realize", up_to=str(up_to)) for _ in range(times)]
            return await asyncio.gather(*asked)

        answers = self.do(together())
        done = [answer.json() for answer in answers if answer.status_code not in BUSY]
        assert done, "one of them was the first"
        self.realized(expected, *done)

    @rule(up_to=up_to_days, between=up_to_days)
    def realize_in_two_steps_and_again(self, up_to, between):
        expected = self.open_until(up_to)
        done = [self.asked(min(up_to, between)), self.asked(up_to), self.asked(up_to)]
        assert done[2]["created"] == []
        self.realized(expected, *done)

    @rule(up_to=up_to_days)
    def repeat_the_request(self, up_to):
        """The first answer is lost, and its key is sent again."""
        expected, key = self.open_until(up_to), f"{self.path}-{self.version}-{len(self.settled)}-{up_to}"
        first, again = (
            self.do(self.anna.post(f"{self.path}/realize", key=key, up_to=str(up_to))) for _ in range(2)
        )
        assert (again.status_code, again.content) == (200, first.content)
        self.realized(expected, first.json())

    @precondition(lambda self: self.open_until(END))
    @rule(data=st.data(), action=st.sampled_from(["confirm", "skip"]))
    def settle_one(self, data, action):
        each = data.draw(st.sampled_from(self.open_until(END)))
        asked = {"nominal_date": str(each.nominal)}
        done = self.do(self.anna.post(f"{self.path}/{action}", **asked))
        twice = self.do(self.anna.post(f"{self.path}/{action}", **asked))
        assert (done.is_success, twice.status_code) == (True, 409), done.text
        self.note(each, done.json()["status"], done.json()["transaction_id"])

    @rule()
    def pause_or_take_up(self):
        changed = self.do(self.anna.patch(self.path, self.version, is_active=not self.is_active))
        assert changed.status_code == 200, changed.text
        self.is_active, self.version = not self.is_active, self.version + 1
        self.looks_from = date.fromisoformat(changed.json()["catch_up_from"])

    @precondition(lambda self: any(each.transaction_id for each in self.settled.values()))
    @rule(data=st.data())
    def delete_what_was_posted(self, data):
        """Its occurrence is open again."""
        posted = [day for day, each in self.settled.items() if each.transaction_id]
        day = data.draw(st.sampled_from(posted))
        gone = self.do(self.anna.delete(f"/transactions/{self.settled[day].transaction_id}", 1))
        assert gone.status_code == 204, gone.text
        del self.settled[day]
        self.latest = ""

    # What must hold.

    @invariant()
    def what_is_shown_is_what_was_settled_and_what_realizing_would_make(self):
        """And showing it changes nothing: the book's log is as long as before."""
        before = self.do(self.anna.get("/ledger/events", limit=1)).json()["last_number"]
        items = self.do(
            self.anna.get(f"{self.path}/occurrences", **{"from": str(BEGIN), "to": str(END)})
        ).json()["items"]
        after = self.do(self.anna.get("/ledger/events", limit=1)).json()["last_number"]

        shown = {date.fromisoformat(item["nominal_date"]): item for item in items}
        assert len(shown) == len(items)
        predicted = [
            (day, item["date"], item["transaction_id"])
            for day, item in shown.items()
            if item["status"] not in SETTLED
        ]
        assert predicted == [(each.nominal, str(each.date), None) for each in self.open_until(END)]
        assert {
            day: Settled(item["status"], date.fromisoformat(item["date"]), item["transaction_id"])
            for day, item in shown.items()
            if item["status"] in SETTLED
        } == self.settled
        assert after == before

    def open_until(self, day: date) -> list[Occurrence]:
        """Those that realizing up to a day must make."""
        return [
            each
            for each in self.all
            if self.is_active
            and each.date <= day
            and each.nominal >= self.looks_from
            and each.nominal not in self.settled
        ]

    def asked(self, up_to: date) -> dict:
        answer = self.do(self.anna.post(f"{self.path}/realize", up_to=str(up_to)))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def realized(self, expected: list[Occurrence], *done: dict) -> None:
        """All that was expected was made by one or another of these answers, each once and in order."""
        created = [made for each in done for made in each["created"]]
        assert len(created) == len(expected)
        for each, made in zip(expected, created, strict=True):
            self.note(each, "paid", made)
        told = [each["last_realized_date"] or "" for each in done]
        assert min(told) >= self.latest, "never goes back"
        self.latest = max(told)

    def note(self, each: Occurrence, status: str, transaction_id: str | None) -> None:
        self.settled[each.nominal] = Settled(status, each.date, transaction_id)


@pytest_asyncio.fixture
async def account(anna):
    return await anna.account()


@pytest_asyncio.fixture
async def loop():
    """The loop that the fixtures live on; no test runs on it here, so that the machine may."""
    return asyncio.get_running_loop()


@pytest.mark.property(
    10,
    "Lifecycle: realizing makes the open occurrences until then, as predicted, each once, however often and by"
    " whatever steps; predicting changes nothing and the last realized day never goes back",
)
def test_every_occurrence_is_settled_once_as_it_was_predicted(ledger, anna, account, loop):
    run_state_machine_as_test(
        lambda: PlanLifecycle(anna, account, loop),
        settings=settings(
            max_examples=100, stateful_step_count=6, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

    book_id = anna.person.book_id
    assert loop.run_until_complete(ledger.sql(TWICE, book_id)) == []
    assert loop.run_until_complete(faults(ledger.resources.pool, book_id)) == []
