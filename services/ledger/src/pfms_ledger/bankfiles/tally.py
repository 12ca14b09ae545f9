"""One pass over a whole table that keeps counts only: days, shapes of amounts, sign words, accounts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pfms_ledger.bankfiles.amount import MoneyShape, decimals_of, money_shape, plain, shape_of
from pfms_ledger.bankfiles.columns import currency_of
from pfms_ledger.bankfiles.dates import Parts, parts_of
from pfms_ledger.bankfiles.shared_ids import IdTally
from pfms_ledger.bankfiles.statement import MAX_ROWS, UnreadableFile
from pfms_ledger.bankfiles.table import Record

_MOST_SHAPES = 2_000
_MOST_DAYS = 50_000
_EXAMPLES = 30
_LONGEST = 80


@dataclass(slots=True)
class MoneyTally:
    """The amounts of one column by shape, zeros apart, with a few examples of each shape."""

    nonzero: Counter[str] = field(default_factory=Counter)
    zero: Counter[str] = field(default_factory=Counter)
    examples: dict[str, set[str]] = field(default_factory=dict)

    def add(self, cell: str) -> None:
        text = plain(cell[:_LONGEST])
        shape, zero = shape_of(text)
        counter = self.zero if zero else self.nonzero
        if shape in counter or len(counter) < _MOST_SHAPES:
            counter[shape] += 1
        examples = self.examples.setdefault(shape, set()) if len(self.examples) < _MOST_SHAPES else set[str]()
        if len(examples) < _EXAMPLES:
            examples.add(text)

    def marks(self) -> Counter[str]:
        """How many amounts that aren't zero carry which sign; "" is none."""
        marks: Counter[str] = Counter()
        for shape, count in self.nonzero.items():
            if found := money_shape(shape):
                marks[found.mark] += count
        return marks

    def shapes(self) -> dict[str, MoneyShape]:
        return {s: found for s in (*self.nonzero, *self.zero) if (found := money_shape(s))}

    def units(self) -> Counter[frozenset[str]]:
        units: Counter[frozenset[str]] = Counter()
        for shape, count in self.nonzero.items():
            if found := money_shape(shape):
                units[found.units] += count
        return units


@dataclass(slots=True)
class Tally:
    """What the rows of a table hold in the columns that were looked at.

    `rows` counts rows with a day or money; `flags` counts (sign word, sign of the amount); `keys` counts rows by
    (cell of the account column, currency).
    """

    rows: int = 0
    undated: int = 0
    days: set[Parts] = field(default_factory=set)
    money: dict[str, MoneyTally] = field(default_factory=dict)
    flags: Counter[tuple[str, str]] = field(default_factory=Counter)
    keys: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    ids: IdTally = field(default_factory=IdTally)


MONEY_KEYS = ("amount", "debit", "credit", "fee", "balance")


def tally(records: Iterable[Record], columns: dict[str, int | None]) -> Tally:
    """The tallies of all records; UnreadableFile (too_many_rows) beyond the limit."""
    counts = Tally(money={key: MoneyTally() for key in MONEY_KEYS if columns.get(key) is not None})
    date = columns.get("date")
    paid = [index for key in ("amount", "debit", "credit") if (index := columns.get(key)) is not None]
    money = [(index, counts.money[key]) for key in MONEY_KEYS if (index := columns.get(key)) is not None]
    marked = any(columns.get(key) is not None for key in ("account", "currency", "sign", "bank_id"))
    for _, cells, _ in records:
        width = len(cells)
        parts = parts_of(cells[date]) if date is not None and date < width else None
        if parts is None and not any(index < width and cells[index].strip() for index in paid):
            continue
        _add_row(counts, parts)
        for index, column in money:
            if index < width and (cell := cells[index].strip()):
                column.add(cell)
        if marked:
            _add_marks(counts, cells, columns, parts)
    return counts


def _add_row(counts: Tally, parts: Parts | None) -> None:
    counts.rows += 1
    if counts.rows > MAX_ROWS:
        raise UnreadableFile("too_many_rows", f"The file has more than {MAX_ROWS} rows; import it in parts.")
    if parts is None:
        counts.undated += 1
    elif len(counts.days) < _MOST_DAYS:
        counts.days.add(parts)


def _add_marks(counts: Tally, cells: list[str], columns: dict[str, int | None], parts: Parts | None) -> None:
    """Account, currency, id and sign of a row."""

    def cell(key: str) -> str:
        index = columns.get(key)
        return cells[index].strip() if index is not None and index < len(cells) else ""

    if columns.get("account") is not None or columns.get("currency") is not None:
        key = (cell("account")[:200], currency_of(cell("currency")))
        if key in counts.keys or len(counts.keys) < _MOST_SHAPES:
            counts.keys[key] += 1
    if bank_id := cell("bank_id"):
        counts.ids.add(bank_id, str(parts), cell("amount"), cell("debit"), cell("credit"))
    if columns.get("sign") is not None:
        _add_flag(counts, cell("sign")[:60], cell("amount"))


def _add_flag(counts: Tally, word: str, amount: str) -> None:
    shape, zero = shape_of(plain(amount))
    found = None if zero else money_shape(shape)
    if found and ((word, found.mark) in counts.flags or len(counts.flags) < _MOST_SHAPES):
        counts.flags[word, found.mark] += 1


def decimal_of(columns: Iterable[MoneyTally], exponents: set[int]) -> list[str]:
    """The decimal separators that may be meant in columns of one table: one where it is settled, both where not.

    A number that reads one way only decides ("1.234,5", "12,34", "1,000,000"). Where all that there is are single
    separators before three digits, they group thousands when the currency has no three decimals and not all end
    in 0, and are decimals when it has three and every number shows them.
    """
    proved: set[str] = set()
    open_ones: dict[str, tuple[MoneyShape, set[str]]] = {}
    whole = False
    for column in columns:
        for text, shape in column.shapes().items():
            readings = {d for d in ".," if decimals_of(shape, d) is not None}
            if not any(s in ".," for s in shape.separators):
                whole = True
            elif len(readings) == 1:
                proved |= readings
            else:
                open_ones[text] = (shape, column.examples.get(text, set()))
    if len(proved) == 1:
        return sorted(proved)
    if proved or not open_ones:
        return [".", ","] if proved else ["."]
    return _of_three_digits(open_ones, exponents, whole=whole)


def _of_three_digits(
    open_ones: dict[str, tuple[MoneyShape, set[str]]], exponents: set[int], *, whole: bool
) -> list[str]:
    separators = {s for shape, _ in open_ones.values() for s in shape.separators if s in ".,"}
    if len(separators) != 1:
        return [".", ","]
    separator = separators.pop()
    other = "," if separator == "." else "."
    numbers = [text[shape.start : shape.end] for shape, texts in open_ones.values() for text in texts]
    if any(number.startswith("0") for number in numbers):
        return [separator]
    if 3 in exponents:
        return [separator] if exponents == {3} and not whole and len(numbers) > 2 else [".", ","]
    if exponents == {0} or any(not number.endswith("0") for number in numbers):
        return [other]
    return [".", ","]
