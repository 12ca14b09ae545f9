"""Reading transactions: one, a page of a filtered list, an account's register.

A transaction's document stands in its newest event; rows carry what lists filter and sort by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common.idempotency import Claim, Stored, Written
from pfms_common.problem import KeyReused, NotFound
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.transaction import Transaction, from_data
from pfms_ledger.queries import search

# The document with what is derived: the payee's present name, whether the original of a refund is gone.
_DOCUMENT = """
    e.data || jsonb_build_object(
        'version', t.version,
        'payee', p.name,
        'related_deleted', t.related_transaction_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM transaction o WHERE o.book_id = t.book_id AND o.id = t.related_transaction_id))
"""
_JOINS = """
    JOIN event e ON e.stream_id = t.book_id AND e.sequence = t.last_event
    LEFT JOIN payee p ON p.book_id = t.book_id AND p.id = t.payee_id
"""
_ONE = f"""SELECT t.version, ({_DOCUMENT})::text AS document
    FROM transaction t {_JOINS} WHERE t.book_id = $1 AND t.id = $2 AND t.type <> 'opening'"""
_MANY = f"""SELECT t.version, ({_DOCUMENT})::text AS document
    FROM transaction t {_JOINS} WHERE t.book_id = $1 AND t.id = ANY ($2) AND t.type <> 'opening'"""
_REFUNDED = """SELECT coalesce(sum(amount_minor), 0)::bigint FROM transaction
    WHERE book_id = $1 AND related_transaction_id = $2 AND id IS DISTINCT FROM $3"""
_STORED = """SELECT to_jsonb(i)::text FROM idempotency i
    WHERE book_id = $1 AND user_id = $2 AND operation = $3 AND key = $4"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A transaction as it stands, with its version and its document as JSON."""

    transaction: Transaction
    version: int
    document: bytes


async def load(pool: asyncpg.Pool, book_id: UUID, transaction_id: UUID, path: str | None = None) -> Loaded:
    """One transaction; missing and foreign ones are the same 404. `path`: the input field that names it."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            found = await loaded(connection, book_id, transaction_id)
    if found is None:
        wrong = {path: ["there is no such transaction in this book"]} if path else {}
        raise NotFound("There is no such transaction in this book.", errors=wrong)
    return found


async def loaded(connection: asyncpg.Connection, book_id: UUID, transaction_id: UUID) -> Loaded | None:
    """The same as it stands in this connection's transaction; None where there is none."""
    row = await connection.fetchrow(_ONE, book_id, transaction_id)
    if row is None:
        return None
    return Loaded(from_data(orjson.loads(row["document"])), row["version"], row["document"].encode())


async def document(connection: asyncpg.Connection, book_id: UUID, transaction_id: UUID) -> bytes | None:
    """A transaction's document as it stands in this connection's transaction."""
    found = await loaded(connection, book_id, transaction_id)
    return found.document if found is not None else None


async def load_many(connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Loaded]:
    """Those of these transactions that there are."""
    found: dict[UUID, Loaded] = {}
    for row in await connection.fetch(_MANY, book_id, ids):
        transaction = from_data(orjson.loads(row["document"]))
        found[transaction.id] = Loaded(transaction, row["version"], row["document"].encode())
    return found


async def amount_of(connection: asyncpg.Connection, book_id: UUID, transaction_id: UUID) -> int | None:
    """The amount, or None when it is deleted."""
    amount: int | None = await connection.fetchval(
        "SELECT amount_minor FROM transaction WHERE book_id = $1 AND id = $2", book_id, transaction_id
    )
    return amount


async def refunded(
    connection: asyncpg.Connection, book_id: UUID, original_id: UUID, *, but: UUID | None
) -> int:
    """The sum of an original's refunds but one, in minor units, signed."""
    total: int = await connection.fetchval(_REFUNDED, book_id, original_id, but)
    return total


