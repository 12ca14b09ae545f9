"""Converting amounts of a book by its own rates."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pfms_common.problem import Unavailable
from pfms_ledger.domain.total import Amount, Total, total_in
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import rates as queries


async def totalled(
    ledger: Ledger, book_id: UUID, amounts: Sequence[Amount], currency: str, day: date
) -> Total:
    """Amounts added up in another, or with `base` in the book's, at the rates of a day.

    Raises:
        Unavailable: the book's currency was asked for and has not arrived here yet.
    """
    target = await ledger.facts.base_currency(book_id) if currency == "base" else currency
    if target is None:
        raise Unavailable("The book's currency is not known here yet; ask again, or name one.")
    foreign = sorted({amount.currency for amount in amounts} - {target})
    rates = await queries.newest(ledger.facts.pool, book_id, foreign, target, day)
    return total_in(amounts, target, day, rates)
