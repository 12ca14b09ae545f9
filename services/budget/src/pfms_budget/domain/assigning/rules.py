"""The rules that a category may have, and which of them go together."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pfms_budget.domain.assigning.average import Average
from pfms_budget.domain.assigning.bills import Bill, Bills
from pfms_budget.domain.assigning.by_date import ByDate, Target
from pfms_budget.domain.assigning.periodic import Periodic
from pfms_budget.domain.assigning.sharing import Remainder
from pfms_budget.domain.assigning.standing import Fixed, Percentage
from pfms_budget.domain.assigning.up_to import UpTo
from pfms_common.problem import Refusal
from pfms_common.recurrence import Schedule, check_schedule

type Rule = Fixed | Percentage | UpTo | ByDate | Periodic | Average | Bills | Remainder

KINDS: Mapping[str, type[Rule]] = {
    "fixed": Fixed,
    "percentage": Percentage,
    "up_to": UpTo,
    "by_date": ByDate,
    "periodic": Periodic,
    "average": Average,
    "bills": Bills,
    "remainder": Remainder,
}
_LOOK_AT_WHAT_IS_THERE = (UpTo, ByDate, Bills)


class RulesInEachOthersWay(Refusal):
    """Two rules of a category would count the same saved money."""


def check_rules(rules: Sequence[Rule]) -> None:
    """RulesInEachOthersWay; BadRecurrence for a rule that names no days."""
    if sum(isinstance(rule, _LOOK_AT_WHAT_IS_THERE) for rule in rules) > 1:
        raise RulesInEachOthersWay(
            "Only one rule of a category may go by what is there already: up_to, by_date or bills.",
            errors={"rules": ["has more than one of up_to, by_date and bills"]},
        )
    for rule in rules:
        if isinstance(rule, Periodic):
            check_schedule(Schedule(rule.rrule, rule.start))
        if isinstance(rule, Bills):
            for bill in rule.bills:
                check_schedule(Schedule(bill.rrule or "FREQ=DAILY", bill.start))


def read(fields: Mapping[str, Any]) -> Rule:
    """A rule from the fields that it was kept with: days as text, parts as lists."""
    made = {name: _VALUES[name](value) if name in _VALUES else value for name, value in fields.items()}
    return KINDS[fields["kind"]](**made)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


_VALUES: Mapping[str, Any] = {
    "start": _day,
    "targets": lambda parts: tuple(Target(**part) for part in parts),
    "bills": lambda parts: tuple(Bill(**{**part, "start": _day(part["start"])}) for part in parts),
}
