"""What the ledger publishes: accounts, pots, categories, payees, transactions and imports of one book.

Every event carries the full state after the change, with the field names of the API. The stream is the book.
"""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Count, Currency, Event, EventType, Minor, Part, derived_id


class Account(Event):
    AGGREGATE: ClassVar[str] = "account"

    id: UUID
    name: str
    type: str = Field(
        description="checking, savings, cash, credit, wallet, investment, loan, asset, liability"
    )
    currency: Currency
    opening_balance_minor: Minor
    opened_on: date
    on_budget: bool
    is_active: bool = True
    institution: str | None = None
    note: str | None = None
    colour: str | None = None
    position: int = 0
    low_balance_minor: Minor | None = Field(default=None, description="Below it the balance is low")
    credit_limit_minor: Minor | None = Field(default=None, description="Of a card: the most that it lends")
    statement_day: Count | None = Field(default=None, description="Of a card: day of the month, 31 its last")
    due_day: Count | None = Field(default=None, description="Of a card: day of the month, 31 its last")
    minimum_payment_minor: Minor | None = Field(default=None, description="Of a card: due on each due day")
    credit_overspend: Literal["liability", "reduce_next_month"] | None = Field(
        default=None,
        description="Of a card: whether spending that no envelope covers is its debt, or is taken from what the"
        " next month has to budget; null for what is no card",
    )


class AccountCreated(Account):
    EVENT: ClassVar[str] = "account.created"


class AccountUpdated(Account):
    EVENT: ClassVar[str] = "account.updated"


class AccountDeleted(Event):
    EVENT: ClassVar[str] = "account.deleted"
    AGGREGATE: ClassVar[str] = "account"

    id: UUID


class Pot(Event):
    """A named part of an account's money."""

    AGGREGATE: ClassVar[str] = "pot"

    id: UUID
    account_id: UUID
    name: str
    currency: Currency = Field(description="The account's")
    is_active: bool = True
    note: str | None = None
    colour: str | None = None
    icon: str | None = None
    position: int = 0


class PotCreated(Pot):
    EVENT: ClassVar[str] = "pot.created"


class PotUpdated(Pot):
    EVENT: ClassVar[str] = "pot.updated"


class PotDeleted(Event):
    EVENT: ClassVar[str] = "pot.deleted"
    AGGREGATE: ClassVar[str] = "pot"

    id: UUID


class PotBalanceChanged(Event):
    """What is in a pot is something else now. It is derived, so it has versions of its own."""

    EVENT: ClassVar[str] = "pot.balance_changed"
    AGGREGATE: ClassVar[str] = "pot_balance"

    pot_id: UUID
    account_id: UUID
    currency: Currency
    balance_minor: Minor = Field(description="Never below zero")
    account_paid_minor: Minor = Field(description="What its account has paid where the pot was too small")


def pot_balance_id(pot_id: UUID) -> UUID:
    """The aggregate id of what is in one pot."""
    return derived_id(pot_id, PotBalanceChanged.EVENT)


class Reconciliation(Event):
    """An account is held against a bank statement."""

    AGGREGATE: ClassVar[str] = "reconciliation"

    id: UUID
    account_id: UUID
    currency: Currency = Field(description="The account's")
    status: Literal["open", "finished"]
    statement_date: date
    statement_balance_minor: Minor
    ticked: tuple[UUID, ...] = Field(default=(), description="Transactions that are on the statement")
    adjustment_transaction_id: UUID | None = Field(
        default=None, description="What was posted for what was left over"
    )
    started_by: UUID
    started_at: datetime
    finished_by: UUID | None = None
    finished_at: datetime | None = None


class ReconciliationCreated(Reconciliation):
    EVENT: ClassVar[str] = "reconciliation.created"


class ReconciliationUpdated(Reconciliation):
    EVENT: ClassVar[str] = "reconciliation.updated"


class ReconciliationDeleted(Event):
    """It was cancelled."""

    EVENT: ClassVar[str] = "reconciliation.deleted"
    AGGREGATE: ClassVar[str] = "reconciliation"

    id: UUID


