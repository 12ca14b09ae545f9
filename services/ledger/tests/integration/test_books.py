"""The day in a book is the day in its zone."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from pfms_common.ids import new_id
from pfms_common.principal import Token, access_claims, sign
from pfms_common.sql import scope
from pfms_events.contracts.auth import BookCreated, BookUpdated
from pfms_events.envelope import Envelope
from pfms_events.subscription import Batch
from pfms_ledger.app import SERVICE
from pfms_ledger.consumers import SUBSCRIPTIONS
from pfms_service.testing import KEY, Harness, Person, harness

LATE = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
BOOKS = next(each for each in SUBSCRIPTIONS if each.name == "ledger.books")


@pytest.fixture
async def late_ledger():
    """A ledger half an hour before midnight in Greenwich."""
    async with harness(SERVICE, clock=lambda: LATE) as running:
        yield running


@pytest.fixture
def tell(late_ledger: Harness) -> Callable[..., Awaitable[None]]:
    """Lets the ledger hear of a person's book."""

    async def told(person: Person, event: type[BookCreated | BookUpdated], version: int, zone: str) -> None:
        book = event(id=person.book_id, name="Home", base_currency="EUR", timezone=zone)
        envelope = Envelope(
            id=new_id(),
            type=event.EVENT,
            schema_version=1,
            source="auth",
            stream_id=person.book_id,
            sequence=version,
            aggregate_type="book",
            aggregate_id=person.book_id,
            aggregate_version=version,
            occurred_at=LATE,
            actor=None,
            trace={},
            mode="live",
            data=book,
            raw={},
        )
        with scope(books=[person.book_id]):
            async with late_ledger.resources.pool.acquire() as connection, connection.transaction():
                await BOOKS.handle(connection, Batch([envelope]))

    return told


@pytest.fixture
async def http(late_ledger):
    """Somebody who signed in at that hour."""
    person = Person()
    token = Token(
        user_id=person.user_id,
        session_id=person.user_id,
        book_id=person.book_id,
        books={person.book_id: person.role},
        expires_at=int(LATE.timestamp()) + 600,
        auth_time=int(LATE.timestamp()),
    )
    signed = sign(KEY, "at+jwt", access_claims(token, now=LATE, amr=["pwd"]))
    async with late_ledger.client() as client:
        client.headers["Authorization"] = f"Bearer {signed}"
        client.person = person
        yield client


async def today(http) -> str:
    return (await http.get("/balances")).json()["as_of"]


async def test_today_is_the_day_in_the_zone_of_the_book_and_in_utc_until_it_is_known(http, tell):
    unknown = await today(http)
    await tell(http.person, BookCreated, 1, "Pacific/Auckland")

    assert [unknown, await today(http)] == ["2026-11-21", "2026-11-22"]


async def test_an_older_word_of_the_zone_that_comes_late_changes_nothing(http, tell):
    await tell(http.person, BookUpdated, 2, "Europe/Berlin")
    await tell(http.person, BookCreated, 1, "America/New_York")

    assert await today(http) == "2026-11-22"


async def test_ten_years_ahead_are_counted_from_the_day_of_the_book(http, tell):
    body = {"name": "Far", "type": "cash", "currency": "EUR", "opened_on": "2036-11-22"}

    async def opened() -> int:
        headers = {"Idempotency-Key": f"key-{new_id()}"}
        return (await http.post("/accounts", json=body, headers=headers)).status_code

    before = await opened()
    await tell(http.person, BookCreated, 1, "Pacific/Auckland")

    assert [before, await opened()] == [400, 201]
