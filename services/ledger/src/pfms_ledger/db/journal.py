"""The one writer: every change of the ledger goes through `append`, for one event or a thousand.

It claims the Idempotency-Key, takes the book's lock, numbers and keeps the events, looks at what they refer to and
brings the rows up to date: one SQL function, one round trip.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common import tracing
from pfms_common.idempotency import Answer, Claim, Stored, Written
from pfms_common.ids import new_id
from pfms_common.problem import (
    Busy,
    Conflict,
    InUse,
    Invalid,
    KeyInFlight,
    KeyReused,
    NotFound,
    Stale,
    TooLarge,
)
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_common.telemetry import current
from pfms_common.turns import Turns
from pfms_events.event import MAX_DATA_BYTES
from pfms_ledger.domain.bounds import OutOfBounds
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.posting import Leg
from pfms_ledger.domain.searched import searched

MOST_CHANGES = 1000

_APPEND = """SELECT number, stored::text FROM append($1, $2::text::jsonb, $3, $4, $5::text::jsonb,
                                                     $6, $7, $8, $9, $10, $11::text::jsonb, $12)"""


class Renamed(Exception):
    """A payee that Python remembered has another name by now, or is gone: look again."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Something a change newly refers to, and what it was taken for: an account's currency, a payee's folded name, a
    pot's account.
    """

    kind: str
    id: UUID
    path: str
    value: str | None = None


# A fact that changes no field of what its type names is an aggregate of its own.
_AGGREGATES = {"habit.logged": "habit_log"}


@dataclass(frozen=True, slots=True)
class Change:
    """One event with what it does to the rows.

    Args:
        type: event type, `<aggregate>.<what happened>`.
        version: the aggregate's version after it; 1 makes it.
        data: its full state, as the contract of the event says.
        folded: casefolded name, for aggregates whose names are unique.
        derived: aggregate id of the events that tell of a figure derived from it, such as a pot's balance.
        entry: columns of the transaction row, for transactions and opening balances.
        legs: its postings.
    """

    type: str
    id: UUID
    version: int
    data: dict[str, Any]
    folded: str | None = None
    derived: UUID | None = None
    entry: dict[str, Any] | None = None
    legs: Sequence[Leg] = ()

    @property
    def aggregate(self) -> str:
        return _AGGREGATES.get(self.type) or self.type.partition(".")[0]

    @property
    def is_deletion(self) -> bool:
        return self.type.endswith(".deleted")


@dataclass(slots=True)
class Journal:
    """Appends to the books of one service process."""

    pool: asyncpg.Pool
    poke: Callable[[], None]
    _turns: Turns = field(default_factory=Turns)

    async def append(
        self,
        book_id: UUID,
        changes: Sequence[Change],
        *,
        actor: UUID | None,
        refs: Sequence[Ref] = (),
        claim: Claim | None = None,
        answer: Answer | None = None,
    ) -> Written:
        """Writes the changes in a transaction of their own: one round trip."""
        with tracing.span("append", service="ledger"):
            async with self._turns.of(book_id), connection_of(self.pool) as connection:
                written = await append(
                    connection, book_id, changes, actor=actor, refs=refs, claim=claim, answer=answer
                )
        self.poke()
        return written

    @asynccontextmanager
    async def begin_write(self, book_id: UUID) -> AsyncIterator[asyncpg.Connection]:
        """A transaction that holds the book's lock, for rules that look at other rows before they `append`."""
        async with self._turns.of(book_id), connection_of(self.pool) as connection:
            with scope(books=[book_id]), tracing.span("write", service="ledger"):
                async with connection.transaction():
                    try:
                        await connection.execute("SELECT lock_heads($1)", [book_id])
                    except asyncpg.LockNotAvailableError as error:
                        raise Busy("This book is being written by others; try again.") from error
                    yield connection
        self.poke()


@dataclass(frozen=True, slots=True)
class Encoded:
    """Changes as the SQL takes them. A thousand take 10 ms, so imports make them in a thread."""

    elements: str
    kinds: list[str]
    retired: list[UUID]


