"""The mapping as people send it: checked key by key, its columns turned into indexes and back into names."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pfms_ledger.bankfiles.decode import accepted
from pfms_ledger.bankfiles.statement import Mapping, MappingDoesNotFit
from pfms_ledger.bankfiles.table import DELIMITERS

COLUMN_KEYS = (
    "date", "amount", "debit", "credit", "sign", "fee", "payee", "memo", "currency", "account", "bank_id",
    "status", "balance",
)  # fmt: skip
_CHOICES: dict[str, tuple[object, ...]] = {
    "delimiter": DELIMITERS,
    "date_order": ("dmy", "mdy", "ymd", None),
    "decimal": (".", ",", None),
    "unsigned": ("in", "out", None),
    "invert": (True, False, None),
    "header": (True, False),
}
KEYS = ("encoding", "delimiter", "sheet", "skip_rows", "header", "date_order", "decimal", "sign_values", "unsigned",
        "invert", *COLUMN_KEYS)  # fmt: skip


def check(sent: object) -> Mapping:
    """The mapping that was sent, with every key known and every value of the right kind.

    MappingDoesNotFit names the first key that is wrong. Whether columns exist is told by `column`, when the file's
    header is known.
    """
    if not isinstance(sent, dict):
        raise MappingDoesNotFit("mapping", "A mapping is an object of column names and settings.")
    for key, value in sent.items():
        if key not in KEYS:
            raise MappingDoesNotFit(
                str(key)[:60], f"A mapping has no {str(key)[:60]!r}; its keys are {', '.join(KEYS)}."
            )
        _check_value(key, value)
    return dict(sent)


def _check_value(key: str, value: object) -> None:
    if key == "encoding":
        accepted(value)
    elif key == "skip_rows":
        if type(value) is not int or not 0 <= value <= 10_000:
            raise MappingDoesNotFit(
                key, "skip_rows is the number of lines before the header or the first row."
            )
    elif key == "sheet":
        if value is not None and not isinstance(value, str):
            raise MappingDoesNotFit(key, "sheet is the name of a workbook's sheet, or null.")
    elif key == "sign_values":
        _check_signs(value)
    elif key in _CHOICES:
        if not any(
            value is choice or (value == choice and isinstance(value, str)) for choice in _CHOICES[key]
        ):
            raise MappingDoesNotFit(key, f"{key} is one of {', '.join(map(json.dumps, _CHOICES[key]))}.")
    elif value is not None and type(value) not in (str, int):
        raise MappingDoesNotFit(key, f"{key} is the name of a column, its index from 0, or null.")


def _check_signs(value: object) -> None:
    if value is None:
        return
    right = isinstance(value, dict) and all(
        isinstance(cell, str) and meaning in ("in", "out", "skip") for cell, meaning in value.items()
    )
    if not right:
        raise MappingDoesNotFit(
            "sign_values", "sign_values gives in, out or skip for each cell of the sign column."
        )


def column(sent: Mapping, key: str, names: Sequence[str]) -> int | None:
    """The index of the column a key names, None for null; MappingDoesNotFit when the table has no such column."""
    value: Any = sent[key]
    if value is None:
        return None
    if isinstance(value, int):
        if 0 <= value < len(names):
            return value
        raise MappingDoesNotFit(key, f"The table has no column {value}; it has {len(names)}, counted from 0.")
    found = [index for index, name in enumerate(names) if name == value.strip()]
    if len(found) == 1:
        return found[0]
    if found:
        raise MappingDoesNotFit(
            key, f"{value[:60]!r} names {len(found)} columns; give the index of the one that is meant."
        )
    raise MappingDoesNotFit(key, f"The table has no column {value[:60]!r}.")


def reference(index: int | None, names: Sequence[str]) -> str | int | None:
    """How a mapping speaks of a column: by its name, by its index where the name is missing or repeated."""
    if index is None:
        return None
    name = names[index]
    return name if name and Counter(names)[name] == 1 else index
