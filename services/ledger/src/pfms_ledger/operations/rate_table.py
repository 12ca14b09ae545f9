"""A table of exchange rates: bytes to dated rates, and what is wrong with the other rows."""

import csv
import re
from dataclasses import dataclass
from datetime import date
from io import StringIO

from pfms_common.currency import UnknownCurrencyError, currency
from pfms_common.rate import Rate, rate_text
from pfms_ledger.bankfiles.statement import UnreadableFile

COLUMNS = ("date", "base", "quote", "rate")
MOST_ROWS = 5_000
_DAY = re.compile(r"(19|20|21)\d\d-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class RateTable:
    """Row number → its rate, the last one of each pair and day; and row number → what is wrong with it."""

    rates: dict[int, Rate]
    errors: dict[int, str]


def read_rates(content: bytes) -> RateTable:
    """Reads CSV with the columns date, base, quote and rate in any order, others aside; without a header line, with
    these four in this order.

    Raises:
        UnreadableFile: it is no such table, or one that is too long.
    """
    rows = _rows(content)
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    if len(header) == len(COLUMNS) and _DAY.fullmatch(header[0]):
        header, rows = list(COLUMNS), [[], *rows]
    if missing := [name for name in COLUMNS if header.count(name) != 1]:
        raise UnreadableFile(
            "format_not_read", f"The first line names no column {' and no column '.join(missing)}."
        )
    if len(rows) - 1 > MOST_ROWS:
        raise UnreadableFile(
            "too_many_rows", f"The file has {len(rows) - 1} rows; at most {MOST_ROWS} are read at once."
        )
    places = [header.index(name) for name in COLUMNS]
    found: dict[int, Rate] = {}
    rows_of: dict[tuple[frozenset[str], date], int] = {}
    errors: dict[int, str] = {}
    for number, row in enumerate(rows[1:], 1):
        if not any(cell.strip() for cell in row):
            continue
        try:
            rate = _rate(*(row[place].strip() if place < len(row) else "" for place in places))
        except ValueError as error:
            errors[number] = str(error)
        else:
            pair = frozenset({rate.base, rate.quote})
            if (earlier := rows_of.get((pair, rate.date))) is not None:
                del found[earlier]
                errors[earlier] = f"row {number} sets the same pair and day"
            rows_of[pair, rate.date] = number
            found[number] = rate
    return RateTable(found, errors)


def _rows(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("not_text", "The file is not text in UTF-8.") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableFile("broken", f"The file is no table: {error}.") from error


def _rate(day: str, base: str, quote: str, rate: str) -> Rate:
    if not _DAY.fullmatch(day):
        raise ValueError("the date must be one such as 2026-11-21, in the years 1900 to 2199")
    try:
        at = date.fromisoformat(day)
        pair = currency(base).code, currency(quote).code
    except UnknownCurrencyError as error:
        raise ValueError("base and quote must be ISO 4217 codes such as EUR") from error
    except ValueError as error:
        raise ValueError("the date is no day of the calendar") from error
    if base == quote:
        raise ValueError("base and quote must differ")
    return Rate(*pair, at, rate_text(rate))