def encode(changes: Sequence[Change], actor: UUID | None) -> Encoded:
    trace = _trace()
    elements = orjson.dumps([element_of(change, actor, trace) for change in changes], default=str)
    if len(elements) > MAX_DATA_BYTES:  # all together, so that a small write is not measured twice
        for change in changes:
            _check_size(change)
    return Encoded(
        elements.decode(),
        kinds_of(changes),
        [c.id for c in changes if (c.version > 1 and c.entry is not None) or c.is_deletion],
    )


def _check_size(change: Change) -> None:
    if (size := len(orjson.dumps(change.data, default=str))) > MAX_DATA_BYTES:
        raise TooLarge(
            f"It takes {size} bytes, more than {MAX_DATA_BYTES}: write shorter texts or fewer splits."
        )


async def append(
    connection: asyncpg.Connection,
    book_id: UUID,
    changes: Sequence[Change] | Encoded,
    *,
    actor: UUID | None,
    refs: Sequence[Ref] = (),
    claim: Claim | None = None,
    answer: Answer | None = None,
) -> Written:
    """Writes the changes on this connection, in its transaction where it has one.

    Raises:
        Stale, Conflict: a version that is not the next one; NotFound, Invalid: a reference that is missing or not
        usable; InUse: what is deleted is referred to; KeyReused, KeyInFlight, Busy; Renamed.
    """
    kept = (claim, answer) if claim is not None and answer is not None else None
    encoded = changes if isinstance(changes, Encoded) else encode(changes, actor)
    try:
        row = await connection.fetchrow(
            _APPEND,
            book_id,
            encoded.elements,
            encoded.kinds,
            encoded.retired,
            _encoded(refs),
            *(
                (kept[0].user_id, kept[0].operation, kept[0].key, kept[0].fingerprint)
                if kept
                else (None,) * 4
            ),
            *(
                (kept[1].status, orjson.dumps(kept[1].headers).decode(), kept[1].body)
                if kept
                else (None,) * 3
            ),
        )
    except asyncpg.PostgresError as error:
        raise _refusal(error) from error
    return Written(row["number"], stored_of(row["stored"], claim))


async def are_usable(connection: asyncpg.Connection, book_id: UUID, refs: Sequence[Ref]) -> bool:
    """Whether `append` would take these references; its transaction goes on in either case."""
    await connection.execute("SAVEPOINT refs")
    try:
        await connection.execute("SELECT check_refs($1, $2::text::jsonb)", book_id, _encoded(refs))
    except asyncpg.PostgresError as error:
        if error.sqlstate != "PF002":
            raise _refusal(error) from error
        await connection.execute("ROLLBACK TO SAVEPOINT refs")
        return False
    await connection.execute("RELEASE SAVEPOINT refs")
    return True


def _encoded(refs: Sequence[Ref]) -> str:
    return orjson.dumps(
        [{"kind": r.kind, "id": r.id, "path": r.path, "value": r.value} for r in refs], default=str
    ).decode()


def _trace() -> dict[str, str]:
    trace = current()
    return {"traceparent": trace.traceparent, "correlation_id": trace.request_id} if trace else {}


def element_of(change: Change, actor: UUID | None, trace: Mapping[str, str]) -> dict[str, Any]:
    """One change as the SQL functions take it."""
    element: dict[str, Any] = {
        "id": new_id(),
        "type": change.type,
        "schema_version": 1,
        "aggregate_type": change.aggregate,
        "aggregate_id": change.id,
        "aggregate_version": change.version,
        "actor": actor,
        "trace": trace,
        "data": change.data,
    }
    if change.folded is not None:
        element["folded"] = change.folded
        element["searched"] = searched([change.folded, *change.data.get("aliases", ())])
    if aliases := change.data.get("aliases"):
        element["aliases"] = [fold(alias) for alias in aliases]
    if change.derived is not None:
        element["derived"] = change.derived
    if change.entry is not None:
        # What is missing is null to the SQL; reading a thousand changes is a fifth of what writing them costs.
        element["entry"] = {name: value for name, value in change.entry.items() if value is not None}
        element["postings"] = [_posting(n, leg) for n, leg in enumerate(change.legs)]
    return element


