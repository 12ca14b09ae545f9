"""The records a bank file is read into, whatever its format."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from pfms_common.problem import Refusal

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 200_000
BATCH_ROWS = 1_000

OPENING_TWICE = "A row states the opening balance, which the account has already; it would count twice."

Status = Literal["cleared", "pending"]
Mapping = dict[str, Any]
"""How a table is to be read, in its JSON form; a key that is missing is still open, null means "none"."""


class UnreadableFile(Refusal):
    """The file can't be imported at all; `reason` is one short word for programs, the text is for people.

    Reasons: empty, too_large, too_many_rows, not_text, format_not_read, not_a_statement, nothing_to_import,
    entities, broken, encrypted, other_currency.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, extra={"reason": reason})
        self.reason = reason


class MappingDoesNotFit(Refusal):
    """A mapping that was sent can't be used; `field` is the key of the mapping that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, errors={f"mapping.{field}": [message]})
        self.field = field


class StillAsked(Refusal):
    """Rows were demanded while questions are open."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What reading needs to know of an account: its currency, and whether it is a card (`type` credit).

    `opened` says that it has an opening balance, which a row of the file may state once more.
    """

    currency: str
    type: str = "checking"
    opened: bool = False


@dataclass(frozen=True, slots=True)
class AccountFound:
    """An account the file speaks of; the key is "" where the file names none, `type` None where it says none."""

    key: str
    currency: str | None
    rows: int
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Something the file leaves open: `mapping[field]` set to one of `options` answers it.

    The field `account_map` is the exception: each key of `Reading.accounts` wants an account, new or skip.
    `rows` counts the rows the answer decides about.
    """

    field: str
    options: list[Any]
    reason: str
    rows: int


class StatementRow(NamedTuple):
    """One row of the file; `row` is its line in a table, its ordinal in other formats.

    Money into the account is positive, in minor units of `currency`. `text` is the bank's own wording of payee
    and memo, which duplicates are recognised by; `id_shared` says that the bank id also stands on rows of other
    facts in this file, so that it identifies only together with date and amount. A row with `error` can't be
    imported, one with `skipped` is left out on purpose; both give the reason, and keep date and amount where those
    could be read.
    """

    row: int
    date: date | None
    amount_minor: int | None
    currency: str | None
    payee: str
    memo: str
    text: str
    bank_id: str | None
    id_shared: bool
    status: Status
    account_key: str
    error: str | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass over the file found out, and the way to its rows.

    `status` is needs_mapping while there are `questions`. `mapping` holds everything that is settled and may be
    sent back as it is; answers are added to it. `shape` is equal for files of the same make, so that a mapping
    can be remembered for it. `samples` are the first rows as the file has them.
    """

    format: str
    mapping: Mapping
    accounts: list[AccountFound]
    rows: Callable[[], Iterator[StatementRow]]
    questions: list[Question] = field(default_factory=list)
    samples: list[list[str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    shape: str = ""

    @property
    def status(self) -> Literal["preview", "needs_mapping"]:
        return "needs_mapping" if self.questions else "preview"

    def batches(self, size: int = BATCH_ROWS) -> Iterator[list[StatementRow]]:
        """The rows in the file's order, at most `size` at a time; StillAsked while questions are open."""
        if self.questions:
            raise StillAsked("Answer the questions of this file first; its rows can't be read before.")
        batch: list[StatementRow] = []
        for row in self.rows():
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch
