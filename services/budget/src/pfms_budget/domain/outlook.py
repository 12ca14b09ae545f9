"""What a book's copies and cells say of the days to come: flows, everyday spending, and the paths of the balances."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from uuid import UUID

from pfms_budget.domain import forecast
from pfms_budget.domain.cells import Cell, Tally
from pfms_budget.domain.counting import Account, Figure, Scope, counts_as
from pfms_budget.domain.everyday import Everyday, Spent, everyday
from pfms_budget.domain.expected import Card, Plan, Source, looks_planned, of_cards, of_plans, of_sources
from pfms_budget.domain.forecast import Day, Flow, Origin
from pfms_common.rate import Rates

type Moved = Sequence[tuple[Cell, Tally]]


@dataclass(frozen=True, slots=True)
class Minimum:
    """What is due of a card at least, every month."""

    card_id: UUID
    minor: int
    due_day: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the forecast is made from.

    Args:
        base: the book's currency.
        scope: every account on the budget, with or without a rate.
        balances: at the end of today.
        past: the cells from `first_day_asked` to today.
        posted_by_plans: the part of them that occurrences of plans made.
        ahead: the cells after today.
        first_day: of the book's first movement.
        settled: by plan the nominal days that were posted or skipped.
    """

    today: date
    base: str
    accounts: Mapping[UUID, Account]
    scope: Scope
    balances: Mapping[UUID, int]
    past: Moved = ()
    posted_by_plans: Moved = ()
    ahead: Moved = ()
    first_day: date | None = None
    plans: Sequence[Plan] = ()
    settled: Mapping[UUID, frozenset[date]] = field(default_factory=dict)
    sources: Sequence[Source] = ()
    minimums: Sequence[Minimum] = ()
    rates: Rates = field(default_factory=Rates)


