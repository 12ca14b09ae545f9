"""What people do with their books all the time: a seeded stream of writes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx2 as httpx

from tests.chaos.client import Op, Outcome, Person
from tests.chaos.household import EARNING, ROLLOVERS, SPENDING, Household, Row
from tests.chaos.plans import leave_out, plan, post_one

WORKERS = 2
PAUSE_SECONDS = 0.1
IMPORT_SECONDS = 60


@asynccontextmanager
async def working(houses: list[Household]) -> AsyncIterator[None]:
    """Everybody writes while the block runs; then each ends what it began."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_work(house, stop)) for house in houses for _ in range(WORKERS)]
    tasks.append(asyncio.create_task(_look(houses[0].person, stop)))
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def _work(house: Household, stop: asyncio.Event) -> None:
    names, weights = zip(*WEIGHTS.items(), strict=True)
    while not stop.is_set():
        wish = house.chance.choices(names, weights)[0]
        await wish(house)
        await asyncio.sleep(house.chance.uniform(0, 2 * PAUSE_SECONDS))


async def _look(person: Person, stop: asyncio.Event) -> None:
    """Reads of every service, once each and without patience: all workers may be waiting for one that is down."""
    while not stop.is_set():
        for path in ("/books", "/accounts", "/budgets"):
            with suppress(httpx.TransportError):
                if (await person.http.get(path)).is_success:
                    person.log.successes.append(time.monotonic())
        await asyncio.sleep(0.3)