def _posting(n: int, leg: Leg) -> dict[str, Any]:
    posting: dict[str, Any] = {
        "n": n,
        "kind": leg.kind,
        "amount_minor": leg.amount_minor,
        "currency": leg.currency,
    }
    if leg.account_id is not None:
        posting["account_id"] = leg.account_id
    if leg.category_id is not None:
        posting["category_id"] = leg.category_id
    if leg.pot_id is not None:
        posting["pot_id"] = leg.pot_id
    return posting


def kinds_of(changes: Sequence[Change]) -> list[str]:
    """Which parts of `apply_changes` these changes need."""
    kinds = {change.aggregate for change in changes}
    if any(change.entry is not None for change in changes):
        kinds.add("entry")
    if any(leg.pot_id is not None for change in changes for leg in change.legs):
        kinds.add("pot posting")
    if any(
        change.data.get("aliases") or (change.aggregate == "payee" and change.version > 1)
        for change in changes
    ):
        kinds.add("alias")
    if any(change.is_deletion for change in changes):
        kinds.add("deletion")
    return sorted(kinds)


def stored_of(text: str | None, claim: Claim | None) -> Stored | None:
    """The answer in a row of `idempotency` as JSON; another body under the same key is refused."""
    if text is None or claim is None:
        return None
    row = orjson.loads(text)
    if bytes.fromhex(row["fingerprint"][2:]) != claim.fingerprint:
        raise KeyReused("This Idempotency-Key came with another body before; take a new key.")
    return Stored(row["status"], row["headers"], bytes.fromhex(row["body"][2:]))


_WHY = {
    "missing": "there is no such thing in this book",
    "inactive": "is closed or archived; reactivate it or choose another",
    "currency": "is in another currency",
    "elsewhere": "is a pot of another account",
}


_REFERRING = {
    "posting": "transactions",
    "transaction": "transactions",
    "category": "categories",
    "habit_log": "logs",
    "ledger_settings": "settings",
    "pot": "pots",
    "plan": "plans",
    "plan_category": "plans",
    "reconciliation": "reconciliations",
}


def _refusal(error: Any) -> BaseException:  # noqa: C901, PLR0911  # a table of SQLSTATEs
    """The domain's error for what the database says; what it does not know stays as it is."""
    match error.sqlstate:
        case "PF002" if error.detail == "renamed":
            return Renamed(error.message)
        case "PF002" if error.detail == "missing":
            return NotFound(
                "Something you refer to is not in this book.", errors={error.message: [_WHY["missing"]]}
            )
        case "PF002":
            why = _WHY[str(error.detail)]
            return Invalid(f"{error.message} {why}.", errors={error.message: [why]})
        case "23505" if error.constraint_name == "event_stream_id_aggregate_id_aggregate_version_idx":
            return Stale("It was changed or deleted meanwhile, or its id is taken; read it again.")
        case "23505" if error.table_name == "plan_occurrence":
            return Conflict("This occurrence of the plan was settled meanwhile; read it again.")
        case "23505" if error.constraint_name == "payee_alias_pkey":
            return Conflict("An alias leads to another payee.", errors={"aliases": ["lead to another payee"]})
        case "23505":
            return Conflict("The name is taken here.", errors={"name": ["is taken, regardless of case"]})
        case "23503" if "still referenced" in (error.detail or ""):
            by = _REFERRING.get(error.table_name or "", "something else")
            return InUse(
                f"There are {by} that refer to it; archive or close it instead.",
                extra={"referred_to_by": [by]},
            )
        case "23503":
            return NotFound("Something you refer to is not in this book.")
        case "23514" if error.constraint_name in {"account_balance_check", "account_month_sum_check"}:
            return OutOfBounds("The balance of the account would be beyond 10^17 minor units.")
        case "55P03":
            # The relation that was waited for stands in the context: the claimed key, or the book's head.
            if "claim(" in (error.context or ""):
                return KeyInFlight("The first request with this Idempotency-Key is still at work; ask again.")
            return Busy("This book is being written by others; try again.")
    return error  # type: ignore[no-any-return]  # asyncpg ships no types; it is the PostgresError
