"""/budget-templates: what a new month may be filled from, and what the allocation of a category goes by."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_budget.api.deps import DeletedVersion, ReadDep, Version, WriteDep
from pfms_budget.domain.allocation import hundredths, percent_text
from pfms_budget.domain.assigning.rules import Rule, read
from pfms_budget.domain.filling import MEANING, Filling
from pfms_budget.operations import category_rules as operations
from pfms_budget.queries import category_rules as queries
from pfms_budget.queries.category_rules import CategoryRules
from pfms_common.input import Day, Id, Input, Minor, Month, Output
from pfms_common.web import Claimed, IfMatch, StrictRoute, answer, check_version

router = APIRouter(prefix="/budget-templates", tags=["Budget templates"], route_class=StrictRoute)

Amount = Annotated[Minor, Field(gt=0, description="minor units of the book's currency", examples=[12_000])]
Recurs = Annotated[str, Field(max_length=500, description="RFC 5545", examples=["FREQ=WEEKLY;INTERVAL=2"])]


class _Rule(Input):
    priority: int = Field(0, ge=0, le=99, description="whose turn it is: lowest first", examples=[1])


class FixedRule(_Rule):
    """A standing allocation: the same amount in every month."""

    kind: Literal["fixed"]
    amount_minor: Amount


class PercentageRule(_Rule):
    """A standing share of the planned income; of what came in where none is planned."""

    kind: Literal["percentage"]
    percentage: str = Field(description="from 0 to 100, at most two decimals", examples=["12.50"])


class UpToRule(_Rule):
    """What the category lacks of a limit; what is over it stays."""

    kind: Literal["up_to"]
    limit_minor: Amount
    per: Literal["period", "week", "day"] = Field(
        "period", description="the limit of the month, of each day, or of each week that begins in it"
    )
    start: Day | None = Field(
        None, description="for `week`: a day on which one begins", examples=["2026-11-02"]
    )


class PeriodicRule(_Rule):
    """An amount for each day that a rule names, in the month of that day."""

    kind: Literal["periodic"]
    amount_minor: Amount
    rrule: Recurs
    start: Day = Field(description="the day that the rule counts from", examples=["2026-11-02"])


class AverageRule(_Rule):
    """The average of what was spent in the months before, changed by a part, then by an amount."""

    kind: Literal["average"]
    periods: int = Field(3, ge=1, le=12, description="months", examples=[3])
    change: int = Field(
        0, ge=-100_00, le=1000_00, description="in hundredths of a percent: -1000 is a tenth less"
    )
    change_minor: Minor = Field(0, description="minor units, added after it", examples=[1_100])


class TargetIn(Input):
    amount_minor: Amount
    by: Month = Field(description="the month that needs it", examples=["2027-06"])
    repeat_months: int = Field(0, ge=0, le=1200, description="needed again after so many months; 0: never")


class ByDateRule(_Rule):
    """What must be saved each month so that the amounts are there in time."""

    kind: Literal["by_date"]
    targets: list[TargetIn] = Field(min_length=1, max_length=50)


class BillIn(Input):
    amount_minor: Amount
    start: Day = Field(description="the first day it is due", examples=["2026-12-15"])
    rrule: Recurs | None = Field(None, description="when it is due again, RFC 5545; null: never")
    whole: bool = Field(False, description="nothing is saved for it before the month that it is due in")


class BillsRule(_Rule):
    """What is due in the month in full, and an even part of each later bill."""

    kind: Literal["bills"]
    bills: list[BillIn] = Field(min_length=1, max_length=50)


class RemainderRule(_Rule):
    """A part of what all other rules leave."""

    kind: Literal["remainder"]
    weight: int = Field(1, ge=1, le=1000, description="of the remainder, beside the others' weights")


RuleIn = Annotated[
    FixedRule
    | PercentageRule
    | UpToRule
    | PeriodicRule
    | AverageRule
    | ByDateRule
    | BillsRule
    | RemainderRule,
    Field(discriminator="kind"),
]
Rules = Annotated[list[RuleIn], Field(min_length=1, max_length=10)]


class RulesIn(Input):
    category_id: Id = Field(description="an expense category, or a card's account")
    rules: Rules


class RulesPut(Input):
    rules: Rules
    version: Version = None


class RulesOut(Output):
    category_id: Id
    rules: list[dict[str, Any]] = Field(
        description="as they were given, with what was not given",
        examples=[[{"kind": "fixed", "amount_minor": 30_000, "priority": 0}]],
    )
    version: int = Field(examples=[1])


class MonthTemplate(Output):
    from_: Filling = Field(alias="from", description="to be given to `POST /budgets`", examples=["copy"])
    description: str = Field(examples=["The average of what was spent in the three months before"])


class Templates(Output):
    months: list[MonthTemplate] = Field(description="what a whole month may begin with")
    items: list[RulesOut] = Field(description="what the allocation of each category goes by")
    next_cursor: None = Field(None, description="a book's rules fit on one page")


@router.get("", response_model=Templates, summary="What months and allocations may be filled from")
async def get_templates(reader: ReadDep) -> Response:
    months = [{"from": each, "description": meaning} for each, meaning in MEANING.items()]
    items = [shown(kept) for kept in await queries.of_book(reader.connection, reader.book_id)]
    return answer(Templates.model_validate({"months": months, "items": items}))


@router.post("", status_code=201, response_model=RulesOut, summary="Give a category rules")
async def create_rules(body: RulesIn, write: WriteDep, claim: Claimed) -> Response:
    """`fixed` and `percentage` are its standing allocation, which new months may begin with; all rules count for
    `POST /budgets/{month}/auto-assign`.
    """
    rules = _rules(body.rules)

    async def run() -> Response:
        made = await operations.create(write.work, body.category_id, rules)
        return answer(shown(made), status=201, version=made.version)

    return await write.once(claim, run)


@router.put("/{category_id}", response_model=RulesOut, summary="Replace a category's rules")
async def replace_rules(
    category_id: Id, body: RulesPut, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    rules = _rules(body.rules)

    async def run() -> Response:
        made = await operations.replace(
            write.work, category_id, rules, lambda v: check_version(v, if_match, body.version)
        )
        return answer(shown(made), version=made.version)

    return await write.once(claim, run)


@router.delete("/{category_id}", status_code=204, summary="Take a category's rules away")
async def delete_rules(
    category_id: Id, write: WriteDep, if_match: IfMatch, claim: Claimed, version: DeletedVersion = None
) -> Response:
    """No allocation changes."""

    async def run() -> Response:
        await operations.delete(write.work, category_id, lambda v: check_version(v, if_match, version))
        return Response(status_code=204)

    return await write.once(claim, run)


def shown(kept: CategoryRules) -> RulesOut:
    rules = [rule_shown(rule) for rule in kept.rules]
    return RulesOut(category_id=kept.category_id, rules=rules, version=kept.version)


def rule_shown(rule: Rule) -> dict[str, Any]:
    fields = asdict(rule)
    if "percentage" in fields:
        fields["percentage"] = percent_text(fields["percentage"])
    return fields


def _rules(given: Sequence[RuleIn]) -> list[Rule]:
    found = []
    for rule in given:
        fields = rule.model_dump()
        if "percentage" in fields:
            fields["percentage"] = hundredths(fields["percentage"])
        found.append(read(fields))
    return found
