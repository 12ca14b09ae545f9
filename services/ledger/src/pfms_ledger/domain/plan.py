"""A plan: a payment that comes again, as a template and a schedule.

What lies before `catch_up_from` is none of the plan's business any more: a plan that is changed or taken up again
looks ahead only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, Literal
from uuid import UUID

from pfms_common.problem import Invalid
from pfms_common.recurrence import Schedule, nominal_days
from pfms_ledger.domain.share import Sharing
from pfms_ledger.domain.transaction import Split, Status

Kind = Literal["income", "expense", "transfer"]
MOST_BEHIND = 1_000


@dataclass(frozen=True, slots=True)
class PlanEnd:
    """One end of a planned transfer; `amount_minor` is what arrives, where the currency is another."""

    account_id: UUID
    pot_id: UUID | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """What each occurrence posts: a movement of `account_id`, or a transfer between two accounts.

    Amounts as in a transaction: outflow negative, a transfer's positive. `sharing` is by the split's id, as it was
    asked for: each occurrence resolves it anew.
    """

    amount_minor: int
    account_id: UUID | None = None
    pot_id: UUID | None = None
    source: PlanEnd | None = None
    target: PlanEnd | None = None
    status: Status = "cleared"
    payee: str | None = None
    payee_id: UUID | None = None
    description: str | None = None
    note: str | None = None
    splits: tuple[Split, ...] = ()
    tags: tuple[str, ...] = ()
    excluded_from_budget: bool = False
    counts_next_period: bool = False
    sharing: Mapping[UUID, Sharing] = field(default_factory=dict)

    @property
    def first_account(self) -> UUID:
        """Where the money leaves or arrives."""
        if self.account_id is not None:
            return self.account_id
        if self.source is None:
            raise ValueError("a template has an account or two ends")
        return self.source.account_id

    def data(self) -> dict[str, Any]:
        source, target = self.source, self.target
        return {
            "amount_minor": self.amount_minor,
            "account_id": self.account_id,
            "pot_id": self.pot_id,
            "from": {"account_id": source.account_id, "pot_id": source.pot_id} if source else None,
            "to": {
                "account_id": target.account_id,
                "pot_id": target.pot_id,
                "amount_minor": target.amount_minor,
            }
            if target
            else None,
            "status": self.status,
            "payee": self.payee,
            "payee_id": self.payee_id,
            "description": self.description,
            "note": self.note,
            "splits": [split.data() for split in self.splits],
            "tags": self.tags,
            "excluded_from_budget": self.excluded_from_budget,
            "counts_next_period": self.counts_next_period,
            "sharing": [
                {
                    "split_id": split_id,
                    "form": sharing.form,
                    "members": [
                        {"person_id": person, "figure": f"{figure:f}"} for person, figure in sharing.members
                    ],
                }
                for split_id, sharing in self.sharing.items()
            ],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan.

    Args:
        auto_post: occurrences are posted on their day; else a person confirms each.
        reminder_days: how long before its day an occurrence is announced.
        yearly_increase: percent by which the amount rises with every full year since `amount_since`.
        amount_tolerance: percent by which what the bank says may differ and still be the plan's.
        catch_up_from: nominal days before it are not posted any more.
    """

    id: UUID
    name: str
    template: Template
    currency: str
    schedule: Schedule
    amount_since: date
    catch_up_from: date
    auto_post: bool = False
    reminder_days: int = 0
    yearly_increase: Decimal = Decimal(0)
    amount_tolerance: Decimal = Decimal(0)
    is_essential: bool = False
    is_active: bool = True
    note: str | None = None
    created_by: UUID | None = None

    @property
    def kind(self) -> Kind:
        if self.template.source is not None:
            return "transfer"
        return "income" if self.template.amount_minor > 0 else "expense"

    @property
    def reminds(self) -> bool:
        """What is posted by itself is announced only where it is announced earlier."""
        return not self.auto_post or self.reminder_days > 0

    def data(self) -> dict[str, Any]:
        """The plan as API and events show it."""
        schedule = self.schedule
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "currency": self.currency,
            "template": self.template.data(),
            "rrule": schedule.rrule,
            "start": schedule.start,
            "end": schedule.end,
            "count": schedule.count,
            "short_months": schedule.short_months,
            "weekend_rule": schedule.weekend_rule,
            "holidays": schedule.holidays,
            "auto_post": self.auto_post,
            "reminder_days": self.reminder_days,
            "yearly_increase_percent": f"{self.yearly_increase:f}",
            "amount_tolerance_percent": f"{self.amount_tolerance:f}",
            "amount_since": self.amount_since,
            "catch_up_from": self.catch_up_from,
            "is_essential": self.is_essential,
            "is_active": self.is_active,
            "note": self.note,
            "created_by": self.created_by,
        }


