"""What a figure of a month is made of: the rule in words, and terms that add up to it exactly.

A term is another figure, which has an explanation of its own, or something that people or the ledger gave: an
allocation, a hold, a balance. Where a rule takes only part of a sum (what a line brings along, what an envelope
covers), a term of kind `limit` says how much that takes away or gives. Of figures made of transactions the terms are
the transactions (behind.py), and what comes before them.

Sources of the rules: month.py, card.py, counting.py, held.py and rollover.py, which make the figures; here they are
only taken apart.
"""

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from pfms_budget.domain.card import returned
from pfms_budget.domain.counting import Line
from pfms_budget.domain.explained import Explained, Kind, Seen, Term
from pfms_budget.domain.figure import Figure
from pfms_budget.domain.month import LineRow
from pfms_budget.domain.rollover import Rollover, Unrolled


def explain(figure: Figure, seen: Seen) -> Explained:
    """The figure with what it is made of."""
    return (_OF_LINE if figure.of else _OF_MONTH)[figure.kind](seen, *figure.of)


def _term(kind: str, minor: int, *of: Line, before: bool = False) -> Term:
    return Term(Kind.FIGURE, minor, kind, Figure(kind, of), of_month_before=before)


def _limit(minor: int, name: str) -> Term:
    return Term(Kind.LIMIT, minor, name)


def _made(minor: int, rule: str, source: str, terms: Iterable[Term] = ()) -> Explained:
    return Explained(minor, rule, source, tuple(term for term in terms if term.minor))


def _to_be_budgeted(seen: Seen) -> Explained:
    header = seen.month.header
    return _made(
        header.to_be_budgeted,
        "what the month started with, and its income, openings and fx, less what is allocated and held",
        "month",
        [
            *(_term(name, getattr(header, name)) for name in ("start", "income", "openings", "fx")),
            _term("total_planned", -header.allocated),
            _term("hold", -header.hold),
        ],
    )


def _start(seen: Seen) -> Explained:
    before = seen.before.header if seen.before else None
    if before is None:
        rule = "in the budget's first month: what the accounts on the budget held on the day before it"
        return _made(seen.month.header.start, rule, "month", seen.money.get("start", ()))
    handed_on = [
        _term(name, getattr(before, name), before=True) for name in ("to_be_budgeted", "hold", "held_income")
    ]
    rule = "what the month before had left to be budgeted, held, or got as income for this one"
    if seen.settings.unrolled is Unrolled.DISCARD:
        return _made(seen.month.header.start, rule, "month", handed_on)
    rule += ", and what its lines had left and did not bring along"
    released = _term("released", seen.month.header.released)
    return _made(seen.month.header.start, rule, "month", [*handed_on, released])


def _of_transactions(name: str, rule: str) -> Callable[[Seen], Explained]:
    return lambda seen: _made(getattr(seen.month.header, name), rule, "counting")


def _of_accounts(name: str, rule: str, source: str) -> Callable[[Seen], Explained]:
    return lambda seen: _made(getattr(seen.month.header, name), rule, source, seen.money.get(name, ()))


def _of_lines(name: str, of_line: str, rule: str) -> Callable[[Seen], Explained]:
    def explained(seen: Seen) -> Explained:
        terms = [_term(of_line, getattr(row, of_line), row.category_id) for row in seen.month.lines]
        return _made(getattr(seen.month.header, name), rule, "month", terms)

    return explained


def _released(seen: Seen) -> Explained:
    lines = dict.fromkeys(row.category_id for each in (seen.before, seen.month) if each for row in each.lines)
    rule = "what the lines of the month before had left, less what they brought along"
    terms = [_term("released", _released_of(seen, line), line) for line in lines]
    return _made(seen.month.header.released, rule, "rollover", terms)


def _released_of(seen: Seen, line: Line) -> int:
    return seen.row_before(line).left - seen.row(line).carry_in


def _left_before(seen: Seen, line: Line) -> list[Term]:
    row = seen.row_before(line)
    return [
        _term("available", row.available, line, before=True),
        _term("card_debt", row.card_debt, line, before=True),
    ]


def _released_line(seen: Seen, line: Line) -> Explained:
    rule = "what the line had left in the month before, the debt of cards aside, less what it brought along"
    terms = [*_left_before(seen, line), _term("carry_in", -seen.row(line).carry_in, line)]
    return _made(_released_of(seen, line), rule, "rollover", terms)


def _hold(seen: Seen) -> Explained:
    hold = seen.month.header.hold
    return _made(hold, "set by hand; the next month starts with it", "month", [Term(Kind.PLAN, hold, "hold")])


