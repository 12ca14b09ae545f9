"""What the explanation of a figure is made of (explain.py): terms, and the month that they are read from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from pfms_budget.domain.counting import Line
from pfms_budget.domain.figure import Figure
from pfms_budget.domain.month import LineRow, Month, Settings


class Kind(StrEnum):
    """What a term is."""

    FIGURE = "figure"
    ALLOCATION = "allocation"
    PLAN = "plan"
    """Given by hand with the month: a hold, a planned income, a savings budget."""
    BALANCE = "balance"
    """What an account held at the end of a day."""
    OPENING = "opening"
    COUNTED = "counted"
    """What counts of an account's movements in the month, whose balance is valued anew."""
    MOVED = "moved"
    """What an account moved to others that count."""
    MINIMUM = "minimum"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Term:
    """One summand, in minor units of the book's currency, with the sign that it has in the sum.

    `of_month_before`: the figure is that of the month before. `id`: of the allocation, or of the account. `held` is
    the amount in the account's own currency on `day`.
    """

    kind: Kind
    minor: int
    name: str
    figure: Figure | None = None
    of_month_before: bool = False
    id: UUID | None = None
    day: date | None = None
    held: int | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """`rule` in words; `source` names the file of domain/ that makes the figure. What the terms do not make comes
    from transactions.
    """

    minor: int
    rule: str
    source: str
    terms: Sequence[Term] = ()

    @property
    def of_transactions(self) -> int:
        return self.minor - sum(term.minor for term in self.terms)


@dataclass(frozen=True, slots=True)
class Seen:
    """A month with all that its figures are explained from.

    Args:
        before: the month before; None for the budget's first.
        planned: `planned_income` and `savings_budget` of the header.
        allocations: ids by category.
        essential: categories; `rest`: the other ones that are spending, but for debt payments.
        minimums: what is due of each account at least.
        money: terms of accounts, by the figure that they belong to (`start` of the first month, `openings`, `fx`).
    """

    month: Month
    before: Month | None
    settings: Settings
    planned: Mapping[str, int] = field(default_factory=dict)
    allocations: Mapping[UUID, UUID] = field(default_factory=dict)
    essential: frozenset[UUID] = frozenset()
    rest: frozenset[UUID] = frozenset()
    minimums: Mapping[UUID, int] = field(default_factory=dict)
    money: Mapping[str, Sequence[Term]] = field(default_factory=dict)

    def row(self, line: Line) -> LineRow:
        return _row(self.month, line)

    def row_before(self, line: Line) -> LineRow:
        return _row(self.before, line)

    @property
    def expected_income(self) -> int:
        return self.planned.get("planned_income") or self.month.header.income

    @property
    def discretionary(self) -> int:
        essential = sum(self.row(line).allocated for line in self.essential)
        return self.expected_income - essential - sum(self.minimums.values())


def _row(month: Month | None, line: Line) -> LineRow:
    rows = (row for row in month.lines if row.category_id == line) if month else ()
    return next(iter(rows), LineRow(line, 0, 0, 0, 0, 0, None))
