"""Restoring a book from its JSON export: every thing with the id and state it had, or nothing at all."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import TypeAdapter, ValidationError

from pfms_common.currency import CURRENCIES
from pfms_common.idempotency import Answer, Claim, Stored
from pfms_common.input import MAX_MINOR, Name, clean_text
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, Invalid, Refusal, Stale, Unavailable
from pfms_events.contracts.ledger import EVENTS
from pfms_events.event import derived_id
from pfms_ledger.adapters.exports.book_json import FORMAT, VERSION
from pfms_ledger.db.imports import know_written
from pfms_ledger.db.journal import MOST_CHANGES, Change, append
from pfms_ledger.domain.account import Type as AccountType
from pfms_ledger.domain.bounds import check_amount, check_date
from pfms_ledger.domain.transaction import Transaction, check_income_flag, whole_splits
from pfms_ledger.domain.transaction import from_data as transaction_from
from pfms_ledger.operations.rebuild import ORDER, change_of
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import restores as queries
from pfms_ledger.queries.export import OF_THE_BOOK, making
from pfms_ledger.queries.transactions import stored_answer

MOST_THINGS = 300_000
LONGEST_TEXT = 10_000
DEEPEST = 8

# Files are not in an export, so what says that they are attached is not either; exports had it once.
LEFT_OUT = frozenset({"attachment"})
KINDS = tuple(kind for kind in ORDER if kind not in LEFT_OUT)
"""The kinds of things that are exported and restored, those that others refer to first."""

_CONTRACTS = {
    event.EVENT: event
    for event in EVENTS
    if making(event.EVENT) == event.EVENT and not event.EVENT.endswith(".deleted")
}
_NAME = TypeAdapter(Name)
_ACCOUNT_TYPE: TypeAdapter[str] = TypeAdapter(AccountType)


class NotOurs(Refusal):
    """The file is no export of a book, or of a version that is not read here."""


class NotFresh(Refusal):
    """Only a book in which nothing has happened yet can be restored into."""


class OtherBaseCurrency(Refusal):
    """What a split is worth in the book's currency comes with the file: the book must have the file's."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An export as changes, those that others refer to first, and how many things of each kind are not taken."""

    base_currency: str | None
    changes: Sequence[Change]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Restored:
    """How many things of each kind are in the book now, and how many of the file are not."""

    counts: Mapping[str, int]
    left_out: Mapping[str, int]


def read(content: bytes, today: date) -> Exported:
    """Reads a file. Takes its time: call it in a thread.

    Raises:
        NotOurs, or Invalid with the place in the file of the first thing that is wrong.
    """
    base_currency, things = _things(content)
    changes: dict[str, list[Change]] = {kind: [] for kind in KINDS}
    left_out: Counter[str] = Counter()
    for n, thing in enumerate(things):
        try:
            kind = _kind(thing)
            if kind in LEFT_OUT:
                left_out[kind] += 1
                continue
            change = _change(kind, thing, today)
        except Refusal as error:
            wrong = {f"things.{n}.data.{path}": messages for path, messages in error.errors.items()}
            where = wrong or {f"things.{n}": [error.detail]}
            raise Invalid(f"things.{n}: {error.detail}", errors=where) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Invalid(
                f"things.{n} is not as an export has it.", errors={f"things.{n}": ["not readable"]}
            ) from error
        changes[change.aggregate].append(change)
    _check_tree(changes["category"])
    _check_currencies(changes)
    return Exported(base_currency, [change for kind in KINDS for change in changes[kind]], left_out)


