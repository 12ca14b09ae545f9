"""CSV: one line a split, for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence

from pfms_ledger.domain.entry import Chart, Entry, decimal, lines_of

COLUMNS = (
    "date", "transaction_id", "type", "status", "account", "payee", "category", "amount", "currency", "description",
    "memo", "note", "tags",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def head() -> str:
    """The mark by which spreadsheets tell UTF-8, and the names of the columns."""
    return "\ufeff" + _written([COLUMNS])


def text_of(entries: Iterable[Entry], chart: Chart) -> str:
    return _written(row for entry in entries for row in _rows(entry, chart))


def _rows(entry: Entry, chart: Chart) -> Iterable[Sequence[str]]:
    for line in lines_of(entry):
        category = chart.categories.get(line.category_id) if line.category_id else None
        yield (
            entry.date.isoformat(),
            str(entry.id),
            entry.type,
            entry.status,
            guarded(chart.accounts[line.account_id].name),
            guarded(entry.payee),
            guarded(" / ".join(category.path) if category else None),
            decimal(line.amount_minor, line.currency),
            line.currency,
            guarded(entry.description),
            guarded(line.memo),
            guarded(entry.note),
            guarded(", ".join(entry.tags)),
        )


def guarded(text: str | None) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    if not text:
        return ""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _written(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
