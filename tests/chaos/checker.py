"""What must hold once everything is well again: nothing acknowledged lost or doubled, every figure as its rows say.

Each look answers with the faults it found, in words.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Any
from uuid import UUID

import asyncpg

from tests.chaos import recomputation
from tests.chaos.client import OpLog, Outcome
from tests.chaos.household import FIRST_MONTH, Household, Plan
from tests.chaos.recomputation import as_answered, months_of
from tests.chaos.supervisor import SERVICES, Product

QUIET_SECONDS = 60
SAMPLE = 40
DAY = timedelta(days=1)
NOTED = {"spend", "transfer", "refund", "edit"}

WAITING = {
    "unsent": "SELECT count(*) FROM unsent",
    "unroutable": "SELECT count(*) FROM unroutable",
    "to be retried": "SELECT count(*) FROM retry",
}
DIRTY = "SELECT count(*) FROM dirty"
DUE = "SELECT count(*) FROM plan WHERE is_active AND (wake_on IS NULL OR wake_on <= current_date)"
HEADS = "SELECT stream_id, sequence FROM stream_head WHERE sequence > 0"
MARKS = """
SELECT stream_id, applied_through, ahead = '{}' AS whole FROM progress
WHERE consumer = 'budget.ledger' AND producer = 'ledger'
"""
UNBALANCED = """
SELECT transaction_id::text FROM posting GROUP BY book_id, transaction_id, currency HAVING sum(amount_minor) <> 0
UNION ALL SELECT currency FROM posting GROUP BY currency HAVING sum(amount_minor) <> 0
"""
WRITTEN = """
SELECT data->>'note' AS note, data->>'payee' AS payee FROM event
WHERE stream_id = ANY ($1) AND type LIKE 'transaction.%'
"""
DELETIONS = "SELECT aggregate_id FROM event WHERE stream_id = ANY ($1) AND type = 'transaction.deleted'"
POSTED = """
SELECT e.data->>'plan_id' AS plan_id, (e.data->>'plan_date')::date AS day, count(*) AS times, count(t.id) AS there
FROM event e LEFT JOIN transaction t ON t.book_id = e.stream_id AND t.id = e.aggregate_id
WHERE e.stream_id = $1 AND e.type = 'transaction.created' AND e.data->>'plan_id' IS NOT NULL GROUP BY 1, 2
"""
MARKED = "SELECT plan_id::text, nominal_date AS day, state FROM plan_occurrence WHERE book_id = $1"
BALANCES = """
SELECT a.id, a.balance_minor, coalesce(sum(p.amount_minor), 0)::bigint AS folded,
       (SELECT coalesce(sum(sum_minor), 0)::bigint FROM account_month m
        WHERE m.book_id = a.book_id AND m.account_id = a.id) AS by_month
