"""Bank files written in the test: a text in, a Reading or its rows out."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from textwrap import dedent
from typing import Any, Protocol

import pytest

from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import AccountFacts, Reading, StatementRow


class ReadText(Protocol):
    def __call__(self, text: str | bytes, currency: str = "EUR", **more: Any) -> Reading: ...


@pytest.fixture
def read_text() -> ReadText:
    """Reads a text as a file that goes to a checking account; the day is 21 November 2026."""

    def reading(text: str | bytes, currency: str = "EUR", **more: Any) -> Reading:
        account = AccountFacts(currency, more.pop("account_type", "checking"))
        encoding = more.pop("encoding", "utf-8")
        file = BytesIO(text if isinstance(text, bytes) else dedent(text).encode(encoding))
        return read(file, today=date(2026, 11, 21), account=account, **more)

    return reading


@pytest.fixture
def rows_of(read_text: ReadText) -> Callable[..., list[StatementRow]]:
    """The rows of a text nothing is asked about."""

    def rows(text: str | bytes, currency: str = "EUR", **more: Any) -> list[StatementRow]:
        reading = read_text(text, currency, **more)
        assert reading.questions == []
        return [row for batch in reading.batches() for row in batch]

    return rows
