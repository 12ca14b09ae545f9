"""What every write of a transaction goes through: its payee, its references, its change, its answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

import asyncpg
import orjson

from pfms_common.clock import today_in
from pfms_common.idempotency import Answer, Claim, Stored, Written
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, Refusal, Stale
from pfms_common.rate import Rates
from pfms_ledger.adapters.store import Store
from pfms_ledger.db.journal import Change, Journal, Ref, Renamed
from pfms_ledger.domain.bounds import check_date
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.searched import searched
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.domain.worth import Worth
from pfms_ledger.operations.background import Background
from pfms_ledger.queries import rates
from pfms_ledger.queries import transactions as queries
from pfms_ledger.queries.facts import Facts

TRIES = 3


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the operations work with; one per service process. `exports`: connections for downloads alone."""

    journal: Journal
    facts: Facts
    now: Callable[[], datetime]
    exports: asyncpg.Pool
    background: Background = field(default_factory=Background)
    attachments: Store | None = None
    link_secret: bytes = b""

    def today(self) -> date:
        """The date in UTC, for what needs no more than about today."""
        return self.now().date()

    async def today_in(self, book_id: UUID) -> date:
        """The date in the book's zone."""
        return today_in(await self.facts.zone(book_id), self.now())

    async def worth(self, book_id: UUID, transaction: Transaction) -> Worth:
        """What tells the transaction's worth; rates are read only for what is in another currency."""
        base = await self.facts.base_currency(book_id)
        if base is None or base == transaction.currency:
            return Worth(base, Rates())
        return Worth(
            base,
            await rates.newest(self.facts.pool, book_id, [transaction.currency], base, transaction.date),
        )

    async def check_day(self, book_id: UUID, day: date, field: str = "date") -> None:
        """`check_date` in the book's zone, which is read only where it can matter: for days to come."""
        today = self.today()
        check_date(day, await self.today_in(book_id) if day > today else today, field)


async def at_its_worth(
    connection: asyncpg.Connection, book_id: UUID, transaction: Transaction
) -> Transaction:
    """The transaction with what it is worth by the rates that this connection's transaction sees."""
    return (await rates.worth(connection, book_id, [transaction.currency])).of(transaction)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to a write, with the book's number; `stored` when its key was used before."""

    answer: Answer
    number: int
    stored: Stored | None = None


async def unless_answered(
    ledger: Ledger, principal: Principal, claim: Claim | None, recording: Awaitable[Recorded]
) -> Recorded:
    """A request that comes again may be refused because of its own effect, such as the version that it raised, or
    of what happened since: then the answer is the first one.
    """
    try:
        return await recording
    except Refusal:
        if claim is None:
            raise
        first = await queries.first_answer(ledger.facts.pool, principal.book_id, claim)
        if first is None or first.stored is None:
            raise
        stored = first.stored
        return Recorded(Answer(stored.status, stored.headers, stored.body), first.number, stored)


def change_of(transaction: Transaction, event: str, version: int) -> Change:
    """A transaction as one change of the journal."""
    entry = {
        "id": transaction.id,
        "type": transaction.type,
        "status": transaction.status,
        "date": transaction.date,
        "amount_minor": transaction.amount_minor,
        "payee_id": transaction.payee_id,
        "related_transaction_id": transaction.related_transaction_id,
        "source": transaction.origin,
        "import_id": transaction.import_id,
        "bank_id": transaction.bank_id,
        "is_shared": transaction.is_shared or None,
        "payment_method": transaction.details.payment_method,
        "income_source_id": transaction.details.income_source_id,
        "searched": searched(transaction.texts),
        "tags": sorted({*transaction.tags, *(tag for split in transaction.splits for tag in split.tags)})
        or None,
    }
    return Change(event, transaction.id, version, transaction.data(), entry=entry, legs=transaction.legs())


def new_payee(name: str) -> Change:
    """A payee that a transaction names for the first time."""
    payee_id = new_id()
    data = {"id": payee_id, "name": name, "aliases": [], "is_active": True, "note": None}
    return Change("payee.created", payee_id, 1, data, folded=fold(name))


async def with_payee(
    ledger: Ledger,
    book_id: UUID,
    transaction: Transaction,
    refs: list[Ref],
    write: Callable[[Transaction, list[Change], list[Ref], Answer], Awaitable[Written]],
    version: int,
) -> Recorded:
    """Tells its worth, finds or makes the payee that it names, and writes; again where another was quicker."""
    transaction = (await ledger.worth(book_id, transaction)).of(transaction)
    for attempt in range(TRIES):
        made: list[Change] = []
        named, all_refs = transaction, list(refs)
        if transaction.payee is not None and transaction.payee_id is None:
            folded = fold(transaction.payee)
            known = (await ledger.facts.payees(book_id, [folded])).get(folded)
            if known is None:
                made = [new_payee(transaction.payee)]
                named = replace(transaction, payee_id=made[0].id)
            else:
                named = replace(transaction, payee_id=known[0], payee=known[1])
                all_refs.append(Ref("payee", known[0], "payee", folded))
        answer = answer_to(named, version)
        try:
            written = await write(named, made, all_refs, answer)
        except (Renamed, Conflict) as error:
            # Renamed: what we remembered is old. Conflict: somebody made the same payee in this moment.
            if attempt == TRIES - 1 or (isinstance(error, Conflict) and not made):
                raise
            ledger.facts.forget_payees(book_id, [fold(named.payee or "")])
        except Stale as error:
            if version == 1:
                raise Conflict(
                    "There is a transaction with this id already.", errors={"id": ["is taken"]}
                ) from error
            raise
        else:
            return Recorded(answer, written.number, written.stored)
    raise AssertionError("unreachable: the last try raises")


def answer_to(transaction: Transaction, version: int) -> Answer:
    document = {**transaction.data(), "version": version, "related_deleted": False}
    body = orjson.dumps(document, default=str)  # ids read by asyncpg are a subclass of UUID
    tag = {"ETag": f'"{version}"'}
    if version > 1:
        return Answer(200, tag, body)
    return Answer(201, {**tag, "Location": f"/api/v1/transactions/{transaction.id}"}, body)


def refs_of(
    after: Transaction, before: Transaction | None, known: frozenset[UUID] = frozenset()
) -> list[Ref]:
    """What is newly referred to; what it referred to before it may keep, closed or not."""
    old_accounts = before.accounts if before else ()
    old_pots = {(account, pot) for _, account, pot in before.pots} if before else set()
    old_categories = (before.categories if before else frozenset()) | known
    refs: list[Ref] = []
    if after.account_id is not None and after.account_id not in old_accounts:
        refs.append(Ref("account", after.account_id, "account_id", after.currency))
    for place, path in ((after.source, "from.account_id"), (after.target, "to.account_id")):
        if place is not None and place.account_id not in old_accounts:
            refs.append(Ref("account", place.account_id, path, place.currency))
    for path, account_id, pot_id in after.pots:
        if (account_id, pot_id) not in old_pots:
            refs.append(Ref("pot", pot_id, path, str(account_id)))
    for n, split in enumerate(after.splits):
        if split.category_id is not None and split.category_id not in old_categories:
            refs.append(Ref("category", split.category_id, f"splits.{n}.category_id"))
    source_id = after.details.income_source_id
    if source_id is not None and (before is None or before.details.income_source_id != source_id):
        refs.append(Ref("income_source", source_id, "income_source_id"))
    if after.fee and after.fee.category_id is not None and after.fee.category_id not in old_categories:
        refs.append(Ref("category", after.fee.category_id, "fee.category_id"))
    return refs