class Outlook:
    """The forecast of a book over so many days. Amounts in each account's currency, totals in the book's."""

    def __init__(self, known: Known, days: int) -> None:
        self.known, self.days = known, days
        self.last = known.today + timedelta(days=days)
        self.dated = sorted(self._dated(), key=lambda flow: flow.day)
        """All but everyday spending; each account that is known, on the budget or not."""
        self.everyday = self._everyday()
        """By currency."""

    @cached_property
    def on_budget(self) -> frozenset[UUID]:
        return self.known.scope.cash | self.known.scope.cards

    @cached_property
    def unconverted(self) -> list[UUID]:
        """Accounts on the budget that the total leaves out: today no rate is known for their currency."""
        return sorted(key for key in self.on_budget if self._in_base(1, key) is None)

    def usual(self, currency: str) -> Everyday:
        return self.everyday.get(currency, Everyday())

    def of_account(self, account_id: UUID) -> list[Day]:
        usual = self.usual(self.known.accounts[account_id].currency)
        start = self.known.balances.get(account_id, 0)
        return self._path(start, self._by_account.get(account_id, ()), frozenset([account_id]), usual)

    def total(self) -> list[Day]:
        """Of all accounts on the budget, cards' debts taken off; at today's rates."""
        counted = self.on_budget.difference(self.unconverted)
        return self._path(self.held(counted), self.in_base(), counted, self.usual(self.known.base))

    def in_base(self) -> list[Flow]:
        """All flows of accounts on the budget, at today's rates."""
        found: list[Flow] = []
        for account_id in self.on_budget.difference(self.unconverted):
            flows = self._by_account.get(account_id, ())
            if self.known.accounts[account_id].currency != self.known.base:
                flows = [flow._replace(minor=self._in_base(flow.minor, account_id) or 0) for flow in flows]
            found += flows
        return found

    @cached_property
    def _by_account(self) -> Mapping[UUID, Sequence[Flow]]:
        """All flows, everyday spending among them."""
        found: defaultdict[UUID, list[Flow]] = defaultdict(list)
        for usual in self.everyday.values():
            for flow in forecast.daily(usual.by_account, self.known.today, self.days):
                found[flow.account_id].append(flow)
        for flow in self.dated:
            found[flow.account_id].append(flow)
        return found

    def is_income(self, flow: Flow) -> bool:
        """Money from outside; of what is in the books, that in categories of income."""
        if flow.minor <= 0 or flow.counter_id is not None or flow.account_id not in self.on_budget:
            return False
        if flow.origin is Origin.POSTED:
            return flow.category_id in self.known.scope.income
        return flow.origin in {Origin.PLAN, Origin.INCOME_SOURCE}

    def held(self, accounts: Iterable[UUID]) -> int:
        """Today, in the book's currency; accounts without a rate hold nothing."""
        return sum(self._in_base(self.known.balances.get(key, 0), key) or 0 for key in accounts)

    def paths(self) -> dict[UUID, list[Day]]:
        """Of each account on the budget that holds money."""
        return {account_id: self.of_account(account_id) for account_id in sorted(self.known.scope.cash)}

    def _path(self, start: int, flows: Iterable[Flow], scope: frozenset[UUID], usual: Everyday) -> list[Day]:
        confidences = forecast.confidences(usual, self.days)
        return forecast.path(start, flows, scope, self.known.today, self.days, confidences)

    def _in_base(self, minor: int, account_id: UUID) -> int | None:
        known, currency = self.known, self.known.accounts[account_id].currency
        if currency == known.base:
            return minor
        by_unit = known.rates.by_unit(currency, known.base, known.today)
        return None if by_unit is None else round(minor * by_unit)

    def _dated(self) -> Iterator[Flow]:
        known = self.known
        found = [
            *of_plans(known.plans, known.settled, known.today, self.last),
            *of_sources(known.sources, known.today, self.last),
            *of_cards(self._cards(), known.plans, known.today, self.last),
            *self._ahead(),
        ]
        return (flow for flow in found if flow.account_id in known.accounts and flow.day <= self.last)

    def _ahead(self) -> Iterator[Flow]:
        for cell, tally in self.known.ahead:
            yield Flow(
                cell.day, cell.account_id, tally.minor, Origin.POSTED,
                counter_id=cell.counter_id, category_id=cell.category_id,
            )  # fmt: skip

    def _cards(self) -> Iterator[Card]:
        """A card is paid by the account that paid it last."""
        scope, payers = self.known.scope, dict[UUID, tuple[date, UUID]]()
        for cell, tally in self.known.past:
            if cell.account_id in scope.cards and cell.counter_id in scope.cash and tally.minor > 0:
                paid = (cell.day, cell.counter_id)
                payers[cell.account_id] = max(payers.get(cell.account_id, paid), paid)
        for each in self.known.minimums:
            owed = -self.known.balances.get(each.card_id, 0)
            _, payer_id = payers.get(each.card_id, (None, None))
            yield Card(each.card_id, owed, each.minor, each.due_day, payer_id)

    def _everyday(self) -> dict[str, Everyday]:
        by_currency: defaultdict[str, list[Spent]] = defaultdict(list)
        for spent in self._spent():
            by_currency[self.known.accounts[spent.account_id].currency].append(spent)
        return {
            currency: everyday(spent, self.known.first_day, self.known.today)
            for currency, spent in by_currency.items()
        }

    def _spent(self) -> Iterator[Spent]:
        """Spending that no plan posted, nor would have."""
        posted: defaultdict[Cell, int] = defaultdict(int)
        for cell, tally in self.known.posted_by_plans:
            posted[cell] += tally.minor
        for cell, tally in self.known.past:
            minor = posted.pop(cell, 0) - tally.minor
            if not minor or counts_as(cell, self.known.scope) is not Figure.SPENDING:
                continue
            if not looks_planned(self.known.plans, cell.account_id, cell.category_id, minor):
                yield Spent(cell.day, cell.account_id, cell.category_id, minor)