async def spend(house: Household) -> None:
    """A standard transaction, with one part or two, in any account; the op's id is its note."""
    amount, earns = house.amount(), house.chance.random() < 0.3
    signed = amount if earns else -amount
    parts = [signed]
    if amount > 1 and house.chance.random() < 0.3:
        parts = [signed // 2, signed - signed // 2]
    names = [house.chance.choice(EARNING if earns else (*SPENDING, "")) for _ in parts]
    body = {
        "account_id": house.account()["id"],
        "date": house.day(),
        "amount_minor": signed,
        "splits": [
            {"amount_minor": part, "category_id": house.keys.get(name)}
            for part, name in zip(parts, names, strict=True)
        ],
        "status": house.chance.choice(["pending", "cleared"]),
        "excluded_from_budget": house.chance.random() < 0.05,
        "counts_next_period": earns and house.chance.random() < 0.2,
    }
    await _create(house, "spend", body)


async def transfer(house: Household) -> None:
    source, target = house.account(), house.account()
    if source["id"] == target["id"]:
        return
    to: Row = {"account_id": target["id"]}
    if source["currency"] != target["currency"]:
        to["amount_minor"] = house.amount()
    leaves = source["on_budget"] and not target["on_budget"]
    amount = house.amount()
    splits = [{"category_id": house.keys["savings"], "amount_minor": amount}]
    body = {
        "type": "transfer",
        "date": house.day(),
        "amount_minor": amount,
        "from": {"account_id": source["id"]},
        "to": to,
        **({"splits": splits} if leaves and house.chance.random() < 0.5 else {}),
    }
    await _create(house, "transfer", body)


async def refund(house: Household) -> None:
    """Part of an expense comes back; what was refunded is not touched any more."""
    row = house.free(lambda row: row["type"] == "standard" and row["amount_minor"] < 0)
    if row is None:
        return
    house.busy.add(row["id"])
    house.refunded.add(row["id"])
    body = {
        "type": "refund",
        "related_transaction_id": row["id"],
        "account_id": row["account_id"],
        "date": house.day(),
        "amount_minor": house.chance.randint(1, -row["amount_minor"]),
    }
    await _create(house, "refund", body)


async def _create(house: Household, name: str, body: Row) -> None:
    op = _noted(name, "POST", "/transactions", body)
    outcome = await house.person.send(op)
    if outcome.state == "ok":
        house.told(house.transactions, outcome.document)


def _noted(name: str, method: str, path: str, body: Row, version: int | None = None) -> Op:
    """An op whose id can be found in what it wrote."""
    op = Op(name, method, path, version=version)
    return Op(name, method, path, {**body, "note": op.id}, version, id=op.id, key=op.key)


async def edit(house: Household) -> None:
    await _change(house, _edited)


async def delete(house: Household) -> None:
    await _change(house, _deleted)


async def _change(house: Household, change: Callable[[Household, Row], Awaitable[None]]) -> None:
    row = house.free(lambda row: row["type"] == "standard" and row["id"] not in house.refunded)
    if row is None:
        return
    house.busy.add(row["id"])
    await change(house, row)
    house.busy.discard(row["id"])


async def _edited(house: Household, row: Row) -> None:
    body: Row = {"date": house.day()}
    if len(row["splits"]) == 1 and house.chance.random() < 0.7:
        body["amount_minor"] = house.amount() * (1 if row["amount_minor"] > 0 else -1)
    outcome = await house.person.send(
        _noted("edit", "PATCH", f"/transactions/{row['id']}", body, row["version"])
    )
    if outcome.state == "ok":
        house.told(house.transactions, outcome.document)


async def _deleted(house: Household, row: Row) -> None:
    op = Op("delete", "DELETE", f"/transactions/{row['id']}", version=row["version"], key="")
    if (await house.person.send(op)).state == "ok":
        house.transactions[row["id"]] = None


async def allocate(house: Household) -> None:
    """Sets money aside for a category in a month, or changes what was set aside."""
    month = f"2026-{house.chance.randint(1, 12):02}"
    category = house.keys[house.chance.choice(SPENDING)]
    if (month, category) in house.budgeted:
        await _allocate_anew(house)
        return
    house.budgeted.add((month, category))
    body = {
        "category_id": category,
        "allocation_type": "fixed",
        "allocation_value": house.amount(),
        "rollover": house.chance.choice(ROLLOVERS),
    }
    outcome = await house.person.send(Op("allocate", "POST", f"/budgets/{month}/allocations", body))
    if outcome.state == "ok":
        house.told(house.allocations, outcome.document)


async def _allocate_anew(house: Household) -> None:
    free = [row for row in house.allocations.values() if row and row["id"] not in house.busy]
    if not free:
        return
    row = house.chance.choice(free)
    house.busy.add(row["id"])
    body = {"allocation_type": "fixed", "allocation_value": house.amount()}
    path = f"/allocations/{row['id']}"
    outcome = await house.person.send(Op("reallocate", "PATCH", path, body, row["version"]))
    if outcome.state == "ok":
        house.told(house.allocations, outcome.document)
    house.busy.discard(row["id"])


async def welcome(house: Household) -> None:
    """Somebody new signs up; they must find one book with one starting tree."""
    person = Person(str(house.person.http.base_url).removesuffix("/api/v1/"), house.person.log)
    house.newcomers.append(person)
    await person.sign_up()


async def bring_in(house: Household) -> None:
    """A small bank file, uploaded and committed; each of its rows names the op."""
    if not house.imports:
        return
    account = house.account("EUR")
    upload = Op("upload", "POST", "/imports")
    # Amounts that nothing else has, or a row could stand for a transaction entered by hand.
    cents = house.chance.sample(range(60_000, 99_999), house.chance.randint(2, 6))
    lines = [
        f"{house.day()},{upload.id} {n},-{minor // 100}.{minor % 100:02}" for n, minor in enumerate(cents)
    ]
    file = "\n".join(["Date,Payee,Amount", *lines, ""]).encode()
    body = {"account_id": account["id"]}
    op = Op("upload", "POST", "/imports", body, file=file, id=upload.id, key=upload.key)
    outcome = await house.person.send(op)
    if outcome.state != "ok":
        return
    path = f"/imports/{outcome.document['id']}"
    read = await _until(house, path, {"reading"})
    if (read["status"], read["rows_new"]) != ("preview", len(lines)):
        house.faults.append(f"{path} of {len(lines)} rows was read as {read}")
        return
    committed = await house.person.send(Op("commit", "POST", f"{path}/commit", {}))
    if committed.state == "ok":
        await _imported(house, path, len(lines), outcome)


async def _imported(house: Household, path: str, rows: int, upload: Outcome) -> None:
    done = await _until(house, path, {"preview", "processing"})
    if (done["status"], done["rows_imported"]) != ("completed", rows):
        house.faults.append(f"{path} of {rows} rows ended as {done}")
    items = await house.person.all_of("/transactions", import_id=upload.document["id"])
    for item in items:
        house.busy.add(item["id"])  # told by a list, not by an answer of their own: nobody changes them
        house.transactions[item["id"]] = await house.person.get(f"/transactions/{item['id']}")


async def _until(house: Household, path: str, passing: set[str]) -> Row:
    """The import once it is no longer in one of these states."""
    for _ in range(IMPORT_SECONDS * 10):
        row: Row = await house.person.get(path)
        if row["status"] not in passing:
            return row
        await asyncio.sleep(0.1)
    return row


WEIGHTS: dict[Callable[[Household], Awaitable[None]], int] = {
    spend: 50,
    edit: 15,
    delete: 7,
    transfer: 12,
    refund: 6,
    allocate: 10,
    bring_in: 2,
    welcome: 1,
    plan: 3,
    post_one: 8,
    leave_out: 2,
}