def check_backlog(plan: Plan, today: date) -> None:
    """A plan catches up only so much as people can look through.

    Raises:
        Invalid: there are more than `MOST_BEHIND` days of the rule from `catch_up_from` to today.
    """
    behind = nominal_days(plan.schedule, plan.catch_up_from, today)
    if next(islice(behind, MOST_BEHIND, None), None) is not None:
        raise Invalid(
            f"The plan would catch up more than {MOST_BEHIND} occurrences: set catch_up_from to a later day.",
            errors={"catch_up_from": [f"is more than {MOST_BEHIND} occurrences ago"]},
        )


def with_changes(plan: Plan, changes: Mapping[str, Any], today: date) -> Plan:
    """The plan with fields changed. A new schedule, and a plan that is taken up again, look ahead only; a new amount
    is of today.
    """
    schedule = replace(plan.schedule, **{name: changes[name] for name in _SCHEDULE if name in changes})
    after = replace(
        plan, schedule=schedule, **{name: value for name, value in changes.items() if name not in _SCHEDULE}
    )
    if "catch_up_from" not in changes and (
        schedule != plan.schedule or (after.is_active and not plan.is_active)
    ):
        after = replace(after, catch_up_from=max(today, schedule.start))
    if "amount_since" not in changes and after.template.amount_minor != plan.template.amount_minor:
        after = replace(after, amount_since=max(today, schedule.start))
    return after


_SCHEDULE = ("rrule", "start", "end", "count", "short_months", "weekend_rule", "holidays")


def plan_from(data: Mapping[str, Any]) -> Plan:
    """The inverse of `Plan.data`, from an event's JSON."""
    return Plan(
        id=UUID(data["id"]),
        name=data["name"],
        template=_template_from(data["template"]),
        currency=data["currency"],
        schedule=Schedule(
            data["rrule"],
            date.fromisoformat(data["start"]),
            _day(data["end"]),
            data["count"],
            data["short_months"],
            data["weekend_rule"],
            data["holidays"],
        ),
        amount_since=date.fromisoformat(data["amount_since"]),
        catch_up_from=date.fromisoformat(data["catch_up_from"]),
        auto_post=data["auto_post"],
        reminder_days=data["reminder_days"],
        yearly_increase=Decimal(data["yearly_increase_percent"]),
        amount_tolerance=Decimal(data.get("amount_tolerance_percent", "0")),
        is_essential=data["is_essential"],
        is_active=data["is_active"],
        note=data["note"],
        created_by=_id(data["created_by"]),
    )


def _template_from(data: Mapping[str, Any]) -> Template:
    return Template(
        amount_minor=data["amount_minor"],
        account_id=_id(data["account_id"]),
        pot_id=_id(data["pot_id"]),
        source=_end(data["from"]),
        target=_end(data["to"]),
        status=data["status"],
        payee=data["payee"],
        payee_id=_id(data["payee_id"]),
        description=data["description"],
        note=data["note"],
        splits=tuple(
            Split(
                split["amount_minor"],
                _id(split["category_id"]),
                split["memo"],
                tuple(split["tags"]),
                UUID(split["id"]),
                split.get("item"),
            )
            for split in data["splits"]
        ),
        tags=tuple(data["tags"]),
        excluded_from_budget=data["excluded_from_budget"],
        counts_next_period=data["counts_next_period"],
        sharing={
            UUID(shared["split_id"]): Sharing(
                shared["form"],
                [(_id(member["person_id"]), Decimal(member["figure"])) for member in shared["members"]],
            )
            for shared in data.get("sharing", ())
        },
    )


def _end(data: Mapping[str, Any] | None) -> PlanEnd | None:
    if data is None:
        return None
    return PlanEnd(UUID(data["account_id"]), _id(data["pot_id"]), data.get("amount_minor"))


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
