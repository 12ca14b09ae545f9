"""The budget months once more, by the shortest way from the ledger's rows: nothing here knows the service's code.

Accounts on the budget in the book's currency are counted. Spending is by category, income is what income categories
bring; a transfer counts where one side only is counted; what is excluded counts nowhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LEGS = """
SELECT t.id, t.type, to_char(t.date, 'YYYY-MM') AS month, p.kind, p.account_id, p.category_id, p.amount_minor,
       coalesce((e.data->>'excluded_from_budget')::boolean, false) AS excluded,
       coalesce((e.data->>'counts_next_period')::boolean, false) AS next_period
FROM transaction t
JOIN posting p ON p.book_id = t.book_id AND p.transaction_id = t.id
JOIN event e ON e.stream_id = t.book_id AND e.sequence = t.last_event
WHERE t.book_id = $1 ORDER BY t.id, p.n
"""
COUNTED = "SELECT id FROM account WHERE book_id = $1 AND on_budget AND currency = $2"
INCOME = "SELECT id FROM category WHERE book_id = $1 AND type = 'income'"

type Line = str | None


@dataclass(slots=True)
class Sums:
    """One month's movements on counted accounts, in minor units; spending is above zero."""

    income: int = 0
    held: int = 0
    openings: int = 0
    balance: int = 0
    spent: dict[Line, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True)
class Facts:
    legs: Sequence[Mapping[str, Any]]
    counted: frozenset[Any]
    income: frozenset[Any]


def movements(facts: Facts) -> dict[str, Sums]:
    """Month → what moved in it."""
    months: dict[str, Sums] = defaultdict(Sums)
    by_transaction: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for leg in facts.legs:
        by_transaction[leg["id"]].append(leg)
    for legs in by_transaction.values():
        _add(months[legs[0]["month"]], legs, facts)
    return months


def _add(sums: Sums, legs: Sequence[Mapping[str, Any]], facts: Facts) -> None:
    sides = [leg["amount_minor"] for leg in legs if leg["account_id"] in facts.counted]
    sums.balance += sum(sides)
    first = legs[0]
    if len(sides) != 1 or first["excluded"]:
        return
    if first["type"] == "opening":
        sums.openings += sides[0]
        return
    towards = -1 if first["type"] == "transfer" and sides[0] > 0 else 1
    parts = [(leg["category_id"], towards * leg["amount_minor"]) for leg in legs if leg["kind"] == "category"]
    for category, minor in parts or [(None, -sides[0])]:
        if category not in facts.income:
            sums.spent[str(category) if category else None] += minor
        elif first["next_period"]:
            sums.held -= minor
        else:
            sums.income -= minor


def carried(left: int, policy: str) -> int:
    return {"none": 0, "surplus": max(left, 0), "deficit": min(left, 0), "both": left}[policy]


def months_of(
    facts: Facts, allocations: Iterable[Mapping[str, Any]], keys: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Every month's figures. `allocations`: as acknowledged; `keys`: the budget's months in order."""
    moved = movements(facts)
    set_aside = {(row["month"], row["category_id"]): row for row in allocations}
    to_budget = sum(sums.balance for key, sums in moved.items() if key < keys[0])
    left: dict[Line, int] = {}
    policies: dict[Line, str] = {None: "none"}
    figures: dict[str, dict[str, Any]] = {}
    for key in keys:
        sums = moved.get(key, Sums())
        here = {category: row for (month, category), row in set_aside.items() if month == key}
        policies |= {category: row["rollover"] for category, row in here.items()}
        lines = {}
        for line in left.keys() | sums.spent.keys() | here.keys():
            carry = carried(left.get(line, 0), policies.get(line, "surplus"))
            allocated = here[line]["allocated_minor"] if line in here else 0
            spent = sums.spent.get(line, 0)
            lines[line] = (allocated, spent, carry, carry + allocated - spent)
        released = sum(left.values()) - sum(line[2] for line in lines.values())
        allocated = sum(line[0] for line in lines.values())
        free = to_budget + released + sums.income + sums.openings - allocated
        figures[key] = {
            "income_minor": sums.income,
            "outflow_minor": sum(line[1] for line in lines.values()),
            "to_be_budgeted_minor": free,
            "lines": {line: row for line, row in lines.items() if any(row)},
        }
        left, to_budget = {line: row[3] for line, row in lines.items()}, free + sums.held
    return figures


def as_answered(month: Mapping[str, Any]) -> dict[str, Any]:
    """The same figures out of what the API says of a month."""
    names = ("allocated_minor", "actual_minor", "carry_in_minor", "available_minor")
    lines = {row["category_id"]: tuple(row[name] for name in names) for row in month["categories"]}
    return {
        "income_minor": month["income_minor"],
        "outflow_minor": month["outflow_minor"],
        "to_be_budgeted_minor": month["to_be_budgeted_minor"],
        "lines": {line: row for line, row in lines.items() if any(row)},
    }
