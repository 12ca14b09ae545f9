"""Going over to other cycles, any number of times while things happen: what is kept is what the cells make."""

from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pfms_budget.domain.allocation import AllocationType
from pfms_budget.domain.cells import Split, Transaction
from pfms_budget.domain.periods import Cycle, Rule
from pfms_budget.domain.rollover import Rollover
from pfms_budget.operations import allocations, periods, plans
from pfms_budget.operations.allocations import Wanted
from pfms_budget.operations.work import Work
from pfms_budget.queries import allocations as queries
from pfms_common.ids import new_id
from pfms_common.sql import scope

NOW = datetime(2024, 2, 10, tzinfo=UTC)
RUNNING = date(2024, 2, 1)
ACCOUNT, CARD, *CATEGORIES = (UUID(int=n) for n in range(1, 6))
SLOW = settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ahead = st.dates(RUNNING, date(2024, 7, 1))
rules = st.one_of(
    st.just(Rule(Cycle.CALENDAR_MONTH)),
    st.builds(lambda day: Rule(Cycle.MONTHLY, day=day), st.integers(1, 31)),
    st.just(Rule(Cycle.LAST_WORKING_DAY)),
    st.builds(lambda anchor: Rule(Cycle.TWO_WEEKS, anchor=anchor), ahead),
    st.builds(lambda anchor: Rule(Cycle.FOUR_WEEKS, anchor=anchor), ahead),
)
spending = st.tuples(
    st.sampled_from([ACCOUNT, CARD]),
    st.dates(date(2023, 12, 1), date(2024, 6, 30)),
    st.sampled_from([*CATEGORIES, None]),
    st.integers(-5_000, 5_000),
    st.booleans(),
)
saving = st.tuples(
    ahead, st.sampled_from(CATEGORIES), st.integers(-3_000, 9_000), st.sampled_from(list(Rollover))
)
planning = st.tuples(ahead, st.integers(0, 5_000), st.integers(0, 900))
steps = st.lists(st.one_of(spending, saving, planning), max_size=8)


@SLOW
@given(
    before=steps, first=st.tuples(rules, ahead), between=steps, second=st.tuples(rules, ahead), after=steps
)
async def test_re_anchoring_in_the_middle_keeps_what_is_planned_and_derives_what_the_cells_make(
    new_book, before, first, between, second, after
):
    book = new_book(NOW)
    await book.begin()
    await book.plan("2024-01")
    card = book.account(CARD, type="credit", credit_overspend="liability")
    await book.tell(book.account(ACCOUNT, opening_balance_minor=50_000), card)
    await book.tell(*(book.category(each, "expense") for each in CATEGORIES))

    await happen(book, before)
    for (rule, since), rest in ((first, between), (second, after)):
        waits = await book.sql("SELECT FROM dirty WHERE book_id = $1", book.id)
        stored, planned = {} if waits else await book.months(), await totals(book)
        changed = await go_over(book, rule, since)

        assert await totals(book) == planned
        assert await book.faults() == []
        kept = await book.months()
        for month in stored.values():
            if month.period.last < changed.bridge.first:
                assert kept[month.period.key] == month
        await happen(book, rest)
        assert await book.faults() == []


async def happen(book, steps):
    for step in steps:
        match step:
            case account, day, category, minor, behind:
                moved = Transaction(day, account, [Split(category, minor)])
                await book.tell(book.transaction(new_id(), moved), behind=behind)
            case day, category, minor, rollover:
                await work(book, allocate, day, category, minor, rollover)
            case day, income, hold:
                await work(book, plan, day, income, hold)


async def work(book, do, *args):
    """One write of a person."""
    with scope(books=[book.id]):
        async with book.running.resources.pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT lock_heads($1)", [book.id])
            return await do(Work(connection, book.id, book.person.user_id, NOW), *args)


async def go_over(book, rule, since):
    async def do(one):
        return await periods.change(one, rule, since, lambda _: None)

    return await work(book, do)


async def allocate(one, day, category, minor, rollover):
    period = (await periods.read(one)).calendar.of(day)
    present = await queries.of_month(one.connection, one.book_id, period.first)
    if category not in [row.category_id for row in present]:
        wanted = Wanted(category, AllocationType.FIXED, minor, rollover)
        await allocations.create(one, period, wanted)


async def plan(one, day, income, hold):
    period = (await periods.read(one)).calendar.of(day)
    if not (await plans.queries.plan(one.connection, one.book_id, period.first)).version:
        await plans.create(one, period, {"planned_income_minor": income})
        await plans.hold(one, period, hold)


async def totals(book):
    """What is allocated by category, planned and held."""
    allocated = await book.sql(
        "SELECT category_id, sum(allocated_minor)::bigint FROM allocation WHERE book_id = $1 GROUP BY 1 ORDER BY 1",
        book.id,
    )
    planned = await book.sql(
        "SELECT sum(planned_income_minor)::bigint, sum(hold_minor)::bigint FROM plan WHERE book_id = $1",
        book.id,
    )
    return [*map(tuple, allocated), *map(tuple, planned)]
