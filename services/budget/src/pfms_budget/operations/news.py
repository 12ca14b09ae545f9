"""What the ledger's events say: the newest state of each account, category, transaction, plan and source of income.

Reading them needs no database and no order. An older version that comes later is passed over; a deletion is a
state like any other, None.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from pfms_budget.domain.card import Overspend
from pfms_budget.domain.cells import Cells, Split, Transaction, Transfer, added_up, cells_of
from pfms_events.contracts.ledger.account import Account, AccountDeleted
from pfms_events.contracts.ledger.category import Category, CategoryDeleted
from pfms_events.contracts.ledger.income_source import IncomeSource, IncomeSourceDeleted
from pfms_events.contracts.ledger.plan import Plan, PlanDeleted
from pfms_events.contracts.ledger.pot import Pot, PotBalanceChanged, PotDeleted
from pfms_events.contracts.ledger.rate import RateDeleted, RateSet
from pfms_events.contracts.ledger.recurring import Recurring, RecurringDue
from pfms_events.contracts.ledger.transaction import Split as ToldSplit
from pfms_events.contracts.ledger.transaction import Transaction as ToldTransaction
from pfms_events.contracts.ledger.transaction import TransactionDeleted, TransactionRefused
from pfms_events.envelope import Envelope

type Key = tuple[UUID, UUID]
"""Book and id."""

ASKS_AS = "goal"
"""The source of transactions that the ledger posts for goals."""


class AccountCopy(NamedTuple):
    """`keeps_debt`: a card whose debt is kept apart."""

    on_budget: bool
    currency: str
    keeps_debt: bool
    opened_on: date
    opening_balance_minor: int
    minimum_payment_minor: int | None
    due_day: int | None


class CategoryCopy(NamedTuple):
    """`type`: income or expense, or its kind, receivable."""

    type: str
    parent_id: UUID | None
    key: str | None
    spending_class: str | None
    is_essential: bool
    is_archived: bool


class PotCopy(NamedTuple):
    account_id: UUID
    currency: str
    is_active: bool


class PotBalanceCopy(NamedTuple):
    """What is in a pot, kept under the pot's id."""

    balance_minor: int


class RateCopy(NamedTuple):
    """One unit of `base` in `quote` from a day on, as decimal text."""

    base: str
    quote: str
    date: date
    rate: str


class TransactionCopy(NamedTuple):
    """A transaction as the cells that it adds to; `income_source_id`: where it came from."""

    cells: Cells
    income_source_id: UUID | None = None


class PlanCopy(NamedTuple):
    """A plan's template and schedule. `category_id`: of its only split; amounts as in the ledger's event."""

    name: str
    kind: str
    is_active: bool
    amount_minor: int
    account_id: UUID | None
    from_id: UUID | None
    to_id: UUID | None
    arrives_minor: int | None
    category_id: UUID | None
    rrule: str
    starts_on: date
    ends_on: date | None
    times: int | None
    short_months: str
    weekend_rule: str
    holidays: str | None
    yearly_increase_percent: str
    amount_since: date
    catch_up_from: date


class MarkCopy(NamedTuple):
    """What became of an occurrence; settled: posted, as `transaction_id`, or skipped."""

    plan_id: UUID
    nominal_date: date
    is_settled: bool
    transaction_id: UUID | None


class SourceCopy(NamedTuple):
    """A source of income; `amount_minor`: what usually arrives each time."""

    name: str
    is_active: bool
    amount_minor: int | None
    currency: str
    frequency: str


@dataclass(frozen=True, slots=True)
class Known[T]:
    """A state with its version; None: deleted."""

    version: int
    state: T | None


