"""Which period of a book a key names."""

from pfms_budget.domain import span
from pfms_budget.operations.work import Work
from pfms_budget.queries import periods as queries
from pfms_common.period import PeriodKey
from pfms_common.problem import Invalid


async def check_plannable(work: Work, month: PeriodKey) -> None:
    """Invalid unless the key names a period of the book that is near enough to be planned."""
    span.check_plannable(month, work.now.date())
    calendar, _ = await queries.calendar(work.connection, work.book_id)
    there = calendar.of(month.first)
    if there.key != month.key:
        message = (
            f"{month.first} lies in the period {there.key} of this book, from {there.first} to {there.last}"
        )
        raise Invalid(
            f"There is no period {month.key}: {message}.",
            errors={"month": [f"names no period; {message}"]},
            extra={"month": there.key},
        )
