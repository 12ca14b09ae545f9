"""A payment, income or transfer that comes again."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.contracts.ledger.transaction import Split
from pfms_events.event import Count, Currency, Event, EventType, Minor, Part


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
    amount_tolerance_percent: str = Field(
        default="0", description="Decimal text: how far what the bank says may differ and still be the plan's"
    )
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


EVENTS: tuple[EventType, ...] = (PlanCreated, PlanUpdated, PlanDeleted)