async def stored_answer(connection: asyncpg.Connection, book_id: UUID, claim: Claim | None) -> Written | None:
    """What was answered under this key before, for writes that look at other rows first."""
    if claim is None:
        return None
    text = await connection.fetchval(_STORED, book_id, claim.user_id, claim.operation, claim.key)
    if text is None:
        return None
    row = orjson.loads(text)
    if bytes.fromhex(row["fingerprint"][2:]) != claim.fingerprint:
        raise KeyReused("This Idempotency-Key came with another body before; take a new key.")
    number = await connection.fetchval("SELECT sequence FROM stream_head WHERE stream_id = $1", book_id)
    return Written(number, Stored(row["status"], row["headers"], bytes.fromhex(row["body"][2:])))


async def first_answer(pool: asyncpg.Pool, book_id: UUID, claim: Claim | None) -> Written | None:
    """The same, in a transaction of its own."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            return await stored_answer(connection, book_id, claim)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed by; None leaves it open. A category stands for everything below it as well, `tags`
    are the spellings of one tag.
    """

    account_id: UUID | None = None
    pot_id: UUID | None = None
    category_id: UUID | None = None
    category_key: str | None = None
    payee_id: UUID | None = None
    tags: tuple[str, ...] | None = None
    status: str | None = None
    type: str | None = None
    source: str | None = None
    payment_method: str | None = None
    kind: str | None = None
    income_source_id: UUID | None = None
    import_id: UUID | None = None
    amount_from: int | None = None
    amount_to: int | None = None
    first: date | None = None
    last: date | None = None
    shared: bool | None = None
    uncategorised: bool = False
    has_attachment: bool | None = None
    q: str | None = None


@dataclass(slots=True)
class Where:
    """Conditions with numbered parameters; as a text, all of them."""

    clauses: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, clause: str, *values: Any) -> None:
        places = [f"${len(self.values) + n + 1}" for n in range(len(values))]
        self.clauses.append(clause.format(*places))
        self.values += values

    def __str__(self) -> str:
        return " AND ".join(self.clauses)


@dataclass(frozen=True, slots=True)
class Page:
    """One page, newest first.

    Args:
        items: JSON documents joined by comma.
        last: sort keys of the last item, when there is more.
    """

    items: bytes
    last: tuple[date, int] | None
    total: int | None


