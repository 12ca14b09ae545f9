"""How a transaction's copy keeps the cells that it adds to."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import orjson

from pfms_budget.domain.cells import Cell, Cells, Kind, Tally


def to_json(cells: Cells | None) -> str | None:
    """Cells of one transaction as a list of day, account, kind, category, other account, minor units, their worth and
    what of them has none stated.
    """
    if cells is None:
        return None
    return orjson.dumps(
        [[*_texts(cell), tally.minor, tally.base, tally.unstated] for cell, tally in cells.items()]
    ).decode()


def from_json(text: str | None) -> Cells | None:
    if text is None:
        return None
    return {
        Cell(date.fromisoformat(day), UUID(account), Kind(kind), _id(category), _id(counter)): Tally(
            minor, 1, *(worth or (0, minor))
        )
        for day, account, kind, category, counter, minor, *worth in orjson.loads(text)
    }


def _texts(cell: Cell) -> Iterable[str | None]:
    ids = (cell.category_id, cell.counter_id)
    return (
        str(cell.day),
        str(cell.account_id),
        str(cell.kind),
        *(str(each) if each else None for each in ids),
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
