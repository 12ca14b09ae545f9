"""Safe to spend: what is left until the next payday once all that is due, and all that is set aside, is taken off.

safe = cash − committed − Σ over categories max(what its envelope holds, what of it is due) − what is due without one.
Cash is what the accounts on the budget hold today, without cards. Committed is what the books have with a date before
payday already: envelopes have paid for it. What is expected and its envelope are one money, so the larger counts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pfms_budget.domain.forecast import Flow, Origin


@dataclass(frozen=True, slots=True)
class Safe:
    """Minor units of the book's currency; `until`: the payday, on which new money comes.

    safe = cash − committed − set_aside; `due` is the part of `set_aside` that is expected before payday.
    """

    until: date
    cash: int
    committed: int
    due: int
    set_aside: int

    @property
    def minor(self) -> int:
        return self.cash - self.committed - self.set_aside


def payday(income: Iterable[Flow], today: date) -> date | None:
    """The first day after today on which income is expected; None: none is."""
    return min((flow.day for flow in income if flow.day > today), default=None)


def safe_to_spend(
    cash: int,
    flows: Iterable[Flow],
    envelopes: Mapping[UUID, int],
    accounts: Collection[UUID],
    today: date,
    until: date,
) -> Safe:
    """The rule.

    Args:
        flows: in the book's currency, in any order, everyday spending among them or not.
        envelopes: by category, or card to be paid, what is available this month.
        accounts: that hold the cash.
    """
    committed, due = 0, defaultdict[UUID | None, int](int)
    for flow in flows:
        leaves = flow.account_id in accounts and flow.counter_id not in accounts and flow.minor < 0
        if not leaves or flow.origin is Origin.EVERYDAY or not today <= flow.day < until:
            continue
        if flow.origin is Origin.POSTED:
            committed -= flow.minor
        else:
            due[flow.category_id] -= flow.minor
    set_aside = due.get(None, 0)
    for key in {*envelopes, *due} - {None}:
        set_aside += max(envelopes.get(key, 0) if key else 0, due.get(key, 0), 0)
    return Safe(until, cash, committed, sum(due.values()), set_aside)