FROM account a LEFT JOIN posting p ON p.book_id = a.book_id AND p.account_id = a.id
WHERE a.book_id = $1 GROUP BY a.book_id, a.id, a.balance_minor
"""
GAPS = """
SELECT h.stream_id FROM stream_head h LEFT JOIN event e USING (stream_id)
GROUP BY h.stream_id, h.sequence
HAVING count(e.sequence) <> h.sequence OR coalesce(max(e.sequence), 0) <> h.sequence
"""
REPEATS = """
SELECT aggregate_id FROM event GROUP BY stream_id, aggregate_id
HAVING count(*) <> max(aggregate_version) OR min(aggregate_version) <> 1
"""


@asynccontextmanager
async def databases(product: Product) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    """Service → a connection that sees everything."""
    opened = {}
    try:
        for service in SERVICES:
            opened[service] = await product.database(service)
        yield opened
    finally:
        for connection in opened.values():
            await connection.close()


async def quiesce(product: Product) -> list[str]:
    """Waits until nothing is under way any more; what still is after a minute is a fault."""
    deadline = time.monotonic() + QUIET_SECONDS
    async with databases(product) as opened:
        while waiting := await _under_way(opened):
            if time.monotonic() > deadline:
                return [f"after {QUIET_SECONDS} s: {what}" for what in waiting]
            await asyncio.sleep(0.1)
    return []


async def _under_way(opened: dict[str, asyncpg.Connection]) -> list[str]:
    found = []
    # First: what is written when they are looked after has to be sent as well.
    if due := await opened["ledger"].fetchval(DUE):
        found.append(f"{due} plans wait to be looked after")
    for service, connection in opened.items():
        for what, statement in WAITING.items():
            if amount := await connection.fetchval(statement):
                found.append(f"{service} has {amount} events {what}")
    heads = {row["stream_id"]: row["sequence"] for row in await opened["ledger"].fetch(HEADS)}
    marks = {
        row["stream_id"]: row["applied_through"]
        for row in await opened["budget"].fetch(MARKS)
        if row["whole"]
    }
    if behind := [book for book, head in heads.items() if marks.get(book, 0) < head]:
        found.append(f"the budget is behind the ledger in {len(behind)} books, such as {behind[0]}")
    if dirty := await opened["budget"].fetchval(DIRTY):
        found.append(f"{dirty} books wait for their months")
    return found


async def check(product: Product, houses: Sequence[Household], log: OpLog) -> list[str]:
    """All looks at these households, after `quiesce`."""
    async with databases(product) as opened:
        ledger = opened["ledger"]
        found = [f"does not add up to zero: {row[0]}" for row in await ledger.fetch(UNBALANCED)]
        found += await _written_once(ledger, houses, log)
        for statement, fault in ((GAPS, "numbers of a book have a gap"), (REPEATS, "versions have a gap")):
            found += [f"{fault}: {row[0]}" for row in await ledger.fetch(statement)]
        for house in houses:
            found += house.faults
            found += await _plans(ledger, house)
            found += await _as_acknowledged(house)
            found += await _balances(ledger, house)
            found += await _months(ledger, house)
            found += await _newcomers(house)
    found += [f"stayed unknown: {outcome.op}" for outcome in log.ended("info")]
    found += product.crashes()
    return found + await _replays(houses, log)


async def _written_once(ledger: asyncpg.Connection, houses: Sequence[Household], log: OpLog) -> list[str]:
    """Every op that was acknowledged left one event, every refused one none."""
    books = [house.book for house in houses]
    rows = await ledger.fetch(WRITTEN, books)
    noted = Counter(row["note"] for row in rows if row["note"])
    bought = Counter(row["payee"] for row in rows if row["payee"])
    deleted = Counter(row["aggregate_id"] for row in await ledger.fetch(DELETIONS, books))
    found = [f"{payee} was imported {times} times" for payee, times in bought.items() if times > 1]
    for outcome in log.outcomes:
        times, allowed = _times(outcome, noted, deleted), _allowed(outcome)
        if times is not None and times not in allowed:
            found.append(
                f"{outcome.op.name} {outcome.op.id} ended {outcome.state} and is there {times} times"
            )
    return found


def _times(outcome: Outcome, noted: Counter[str], deleted: Counter[UUID]) -> int | None:
    """How often what an op wanted is in the ledger's history; None where that tells nothing."""
    op = outcome.op
    if op.name == "delete":
        return deleted[UUID(op.path.rpartition("/")[2])]
    if op.name not in NOTED:
        return None
    edits = op.name == "edit"  # a later version of the same transaction may carry the note of an earlier one
    return min(noted[op.id], 1) if edits else noted[op.id]


def _allowed(outcome: Outcome) -> set[int]:
    return {"ok": {1}, "fail": {0}, "info": {0, 1}}[outcome.state]


async def _plans(ledger: asyncpg.Connection, house: Household) -> list[str]:
    """Each occurrence was posted once at most, and exactly those that the scheduler had to post or the owner did."""
    posted: defaultdict[str, set[date]] = defaultdict(set)
    there: defaultdict[str, set[date]] = defaultdict(set)
    found = []
    for row in await ledger.fetch(POSTED, house.book):
        posted[row["plan_id"]].add(row["day"])
        there[row["plan_id"]] |= {row["day"]} if row["there"] else set()
        if row["times"] > 1:
            found.append(f"plan {row['plan_id']} was posted {row['times']} times for {row['day']}")
    marks = defaultdict(dict[date, str])
    for row in await ledger.fetch(MARKED, house.book):
        marks[row["plan_id"]][row["day"]] = row["state"]
    for key, plan in house.plans.items():
        found += [f"plan {key} {fault}" for fault in _settled(plan, posted[key], there[key], marks[key])]
    return found + await _posted_by_the_scheduler(house)


def _settled(plan: Plan, posted: set[date], there: set[date], marks: Mapping[date, str]) -> Iterator[str]:
    """What is wrong with what became of a plan. What falls due today may be posted or not: when days begin and end
    is a matter of zones. An occurrence whose transaction was deleted since is open again.
    """
    own = {
        state: {day for day, was in plan.settled.items() if was == state} for state in ("posted", "skipped")
    }
    by_clock = set(plan.days) - own["skipped"] if plan.row["auto_post"] else set()
    today = datetime.now(UTC).date()
    must = own["posted"] | {day for day in by_clock if day < today - DAY}
    may = must | {day for day in by_clock if day <= today + DAY}
    if not must <= posted <= may:
        yield f"was not posted for {sorted(must - posted)} and was for {sorted(posted - may)}"
    for state, days in (("posted", there), ("skipped", own["skipped"])):
        marked = {day for day, was in marks.items() if was == state}
        if marked != days:
            yield f"is marked as {state} for {sorted(marked)} instead of {sorted(days)}"


async def _posted_by_the_scheduler(house: Household) -> list[str]:
    """Takes what nobody was told of for acknowledged where it is what the plan asks for."""
    found = []
    for row in await house.person.all_of("/transactions"):
        plan = house.plans.get(row.get("plan_id", ""))
        if plan is None or row["id"] in house.transactions:
            continue
        asked = plan.row["template"]["account_id"], plan.row["template"]["amount_minor"], row["plan_date"]
        if (row["account_id"], row["amount_minor"], row["date"]) != asked:
            found.append(f"{row} is not what plan {plan.row['id']} asks for")
        house.transactions[row["id"]] = _without_list_fields(row)
    return found


