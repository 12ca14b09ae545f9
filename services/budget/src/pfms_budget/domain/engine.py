"""The budget's months in order, from any period on.

A change in the past costs by the periods after it, not by transactions: start at the first period that
changed, with what the stored rows of the one before hand on, and stop as soon as a derived month equals the
stored one and nothing later changed.
"""

from collections.abc import Iterator, Mapping, Sequence

from pfms_budget.domain.month import Carried, Given, Month, Settings, carried_from, month_from
from pfms_common.period import Period, check_gapless


def derive(
    periods: Sequence[Period], given: Mapping[str, Given], settings: Settings, carried: Carried
) -> Iterator[Month]:
    """One month per period, each made only when it is asked for.

    Args:
        periods: ordered and gapless; ValueError otherwise.
        given: by period key; a period that is not in it had nothing happen.
        settings: the book's.
        carried: what the period before the first of these hands on (`carried_from` its stored rows), or
            `carried_into_first` when it is the book's first.
    """
    check_gapless(periods)
    for period in periods:
        month = month_from(period, carried, given.get(period.key, Given()), settings)
        carried = carried_from(month)
        yield month