async def page(
    pool: asyncpg.Pool,
    book_id: UUID,
    wanted: Filter,
    *,
    limit: int,
    after: tuple[date, int] | None,
    with_total: bool = False,
) -> Page:
    """A page of the filtered list; with `account_id` it is that account's register with a running balance."""
    if not with_total and wanted == Filter(account_id=wanted.account_id, last=wanted.last):
        start = min(after or _NEWEST, (wanted.last or date.max, _NEWEST[1]))
        return await _whole_page(pool, book_id, wanted.account_id, limit, start)
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await _rows(connection, book_id, wanted, limit + 1, after)
            total = await count_of(connection, wanted, conditions(book_id, wanted)) if with_total else None
            if wanted.account_id is not None and rows:
                items = await _with_running_balance(connection, book_id, wanted.account_id, rows[:limit])
            else:
                items = [row["document"].encode() for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(b", ".join(items), (last["date"], last["number"]) if last else None, total)


async def _rows(
    connection: asyncpg.Connection, book_id: UUID, wanted: Filter, most: int, after: tuple[date, int] | None
) -> list[asyncpg.Record]:
    """The newest rows after a place in the list. Of what free text finds, the other filters look at the newest part
    first: a page is full long before all of what a common word finds.
    """
    if wanted.q is None:
        return await _fetched(connection, conditions(book_id, wanted), wanted, most, after)
    alone = wanted == Filter(q=wanted.q, first=wanted.first, last=wanted.last)
    part, rows = most if alone else search.PART, list[asyncpg.Record]()
    while True:
        ids, end = await search.newest(
            connection, book_id, wanted.q, wanted.first, wanted.last, before=after, most=part
        )
        where = conditions(book_id, replace(wanted, q=None))
        where.add("t.id = ANY ({})", ids)
        rows += await _fetched(connection, where, wanted, most - len(rows), None)
        if end is None or len(rows) == most:
            break
        after, part = end, part * search.GROWTH
    return rows


async def _fetched(
    connection: asyncpg.Connection, where: Where, wanted: Filter, most: int, after: tuple[date, int] | None
) -> list[asyncpg.Record]:
    if after is not None:
        where.add(
            ("(g.date, g.number)" if wanted.account_id else "(t.date, t.number)") + " < ({}, {})", *after
        )
    where.values.append(most)
    statement = _REGISTER if wanted.account_id else _LIST
    sql = statement.format(where=where, limit=f"${len(where.values)}")
    return list(await connection.fetch(sql, *where.values))


_NEWEST = (date.max, 2**63 - 1)


async def _whole_page(
    pool: asyncpg.Pool, book_id: UUID, account_id: UUID | None, limit: int, after: tuple[date, int]
) -> Page:
    """What is asked for most, a list or register without a filter, or up to a day, which is a place in it: one SQL
    function, one round trip.
    """
    day, number = after
    async with connection_of(pool) as connection:
        if account_id is None:
            row = await connection.fetchrow(_PAGE, book_id, day, number, limit)
        else:
            row = await connection.fetchrow(_REGISTER_PAGE, book_id, account_id, day, number, limit)
    last = (row["last_day"], row["last_number"]) if row["last_day"] else None
    return Page((row["items"] or "").encode(), last, None)


_PAGE = "SELECT items, last_day, last_number FROM transaction_page($1, $2, $3, $4)"
_REGISTER_PAGE = "SELECT items, last_day, last_number FROM register_page($1, $2, $3, $4, $5)"


# law scope: the conditions of both begin with the book
_LIST = f"""SELECT t.date, t.number, ({_DOCUMENT})::text AS document
    FROM transaction t {_JOINS} WHERE {{where}} ORDER BY t.date DESC, t.number DESC LIMIT {{limit}}"""
# The postings of one account in order; a transfer has one posting on each of its accounts, and two on one account
# where it goes between pots: of these the first stands for both.
_MOVED = """(SELECT sum(x.amount_minor)::bigint FROM posting x WHERE x.book_id = g.book_id
    AND x.transaction_id = g.transaction_id AND x.account_id = g.account_id)"""
_FIRST_OF_ITS = """NOT EXISTS (SELECT FROM posting x WHERE x.book_id = g.book_id
    AND x.transaction_id = g.transaction_id AND x.account_id = g.account_id AND x.n < g.n)"""
_REGISTER = f"""SELECT g.date, g.number, {_MOVED} AS amount_minor, ({_DOCUMENT})::text AS document
    FROM posting g JOIN transaction t ON t.book_id = g.book_id AND t.id = g.transaction_id {_JOINS}
    WHERE {{where}} ORDER BY g.date DESC, g.number DESC LIMIT {{limit}}"""


async def count_of(connection: asyncpg.Connection, wanted: Filter, where: Where) -> int:
    """How many transactions meet the filter's conditions."""
    if wanted.account_id:
        source = "posting g JOIN transaction t ON t.book_id = g.book_id AND t.id = g.transaction_id"
    else:
        source = "transaction t"
    # law scope: the conditions begin with the book
    count: int = await connection.fetchval(f"SELECT count(*) FROM {source} WHERE {where}", *where.values)
    return count


def conditions(book_id: UUID, wanted: Filter) -> Where:
    """What `wanted` asks of a transaction t, and of its posting g on the account, where there is one."""
    where = Where()
    row = "g" if wanted.account_id else "t"
    where.add("t.book_id = {}", book_id)
    where.add("t.type <> 'opening'")
    if wanted.account_id is not None:
        where.add("g.book_id = {} AND g.account_id = {}", book_id, wanted.account_id)
        where.add(_FIRST_OF_ITS)
    if wanted.kind is not None:
        sign = "<" if wanted.kind == "expense" else ">"
        where.add(f"t.type = 'standard' AND t.amount_minor {sign} 0")
    if wanted.pot_id is not None:
        where.add(
            "EXISTS (SELECT FROM posting x WHERE x.book_id = t.book_id AND x.transaction_id = t.id"
            " AND x.pot_id = {})",
            wanted.pot_id,
        )
    simple: Mapping[str, Any] = {
        "t.payee_id = {}": wanted.payee_id,
        "t.status = {}": wanted.status,
        "t.type = {}": wanted.type,
        "t.source = {}": wanted.source,
        "t.payment_method = {}": wanted.payment_method,
        "t.income_source_id = {}": wanted.income_source_id,
        "t.import_id = {}": wanted.import_id,
        "t.is_shared = {}": wanted.shared,
        "t.amount_minor >= {}": wanted.amount_from,
        "t.amount_minor <= {}": wanted.amount_to,
        f"{row}.date >= {{}}": wanted.first,
        f"{row}.date <= {{}}": wanted.last,
    }
    for clause, value in simple.items():
        if value is not None:
            where.add(clause, value)
    for clause, values in of_splits(wanted):
        where.add(_HAS_SPLIT.format(clause), *values)
    if wanted.tags is not None:
        where.add(
            "EXISTS (SELECT FROM transaction_tag x WHERE x.book_id = t.book_id AND x.tag = ANY ({})"
            " AND x.transaction_id = t.id)",
            wanted.tags,
        )
    if wanted.has_attachment is not None:
        where.add(_HAS_ATTACHMENT if wanted.has_attachment else f"NOT {_HAS_ATTACHMENT}")
    if wanted.q is not None:
        where.add(search.FOUND, *search.asked(wanted.q, wanted.first, wanted.last, None, None))
    return where


def of_splits(wanted: Filter) -> list[tuple[str, list[Any]]]:
    """What `wanted` asks of a split's posting c: conditions with their values."""
    asked: list[tuple[str, list[Any]]] = []
    if wanted.category_id is not None:
        asked.append((_BELOW.format("id = {}"), [wanted.category_id]))
    elif wanted.category_key is not None:
        asked.append((_BELOW.format("key = {}"), [wanted.category_key]))
    if wanted.uncategorised:
        asked.append(("c.category_id IS NULL", []))
    return asked


# An array is made once and then looked up; IN would be tried for every row.
_BELOW = """c.category_id = ANY (ARRAY(
    WITH RECURSIVE below AS (
        SELECT id FROM category WHERE book_id = $1 AND {}
        UNION SELECT k.id FROM category k JOIN below ON k.parent_id = below.id WHERE k.book_id = $1
    ) SELECT id FROM below))"""
_HAS_ATTACHMENT = "EXISTS (SELECT FROM attachment x WHERE x.book_id = t.book_id AND x.transaction_id = t.id)"
_HAS_SPLIT = (
    "EXISTS (SELECT FROM posting c WHERE c.book_id = t.book_id AND c.transaction_id = t.id"
    " AND c.kind = 'category' AND {})"
)


async def _with_running_balance(
    connection: asyncpg.Connection, book_id: UUID, account_id: UUID, rows: Sequence[asyncpg.Record]
) -> list[bytes]:
    """Each item with its effect on the account and the balance after it, from the month sums."""
    first = rows[0]
    balance = await connection.fetchval(_BALANCE_AT, book_id, account_id, first["date"], first["number"])
    newest = (first["date"], first["number"])
    effects = await connection.fetch(
        _BETWEEN, book_id, account_id, *newest, rows[-1]["date"], rows[-1]["number"]
    )
    after: dict[tuple[date, int], int] = {}
    for effect in effects:
        after[effect["date"], effect["number"]] = balance
        balance -= effect["amount_minor"]
    return [
        row["document"].encode()[:-1]
        + b', "account_amount_minor": %d, "running_balance_minor": %d}'
        % (row["amount_minor"], after[row["date"], row["number"]])
        for row in rows
    ]


_BALANCE_AT = """SELECT (
    coalesce((SELECT sum(sum_minor) FROM account_month
              WHERE book_id = $1 AND account_id = $2 AND month < date_trunc('month', $3::date)::date), 0)
    + coalesce((SELECT sum(amount_minor) FROM posting
                WHERE book_id = $1 AND account_id = $2 AND date >= date_trunc('month', $3::date)::date
                  AND (date, number) <= ($3::date, $4)), 0))::bigint"""
_BETWEEN = """SELECT date, number, sum(amount_minor)::bigint AS amount_minor FROM posting
    WHERE book_id = $1 AND account_id = $2 AND (date, number) <= ($3, $4) AND (date, number) >= ($5, $6)
    GROUP BY date, number ORDER BY date DESC, number DESC"""
