"""The columns of a table: what their header says, what their cells are like, and which of them play which part."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.amount import UNITS, MoneyShape, money_shape, plain, shape_of
from pfms_ledger.bankfiles.dates import parts_of
from pfms_ledger.bankfiles.signs import direction_of
from pfms_ledger.bankfiles.table import WIDEST, Record, is_row
from pfms_ledger.bankfiles.words import DATES, MONEY, Role, roles_of

HEADER_WITHIN = 200
_MOST_ACCOUNTS = 50
_LONGEST_NUMBER = 12
_MOST_DIGITS = 4
_ROWS_BELOW = 30


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the head: its name and how many of its cells are filled, days, amounts, plain integers.

    `firm` counts amounts that can't be a mere number: with decimals, a sign or a currency; `values` counts the
    distinct cells.
    """

    index: int
    name: str
    roles: tuple[Role, ...]
    filled: int
    days: int
    money: int
    firm: int
    nonzero: int
    values: Counter[str]

    def is_days(self) -> bool:
        return self.days > 0 and self.days * 2 >= self.filled

    def is_money(self) -> bool:
        return self.money > 0 and self.money * 2 >= self.filled

    def is_firm(self) -> bool:
        return self.is_money() and self.firm > 0 and self.firm * 2 >= self.nonzero

    def is_text(self) -> bool:
        return self.filled > 0 and not self.is_days() and not self.is_money()


@dataclass(frozen=True, slots=True)
class Head:
    """The first records of a table behind its header, looked at column by column.

    `start` is the number of records before the first row; `header` says whether the last of those names columns.
    `dated` counts the rows that hold a day.
    """

    records: list[Record]
    columns: list[Column]
    header: bool
    start: int
    dated: int

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def role(self, *roles: str) -> list[Column]:
        """Columns whose likeliest meaning is one of the roles, in the order of the roles."""
        return [c for role in roles for c in self.columns if role == (c.roles or ("",))[0]]


def find_header(records: Sequence[Record]) -> int | None:
    """The first record that names both a day and money and stands above days; else one that stands like a header.

    That is the record right before the first row of data, when it fills as many cells with words only.
    """
    named = [at for at, record in enumerate(records[:HEADER_WITHIN]) if _names_day_and_money(record.cells)]
    for at in named:
        if _above_days(records, at):
            return at
    if named:
        return named[0]
    for at, (record, after) in enumerate(pairwise(records[:HEADER_WITHIN])):
        if is_row(after.cells):
            filled = [cell for cell in record.cells if cell.strip()]
            like = len(filled) >= max(3, len([c for c in after.cells if c.strip()]) - 1) and not is_row(
                record.cells
            )
            return at if like and not any(_is_value(cell) for cell in filled) else None
    return None


def _names_day_and_money(cells: list[str]) -> bool:
    named = [set(roles_of(cell)) for cell in cells if cell.strip()]
    days = [roles for roles in named if roles & set(DATES)]
    money = [roles for roles in named if roles & set(MONEY)]
    alone = len(days) == len(money) == 1 and days[0] is money[0]
    return bool(days and money) and not alone and not any(_is_value(cell) or _numbers(cell) for cell in cells)


def _above_days(records: Sequence[Record], at: int) -> bool:
    days = [i for i, cell in enumerate(records[at].cells) if set(roles_of(cell)) & set(DATES)]
    below = [record.cells for record in records[at + 1 : at + 1 + _ROWS_BELOW]]
    return any(i < len(cells) and parts_of(cells[i]) for cells in below for i in days)


def _numbers(cell: str) -> bool:
    """Whether a cell is about numbers more than words, as "Period: 01.03.2024 - 31.03.2024" is; no header is."""
    return sum(c.isdigit() for c in cell) > _MOST_DIGITS


def _is_value(cell: str) -> bool:
    return any(c.isdigit() for c in cell) and bool(parts_of(cell) or money_shape(shape_of(plain(cell))[0]))


def first_row(records: Sequence[Record]) -> int:
    """Where the data of a table without header begins: its first record with both a day and an amount."""
    return next((at for at, record in enumerate(records) if is_row(record.cells)), 0)


def look_at(records: Sequence[Record], start: int, *, header: bool) -> Head:
    """The columns of the records from `start` on; the record before names them when there is a header.

    Cells are counted on rows that hold a day, where there are any: balances and notices at the end don't count.
    """
    names = [cell.strip() for cell in records[start - 1].cells] if header and start else []
    rows = [record for record in records[start:] if any(cell.strip() for cell in record.cells)]
    width = max([len(names), *(len(record.cells) for record in rows)], default=0)
    width = min(width, WIDEST)
    every = [_column(i, names[i] if i < len(names) else "", rows) for i in range(width)]
    days = [column.index for column in every if column.is_days()]
    dated = [r for r in rows if any(i < len(r.cells) and parts_of(r.cells[i]) for i in days)]
    columns = [_column(c.index, c.name, dated) for c in every] if dated else every
    return Head(rows, columns, header, start, len(dated))


