"""The projection: any order, repetition and cutting into lists ends in the months that the definitions give."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from pfms_budget.domain.cells import Split, Transaction
from pfms_budget.operations import projecting as operations
from pfms_common.ids import new_id
from pfms_common.period import month_of, months, next_month
from pfms_common.sql import scope
from pfms_events.contracts.ledger.transaction import TransactionDeleted

NOW = datetime(2024, 2, 10, tzinfo=UTC)
NO_CATEGORY = 100
"""Ids up to it are accounts, which may have a payment row."""
SLOW = settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def plan(book, history, periods):
    """Headers, allocations and choices as they lie in the tables, before anything is told."""
    for period in periods:
        await book.sql(
            "INSERT INTO plan SELECT $1, $2, 0, 0, 0, 0, 0, 0, 0, 0, $3, 'draft', NULL, 1",
            book.id,
            period.first,
            history.holds.get(period.key, 0),
        )
        for category, allocation in history.allocations.get(period.key, {}).items():
            if category.int <= NO_CATEGORY and category not in history.accounts:
                continue  # what nobody ever told of is set nothing aside for
            await book.sql(
                "INSERT INTO allocation VALUES ($1, $2, $3, $4, 'fixed', NULL, $5, $6, NULL, 0, 1)",
                *(book.id, new_id(), period.first, category, allocation.minor, str(allocation.rollover)),
            )
    await book.sql(
        "INSERT INTO settings VALUES ($1, $2, $3, false, 1)",
        *(book.id, str(history.settings.default_rollover), str(history.settings.unrolled)),
    )


def told(book, data, history, expenses, incomes):
    """Every version of everything, the last one being what the history says."""
    events = []
    for account_id, account in history.accounts.items():
        opened_on, opening = history.openings[account_id]
        state = {"currency": account.currency, "opened_on": opened_on, "opening_balance_minor": opening}
        if account.keeps_debt:
            state |= {"type": "credit", "credit_overspend": "liability"}
        last = book.account(account_id, **state, on_budget=account.on_budget)
        earlier = [
            book.account(account_id, **{**state, "opening_balance_minor": 7}, on_budget=not account.on_budget)
        ]
        events += [book.event(each) for each in [*earlier, last][data.draw(st.integers(0, 1)) :]]
    for category in [*expenses, *history.income]:
        events.append(book.event(book.category(category, "expense" if category in expenses else "income")))
    return events


def rows_of(month):
    return {
        row.category_id: {
            "allocated": row.allocated,
            "actual": row.actual,
            "carry_in": row.carry_in,
            "available": row.available,
            "transaction_count": row.transaction_count,
            "card_debt": row.card_debt,
            "funded": row.funded,
            "paid": row.paid,
        }
        for row in month.lines
    }


@SLOW
@given(data=st.data())
async def test_any_order_with_duplicates_gives_what_the_definitions_give(
    data, new_book, histories, naive, transaction_versions
):
    """Transactions in several versions, accounts, categories and the book's own event, in lists of any length."""
    history = data.draw(histories)
    book = new_book(NOW)
    first = month_of(min([period.first for period in history.periods]))
    versions = [
        [moved and history.with_base(moved) for moved in each]
        for each in data.draw(st.lists(transaction_versions, max_size=8))
    ]
    final = [each[-1] for each in versions if each[-1] is not None]
    days = [moved.day for each in versions for moved in each[-1:] if moved] + [
        day for day, minor in (history.openings[a] for a in history.accounts) if minor
    ]
    last = max([next_month(month_of(NOW.date())).first, *days])
    periods = months(first, month_of(last))
    keys = {old.key: month_of(old.first).key for old in history.periods}
    history = replace(
        history,
        periods=periods,
        transactions=final,
        allocations={keys[key]: rows for key, rows in history.allocations.items()},
        holds={keys[key]: hold for key, hold in history.holds.items()},
    )
    await plan(
        book,
        history,
        periods[:1] + [p for p in periods[1:] if p.key in {*history.allocations, *history.holds}],
    )
    expenses = [UUID(int=101 + n) for n in range(4)]
    events = told(book, data, history, expenses, history.income)
    for each in versions:
        transaction_id = new_id()
        for moved in each:
            gone = TransactionDeleted(id=transaction_id)
            events.append(book.event(book.transaction(transaction_id, moved) if moved else gone))
    events += [book.event(rate) for rate in book.rates(history)]
    order = data.draw(st.permutations(events))
    order += data.draw(st.lists(st.sampled_from(events), max_size=6)) if events else []
    await book.begin() if data.draw(st.booleans()) else None
    while order:
        size = data.draw(st.integers(1, len(order)))
        await take(book, order[:size], behind=data.draw(st.booleans()))
        order = order[size:]
    await book.begin(version=2)
    await operations.derive_waiting(book.running.resources.pool, book.running.resources.relay_pool, NOW)

    model, found = naive(history), list((await book.months()).values())
    assume(not model.foreign or len(model.cards) < 2)

    assert [month.period for month in found] == periods
    for n, month in enumerate(found):
        expected = model.figures(n)
        rows = expected.pop("rows")
        assert {name: getattr(month.header, name) for name in expected} == expected
        got = rows_of(month)
        for line, row in rows.items():
            figures = got.get(line, {})
            assert row | {name: figures.get(name, 0) for name in row if name != "to_pay"} == row
    assert await book.faults() == []


async def take(book, events, *, behind):
    """A list that reaches the projection as it is: nothing is left out by its numbers."""
    with scope(books=[book.id]):
        async with book.running.resources.pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT lock_heads($1)", [book.id])
            await operations.take(connection, events, behind=behind, now=NOW)


async def test_sums_beyond_64_bits_are_added_up_and_nothing_is_parked(book):
    """Eighteen thousand of the largest amounts go out of one category and come in by another."""
    account, spent, income = new_id(), new_id(), new_id()
    await book.plan("2024-01")
    await book.tell(book.account(account), book.category(spent, "expense"), book.category(income, "income"))
    many, largest = 9_000, 10**15
    splits = [Split(spent, -largest)] * many + [Split(income, largest)] * many
    for transaction_id in (new_id(), new_id()):
        moved = Transaction(date(2024, 1, 5), account, splits)
        await book.tell(book.transaction(transaction_id, moved))

    month = (await book.months())["2024-01"]

    assert [line.actual for line in month.lines if line.category_id == spent] == [2 * many * largest]
    assert (month.header.outflow, month.header.income) == (2 * many * largest,) * 2
    assert await book.sql("SELECT FROM retry WHERE stream_id = $1", book.id) == []
    assert await book.faults() == []