@dataclass(slots=True)
class News:
    """Filled by `add`.

    `answers`: what became of transactions that this service asked for, by their ids: why not, or None: posted.
    `lowest`: by book the lowest number among the events added. `merged`: categories that went into another.
    """

    accounts: dict[Key, Known[AccountCopy]] = field(default_factory=dict)
    categories: dict[Key, Known[CategoryCopy]] = field(default_factory=dict)
    pots: dict[Key, Known[PotCopy]] = field(default_factory=dict)
    pot_balances: dict[Key, Known[PotBalanceCopy]] = field(default_factory=dict)
    rates: dict[Key, Known[RateCopy]] = field(default_factory=dict)
    transactions: dict[Key, Known[TransactionCopy]] = field(default_factory=dict)
    plans: dict[Key, Known[PlanCopy]] = field(default_factory=dict)
    marks: dict[Key, Known[MarkCopy]] = field(default_factory=dict)
    sources: dict[Key, Known[SourceCopy]] = field(default_factory=dict)
    answers: dict[Key, Mapping[str, Any] | None] = field(default_factory=dict)
    lowest: dict[UUID, int] = field(default_factory=dict)
    merged: dict[Key, UUID] = field(default_factory=dict)

    def add(self, envelopes: Iterable[Envelope]) -> "News":
        for envelope in envelopes:
            book = envelope.stream_id
            self.lowest[book] = min(envelope.sequence, self.lowest.get(book, envelope.sequence))
            key, version = (book, envelope.aggregate_id), envelope.aggregate_version
            self._note_merge(key, envelope.data)
            self._add_answer(book, envelope.data)
            match envelope.data:
                case Account() as account if _is_newer(self.accounts, key, version):
                    self.accounts[key] = Known(version, _account(account))
                case AccountDeleted() if _is_newer(self.accounts, key, version):
                    self.accounts[key] = Known(version, None)
                case Category() as category if _is_newer(self.categories, key, version):
                    self.categories[key] = Known(version, _category(category))
                case CategoryDeleted() if _is_newer(self.categories, key, version):
                    self.categories[key] = Known(version, None)
                case Pot() | PotDeleted() | PotBalanceChanged() as told:
                    self._add_of_pot(told, key, version)
                case RateSet() | RateDeleted() as rate if _is_newer(self.rates, key, version):
                    self.rates[key] = Known(version, _rate(rate))
                case ToldTransaction() as transaction if _is_newer(self.transactions, key, version):
                    self.transactions[key] = Known(version, _transaction(transaction))
                case TransactionDeleted() if _is_newer(self.transactions, key, version):
                    self.transactions[key] = Known(version, None)
                case _:
                    self._add_expected(key, version, envelope.data)  # payees and imports move no money
        return self

    def _add_expected(self, key: Key, version: int, data: object) -> None:
        """What says of money to come."""
        match data:
            case Plan() as plan if _is_newer(self.plans, key, version):
                self.plans[key] = Known(version, _plan(plan))
            case PlanDeleted() if _is_newer(self.plans, key, version):
                self.plans[key] = Known(version, None)
            case Recurring() as mark if _is_newer(self.marks, key, version):
                is_settled = not isinstance(mark, RecurringDue)
                known = MarkCopy(mark.plan_id, mark.nominal_date, is_settled, mark.transaction_id)
                self.marks[key] = Known(version, known)
            case IncomeSource() as source if _is_newer(self.sources, key, version):
                about = (source.name, source.is_active, source.amount_minor)
                self.sources[key] = Known(version, SourceCopy(*about, source.currency, source.frequency))
            case IncomeSourceDeleted() if _is_newer(self.sources, key, version):
                self.sources[key] = Known(version, None)

    def _note_merge(self, key: Key, told: object) -> None:
        if isinstance(told, Category | CategoryDeleted) and told.merged_into:
            self.merged[key] = told.merged_into

    def _add_answer(self, book: UUID, told: object) -> None:
        """A transaction answers by being there, in whatever version it is heard of."""
        if isinstance(told, ToldTransaction) and told.source == ASKS_AS:
            self.answers[book, told.id] = None
        elif isinstance(told, TransactionRefused) and told.source == ASKS_AS:
            self.answers[book, told.id] = {"detail": told.detail, "errors": told.errors}

    def _add_of_pot(self, told: Pot | PotDeleted | PotBalanceChanged, key: Key, version: int) -> None:
        """A pot, and what is in it, have versions of their own, and are both kept under the pot's id."""
        if isinstance(told, PotBalanceChanged):
            key = (key[0], told.pot_id)
            if _is_newer(self.pot_balances, key, version):
                self.pot_balances[key] = Known(version, PotBalanceCopy(told.balance_minor))
        elif _is_newer(self.pots, key, version):
            state = PotCopy(told.account_id, told.currency, told.is_active) if isinstance(told, Pot) else None
            self.pots[key] = Known(version, state)