def _column(index: int, name: str, rows: list[Record]) -> Column:
    cells = [record.cells[index].strip() for record in rows if index < len(record.cells)]
    values: Counter[str] = Counter()
    filled = days = money = firm = nonzero = 0
    for cell in cells:
        if not cell:
            continue
        filled += 1
        values[cell] += 1
        days += parts_of(cell) is not None
        shape, zero = shape_of(plain(cell))
        if (found := money_shape(shape)) and (is_firm(found) or sum(found.groups) <= _LONGEST_NUMBER):
            money, firm, nonzero = money + 1, firm + is_firm(found), nonzero + (not zero)
    roles = _fitting(roles_of(name), are_days=days * 2 >= filled > 0, are_money=money * 2 >= filled > 0)
    return Column(index, name, roles, filled, days, money, firm, nonzero, values)


def _fitting(roles: tuple[Role, ...], *, are_days: bool, are_money: bool) -> tuple[Role, ...]:
    """The roles that cells of days, or of amounts, can play: "Valor" is a day in Spain and an amount in Brazil."""
    if are_days:
        return tuple(role for role in roles if role not in MONEY and role != "currency")
    return tuple(role for role in roles if role not in DATES) if are_money else roles


def is_firm(shape: MoneyShape) -> bool:
    return bool(shape.mark or shape.units or any(s in ".," for s in shape.separators))


def day_columns(head: Head) -> list[Column]:
    """Candidates for the day, best first: by name, else every column of days."""
    named = [c for c in head.role(*DATES) if c.is_days()]
    named += [c for c in head.columns if c.is_days() and c not in named and set(c.roles) & set(DATES)]
    return named or [c for c in head.columns if c.is_days()]


def money_columns(head: Head, *roles: Role) -> list[Column]:
    """Columns of these roles that hold amounts on at least half of the dated rows."""
    return [c for c in head.role(*roles) if c.is_money() and c.money * 2 >= head.dated]


def currency_column(head: Head, near: int | None) -> Column | None:
    """A column of currencies: by its name, else by its cells; of several the first one behind the amount."""
    named = [c for c in head.columns if "currency" in c.roles[:2] and _all_currencies(c)]
    found = named or [
        c for c in head.columns if not c.roles and c.filled >= head.dated > 0 and _all_currencies(c)
    ]
    behind = [c for c in found if near is not None and c.index > near]
    return next(iter(behind or found), None)


def currency_of(cell: str) -> str | None:
    """The ISO code a cell of a currency column means, None for XXX, an empty or an unknown one."""
    code = cell.strip()
    if code.upper() in CURRENCIES:
        return code.upper()
    units = UNITS.get(code.casefold(), frozenset())
    return next(iter(units)) if len(units) == 1 else None


def _all_currencies(column: Column) -> bool:
    known = [value for value in column.values if currency_of(value) or value.upper() == "XXX"]
    return bool(known) and len(known) == len(column.values)


def account_column(head: Head) -> Column | None:
    """A column that says whose rows these are: named so, filled on every dated row, with few distinct values."""
    for column in head.role("account"):
        few = len(column.values) <= min(_MOST_ACCOUNTS, max(2, head.dated // 2))
        if column.filled >= head.dated > 0 and few and not column.is_days():
            return column
    return None


def id_column(head: Head, ignore: set[int]) -> Column | None:
    """A column of the bank's ids: named so, nearly always filled, never the same on rows that differ."""
    for column in head.role("bank_id"):
        distinct = len(column.values) == column.filled
        if column.index not in ignore and distinct and column.filled * 10 >= head.dated * 9:
            return column
    return None


def sign_column(head: Head) -> Column | None:
    """A column that says in or out: by its name, else one whose every cell is a word for it."""
    for column in head.role("sign"):
        if column.is_text() and any(direction_of(value) for value in column.values):
            return column
    for column in head.columns:
        if (not column.roles or column.roles[0] == "type" or "sign" in column.roles) and column.is_text():
            known = [direction_of(value) for value in column.values]
            if column.filled * 10 >= head.dated * 9 and all(known) and set(known) & {"in", "out"}:
                return column
    return None


def text_columns(head: Head, taken: set[int]) -> tuple[Column | None, Column | None]:
    """(payee, memo): by name the best filled, else the columns with the longest words."""
    free = [
        c for c in head.columns if c.index not in taken and c.filled and not c.is_days() and not _says_sign(c)
    ]
    payees = _by_filling([c for c in free if c.roles[:1] == ("payee",)])
    memos = _by_filling([c for c in free if c.roles[:1] == ("memo",)])
    if not payees and not memos:
        words = [c for c in free if c.is_text() and c.roles[:1] != ("other",)]
        memos = sorted(words, key=lambda c: -sum(len(v) * n for v, n in c.values.items()))
    if payees and payees[0].filled * 3 >= head.dated:
        return payees[0], memos[0] if memos else None
    if memos:
        return memos[0], memos[1] if len(memos) > 1 else None
    return (payees[0] if payees else None), None


def _says_sign(column: Column) -> bool:
    return all(direction_of(value) for value in column.values)


def _by_filling(columns: list[Column]) -> list[Column]:
    return sorted(columns, key=lambda c: (-c.filled, c.index))