def _excluded(seen: Seen) -> Explained:
    before = _term("excluded", seen.before.header.excluded if seen.before else 0, before=True)
    rule = "since the budget's first month: what is excluded from the budget, or owed by others"
    return _made(seen.month.header.excluded, rule, "counting", [before])


def _discarded(seen: Seen) -> Explained:
    before = _term("discarded", seen.before.header.discarded if seen.before else 0, before=True)
    discards = seen.settings.unrolled is Unrolled.DISCARD
    released = [_term("released", seen.month.header.released)] if discards else []
    rule = "since the budget's first month: what lines did not bring along, where the book discards that"
    return _made(seen.month.header.discarded, rule, "rollover", [before, *released])


def _expected_income(seen: Seen) -> Explained:
    planned = seen.planned.get("planned_income", 0)
    if planned:
        return _made(planned, "the planned income", "month", [Term(Kind.PLAN, planned, "planned_income")])
    income = seen.month.header.income
    return _made(income, "the income, since none is planned", "month", [_term("income", income)])


def _discretionary(seen: Seen) -> Explained:
    rule = "expected income, less what is allocated to essential categories other than debt payments, less minimums"
    terms = [_term("expected_income", seen.expected_income), *_less_allocated(seen, seen.essential)]
    minimums = _term("minimum_debt_payments", -sum(seen.minimums.values()))
    return _made(seen.discretionary, rule, "month", [*terms, minimums])


def _less_allocated(seen: Seen, lines: Iterable[UUID]) -> list[Term]:
    return [_term("allocated", -seen.row(line).allocated, line) for line in sorted(lines)]


def _available_for_debt_payoff(seen: Seen) -> Explained:
    savings = seen.planned.get("savings_budget", 0)
    rest = _less_allocated(seen, seen.rest)
    over = seen.discretionary + sum(term.minor for term in rest) - savings
    terms = [
        _term("discretionary", seen.discretionary),
        *rest,
        Term(Kind.PLAN, -savings, "savings_budget"),
        _limit(max(over, 0) - over, "at least 0"),
    ]
    rule = "discretionary, less what is allocated to the rest, less the savings budget; at least 0"
    return _made(max(over, 0), rule, "month", terms)


def _minimums(seen: Seen) -> Explained:
    terms = [Term(Kind.MINIMUM, minor, "minimum", id=account) for account, minor in seen.minimums.items()]
    rule = "what is due at least in the month: each card's minimum as often as its due day falls in it"
    return _made(sum(seen.minimums.values()), rule, "month", terms)


def _available(seen: Seen, line: Line) -> Explained:
    row = seen.row(line)
    brought = [_term("carry_in", row.carry_in, line), _term("allocated", row.allocated, line)]
    if line in seen.settings.cards:
        rule = "brought along, allocated and covered by categories, less what the card was paid"
        moved = [_term("funded", row.funded, line), _term("paid", -row.paid, line)]
        return _made(row.available, rule, "card", [*brought, *moved])
    rule = "brought along and allocated, less what was spent"
    return _made(row.available, rule, "month", [*brought, _term("actual", -row.actual, line)])


def _carry_in(seen: Seen, line: Line) -> Explained:
    row, left = seen.row(line), _left_before(seen, line)
    policy = _policy(seen, line)
    limit = _limit(row.carry_in - sum(term.minor for term in left), f"not brought along ({policy})")
    rule = f"what the line had left in the month before, as far as its policy `{policy}` lets it come along"
    return _made(row.carry_in, rule, "rollover", [*left, limit])


def _policy(seen: Seen, line: Line) -> Rollover:
    if line is None:
        return Rollover.NONE
    if line in seen.settings.cards:
        return Rollover.SURPLUS
    return seen.row(line).rollover or seen.settings.default_rollover


def _allocated(seen: Seen, line: Line) -> Explained:
    minor = seen.row(line).allocated
    term = Term(Kind.ALLOCATION, minor, "allocation", id=seen.allocations.get(line) if line else None)
    return _made(minor, "set aside by hand for this line in this month", "allocation", [term])


def _spent(figure: str, rule: str) -> Callable[..., Explained]:
    """A line's spending, all of it or where it was made; outflow is above zero."""

    def explained(seen: Seen, line: Line, card: UUID | None = None) -> Explained:
        row = seen.row(line)
        on = dict(row.on_cards)
        minor = {
            "actual": row.actual,
            "cash": row.actual - sum(on.values()),
            "on_card": on.get(card, 0) if card else 0,
        }
        return _made(minor[figure], rule, "counting")

    return explained