def _things(content: bytes) -> tuple[str | None, list[Any]]:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise NotOurs("The file is not JSON.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotOurs(f"The file is no export of a book: its `format` is not {FORMAT}.")
    if document.get("version") != VERSION or not isinstance(document.get("things"), list):
        raise NotOurs(
            f"The file is of version {document.get('version')!r}; this PFMS reads version {VERSION}."
        )
    base_currency = document.get("base_currency", "")
    if base_currency is not None and str(base_currency) not in CURRENCIES:
        raise NotOurs("The file does not say the currency of its book: `base_currency` is no such code.")
    if len(document["things"]) > MOST_THINGS:
        raise NotOurs(f"The file holds more than {MOST_THINGS} things.")
    return base_currency, document["things"]


def _kind(thing: Any) -> str:
    if not isinstance(thing, dict) or thing.keys() != {"event", "data"}:
        raise Invalid("A thing has an event that makes it and data.")
    event = str(thing["event"])
    kind = _CONTRACTS[event].AGGREGATE if event in _CONTRACTS else ""
    if kind not in ORDER or not isinstance(thing["data"], dict):
        raise Invalid(f"{event[:60]!r} makes nothing here.")
    return kind


def _change(kind: str, thing: Any, today: date) -> Change:
    event, data = thing["event"], thing["data"]
    _check_texts(data, ())
    try:
        _CONTRACTS[event].model_validate_json(orjson.dumps(data), strict=True)
    except ValidationError as error:
        wrong = {".".join(map(str, one["loc"])): [one["msg"]] for one in error.errors()[:5]}
        raise Invalid("It is not as an export has it.", errors=wrong) from error
    if "name" in data:
        data["name"] = _field(_NAME, data, "name")
    if kind == "account":
        _field(_ACCOUNT_TYPE, data, "type")
        _check_minor(data["opening_balance_minor"])
        check_date(date.fromisoformat(data["opened_on"]), today, "opened_on")
        if data["currency"] not in CURRENCIES:
            raise Invalid("There is no such currency.", errors={"currency": ["is no ISO 4217 code"]})
    if kind == "transaction":
        _check_transaction(transaction_from(data), today)
    change = change_of(kind, data, event, 1)
    if unknown := data.keys() - change.data.keys():
        raise Invalid(f"{', '.join(sorted(unknown))}: no such field here.")
    return change


def _field(kind: TypeAdapter[str], data: Mapping[str, Any], name: str) -> str:
    try:
        return kind.validate_python(data[name])
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise Invalid("It is not as the API takes it.", errors={name: [message]}) from error


def _check_minor(amount: int) -> None:
    if abs(amount) > MAX_MINOR:
        raise Invalid("The amount is too large.", errors={"opening_balance_minor": ["is too large"]})


def _check_texts(value: Any, path: tuple[str, ...]) -> None:
    """Texts as the API takes them, so that nothing gets in by a file that does not get in by the door."""
    if len(path) > DEEPEST:
        raise Invalid("It is nested too deeply.")
    if isinstance(value, str):
        _check_text(value, ".".join(path))
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_texts(member, (*path, name))
    elif isinstance(value, list):
        for n, member in enumerate(value):
            _check_texts(member, (*path, str(n)))


def _check_text(text: str, path: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise Invalid("A text is too long.", errors={path: [f"must have at most {LONGEST_TEXT} characters"]})
    try:
        clean_text(text)
    except ValueError as error:
        raise Invalid("A text is not as the API takes it.", errors={path: [str(error)]}) from error


def _check_transaction(transaction: Transaction, today: date) -> None:
    check_amount(transaction.amount_minor)
    check_date(transaction.date, today)
    check_income_flag(transaction)
    if transaction.type == "transfer":
        source, target = transaction.source, transaction.target
        if source is None or target is None or transaction.account_id is not None:
            raise Invalid("A transfer has from and to.", errors={"from": ["from and to are needed"]})
        if source.amount_minor != transaction.amount_minor or transaction.currency != source.currency:
            raise Invalid(
                "What leaves is not the amount.", errors={"from.amount_minor": ["is not the amount"]}
            )
        if source.amount_minor <= 0 or target.amount_minor <= 0:
            raise Invalid("A transfer's amounts are positive.", errors={"amount_minor": ["must be positive"]})
        if (source.account_id, source.pot_id) == (target.account_id, target.pot_id):
            raise Invalid("A transfer goes somewhere else.", errors={"to": ["is where it comes from"]})
        if source.currency == target.currency and source.amount_minor != target.amount_minor:
            raise Invalid("What arrives is not what left.", errors={"to.amount_minor": ["is not the amount"]})
        if transaction.splits:
            whole_splits(transaction.amount_minor, transaction.splits)
        return
    if transaction.account_id is None or transaction.source or transaction.target:
        raise Invalid("It has an account, no from and no to.", errors={"account_id": ["is needed"]})
    if not transaction.splits:
        raise Invalid("It has at least one split.", errors={"splits": ["at least one is needed"]})
    whole_splits(transaction.amount_minor, transaction.splits)


def _check_tree(categories: Sequence[Change]) -> None:
    """Each category hangs below one of its own type, and none below itself."""
    known = {change.id: change.data for change in categories}
    for change in categories:
        above, seen = change.data["parent_id"], {change.id}
        while above is not None and above in known:
            if above in seen or known[above]["type"] != change.data["type"]:
                raise Invalid(f"The category {change.id} is below itself, or below one of another type.")
            seen.add(above)
            above = known[above]["parent_id"]


def _check_currencies(changes: Mapping[str, Sequence[Change]]) -> None:
    """Each side of a transaction is in the currency of its account."""
    known = {change.id: change.data["currency"] for change in changes["account"]}
    for change in changes["transaction"]:
        for leg in change.legs:
            if leg.account_id is not None and known.get(leg.account_id, leg.currency) != leg.currency:
                raise Invalid(f"The transaction {change.id} is not in the currency of its account.")


async def restore(
    ledger: Ledger,
    principal: Principal,
    exported: Exported,
    claim: Claim | None,
    answered: Callable[[Restored], Answer],
) -> Answer | Stored:
    """Writes all of it in one transaction. The starting tree of the book gives way to the categories of the file.

    Raises:
        NotFresh; OtherBaseCurrency; Unavailable where the book's currency has not arrived; Conflict where two things
        have one name; NotFound where something refers to what the file lacks.
    """
    book_id = principal.book_id
    changes = [_of_book(change, book_id) for change in exported.changes]
    counts = {kind: sum(change.aggregate == kind for change in changes) for kind in KINDS}
    answer = answered(Restored(counts, exported.left_out))
    async with ledger.journal.begin_write(book_id) as connection:
        before = await stored_answer(connection, book_id, claim)
        if before is not None and before.stored is not None:
            return before.stored
        if not await queries.is_fresh(connection, book_id):
            raise NotFresh(
                "Something has happened in this book already; make a new one and restore into that."
            )
        _check_base_currency(exported.base_currency, await queries.base_currency(connection, book_id))
        tree = await queries.categories(connection, book_id)
        gone = [Change("category.deleted", row["id"], row["version"] + 1, {"id": row["id"]}) for row in tree]
        await _write(connection, principal, [gone, *_lists(changes)], claim, answer)
    ledger.background.start(know_written(ledger.facts.pool, book_id, len(changes)), f"know {book_id}")
    return answer


def _check_base_currency(of_file: str | None, of_book: str | None) -> None:
    if of_file == of_book:
        return
    if of_book is None:
        raise Unavailable("The book's currency is not known here yet; ask again.")
    raise OtherBaseCurrency(
        f"The file is of a book in {of_file or 'a currency that was not known'}, this one is in {of_book}.",
        errors={"base_currency": [f"must be {of_book}"]},
    )


def _of_book(change: Change, book_id: UUID) -> Change:
    """What a book has one of is named after it."""
    if change.aggregate not in OF_THE_BOOK:
        return change
    own = derived_id(book_id, change.type)
    return replace(change, id=own, data={**change.data, "id": own})


def _lists(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """At most a thousand at a time, but for categories, which refer to each other."""
    for kind in KINDS:
        of_kind = [change for change in changes if change.aggregate == kind]
        size = max(len(of_kind), 1) if kind == "category" else MOST_CHANGES
        for start in range(0, len(of_kind), size):
            yield of_kind[start : start + size]


async def _write(
    connection: asyncpg.Connection,
    principal: Principal,
    lists: Sequence[Sequence[Change]],
    claim: Claim | None,
    answer: Answer,
) -> None:
    """The first list that is not empty claims the key, so a twin waits for it and finds the answer."""
    for part in [part for part in lists if part]:
        try:
            await append(
                connection, principal.book_id, part, actor=principal.user_id, claim=claim, answer=answer
            )
        except Stale as error:
            raise Conflict("Two things of the file have one id.") from error
        claim = None