class Category(Event):
    AGGREGATE: ClassVar[str] = "category"

    id: UUID
    name: str
    type: Literal["expense", "income"]
    parent_id: UUID | None = None
    key: str | None = Field(default=None, description="Stable name of a category of the starting tree")
    spending_class: Literal["need", "want", "saving", "debt"] | None = None
    is_essential: bool = False
    is_archived: bool = False
    colour: str | None = None
    icon: str | None = None
    note: str | None = None
    position: int = 0
    kind: Literal["receivable"] | None = Field(
        default=None,
        description="Of the book's own categories; receivable takes what others owe: no spending",
    )


class CategoryCreated(Category):
    EVENT: ClassVar[str] = "category.created"


class CategoryUpdated(Category):
    EVENT: ClassVar[str] = "category.updated"


class CategoryDeleted(Event):
    EVENT: ClassVar[str] = "category.deleted"
    AGGREGATE: ClassVar[str] = "category"

    id: UUID


class Payee(Event):
    AGGREGATE: ClassVar[str] = "payee"

    id: UUID
    name: str
    aliases: tuple[str, ...] = ()
    is_active: bool = True
    note: str | None = None


class PayeeCreated(Payee):
    EVENT: ClassVar[str] = "payee.created"


class PayeeUpdated(Payee):
    EVENT: ClassVar[str] = "payee.updated"


class PayeeDeleted(Event):
    EVENT: ClassVar[str] = "payee.deleted"
    AGGREGATE: ClassVar[str] = "payee"

    id: UUID


class Share(Part):
    """What somebody else owes of a split."""

    person_id: UUID
    amount_minor: Minor = Field(description="Above zero, whatever the sign of the split")
    category_id: UUID = Field(
        description="The category of kind receivable that it counts in, instead of the split's"
    )
    counts_apart: bool = Field(
        default=True, description="false: the book counts shared splits whole, in their own category"
    )


class Split(Part):
    id: UUID
    category_id: UUID | None = Field(default=None, description="null is uncategorised")
    amount_minor: Minor = Field(description="Signed, outflow negative; the splits add up to the amount")
    base_amount_minor: Minor | None = Field(
        default=None, description="In the book's currency at the rate of the day; null where there is none"
    )
    memo: str | None = None
    tags: tuple[str, ...] = ()
    item: str | None = Field(default=None, description="The thing itself, such as a line of a receipt")
    shares: tuple[Share, ...] = Field(default=(), description="They sum to at most the split")


class Location(Part):
    """Where something happened."""

    name: str | None = None
    latitude: str | None = Field(default=None, description="Degrees north as decimal text")
    longitude: str | None = Field(default=None, description="Degrees east as decimal text")


class Original(Part):
    """What was paid in another currency than the account's."""

    amount_minor: Minor = Field(description="Signed, the sign of the transaction's amount")
    currency: Currency
    rate: str | None = Field(
        default=None, description="One unit of it in the account's currency, as the bank said; decimal text"
    )


class Side(Part):
    """One side of a transfer."""

    account_id: UUID
    pot_id: UUID | None = Field(default=None, description="The pot of the account that was meant")
    amount_minor: Minor = Field(description="Positive on both sides, in the account's own currency")
    currency: Currency


class Fee(Part):
    """What of a transfer's amount was kept on the way."""

    amount_minor: Minor = Field(description="Positive, in the currency of the source")
    category_id: UUID | None = Field(default=None, description="null is uncategorised")


