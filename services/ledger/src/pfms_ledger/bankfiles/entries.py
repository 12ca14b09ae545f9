"""Formats that say themselves what a row is: their entries, made statement rows alike.

OFX, MT940 and CAMT state day, sign, currency and account of each entry, so that nothing is guessed: one pass counts
accounts and bank ids, a second one makes the rows.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.amount import AmountUnreadableError, stated_minor
from pfms_ledger.bankfiles.routing import (
    AccountMap,
    Routes,
    account_questions,
    accounts_found,
    refuse_many,
    refuse_other_currency,
)
from pfms_ledger.bankfiles.shared_ids import IdTally, SharedIds
from pfms_ledger.bankfiles.signs import speaks_of_opening
from pfms_ledger.bankfiles.statement import (
    MAX_ROWS,
    OPENING_TWICE,
    AccountFacts,
    Mapping,
    MappingDoesNotFit,
    Reading,
    StatementRow,
    UnreadableFile,
)
from pfms_ledger.bankfiles.text import LONGEST_ID, LONGEST_PAYEE, clean

_SAMPLES = 5
_OPENING_WITHIN = 100


@dataclass(slots=True)
class Entry:
    """One movement as its format states it.

    `written` is the day as it stands there, `day` what it means. `amount` is a decimal number with its sign, money
    in positive. `id_shared` says that the bank id identifies only together with date and amount, whatever the file
    holds.
    """

    account: str
    currency: str | None
    written: str
    day: date | None
    amount: str
    payee: str
    memo: str
    bank_id: str = ""
    id_shared: bool = False
    pending: bool = False
    type: str | None = None
    error: str | None = None
    skipped: str | None = None


@dataclass(slots=True)
class Notes:
    """What a pass over a file finds out besides its entries."""

    warnings: list[str] = field(default_factory=list)


type Entries = Callable[[Notes], Iterator[Entry]]


def only_encoding(mapping: Mapping, what: str) -> None:
    """MappingDoesNotFit for an answer that a format doesn't ask for."""
    for key in mapping.keys() - {"encoding"}:
        raise MappingDoesNotFit(key, f"{what} is mapped by nothing but its encoding.")


def reading_of(
    format_name: str,
    entries: Entries,
    *,
    encoding: str,
    account: AccountFacts | None,
    account_map: AccountMap,
) -> Reading:
    """The Reading of a file whose `entries` are the same each time they are iterated.

    UnreadableFile where the entries raise it, when there are too many of them, or all in another currency.
    """
    notes, ids = Notes(), IdTally()
    by_account: Counter[tuple[str, str | None]] = Counter()
    types: dict[str, str] = {}
    samples: list[list[str]] = []
    opening = False
    for number, entry in enumerate(entries(notes), 1):
        if number > MAX_ROWS:
            raise UnreadableFile(
                "too_many_rows", f"The file has more than {MAX_ROWS} rows; import it in parts."
            )
        by_account[entry.account, entry.currency] += 1
        if entry.type:
            types[entry.account] = entry.type
        if number <= _OPENING_WITHIN:
            opening = opening or speaks_of_opening(f"{entry.payee} {entry.memo}")
        if entry.bank_id:
            ids.add(entry.bank_id, str(entry.day), entry.amount)
        if len(samples) < _SAMPLES:
            said = (entry.written, entry.amount, entry.currency or "", entry.payee, entry.memo, entry.bank_id)
            samples.append([clean(value, 200) for value in said])
    routes = Routes(account, account_map, len({currency for _, currency in by_account if currency}) > 1)
    accounts = accounts_found(by_account.items(), routes, types)
    refuse_many(accounts)
    refuse_other_currency(accounts, routes, frozenset())
    return Reading(
        format=format_name,
        mapping={"encoding": encoding},
        accounts=accounts,
        rows=lambda: _rows(entries, routes, ids.shared()),
        questions=account_questions(accounts, routes),
        samples=samples,
        warnings=notes.warnings + ([OPENING_TWICE] if opening and account and account.opened else []),
        shape=format_name,
    )


def _rows(entries: Entries, routes: Routes, shared: SharedIds) -> Iterator[StatementRow]:
    for number, entry in enumerate(islice(entries(Notes()), MAX_ROWS), 1):
        yield _row(number, entry, routes, shared)


def _row(number: int, entry: Entry, routes: Routes, shared: SharedIds) -> StatementRow:
    route = routes.of(entry.account, entry.currency)
    payee, memo = clean(entry.payee, LONGEST_PAYEE), clean(entry.memo)
    if not payee:
        payee, memo = clean(memo, LONGEST_PAYEE), memo if len(memo) > LONGEST_PAYEE else ""
    minor, error = None, entry.error or route.error
    try:
        minor = stated_minor(entry.amount, CURRENCIES[route.currency].exponent if route.currency else 2)
    except AmountUnreadableError as unreadable:
        error = error or str(unreadable)
    if entry.day is None:
        error = error or (f"{entry.written[:40]!r} is no date." if entry.written else "The row has no date.")
    return StatementRow(
        number,
        entry.day,
        minor,
        route.currency,
        payee,
        memo,
        f"{payee} {memo}".strip(),
        clean(entry.bank_id, LONGEST_ID) or None,
        bool(entry.bank_id) and (entry.id_shared or entry.bank_id in shared),
        "pending" if entry.pending else "cleared",
        route.key,
        error,
        None if error else entry.skipped or ("zero amount" if minor == 0 else route.skipped),
    )
