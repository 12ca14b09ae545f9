"""The answer to a request whose work may go on after it."""

from collections.abc import Awaitable, Callable

from fastapi import Response

from pfms_common.idempotency import Claim, Written
from pfms_common.principal import Principal
from pfms_ledger.api.deps import written
from pfms_ledger.operations.lengthy import Begun, answered_before
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries.history import last_number


async def answered(
    ledger: Ledger, principal: Principal, claim: Claim | None, work: Callable[[], Awaitable[Begun]]
) -> Response:
    """The first answer where the request's key was used before, else that of the work."""
    begun = await answered_before(ledger, principal, claim) or await work()
    number = await last_number(ledger.facts.pool, principal.book_id)
    return written(principal, begun.answer, Written(number, begun.stored))
