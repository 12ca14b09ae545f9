"""The choice of a table's columns, by name first, then by value; what several columns could be is asked."""

from dataclasses import dataclass, field
from datetime import date

from pfms_ledger.bankfiles import columns as look
from pfms_ledger.bankfiles.columns import Column, Head
from pfms_ledger.bankfiles.dates import day, parts_of
from pfms_ledger.bankfiles.fees import net_is_gross_less_fee
from pfms_ledger.bankfiles.headerless import find_money
from pfms_ledger.bankfiles.mapping import COLUMN_KEYS, column, reference
from pfms_ledger.bankfiles.statement import Mapping, MappingDoesNotFit, Question
from pfms_ledger.bankfiles.table import Record
from pfms_ledger.bankfiles.tally import MoneyTally, decimal_of
from pfms_ledger.bankfiles.words import DATES

_DAYS_APART = 10
_MONEY_KEYS = ("amount", "debit", "credit", "balance")


@dataclass(slots=True)
class Choice:
    """Columns by index for every key of the mapping (None: there is none), and what has to be asked first."""

    head: Head
    given: Mapping
    columns: dict[str, int | None] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)

    def settle(self, **found: int | None) -> None:
        """Take columns for keys that were not sent."""
        self.columns.update({key: index for key, index in found.items() if key not in self.given})

    def ask(self, key: str, candidates: list[Column], reason: str) -> None:
        self.columns[key] = None
        options = [reference(c.index, self.head.names) for c in candidates]
        self.questions.append(Question(key, options, reason, self.head.dated or len(self.head.records)))

    def open_keys(self) -> set[str]:
        return {question.field for question in self.questions}

    def taken(self) -> set[int]:
        return {index for index in self.columns.values() if index is not None}


def choose(head: Head, given: Mapping) -> Choice:
    """Every column of the mapping; MappingDoesNotFit when one that was sent doesn't exist."""
    found = Choice(head, given)
    for key in COLUMN_KEYS:
        if key in given:
            found.columns[key] = column(given, key, head.names)
    _date(found)
    _money(found)
    _refuse_without(found)
    _sign(found)
    near = found.columns.get("amount")
    found.settle(
        currency=_index(look.currency_column(head, near if near is not None else found.columns.get("debit"))),
        account=_index(look.account_column(head)),
        bank_id=_index(look.id_column(head, found.taken())),
        status=_index(next((c for c in head.role("status") if c.is_text()), None)),
    )
    if "fee" not in given:
        found.columns["fee"] = None
    payee, memo = look.text_columns(head, found.taken())
    found.settle(payee=_index(payee), memo=_index(memo))
    return found


def _index(found: Column | None) -> int | None:
    return found.index if found else None


def _date(found: Choice) -> None:
    if "date" in found.given:
        return
    candidates = look.day_columns(found.head)
    if not candidates:
        named = found.head.role(*DATES)
        found.ask(
            "date",
            named or [c for c in found.head.columns if c.filled],
            "No column holds days that can be read. Which one is the date?",
        )
    elif candidates[0].roles or _close_days(found.head, candidates):
        found.settle(date=candidates[0].index)
    else:
        found.ask("date", candidates, "Several columns hold days. Which one is the date of booking?")


def _close_days(head: Head, candidates: list[Column]) -> bool:
    """Whether columns without names speak of the same movements, as days of booking and value do.

    Then the first is taken: on every row they lie within ten days, in whichever order they are written.
    """
    for record in head.records:
        days = [parts_of(record.cells[c.index]) for c in candidates if c.index < len(record.cells)]
        for order in ("dmy", "mdy", "ymd"):
            found = [day(parts, order, date.max.replace(year=2200)) for parts in days if parts]
            known = [each for each in found if each]
            if known and (max(known) - min(known)).days > _DAYS_APART:
                return False
    return True


def _money(found: Choice) -> None:
    sent = {key for key in ("amount", "debit", "credit") if found.given.get(key) is not None}
    if "amount" in sent and len(sent) > 1:
        raise MappingDoesNotFit("amount", "Give either the amount, or debit and credit.")
    if sent:
        found.settle(amount=None, debit=None, credit=None, balance=_balance(found.head))
    elif found.head.header and _named_money(found):
        found.settle(balance=_balance(found.head))
    else:
        _money_by_values(found)