class Transaction(Event):
    AGGREGATE: ClassVar[str] = "transaction"

    id: UUID
    type: Literal["standard", "transfer", "refund", "adjustment"]
    kind: Literal["income", "expense", "transfer", "refund", "adjustment"] = Field(
        description="income and expense are standard transactions by the sign of their amount"
    )
    status: Literal["pending", "cleared", "reconciled"]
    plan_id: UUID | None = Field(default=None, description="The plan that made it")
    plan_version: int | None = Field(default=None, description="That plan's version then")
    plan_date: date | None = Field(default=None, description="The day that the plan's rule names")
    date: date
    amount_minor: Minor = Field(description="Signed, outflow negative; of a transfer positive")
    currency: Currency
    account_id: UUID | None = Field(default=None, description="null for a transfer")
    pot_id: UUID | None = Field(default=None, description="The pot of the account that was meant")
    from_: Side | None = Field(default=None, alias="from", description="transfers only")
    to: Side | None = Field(default=None, description="transfers only")
    fee: Fee | None = Field(
        default=None, description="transfers only: a part of the amount, spent from the source"
    )
    rate: str | None = Field(
        default=None,
        description="One unit of `from` in `to`, the fee aside, as decimal text; two currencies only",
    )
    payee: str | None = None
    payee_id: UUID | None = None
    description: str | None = None
    note: str | None = None
    splits: tuple[Split, ...] = Field(
        default=(), description="Never empty but for a transfer that does not cross the budget's edge"
    )
    tags: tuple[str, ...] = ()
    is_shared: bool = False
    related_transaction_id: UUID | None = Field(default=None, description="What a refund refunds")
    excluded_from_budget: bool = False
    counts_next_period: bool = False
    source: str = Field(default="manual", description="manual, import, valuation, recurring, rule, voice, ai")
    import_id: UUID | None = None
    bank_id: str | None = None
    created_by: UUID | None = None
    time: str | None = Field(default=None, description="HH:MM or HH:MM:SS on the clock where it happened")
    location: Location | None = None
    payment_method: str | None = Field(default=None, description="cash, debit_card, bank_transfer, …")
    original: Original | None = None
    is_essential: bool | None = Field(default=None, description="Overrides what the category says")
    income_source_id: UUID | None = Field(default=None, description="Where income comes from")
    tax_minor: Minor | None = Field(default=None, description="Tax taken off income before it arrived")
    gross_minor: Minor | None = Field(default=None, description="Amount and tax, where tax_minor is known")
    metadata: dict[str, str] | None = Field(default=None, description="A person's own texts by name")


class TransactionCreated(Transaction):
    EVENT: ClassVar[str] = "transaction.created"


class TransactionUpdated(Transaction):
    EVENT: ClassVar[str] = "transaction.updated"


class TransactionDeleted(Event):
    EVENT: ClassVar[str] = "transaction.deleted"
    AGGREGATE: ClassVar[str] = "transaction"

    id: UUID


class LedgerSettingsUpdated(Event):
    """What a book's ledger goes by."""

    EVENT: ClassVar[str] = "ledger_settings.updated"
    AGGREGATE: ClassVar[str] = "ledger_settings"

    id: UUID
    default_account_id: UUID | None = Field(default=None, description="The account that quick entries are on")
    shares: Literal["mine", "whole"] = Field(
        default="mine",
        description="Whether a shared split's category holds only one's own part, or all of it",
    )


class LedgerSettingsDeleted(Event):
    """Nothing is set any more: the first setting was undone."""

    EVENT: ClassVar[str] = "ledger_settings.deleted"
    AGGREGATE: ClassVar[str] = "ledger_settings"

    id: UUID


class IncomeSource(Event):
    """Where income comes from."""

    AGGREGATE: ClassVar[str] = "income_source"

    id: UUID
    name: str
    type: Literal["salary", "freelance", "business", "bonus", "investment", "other"]
    amount_minor: Minor | None = Field(default=None, description="What usually arrives each time")
    currency: Currency
    frequency: str = Field(description="weekly, monthly, yearly, once, irregular, …")
    is_active: bool = True
    note: str | None = None


class IncomeSourceCreated(IncomeSource):
    EVENT: ClassVar[str] = "income_source.created"


class IncomeSourceUpdated(IncomeSource):
    EVENT: ClassVar[str] = "income_source.updated"


class IncomeSourceDeleted(Event):
    EVENT: ClassVar[str] = "income_source.deleted"
    AGGREGATE: ClassVar[str] = "income_source"

    id: UUID


class Habit(Event):
    """What is given in to, and what one costs."""

    AGGREGATE: ClassVar[str] = "habit"

    id: UUID
    name: str
    unit_cost_minor: Minor
    currency: Currency
    icon: str | None = None
    target_reduction: int | None = Field(default=None, description="Percent of the month before")
    is_active: bool = True
    note: str | None = None


