"""What the forecast is made from: a fixed number of statements, however many plans and accounts there are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from pfms_budget.db.cell_json import from_json
from pfms_budget.db.tables.base import NOBODY
from pfms_budget.domain.cells import Cell, Cells, Kind, Tally, added_up
from pfms_budget.domain.counting import Account
from pfms_budget.domain.everyday import first_day_asked
from pfms_budget.domain.expected import LATE, Arrival, Plan, Source
from pfms_budget.domain.outlook import Known, Minimum, Moved
from pfms_budget.queries import abroad, inputs
from pfms_common.clock import today_in
from pfms_common.recurrence import Schedule
from pfms_common.weekend import MOST_DAYS

_CELLS = """
SELECT day, account_id, kind, category_id, counter_id, minor::text AS minor FROM cell
WHERE book_id = $1 AND day BETWEEN $2 AND $3
"""
_FIRST_DAY = "SELECT min(day) FROM cell WHERE book_id = $1 AND kind <> 'opening'"
_PLANS = "SELECT * FROM recurring_plan WHERE book_id = $1 AND is_active"
_MARKS = """
SELECT plan_id, nominal_date, is_settled, transaction_id FROM recurring_mark
WHERE book_id = $1 AND nominal_date >= $2 AND is_settled
"""
_POSTED = """
SELECT t.cells::text AS cells FROM unnest($2::uuid[]) AS u (id), LATERAL (
    SELECT cells FROM transaction WHERE book_id = $1 AND id = u.id AND cells IS NOT NULL LIMIT 1) t
