"""/periods: on which days the periods of a book's budget begin."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from pfms_budget.api.deps import ReadDep, Version, WriteDep
from pfms_budget.domain.periods import Cycle, Move, Rule
from pfms_budget.operations import periods as operations
from pfms_budget.operations.periods import Periods, Turn
from pfms_common.input import Day, Input, Output
from pfms_common.period import Period
from pfms_common.problem import Invalid
from pfms_common.web import Claimed, IfMatch, StrictRoute, answer, check_version

router = APIRouter(prefix="/periods", tags=["Periods"], route_class=StrictRoute)

A_YEAR = timedelta(days=366)
MOST = 10 * A_YEAR

_CYCLE = (
    "`calendar_month`; `monthly` from the same `day` of each month; `last_working_day` of each month;"
    " `two_weeks` or `four_weeks` from an `anchor`; `by_hand` on `first_days`"
)
_DAY = "of the month, where the cycle is monthly; a month that lacks it begins on its last day"
_ANCHOR = "a day on which one of the periods of two or four weeks begins"
_HOLIDAYS = (
    "country, or a part of one, whose public holidays are no working days, by ISO 3166; without it only weekends"
    " are none"
)
_FIRST_DAYS = (
    "by hand: the days on which periods begin, 7 to 92 days apart; after the last of them they begin monthly, on"
    " its day of the month"
)
_NEEDS = {
    Cycle.MONTHLY: {"day"},
    Cycle.TWO_WEEKS: {"anchor"},
    Cycle.FOUR_WEEKS: {"anchor"},
    Cycle.BY_HAND: {"first_days"},
}
_TAKES = {**_NEEDS, Cycle.LAST_WORKING_DAY: {"holidays"}}


class CycleIn(Input):
    from_: Day = Field(
        alias="from",
        description="from when on periods may begin by the new rule; in the running period or later. The period that"
        " it lies in is the bridge: it ends where the first new one begins",
        examples=["2026-12-01"],
    )
    cycle: Annotated[Cycle, Field(strict=False, description=_CYCLE, examples=["monthly"])]
    day: int | None = Field(None, ge=1, le=31, description=_DAY, examples=[25])
    anchor: Day | None = Field(None, description=_ANCHOR, examples=["2026-12-04"])
    holidays: str | None = Field(None, max_length=6, description=_HOLIDAYS, examples=["DE-BY"])
    first_days: list[Day] | None = Field(
        None, min_length=1, max_length=400, description=_FIRST_DAYS, examples=[["2026-12-18", "2027-01-15"]]
    )


class PeriodsPut(CycleIn):
    version: Version = None


class PeriodOut(Output):
    month: str = Field(description="its key: YYYY-MM, or its first day", examples=["2026-12-25"])
    first_day: date = Field(examples=["2026-12-25"])
    last_day: date = Field(examples=["2027-01-24"])
    days: int = Field(description="how many it has", examples=[31])


class RuleOut(Output):
    first_day: date = Field(description="of the first period by this rule", examples=["2026-12-25"])
    cycle: Cycle = Field(description=_CYCLE, examples=["monthly"])
    day: int | None = Field(description=_DAY, examples=[25])
    anchor: date | None = Field(description=_ANCHOR, examples=[None])
    holidays: str | None = Field(description=_HOLIDAYS, examples=[None])
    first_days: list[date] | None = Field(description=_FIRST_DAYS, examples=[None])


class PeriodsOut(Output):
    items: list[PeriodOut] = Field(description="oldest first, without a gap")
    next_cursor: None = Field(None, description="the periods asked for fit on one page")
    running: PeriodOut = Field(description="the one of today")
    rules: list[RuleOut] = Field(description="oldest first; before the first of them, calendar months")
    version: int = Field(description="0: calendar months, since nobody chose", examples=[1])


class MoveOut(Output):
    from_months: list[str] = Field(alias="from", description="keys as they are", examples=[["2027-01"]])
    to_month: str = Field(
        alias="to", description="key of the period that holds most of their days", examples=["2026-12-25"]
    )
    allocated_minor: int = Field(
        description="allocated in them, added, in minor units; percentages become amounts where two meet",
        examples=[180_000],
    )
    planned_income_minor: int = Field(description="planned in them, added, minor units", examples=[250_000])
    hold_minor: int = Field(description="held back in them, added, minor units", examples=[0])


class PreviewOut(Output):
    bridge_before: PeriodOut = Field(description="the last period by the rule as it is")
    bridge: PeriodOut = Field(description="the same one, shortened or lengthened")
    items: list[PeriodOut] = Field(description="the bridge and the periods of about a year after it")
    moves: list[MoveOut] = Field(description="where goes what is planned for later periods")
    version: int = Field(description="of the periods as they are, for If-Match of the change", examples=[0])


@router.get("", response_model=PeriodsOut, summary="The periods of a book")
async def get_periods(
    read: ReadDep,
    from_: Annotated[
        Day | None, Query(alias="from", description="a day in the first one; by default today")
    ] = None,
    to: Annotated[Day | None, Query(description="a day in the last one; by default a year later")] = None,
) -> Response:
    """Whether or not the budget has them already; at most ten years at once."""
    periods = await operations.read(read)
    first = from_ or periods.running.first
    last = to or first + A_YEAR
    if not first <= last <= first + MOST:
        message = "must be `from` or later, by at most ten years"
        raise Invalid(f"`to` {message}.", errors={"to": [message]})
    return answer(_periods(periods, first, last), version=periods.version)


@router.post("/preview", response_model=PreviewOut, summary="See what another cycle would change")
async def preview_periods(body: CycleIn, read: ReadDep) -> Response:
    """Nothing is changed."""
    return answer(_preview(await operations.preview(read, _rule(body), body.from_)))


@router.put("", response_model=PeriodsOut, summary="Let periods begin on other days")
async def change_periods(body: PeriodsPut, write: WriteDep, if_match: IfMatch, claim: Claimed) -> Response:
    """From a day on, which may not lie before the running period: earlier periods never change. What is planned for
    later ones goes to those that hold most of their days. `POST /periods/preview` shows it before.
    """
    rule = _rule(body)

    async def run() -> Response:
        await operations.change(
            write.work, rule, body.from_, lambda v: check_version(v, if_match, body.version)
        )
        periods = await operations.read(write.work)
        first = periods.running.first
        return answer(_periods(periods, first, first + A_YEAR), version=periods.version)

    return await write.once(claim, run)


def _rule(body: CycleIn) -> Rule:
    """Invalid where the cycle lacks what it needs, or is given what it has no use for."""
    given = body.model_dump(include={"day", "anchor", "holidays", "first_days"}, exclude_none=True)
    wrong = {name: [f"is needed for {body.cycle}"] for name in _NEEDS.get(body.cycle, set()) - given.keys()}
    wrong |= {name: [f"has no use for {body.cycle}"] for name in given.keys() - _TAKES.get(body.cycle, set())}
    if wrong:
        told = "; ".join(f"{name} {messages[0]}" for name, messages in sorted(wrong.items()))
        raise Invalid(f"{told}.", errors=wrong)
    return Rule(body.cycle, body.day, body.anchor, body.holidays, tuple(body.first_days or ()))


def _periods(periods: Periods, first: date, last: date) -> PeriodsOut:
    rules = [
        RuleOut(
            first_day=change.first,
            cycle=change.rule.cycle,
            day=change.rule.day,
            anchor=change.rule.anchor,
            holidays=change.rule.holidays,
            first_days=list(change.rule.days) if change.rule.cycle is Cycle.BY_HAND else None,
        )
        for change in periods.calendar.changes
    ]
    return PeriodsOut(
        items=[_out(period) for period in periods.calendar.between(first, last)],
        running=_out(periods.running),
        rules=rules,
        version=periods.version,
    )


def _preview(turn: Turn) -> PreviewOut:
    bridge = turn.bridge
    return PreviewOut(
        bridge_before=_out(turn.before.calendar.of(bridge.first)),
        bridge=_out(bridge),
        items=[_out(period) for period in turn.after.between(bridge.first, bridge.last + A_YEAR)],
        moves=[_move(turn, move) for move in turn.moves if move.is_needed],
        version=turn.before.version,
    )


def _move(turn: Turn, move: Move) -> MoveOut:
    firsts = {source.first for source in move.sources}
    plans = [plan for first, plan in turn.plans.items() if first in firsts]
    return MoveOut.model_validate(
        {
            "from": [source.key for source in move.sources],
            "to": move.target.key,
            "allocated_minor": sum(
                row.allocated_minor for row in turn.allocations if row.first_day in firsts
            ),
            "planned_income_minor": sum(plan.planned_income_minor for plan in plans),
            "hold_minor": sum(plan.hold_minor for plan in plans),
        }
    )


def _out(period: Period) -> PeriodOut:
    days = (period.last - period.first).days + 1
    return PeriodOut(month=period.key, first_day=period.first, last_day=period.last, days=days)
