"""What goes in and out of /recurring."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from pfms_common.input import Day, Id, Input, Minor, Name, Output, Quantity, QueryInput, Text, misfits
from pfms_common.recurrence import Schedule, ShortMonths
from pfms_common.rrule import MOST_COUNT
from pfms_common.weekend import WeekendRule
from pfms_ledger.api.places import FromIn, ToIn
from pfms_ledger.api.transactions import ShareableSplitIn, SplitOut, Tags, TransactionOut, split_up
from pfms_ledger.domain.plan import Plan, PlanEnd, Template
from pfms_ledger.domain.transaction import Status

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
RruleText = Annotated[str, StringConstraints(min_length=1, max_length=500)]
ReminderDays = Annotated[int, Field(ge=0, le=60)]
Count = Annotated[int, Field(ge=1, le=MOST_COUNT)]

_RRULE = (
    "RFC 5545, days and longer: FREQ (DAILY to YEARLY), INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY and so on"
)
_WEEKEND = (
    "an occurrence on a weekend or holiday stays, is left out, or moves to the working day before or after"
)
_HOLIDAYS = "country, or a part of one, whose public holidays count as days off, by ISO 3166"
_SHORT = "a month without the day takes its last one, or is left out as RFC 5545 has it"
_INCREASE = (
    "percent a year, decimal text, -50 to 100: the amount rises with every full year since `amount_since`"
)
_TOLERANCE = (
    "percent, decimal text, 0 to 50: a bank's row whose amount differs by at most so much is still the plan's"
)
_CATCH_UP = (
    "earlier occurrences are left alone; a new schedule, or taking the plan up again, sets it to today"
)


class TemplateIn(Input):
    """What each occurrence posts: a movement of `account_id`, or a transfer between `from` and `to`."""

    account_id: Id | None = Field(None, description="for all but transfers")
    pot_id: Id | None = Field(None, description="a pot of the account, where it is meant")
    from_: FromIn | None = Field(None, alias="from", description="for transfers: where the money leaves")
    to: ToIn | None = Field(None, description="for transfers: where it arrives")
    amount_minor: Minor = Field(
        description="minor units of the account's currency; outflow negative, a transfer's positive; never zero",
        examples=[-95_000],
    )
    payee: Name | None = Field(None, description="a new name makes a payee", examples=["Landlord"])
    status: Status = Field("cleared", description="of what is posted; a bank's row clears what is pending")
    description: Text | None = None
    note: Text | None = None
    splits: list[ShareableSplitIn] = Field(
        default_factory=list, max_length=100, description="what it is for; none: one part, uncategorised"
    )
    tags: Tags = Field(default_factory=list)
    excluded_from_budget: bool = Field(default=False, description="counts in no month of the budget")
    counts_next_period: bool = Field(default=False, description="income that is for the next month's budget")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "TemplateIn":
        ends = {"from": self.from_, "to": self.to}
        given = [name for name, end in ends.items() if end is not None]
        wrong: dict[str, str] = {}
        if self.account_id is not None:
            wrong = dict.fromkeys(given, "is for transfers alone, which have no account_id")
        elif not given:
            wrong = {"account_id": "is needed, or from and to for a transfer"}
        else:
            wrong = {name: "is needed for a transfer" for name in ends if name not in given}
            if self.pot_id is not None:
                wrong["pot_id"] = "is not for transfers, which have pots in from and to"
        if wrong:
            raise misfits(wrong)
        return self

    def template(self) -> Template:
        splits, sharing = split_up(self.splits)
        plain = {
            "amount_minor",
            "account_id",
            "pot_id",
            "payee",
            "status",
            "description",
            "note",
            "excluded_from_budget",
            "counts_next_period",
        }
        return Template(
            source=PlanEnd(self.from_.account_id, self.from_.pot_id) if self.from_ else None,
            target=PlanEnd(self.to.account_id, self.to.pot_id, self.to.amount_minor) if self.to else None,
            splits=splits,
            sharing=sharing,
            tags=tuple(self.tags),
            **self.model_dump(include=plain),
        )


class PlanIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    name: Name = Field(description="what you call it", examples=["Rent"])
    template: TemplateIn
    rrule: RruleText = Field(description=_RRULE, examples=["FREQ=MONTHLY"])
    start: Day = Field(description="the anchor: 31 January means the last day of shorter months")
    end: Day | None = Field(None, description="the last day there may be")
    count: Count | None = Field(None, description="how many occurrences there are; 1: it comes once")
    weekend_rule: WeekendRule = Field("none", description=_WEEKEND)
    holidays: Country | None = Field(None, description=_HOLIDAYS, examples=["DE-BY"])
    short_months: ShortMonths = Field("last_day", description=_SHORT)
    auto_post: bool = Field(default=False, description="posted on its day by itself; else you confirm each")
    reminder_days: ReminderDays = Field(0, description="announced so many days before its day")
    yearly_increase_percent: Quantity = Field(Decimal(0), description=_INCREASE, examples=["2.5"])
    amount_tolerance_percent: Quantity = Field(Decimal(0), description=_TOLERANCE, examples=["15"])
    amount_since: Day | None = Field(None, description="the day the amount is of; by default the start")
    catch_up_from: Day | None = Field(
        None,
        description="the first day that may be posted, at most 1,000 occurrences ago; by default the start",
    )
    is_essential: bool = Field(default=False, description="cannot be done without")
    note: Text | None = None

    def plan(self, plan_id: UUID, created_by: UUID) -> Plan:
        return Plan(
            id=plan_id,
            name=self.name,
            template=self.template.template(),
            currency="",  # that of its account, found out when the plan is kept
            schedule=Schedule(
                self.rrule,
                self.start,
                self.end,
                self.count,
                self.short_months,
                self.weekend_rule,
                self.holidays,
            ),
            amount_since=self.amount_since or self.start,
            catch_up_from=self.catch_up_from or self.start,
            auto_post=self.auto_post,
            reminder_days=self.reminder_days,
            yearly_increase=self.yearly_increase_percent,
            amount_tolerance=self.amount_tolerance_percent,
            is_essential=self.is_essential,
            note=self.note,
            created_by=created_by,
        )


class PlanPatch(Input):
    name: Name | None = None
    template: TemplateIn | None = Field(None, description="the whole of it, in place of the old one")
    rrule: RruleText | None = Field(None, description=_RRULE)
    start: Day | None = None
    end: Day | None = None
    count: Count | None = None
    weekend_rule: WeekendRule | None = Field(None, description=_WEEKEND)
    holidays: Country | None = Field(None, description=_HOLIDAYS)
    short_months: ShortMonths | None = Field(None, description=_SHORT)
    auto_post: bool | None = None
    reminder_days: ReminderDays | None = None
    yearly_increase_percent: Quantity | None = Field(None, description=_INCREASE)
    amount_tolerance_percent: Quantity | None = Field(None, description=_TOLERANCE, examples=["15"])
    amount_since: Day | None = Field(None, description="a new amount sets it to today")
    catch_up_from: Day | None = Field(None, description=_CATCH_UP)
    is_essential: bool | None = None
    is_active: bool | None = Field(
        None, description="false: nothing is posted or predicted until it is true again"
    )
    note: Text | None = None
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")

    def changes(self) -> dict[str, Any]:
        """Fields of `Plan` and `Schedule` → new value, for those that were given."""
        given = self.model_dump(
            exclude_unset=True,
            exclude={"version", "template", "yearly_increase_percent", "amount_tolerance_percent"},
        )
        if self.template is not None:
            given["template"] = self.template.template()
        if "yearly_increase_percent" in self.model_fields_set:
            given["yearly_increase"] = self.yearly_increase_percent
        if "amount_tolerance_percent" in self.model_fields_set:
            given["amount_tolerance"] = self.amount_tolerance_percent
        return given


class FromOut(Output):
    account_id: UUID
    pot_id: UUID | None


class ToOut(Output):
    account_id: UUID
    pot_id: UUID | None
    amount_minor: int | None = Field(description="what arrives, where the currency is another")


class SharerOut(Output):
    person_id: UUID | None = Field(description="null: you")
    figure: str = Field(description="minor units, percent or weight, as the form says", examples=["50"])


class SharingOut(Output):
    """How a split is shared with others; each occurrence resolves it to minor units anew."""

    split_id: UUID
    form: str = Field(description="amount_minor, percentage, weight or equal", examples=["percentage"])
    members: list[SharerOut]


class TemplateOut(Output):
    account_id: UUID | None = Field(description="null for a transfer")
    pot_id: UUID | None = Field(description="the pot of the account that is meant")
    from_: FromOut | None = Field(alias="from", description="for transfers")
    to: ToOut | None = Field(description="for transfers")
    amount_minor: int = Field(
        description="signed minor units, outflow negative; a transfer's positive", examples=[-95_000]
    )
    payee: str | None = Field(examples=["Landlord"])
    payee_id: UUID | None
    status: str = Field(examples=["cleared"])
    description: str | None
    note: str | None
    splits: list[SplitOut]
    tags: list[str]
    excluded_from_budget: bool
    counts_next_period: bool
    sharing: list[SharingOut] = Field(description="what others owe of the splits, as it was asked for")


class PlanOut(Output):
    id: UUID
    name: str = Field(examples=["Rent"])
    kind: str = Field(description="income or expense by the amount's sign, or transfer", examples=["expense"])
    currency: str = Field(examples=["EUR"])
    template: TemplateOut
    rrule: str = Field(description=_RRULE, examples=["FREQ=MONTHLY"])
    description: str = Field(description="the schedule in words", examples=["Every month on the 31st"])
    start: date
    end: date | None
    count: int | None
    weekend_rule: str = Field(description=_WEEKEND, examples=["none"])
    holidays: str | None = Field(description=_HOLIDAYS)
    short_months: str = Field(description=_SHORT, examples=["last_day"])
    auto_post: bool
    reminder_days: int = Field(description="days before its day", examples=[0])
    yearly_increase_percent: str = Field(description=_INCREASE, examples=["2.5"])
    amount_tolerance_percent: str = Field(description=_TOLERANCE, examples=["15"])
    amount_since: date = Field(description="the day the amount is of")
    catch_up_from: date = Field(description=_CATCH_UP)
    is_essential: bool
    is_active: bool
    note: str | None
    created_by: UUID | None
    last_realized_date: date | None = Field(description="the latest nominal day that was posted")
    next_date: date | None = Field(
        description="when the first open occurrence takes place; null: none is left"
    )
    next_amount_minor: int | None = Field(
        description="signed minor units, as the template", examples=[-95_000]
    )
    status: str = Field(
        description="of that occurrence: overdue, due, upcoming (7 days), scheduled; completed or paused without one",
        examples=["upcoming"],
    )
    problem: str | None = Field(description="why the last occurrence could not be posted by itself")
    version: int = Field(examples=[1])


class Plans(Output):
    items: list[PlanOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


class OccurrenceOut(Output):
    plan_id: UUID
    date: date
    nominal_date: Day = Field(description="the day the rule names; the occurrence is known by it")
    amount_minor: int = Field(description="signed minor units, as the template", examples=[-95_000])
    currency: str = Field(examples=["EUR"])
    transaction_id: UUID | None = Field(description="what it became; null until it is posted")
    status: str = Field(
        description="paid, skipped, overdue, due, upcoming (7 days) or scheduled", examples=["upcoming"]
    )


class Occurrences(Output):
    items: list[OccurrenceOut]


class DueOut(OccurrenceOut):
    name: str = Field(examples=["Rent"])
    kind: str = Field(examples=["expense"])
    payee: str | None
    account_id: UUID = Field(description="where the money leaves or arrives")
    auto_post: bool
    is_essential: bool


class DueList(Output):
    items: list[DueOut]
    until: date = Field(description="the last day that was looked at")


class PostedOut(OccurrenceOut):
    transaction: TransactionOut


class Realized(Output):
    created: list[UUID] = Field(description="ids of the transactions that were made")
    matched: list[UUID] = Field(
        description="ids of bank rows' transactions that occurrences turned out to be"
    )
    last_realized_date: date | None


class WhichIn(Input):
    nominal_date: Day | None = Field(None, description="by default the first open one")


class RunNowIn(WhichIn):
    date: Day | None = Field(None, description="of the transaction; by default today")


class ConfirmIn(WhichIn):
    date: Day | None = Field(None, description="of the transaction; by default that of the occurrence")
    amount_minor: Minor | None = Field(
        None, description="what it really came to, signed as the template; splits follow in proportion"
    )


class RealizeIn(Input):
    up_to: Day = Field(description="the last date that is posted, at most ten years ahead")


class DueQuery(QueryInput):
    days: int | None = Field(
        None, ge=0, le=366, description="so many days ahead; 30 by default", examples=[30]
    )
    within: str | None = Field(
        None,
        max_length=20,
        description="instead: current_month, 2-week, 3-month, 1-year",
        examples=["2-week"],
    )


class DetectedOut(Output):
    payee: str = Field(examples=["Stadtwerke"])
    payee_id: UUID
    account_id: UUID
    kind: str = Field(description="income or expense", examples=["expense"])
    period: str = Field(
        description="weekly, fortnightly, monthly, bimonthly, quarterly, half_yearly, yearly or days",
        examples=["monthly"],
    )
    interval_days: int = Field(description="usual days between two payments", examples=[30])
    rrule: str = Field(description="as a plan takes it", examples=["FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=3"])
    amount_minor: int = Field(description="what is expected next, signed minor units", examples=[-8_800])
    least_minor: int = Field(description="the smallest of the latest six", examples=[-6_100])
    most_minor: int = Field(description="the largest of the latest six", examples=[-12_000])
    is_variable: bool = Field(description="the amount differs from time to time")
    currency: str = Field(examples=["EUR"])
    day_of_month: int | None = Field(description="31: the last day; null for weeks and days", examples=[3])
    last_date: date
    next_date: date
    payments: int = Field(description="how many belong to it", examples=[7])
    seen: int = Field(description="of so many of this payee", examples=[7])
    seems_over: bool = Field(description="two in a row did not come")


class Detected(Output):
    items: list[DetectedOut]


ALWAYS = (
    "name",
    "template",
    "rrule",
    "start",
    "weekend_rule",
    "short_months",
    "auto_post",
    "reminder_days",
    "yearly_increase_percent",
    "amount_tolerance_percent",
    "amount_since",
    "catch_up_from",
    "is_essential",
    "is_active",
)
"""What a plan always has: it may be left out of a change but not set to null."""