async def _as_acknowledged(house: Household) -> list[str]:
    """Everything is as it was last acknowledged, and nothing is there besides."""
    months = [row["month"] for row in await house.person.all_of("/budgets")]
    aside = [await house.person.get(f"/budgets/{month}/allocations") for month in months]
    found = []
    for what, things, rows in (
        ("transaction", house.transactions, await house.person.all_of("/transactions")),
        ("allocation", house.allocations, [row for page in aside for row in page["items"]]),
    ):
        now = {row["id"]: _without_list_fields(row) for row in rows}
        told = {key: row for key, row in things.items() if row}
        found += [
            f"{what} {key} was acknowledged as {told.get(key)} and is {now.get(key)}"
            for key in told.keys() | now.keys()
            if told.get(key) != now.get(key)
        ]
    return found + await _gone(house)


def _without_list_fields(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in row.items()
        if key not in {"account_amount_minor", "running_balance_minor"}
    }


async def _gone(house: Household) -> list[str]:
    gone = [key for key, row in house.transactions.items() if row is None]
    answers = dict(
        zip(
            gone,
            await a_few_at_a_time(house.person.http.get(f"/transactions/{key}") for key in gone),
            strict=True,
        )
    )
    return [
        f"{key} was deleted and answers {said.status_code}"
        for key, said in answers.items()
        if said.status_code != 404
    ]


async def _balances(ledger: asyncpg.Connection, house: Household) -> list[str]:
    """Stored balance, fold of the postings, sum of the months, and what the acknowledged writes add up to."""
    expected: defaultdict[str, int] = defaultdict(int)
    for row in house.accounts.values():
        expected[row["id"]] += row["opening_balance_minor"]
    for row in filter(None, house.transactions.values()):
        if row["type"] == "transfer":
            expected[row["from"]["account_id"]] -= row["from"]["amount_minor"]
            expected[row["to"]["account_id"]] += row["to"]["amount_minor"]
        else:
            expected[row["account_id"]] += row["amount_minor"]
    rows = await ledger.fetch(BALANCES, house.book)
    figures = {str(row["id"]): tuple(row)[1:] for row in rows}
    return [
        f"account {key} holds {sums} instead of {minor}"
        for key, minor in expected.items()
        if (sums := figures.get(key)) != (minor, minor, minor)
    ]


async def _months(ledger: asyncpg.Connection, house: Household) -> list[str]:
    """Every budget month as the API tells it, against a recomputation from the ledger's rows."""
    book = house.book
    facts = recomputation.Facts(
        legs=await ledger.fetch(recomputation.LEGS, book),
        counted=frozenset(row["id"] for row in await ledger.fetch(recomputation.COUNTED, book, "EUR")),
        income=frozenset(row["id"] for row in await ledger.fetch(recomputation.INCOME, book)),
    )
    keys = [row["month"] for row in await house.person.all_of("/budgets")]
    if not keys or keys[0] != FIRST_MONTH:
        return [f"the budget's months are {keys}"]
    expected = months_of(facts, filter(None, house.allocations.values()), keys)
    answered = {key: as_answered(await house.person.get(f"/budgets/{key}")) for key in keys}
    return [
        f"{key} is {answered[key]} and should be {expected[key]}"
        for key in keys
        if answered[key] != expected[key]
    ]


async def a_few_at_a_time[T](asked: Iterable[Awaitable[T]]) -> list[T]:
    """The answers to all, some at a time."""
    return [answer for some in batched(asked, 8) for answer in await asyncio.gather(*some)]


async def _newcomers(house: Household) -> list[str]:
    found = []
    for person in house.newcomers:
        books = await person.get("/books")
        keys = [row["key"] for row in await person.all_of("/categories")]
        if len(books["items"]) != 1 or sorted(keys) != sorted(house.keys):
            found.append(f"{person.email} has {len(books['items'])} books and {len(keys)} categories")
    return found


async def _replays(houses: Sequence[Household], log: OpLog) -> list[str]:
    """A key that was answered is answered the same again, byte for byte: of all that had to be asked more than once,
    and of some that had not.
    """
    people = {house.person.book_id: house.person for house in houses}
    keyed = [outcome for outcome in log.ended("ok") if outcome.op.key]
    repeated = [outcome for outcome in keyed if outcome.asked > 1]
    others = random.Random(len(keyed)).sample(keyed, min(len(keyed), SAMPLE))
    found = []
    asked = [*repeated, *others]
    answers = await a_few_at_a_time(people[outcome.book_id].once(outcome.op) for outcome in asked)
    for outcome, again in zip(asked, answers, strict=True):
        now = (again.status_code, again.content, again.headers.get("etag"), again.headers.get("location"))
        then = (outcome.status, outcome.body, outcome.headers.get("etag"), outcome.headers.get("location"))
        if now != then or "idempotency-replayed" not in again.headers:
            found.append(f"{outcome.op} was answered {then} and now {now}")
    return found