def _bought(row: LineRow) -> list[tuple[UUID, int]]:
    return [(card, minor) for card, minor in row.on_cards if minor > 0]


def _covered_of(row: LineRow) -> int:
    return sum(minor for _, minor in _bought(row)) - row.card_debt


def _card_debt(seen: Seen, line: Line) -> Explained:
    row = seen.row(line)
    spent = [_term("on_card", minor, line, card) for card, minor in _bought(row)]
    rule = "what was spent on cards and the line did not cover"
    return _made(row.card_debt, rule, "card", [*spent, _term("covered", -_covered_of(row), line)])


def _covered(seen: Seen, line: Line) -> Explained:
    row = seen.row(line)
    funds = row.carry_in + row.allocated - row.actual + sum(minor for _, minor in row.on_cards)
    terms = [
        _term("carry_in", row.carry_in, line),
        _term("allocated", row.allocated, line),
        _term("cash", -(row.actual - sum(minor for _, minor in row.on_cards)), line),
        *(_term("on_card", -minor, line, card) for card, minor in row.on_cards if minor < 0),
        _limit(
            _covered_of(row) - funds - returned(row.on_cards),
            "no less than 0, no more than was spent on cards",
        ),
    ]
    rule = "what the line has after cash is spent, and returns on cards; as much of it as was spent on cards"
    return _made(_covered_of(row), rule, "card", terms)


def _funded(seen: Seen, card: UUID) -> Explained:
    terms = [
        _term("funding", minor, row.category_id, card)
        for row in seen.month.lines
        for to_pay, minor in row.envelope.to_pay
        if to_pay == card
    ]
    rule = "what each category covered of its spending on the card, less returns"
    return _made(seen.row(card).funded, rule, "card", terms)


def _funding(seen: Seen, line: Line, card: UUID) -> Explained:
    row = seen.row(line)
    spent, part = dict(row.on_cards).get(card, 0), dict(row.envelope.to_pay).get(card, 0)
    if spent < 0:
        return _made(part, "what came back on the card", "card", [_term("on_card", spent, line, card)])
    terms = [
        _term("covered", _covered_of(row), line),
        _limit(part - _covered_of(row), "in proportion on other cards"),
    ]
    return _made(part, "the card's part of what the line covered, in proportion to spending", "card", terms)


def _paid(seen: Seen, card: UUID) -> Explained:
    rule = "transfers into the card, less those out of it, and income on it"
    return _made(seen.row(card).paid, rule, "counting")


_OF_MONTH: Mapping[str, Callable[[Seen], Explained]] = {
    "to_be_budgeted": _to_be_budgeted,
    "start": _start,
    "income": _of_transactions(
        "income", "splits of income categories, but for what counts in the next month"
    ),
    "held_income": _of_transactions(
        "held_income", "splits of income categories that count in the next month"
    ),
    "openings": _of_accounts(
        "openings", "opening balances dated in the month of accounts on the budget, cards aside", "counting"
    ),
    "fx": _of_accounts(
        "fx",
        "of accounts in other currencies: worth at the month's end, less the worth before it, less what counts of"
        " their movements at their days' rates",
        "held",
    ),
    "outflow": _of_lines("outflow", "actual", "what was spent, over all lines"),
    "released": _released,
    "hold": _hold,
    "excluded": _excluded,
    "discarded": _discarded,
    "rollover_balance": _of_lines("rollover_balance", "carry_in", "what the lines brought along"),
    "card_debt": _of_lines("card_debt", "card_debt", "what was spent on cards and no line covered"),
    "total_planned": _of_lines("allocated", "allocated", "what is allocated, over all lines"),
    "expected_income": _expected_income,
    "discretionary": _discretionary,
    "available_for_debt_payoff": _available_for_debt_payoff,
    "minimum_debt_payments": _minimums,
}
_OF_LINE: Mapping[str, Callable[..., Explained]] = {
    "available": _available,
    "actual": _spent(
        "actual", "splits of the category, and transfers over the budget's edge; refunds count against it"
    ),
    "cash": _spent("cash", "what of the line was spent from accounts that hold money"),
    "on_card": _spent("on_card", "what of the line was spent on the card; returns count against it"),
    "carry_in": _carry_in,
    "allocated": _allocated,
    "released": _released_line,
    "card_debt": _card_debt,
    "covered": _covered,
    "funded": _funded,
    "funding": _funding,
    "paid": _paid,
}
