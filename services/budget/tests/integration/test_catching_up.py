"""A consumer that is behind notes what changed and derives once, ending where the direct way ends."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from pfms_budget.domain.cells import Split, Transaction
from pfms_budget.jobs import extend, retention
from pfms_budget.operations.projecting import derive_waiting
from pfms_budget.queries.months import caught_up
from pfms_events.contracts.ledger.transaction import TransactionDeleted

ALERTED = """
SELECT type, data->>'month' FROM event
WHERE stream_id = $1 AND type IN ('budget.threshold_crossed', 'budget.overspent') ORDER BY sequence
"""


async def derive(book):
    resources = book.running.resources
    await derive_waiting(resources.pool, resources.relay_pool, book.now)


async def waiting(book):
    rows = await book.sql("SELECT since, before FROM dirty WHERE book_id = $1", book.id)
    return [tuple(row) for row in rows]


def later(book, now):
    """The running budget at another time."""
    return replace(book.running.running, resources=replace(book.running.resources, clock=lambda: now))


async def test_the_months_are_the_same_as_by_the_direct_way(new_book, book, life):
    await book.plan("2024-01")
    twin = new_book()
    await twin.begin()
    await twin.plan("2024-01")
    for n in range(0, len(life), 10):
        await book.hear(*life[n : n + 10], behind=True)
    assert await book.months() == {}

    await derive(book)
    for n in range(0, len(life), 10):
        await twin.hear(*twin.copied(book, n, n + 10))

    assert await book.months() == await twin.months() != {}
    assert await book.faults() == await twin.faults() == []


async def test_what_waits_is_the_first_month_and_the_number_before_the_oldest_change(book, life):
    await book.plan("2024-01")
    await book.hear(*life[:3])
    await book.hear(*life[10:20], behind=True)
    await book.hear(*life[3:10], behind=True)

    assert await waiting(book) == [(date(2024, 1, 3), 3)]
    await derive(book)
    assert await waiting(book) == []


async def test_a_reader_is_answered_as_of_the_number_before_what_waits(book, life):
    await book.plan("2024-01")
    pool = book.running.resources.pool
    await book.hear(*life[:20])
    await book.hear(*life[20:], behind=True)

    assert await caught_up(pool, book.id, 20) is None
    assert await caught_up(pool, book.id, 21) == "lagging"
    await derive(book)
    assert await caught_up(pool, book.id, len(life)) is None


async def test_a_list_that_is_not_behind_derives_what_waited_in_its_book(book, life):
    await book.plan("2024-01")
    await book.hear(*life[:-1], behind=True)

    await book.hear(life[-1])

    assert await waiting(book) == []
    assert await book.faults() == []


async def test_what_moves_no_money_leaves_the_months_alone(book, life):
    await book.plan("2024-01")
    await book.hear(*life)
    before = await book.sql("SELECT count(*) FROM event WHERE stream_id = $1", book.id)

    await book.tell(book.account(UUID(int=1), name="Giro", opening_balance_minor=100_000), behind=True)

    assert await waiting(book) == []
    assert await book.sql("SELECT count(*) FROM event WHERE stream_id = $1", book.id) == before


async def test_a_month_that_becomes_the_next_one_is_derived_by_the_clock(book, life):
    await book.plan("2024-01")
    await book.hear(*life[:20])
    before = await book.months()

    await extend(later(book, datetime(2024, 5, 31, 22, 30, tzinfo=UTC)))

    after = await book.months()
    assert (max(before), max(after)) == ("2024-03", "2024-07")
    assert after["2024-07"].header.to_be_budgeted == after["2024-03"].header.to_be_budgeted + (
        after["2024-04"].header.released
    )


async def test_a_month_after_which_nothing_is_left_is_dropped(book, life):
    await book.plan("2024-01")
    await book.hear(*life)
    far = book.transaction(UUID(int=99), Transaction(date(2024, 9, 1), UUID(int=1), [Split(None, -1)]))
    await book.tell(far)
    assert max(await book.months()) == "2024-09"

    await book.tell(TransactionDeleted(id=far.id))

    assert max(await book.months()) == "2024-03"
    assert await book.faults() == []


async def test_old_figures_go_and_their_versions_go_on(book, life):
    await book.plan("2024-01")
    for n in range(3):
        await book.tell(book.account(UUID(int=1), opening_balance_minor=n + 1))
    counted = "SELECT array_agg(aggregate_version::int ORDER BY sequence) AS versions FROM event WHERE stream_id = $1"
    january = f"{counted} AND data ->> 'month' = '2024-01'"
    assert (await book.sql(january, book.id))[0]["versions"] == [1, 2, 3]
    await book.sql("DELETE FROM unsent WHERE stream_id = $1", book.id)

    await retention(later(book, datetime.now(UTC) + timedelta(days=15)))
    await book.tell(book.account(UUID(int=1), opening_balance_minor=9))

    assert (await book.sql(january, book.id))[0]["versions"] == [3, 4]


async def test_of_what_waited_only_what_the_running_month_did_itself_is_told(alerting, spend):
    old = [spend(date(2024, 1, day), -60_000) for day in (5, 6)]
    await alerting.tell(*old, behind=True)
    await derive(alerting)
    assert (await alerting.months())["2024-02"].header.to_be_budgeted < 0
    assert await alerting.sql(ALERTED, alerting.id) == []

    await alerting.tell(spend(date(2024, 2, 5), -9_000), behind=True)
    await derive(alerting)

    assert await alerting.sql(ALERTED, alerting.id) == [("budget.threshold_crossed", "2024-02")]
