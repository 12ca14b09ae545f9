"""Which rows of a bank file are here already: by the bank's id, else by what they say.

Two equal coffees are two coffees, and a file that is imported again adds nothing. So rows of the same account, day,
amount and text are numbered within their file, and the number belongs to their identity: of three in a new file,
when two are stored, the third is new.

For a batch of rows the caller loads, each by one query over `account_id` and the batch's fingerprints or bank ids:
- `by_print`: stored rows of earlier imports that still stand, by (fingerprint, occurrence);
- `by_id`: the same by (account, bank id);
- `seen`: how often each fingerprint stands on earlier rows of the same file;
- `seen_ids`: (account, bank id, fingerprint) of earlier rows of the same file.
It stores fingerprint and occurrence of every row that is imported.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Literal, NamedTuple
from uuid import UUID

FOLD_VERSION = 1
"""Stored with every fingerprint by being part of it; a better folding gets the next number and a new function."""

_NOT_PLAIN = re.compile(r"[^0-9a-z]+")

State = Literal["new", "duplicate", "match", "conflict"]
type Print = bytes
type BankId = tuple[UUID, str]


class Incoming(NamedTuple):
    """A row of a file that can be imported: no error, not skipped.

    `id_shared` says that its bank id also stands on rows of other facts in the file.
    """

    row: int
    account_id: UUID
    date: date
    amount_minor: int
    text: str
    bank_id: str | None = None
    id_shared: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A row that an earlier import brought; `pending` is the state of its transaction now."""

    transaction_id: UUID
    date: date
    amount_minor: int
    pending: bool = False
    id_shared: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored and what stood further up in the file, as far as it concerns one batch of rows."""

    by_print: Mapping[tuple[Print, int], Stored] = field(default_factory=dict)
    by_id: Mapping[BankId, Sequence[Stored]] = field(default_factory=dict)
    seen: Mapping[Print, int] = field(default_factory=dict)
    seen_ids: AbstractSet[tuple[UUID, str, Print]] = frozenset()


class Judgement(NamedTuple):
    """A row's state and the transaction it duplicates, conflicts with or, as a match, clears.

    `occurrence` is the row's number among the equal rows of its file, 0 for a row that is another one once more.
    """

    state: State
    fingerprint: Print
    occurrence: int
    transaction_id: UUID | None = None


def folded(text: str) -> str:
    """Version 1: small letters and digits only, accents dropped, words separated by one blank. Frozen."""
    if text.isascii():  # the same in a fifth of the time: nothing to take apart, and most bank texts are
        return " ".join(_NOT_PLAIN.sub(" ", text.lower()).split())
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def fingerprint(account_id: UUID, day: date, amount_minor: int, text: str) -> Print:
    """Sixteen bytes that are equal for rows of the same account, day, amount and folded text."""
    facts = f"{FOLD_VERSION}|{day.isoformat()}|{amount_minor}|{folded(text)}"
    return blake2b(account_id.bytes + facts.encode(), digest_size=16).digest()


def fingerprints(rows: Iterable[Incoming]) -> list[Print]:
    """The fingerprint of each row, to load `Known` by."""
    return [fingerprint(row.account_id, row.date, row.amount_minor, row.text) for row in rows]


def judge(rows: Sequence[Incoming], prints: Sequence[Print], known: Known) -> list[Judgement]:
    """The state of each row of a batch, in the file's order.

    duplicate: a stored row has its id and its amount, or its fingerprint and number; or the file holds the very
    same row, id included, further up. match: the stored row it names is pending, and this one clears it, with
    another amount where the bank wrote one. conflict: a stored row that isn't pending has its id, but another
    amount. An id that is shared counts only where date and amount agree too.
    """
    counts: dict[Print, int] = {}
    ids: set[tuple[UUID, str, Print]] = set()
    judged = []
    for row, found in zip(rows, prints, strict=True):
        if row.bank_id is not None:
            identity = (row.account_id, row.bank_id, found)
            if identity in ids or identity in known.seen_ids:
                judged.append(Judgement("duplicate", found, 0))
                continue
            ids.add(identity)
        counts[found] = counts.get(found, known.seen.get(found, 0)) + 1
        judged.append(_against_stored(row, found, counts[found], known))
    return judged


def _against_stored(row: Incoming, found: Print, occurrence: int, known: Known) -> Judgement:
    stored = known.by_id.get((row.account_id, row.bank_id), ()) if row.bank_id is not None else ()
    exact = [one for one in stored if one.amount_minor == row.amount_minor]
    if row.id_shared or any(one.id_shared for one in stored):
        exact = [one for one in exact if one.date == row.date]
        stored = exact
    same = exact[0] if exact else known.by_print.get((found, occurrence))
    if same is not None:
        clears = same.pending and not row.pending
        return Judgement("match" if clears else "duplicate", found, occurrence, same.transaction_id)
    if stored:
        waiting = next((one for one in stored if one.pending), None)
        other = waiting or stored[0]
        return Judgement("match" if waiting else "conflict", found, occurrence, other.transaction_id)
    return Judgement("new", found, occurrence)