def _is_newer[T](known: dict[Key, Known[T]], key: Key, version: int) -> bool:
    return key not in known or known[key].version < version


def _account(event: Account) -> AccountCopy:
    """A card that came before cards had policies keeps its debt, as one does that nobody chose for."""
    overspend = event.credit_overspend or (Overspend.LIABILITY if event.type == "credit" else None)
    return AccountCopy(
        event.on_budget,
        event.currency,
        overspend == Overspend.LIABILITY,
        event.opened_on,
        event.opening_balance_minor,
        event.minimum_payment_minor,
        event.due_day,
    )


def _category(event: Category) -> CategoryCopy:
    return CategoryCopy(
        event.kind or event.type,
        event.parent_id,
        event.key,
        event.spending_class,
        event.is_essential,
        event.is_archived,
    )


def _transaction(event: ToldTransaction) -> TransactionCopy:
    return TransactionCopy(added_up(map(cells_of, moved(event))), event.income_source_id)


def _plan(event: Plan) -> PlanCopy:
    template = event.template
    return PlanCopy(
        name=event.name,
        kind=event.kind,
        is_active=event.is_active,
        amount_minor=template.amount_minor,
        account_id=template.account_id,
        from_id=template.from_.account_id if template.from_ else None,
        to_id=template.to.account_id if template.to else None,
        arrives_minor=template.to.amount_minor if template.to else None,
        category_id=template.splits[0].category_id if len(template.splits) == 1 else None,
        rrule=event.rrule,
        starts_on=event.start,
        ends_on=event.end,
        times=event.count,
        short_months=event.short_months,
        weekend_rule=event.weekend_rule,
        holidays=event.holidays,
        yearly_increase_percent=event.yearly_increase_percent,
        amount_since=event.amount_since,
        catch_up_from=event.catch_up_from,
    )


def _rate(event: RateSet | RateDeleted) -> RateCopy | None:
    return RateCopy(event.base, event.quote, event.date, event.rate) if isinstance(event, RateSet) else None


def _parts(split: ToldSplit) -> Iterable[Split]:
    """Your own part in the split's category, each share in that of what is owed to you."""
    sign = 1 if split.amount_minor > 0 else -1
    apart = [share for share in split.shares if share.counts_apart]
    owed = [Split(share.category_id, sign * share.amount_minor) for share in apart]
    if not owed:
        yield Split(split.category_id, split.amount_minor, split.base_amount_minor)
        return
    yield Split(split.category_id, split.amount_minor - sum(part.minor for part in owed))
    yield from owed


def moved(event: ToldTransaction) -> list[Transaction | Transfer]:
    """The transaction as the arithmetic knows it; ValueError for an event that names no account.

    A transfer's fee is spent from where the money leaves; the rest of it moves.
    """
    splits = [part for split in event.splits for part in _parts(split)]
    flags = (event.excluded_from_budget, event.counts_next_period)
    if event.from_ is not None and event.to is not None:
        fee = event.fee.amount_minor if event.fee else 0
        source, sent, received = event.from_.account_id, event.from_.amount_minor - fee, event.to.amount_minor
        transfer = Transfer(event.date, source, event.to.account_id, sent, received, splits, *flags)
        if event.fee is None:
            return [transfer]
        spent = Transaction(event.date, source, [Split(event.fee.category_id, -fee)], *flags)
        return [transfer, spent]
    if event.account_id is None:
        raise ValueError(f"transaction {event.id} is on no account")
    return [Transaction(event.date, event.account_id, splits, *flags)]
