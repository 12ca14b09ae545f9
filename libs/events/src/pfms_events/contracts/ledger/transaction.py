"""A transaction with its splits and sides."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType, Minor, Part, derived_id


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
    source: str = Field(
        default="manual", description="manual, import, valuation, recurring, goal, rule, voice, ai"
    )
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


class TransactionRefused(Event):
    """Another service asked for a transaction that cannot be posted; nothing moved, and nothing will."""

    EVENT: ClassVar[str] = "transaction.refused"
    AGGREGATE: ClassVar[str] = "transaction_request"

    id: UUID = Field(description="Of the transaction that was asked for")
    source: str = Field(description="Who asked, as in a transaction's source: goal")
    subject_id: UUID = Field(description="What it was asked for, such as the goal")
    detail: str = Field(description="For a person")
    errors: dict[str, list[str]] = Field(default_factory=dict, description="Field to what is wrong with it")


def refusal_id(transaction_id: UUID) -> UUID:
    """The aggregate id of the refusal of one request."""
    return derived_id(transaction_id, TransactionRefused.EVENT)


EVENTS: tuple[EventType, ...] = (
    TransactionCreated,
    TransactionUpdated,
    TransactionDeleted,
    TransactionRefused,
)
