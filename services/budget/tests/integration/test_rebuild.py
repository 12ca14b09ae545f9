"""The budget made anew from the ledger's feed is what was stored, and the check sees what is not."""

from datetime import date
from uuid import UUID

import pytest

from pfms_common.ids import new_id
from pfms_events.contracts.ledger.category import CategoryDeleted
from pfms_events.rebuild import rebuild

ALERTED = """
SELECT type, data->>'month' FROM event
WHERE stream_id = $1 AND type IN ('budget.threshold_crossed', 'budget.overspent') ORDER BY sequence
"""


@pytest.fixture
async def lived(book, life):
    await book.plan("2024-01")
    await book.hear(*life)
    return book


async def rows(book):
    return {
        table: await book.sql(f"SELECT * FROM {table} WHERE book_id = $1 ORDER BY 1, 2, 3", book.id)
        for table in ("account", "category", "transaction", "cell", "month_line", "plan")
    }


async def anew(book):
    return await rebuild(book.running.resources.pool, book.of_ledger, book, [book.id])


async def test_a_rebuild_changes_nothing_that_was_right(lived):
    before, months = await rows(lived), await lived.months()

    assert await anew(lived) == 1

    assert await rows(lived) == before
    assert await lived.months() == months
    assert await lived.faults() == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            "UPDATE cell SET minor = minor + 1 WHERE book_id = $1 AND kind = 'opening'",
            "cells are not the sum",
        ),
        ("UPDATE month SET income = income + 1 WHERE book_id = $1", "is not what its cells make"),
        ("DELETE FROM month WHERE book_id = $1 AND key = '2024-02'", "is not what its cells make"),
        ("UPDATE month_line SET available = 0 WHERE book_id = $1", "is not what its cells make"),
        ("UPDATE transaction SET cells = NULL WHERE book_id = $1", "is not as the ledger tells it"),
        ("UPDATE account SET version = 0 WHERE book_id = $1", "is not as the ledger tells it"),
        ("DELETE FROM category WHERE book_id = $1", "is not as the ledger tells it"),
    ],
)
async def test_damage_is_seen_and_mended(lived, damage, words):
    months = await lived.months()
    await lived.sql(damage, lived.id)
    assert any(words in fault for fault in await lived.faults())

    await anew(lived)

    assert await lived.faults() == []
    assert await lived.months() == months


async def test_a_rebuild_takes_what_was_never_heard(book, life):
    await book.plan("2024-01")
    await book.hear(*life[5:9])

    await anew(book)

    assert await book.faults() == []
    assert (
        sum(line.transaction_count for month in (await book.months()).values() for line in month.lines) == 27
    )


async def test_a_deleted_category_stays_without_its_allocations(lived):
    category = UUID(next(item["data"]["id"] for item in lived.told if item["type"] == "category.created"))
    await lived.sql(
        "INSERT INTO allocation VALUES ($1, $2, '2024-01-01', $3, 'fixed', NULL, 5, 'none', NULL, 0, 1)",
        *(lived.id, new_id(), category),
    )
    lived.event(CategoryDeleted(id=category))

    await anew(lived)

    assert await lived.sql("SELECT FROM allocation WHERE book_id = $1", lived.id) == []


async def test_a_rebuild_alerts_nobody_and_neither_does_what_it_made_known(alerting, spend):
    """Though what it mends crosses a threshold of the running month."""
    alerting.event(spend(date(2024, 2, 5), -9_000))

    await anew(alerting)
    assert await alerting.sql("SELECT percent FROM alert WHERE book_id = $1", alerting.id) == [(80,)]
    await alerting.tell(spend(date(2024, 2, 6), -1))

    assert await alerting.sql(ALERTED, alerting.id) == []