class HabitCreated(Habit):
    EVENT: ClassVar[str] = "habit.created"


class HabitUpdated(Habit):
    EVENT: ClassVar[str] = "habit.updated"


class HabitDeleted(Event):
    EVENT: ClassVar[str] = "habit.deleted"
    AGGREGATE: ClassVar[str] = "habit"

    id: UUID


class HabitLogged(Event):
    """One time. It changes no field of the habit, so it has versions of its own."""

    EVENT: ClassVar[str] = "habit.logged"
    AGGREGATE: ClassVar[str] = "habit_log"

    id: UUID
    habit_id: UUID
    date: date
    time: str | None = None
    quantity: str = Field(description="Decimal text")
    cost_minor: Minor = Field(description="In the habit's currency")
    note: str | None = None
    transaction_id: UUID | None = Field(default=None, description="The expense that was posted with it")


class HabitLogDeleted(Event):
    EVENT: ClassVar[str] = "habit_log.deleted"
    AGGREGATE: ClassVar[str] = "habit_log"

    id: UUID


class RateSet(Event):
    """An exchange rate of a book: what one unit of `base` is in `quote` from a day on."""

    EVENT: ClassVar[str] = "rate.set"
    AGGREGATE: ClassVar[str] = "rate"

    id: UUID
    base: Currency
    quote: Currency
    date: date
    rate: str = Field(description="Decimal text above zero")
    source: str = Field(default="manual", description="manual or file")


class RateDeleted(Event):
    EVENT: ClassVar[str] = "rate.deleted"
    AGGREGATE: ClassVar[str] = "rate"

    id: UUID


class PlanEnd(Part):
    """One end of a planned transfer."""

    account_id: UUID
    pot_id: UUID | None = None
    amount_minor: Minor | None = Field(
        default=None, description="What arrives, where the currency is another"
    )


class PlanMember(Part):
    """Somebody's part of a planned split."""

    person_id: UUID | None = Field(default=None, description="null: the one who pays")
    figure: str = Field(description="Decimal text: minor units, percent or weight")


class PlanSharing(Part):
    """How others share a planned split; each occurrence resolves it anew."""

    split_id: UUID
    form: Literal["amount_minor", "percentage", "weight", "equal"]
    members: tuple[PlanMember, ...]


class PlanTemplate(Part):
    """What each occurrence of a plan posts, as a transaction's own fields."""

    amount_minor: Minor = Field(description="Signed, outflow negative; of a transfer positive")
    account_id: UUID | None = Field(default=None, description="null for a transfer")
    pot_id: UUID | None = None
    from_: PlanEnd | None = Field(default=None, alias="from", description="transfers only")
    to: PlanEnd | None = Field(default=None, description="transfers only")
    status: Literal["pending", "cleared", "reconciled"] = "cleared"
    payee: str | None = None
    payee_id: UUID | None = None
    description: str | None = None
    note: str | None = None
    splits: tuple[Split, ...] = ()
    tags: tuple[str, ...] = ()
    excluded_from_budget: bool = False
    counts_next_period: bool = False
    sharing: tuple[PlanSharing, ...] = ()


class Plan(Event):
    AGGREGATE: ClassVar[str] = "plan"

    id: UUID
    name: str
    kind: Literal["income", "expense", "transfer"]
    currency: Currency
    template: PlanTemplate
    rrule: str = Field(description="RFC 5545, days and longer")
    start: date
    end: date | None = None
    count: Count | None = None
    short_months: Literal["last_day", "skip"] = "last_day"
    weekend_rule: Literal["none", "skip", "before", "after"] = "none"
    holidays: str | None = Field(
        default=None, description="Country, or a part of one, whose holidays are days off"
    )
    auto_post: bool = False
    reminder_days: Count = 0
    yearly_increase_percent: str = Field(default="0", description="Decimal text")
    amount_since: date
    catch_up_from: date = Field(description="Nominal days before it are not posted any more")
    is_essential: bool = False
    is_active: bool = True
    note: str | None = None
    created_by: UUID | None = None