def _refuse_without(found: Choice) -> None:
    """A mapping that says there is no date or no amount can't be used."""
    if found.columns["date"] is None and "date" not in found.open_keys():
        raise MappingDoesNotFit("date", "A table can't be imported without a column of dates.")
    money = [found.columns.get(key) for key in ("amount", "debit", "credit")]
    if not any(index is not None for index in money) and "amount" not in found.open_keys():
        raise MappingDoesNotFit("amount", "A table can't be imported without an amount, or debit and credit.")


def _balance(head: Head) -> int | None:
    named = [c for c in head.role("balance") if c.is_money()]
    return max(named, key=lambda c: c.money).index if named else None


def _named_money(found: Choice) -> bool:
    """Settle or ask the money columns by their names; False when no name helps."""
    head = found.head
    amounts = look.money_columns(head, "amount")
    turns = _taking_turns(head)
    single = [c for c in head.role("debit", "credit") if c.is_money() and c.nonzero]
    if turns:
        found.settle(amount=None, debit=turns[0].index, credit=turns[1].index)
    elif amounts:
        _one_of(found, amounts)
    elif net := _net_or_gross(head):
        _one_of(found, net)
    elif len(single) == 1:
        key = "debit" if single[0].roles[0] == "debit" else "credit"
        found.settle(**{"amount": None, "debit": None, "credit": None, key: single[0].index})
    else:
        return False
    return True


def _taking_turns(head: Head) -> tuple[Column, Column] | None:
    """Columns named debit and credit of which no row fills both, and which fill half of the dated rows."""
    for debit in head.role("debit"):
        for credit in head.role("credit"):
            filled = (debit.is_money() or not debit.filled) and (credit.is_money() or not credit.filled)
            both = any(_nonzero(r, debit.index) and _nonzero(r, credit.index) for r in head.records)
            if (
                filled
                and not both
                and 2 * (debit.money + credit.money) >= head.dated
                and debit.money + credit.money
            ):
                return debit, credit
    return None


def _nonzero(record: Record, index: int) -> bool:
    return index < len(record.cells) and any(c in "123456789" for c in record.cells[index])


def _net_or_gross(head: Head) -> list[Column]:
    net, gross = look.money_columns(head, "net"), look.money_columns(head, "gross")
    if net and gross and net_is_gross_less_fee(head, gross[0], net[0], likely_decimal(head)):
        return net[:1]
    return net[:1] + gross[:1]


def _one_of(found: Choice, candidates: list[Column]) -> None:
    found.settle(amount=None, debit=None, credit=None)
    rows = [
        [r.cells[c.index].strip() for c in candidates if c.index < len(r.cells)] for r in found.head.records
    ]
    if all(len(set(cells)) <= 1 for cells in rows):
        found.settle(amount=candidates[0].index)
    else:
        found.ask("amount", candidates, "Several columns are named like the amount. Which one counts?")


def _money_by_values(found: Choice) -> None:
    money = find_money(found.head, likely_decimal(found.head))
    found.settle(**{key: getattr(money, key) for key in _MONEY_KEYS})
    if money.amount is None and money.debit is None:
        by_index = {c.index: c for c in found.head.columns}
        candidates = [by_index[index] for index in money.candidates]
        candidates = candidates or [c for c in found.head.columns if c.money and not c.is_days()]
        found.ask(
            "amount", candidates or [c for c in found.head.columns if c.filled], "Which column is the amount?"
        )


def _sign(found: Choice) -> None:
    amount = found.columns.get("amount")
    if "sign" not in found.given:
        column = look.sign_column(found.head) if amount is not None or "amount" in found.open_keys() else None
        found.settle(sign=_index(column))


def likely_decimal(head: Head) -> str:
    """The decimal separator the head's firm amounts share; a point where they leave it open."""
    tallies = []
    for c in head.columns:
        if c.is_firm() and not c.is_days():
            tallies.append(MoneyTally())
            for value in c.values:
                tallies[-1].add(value)
    return decimal_of(tallies, {2})[0]
