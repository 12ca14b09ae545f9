"""What a whole column of days or amounts settles, and the question where it settles nothing."""

from collections.abc import Collection
from datetime import date

from pfms_ledger.bankfiles.dates import Order, Parts, possible_orders
from pfms_ledger.bankfiles.statement import Question


def date_order(
    days: Collection[Parts], today: date, example: str, *, year_first: bool = False
) -> Order | Question:
    """The order that all days are written in, or what to ask; `example` is a day as it is written.

    A year of one digit is asked whatever the order.
    """
    if not days:
        return "ymd"
    if all(parts.form == "ymd" for parts in days):
        return "ymd"  # also where no calendar, or none near today, has such days
    orders = possible_orders(days, today, year_first=year_first)
    short = any(parts.digits == 1 and parts.form in ("named", "slashes", "dots") for parts in days)
    if len(orders) == 1 and not short:
        return orders[0]
    reason = f"Days such as {example!r} can be read in several ways. What is the order of day, month, year?"
    options = orders if len(orders) > 1 else ["dmy", "mdy", "ymd"]
    return Question("date_order", options, reason, len(days))


def decimal_question(found: list[str], rows: int) -> Question:
    reason = "Is the separator in these amounts a decimal point, or does it group thousands?"
    return Question("decimal", found, reason, rows)