class PlanCreated(Plan):
    EVENT: ClassVar[str] = "plan.created"


class PlanUpdated(Plan):
    EVENT: ClassVar[str] = "plan.updated"


class PlanDeleted(Event):
    EVENT: ClassVar[str] = "plan.deleted"
    AGGREGATE: ClassVar[str] = "plan"

    id: UUID


class Attachment(Event):
    """A file kept with a transaction. Its bytes are no part of any event: they are known by their hash."""

    AGGREGATE: ClassVar[str] = "attachment"

    id: UUID
    transaction_id: UUID
    name: str = Field(description="As the file was called")
    media_type: str = Field(description="Told by its content")
    size_bytes: Count
    sha256: str
    created_at: datetime
    created_by: UUID | None = None


class AttachmentCreated(Attachment):
    EVENT: ClassVar[str] = "attachment.created"


class AttachmentUpdated(Attachment):
    """It was deleted, and that was undone: attachments change in no other way."""

    EVENT: ClassVar[str] = "attachment.updated"


class AttachmentDeleted(Event):
    EVENT: ClassVar[str] = "attachment.deleted"
    AGGREGATE: ClassVar[str] = "attachment"

    id: UUID


class Recurring(Event):
    """What became of one occurrence of a plan: an aggregate of its own, so that the plan's version stays."""

    AGGREGATE: ClassVar[str] = "recurring"

    id: UUID = Field(description="uuid5 of the plan's id and the nominal date")
    plan_id: UUID
    plan_version: int
    name: str
    nominal_date: date = Field(description="The day that the rule names; an occurrence is known by it")
    date: date
    amount_minor: Minor
    currency: Currency
    auto_post: bool = False
    transaction_id: UUID | None = None


class RecurringDue(Recurring):
    """It is announced, so many days before its day as the plan says."""

    EVENT: ClassVar[str] = "recurring.due"


class RecurringPosted(Recurring):
    """It became `transaction_id`: one made for it, or one that the bank's file brought."""

    EVENT: ClassVar[str] = "recurring.posted"


class RecurringSkipped(Recurring):
    EVENT: ClassVar[str] = "recurring.skipped"


class Import(Event):
    AGGREGATE: ClassVar[str] = "import"

    id: UUID
    account_id: UUID | None = Field(default=None, description="null when the file names several accounts")
    format: str
    status: Literal["processing", "completed", "failed"]
    rows_total: Count
    rows_imported: Count = 0
    rows_new: Count = 0
    rows_duplicate: Count = 0
    rows_match: Count = 0
    rows_conflict: Count = 0
    rows_error: Count = 0
    rows_skipped: Count = 0


class ImportProgress(Import):
    EVENT: ClassVar[str] = "import.progress"


class ImportCompleted(Import):
    """The last event of an import, failed ones too; `status` says which."""

    EVENT: ClassVar[str] = "import.completed"


EVENTS: tuple[EventType, ...] = (
    AccountCreated,
    AccountUpdated,
    AccountDeleted,
    PotCreated,
    PotUpdated,
    PotDeleted,
    PotBalanceChanged,
    ReconciliationCreated,
    ReconciliationUpdated,
    ReconciliationDeleted,
    CategoryCreated,
    CategoryUpdated,
    CategoryDeleted,
    PayeeCreated,
    PayeeUpdated,
    PayeeDeleted,
    TransactionCreated,
    TransactionUpdated,
    TransactionDeleted,
    LedgerSettingsUpdated,
    LedgerSettingsDeleted,
    IncomeSourceCreated,
    IncomeSourceUpdated,
    IncomeSourceDeleted,
    HabitCreated,
    HabitUpdated,
    HabitDeleted,
    HabitLogged,
    HabitLogDeleted,
    RateSet,
    RateDeleted,
    PlanCreated,
    PlanUpdated,
    PlanDeleted,
    RecurringDue,
    RecurringPosted,
    RecurringSkipped,
    AttachmentCreated,
    AttachmentUpdated,
    AttachmentDeleted,
    ImportProgress,
    ImportCompleted,
)