"""
_SOURCES = """
SELECT s.id, s.name, s.amount_minor, s.currency, s.frequency, t.id AS transaction_id, t.cells::text AS cells
FROM income_source s LEFT JOIN LATERAL (
    SELECT id, cells FROM transaction WHERE book_id = $1 AND income_source_id = s.id
    ORDER BY cells #>> '{0,0}' DESC LIMIT 6) t ON true
WHERE s.book_id = $1 AND s.is_active
"""
_MINIMUMS = """
SELECT id, minimum_payment_minor, due_day FROM account
WHERE book_id = $1 AND on_budget AND minimum_payment_minor > 0 AND due_day IS NOT NULL
"""
_ENVELOPES = """
SELECT category_id, available::text AS available FROM month_line WHERE book_id = $1
AND first_day = (SELECT max(first_day) FROM month WHERE book_id = $1 AND first_day <= $2)
"""
_AS_OF = """
SELECT (SELECT sequence FROM stream_head WHERE stream_id = $1) AS written,
       (SELECT applied_through FROM progress
        WHERE stream_id = $1 AND consumer = 'budget.ledger' AND producer = 'ledger') AS applied,
       EXISTS (SELECT FROM dirty WHERE book_id = $1) AS is_dirty
"""


async def as_of(connection: asyncpg.Connection, book_id: UUID) -> str:
    """A text that is another one as soon as anything that the budget knows of the book is."""
    return ".".join(map(str, await connection.fetchrow(_AS_OF, book_id)))


async def known(connection: asyncpg.Connection, book_id: UUID, now: datetime, days: int) -> Known:
    """Everything, for so many days from today in the book's zone."""
    facts = (await inputs.facts(connection, [book_id]))[book_id]
    copies = (await inputs.known(connection, [book_id]))[book_id]
    today, base = today_in(facts.timezone, now), facts.base_currency
    foreign = copies.foreign(base)
    there = (await abroad.read(connection, {book_id: foreign}, {book_id: base})) if foreign else {}
    begins = first_day_asked(today)
    marks = await connection.fetch(_MARKS, book_id, begins - timedelta(days=MOST_DAYS) - LATE)
    balances = await inputs.balances_before(connection, {book_id: today + timedelta(days=1)})
    return Known(
        today=today,
        base=base,
        accounts=copies.accounts,
        scope=copies.scope(base, foreign.keys()),
        balances={cell.account_id: tally.minor for cell, tally in balances[book_id]},
        past=await _cells(connection, book_id, begins, today),
        posted_by_plans=await _posted(connection, book_id, marks),
        ahead=await _cells(connection, book_id, today + timedelta(days=1), today + timedelta(days=days)),
        first_day=await connection.fetchval(_FIRST_DAY, book_id),
        plans=[_plan(row) for row in await connection.fetch(_PLANS, book_id)],
        settled=_settled(marks),
        sources=_sources(await connection.fetch(_SOURCES, book_id), marks, copies.accounts),
        minimums=[Minimum(*row) for row in await connection.fetch(_MINIMUMS, book_id)],
        rates=there[book_id].rates if there else abroad.NOWHERE.rates,
    )


async def envelopes(connection: asyncpg.Connection, book_id: UUID, today: date) -> dict[UUID, int]:
    """What is available in the running period, by category or card to be paid."""
    rows = await connection.fetch(_ENVELOPES, book_id, today)
    return {row["category_id"]: int(row["available"]) for row in rows if row["category_id"] != NOBODY}


async def _cells(connection: asyncpg.Connection, book_id: UUID, first: date, last: date) -> Moved:
    found = []
    for day, account_id, kind, category_id, counter_id, minor in await connection.fetch(
        _CELLS, book_id, first, last
    ):
        category, counter = (None if key == NOBODY else key for key in (category_id, counter_id))
        found.append((Cell(day, account_id, Kind(kind), category, counter), Tally(int(minor), 0)))
    return found


async def _posted(connection: asyncpg.Connection, book_id: UUID, marks: Sequence[asyncpg.Record]) -> Moved:
    ids = [row["transaction_id"] for row in marks if row["transaction_id"]]
    cells: list[Cells] = [
        from_json(row["cells"]) or {} for row in await connection.fetch(_POSTED, book_id, ids)
    ]
    return [*added_up(cells).items()]


def _settled(marks: Sequence[asyncpg.Record]) -> dict[UUID, frozenset[date]]:
    found: defaultdict[UUID, set[date]] = defaultdict(set)
    for row in marks:
        found[row["plan_id"]].add(row["nominal_date"])
    return {plan_id: frozenset(days) for plan_id, days in found.items()}


def _plan(row: asyncpg.Record) -> Plan:
    rule = (row["rrule"], row["starts_on"], row["ends_on"], row["times"])
    return Plan(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        schedule=Schedule(*rule, row["short_months"], row["weekend_rule"], row["holidays"]),
        amount=row["amount_minor"],
        amount_since=row["amount_since"],
        catch_up_from=row["catch_up_from"],
        account_id=row["account_id"],
        from_id=row["from_id"],
        to_id=row["to_id"],
        arrives=row["arrives_minor"],
        category_id=row["category_id"],
        yearly_increase=Decimal(row["yearly_increase_percent"]),
    )


def _sources(
    rows: Sequence[asyncpg.Record], marks: Sequence[asyncpg.Record], accounts: Mapping[UUID, Account]
) -> list[Source]:
    """Their arrivals newest first; an amount in another currency than the account's is of no use."""
    by_plans = {row["transaction_id"] for row in marks}
    arrivals: defaultdict[UUID, list[Arrival]] = defaultdict(list)
    for row in rows:
        cells = from_json(row["cells"]) or {}
        for cell in [*cells][:1]:
            minor = sum(tally.minor for tally in cells.values())
            arrival = Arrival(cell.day, cell.account_id, minor, row["transaction_id"] in by_plans)
            arrivals[row["id"]].append(arrival)
    found = []
    for row in {row["id"]: row for row in rows}.values():
        came = arrivals[row["id"]]
        account = accounts.get(came[0].account_id) if came else None
        amount = row["amount_minor"] if account and account.currency == row["currency"] else None
        found.append(Source(row["id"], row["name"], row["frequency"], amount, came))
    return found
