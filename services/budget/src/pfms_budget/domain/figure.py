"""The names of a month's figures, as people ask for their explanation.

A month's own figures have one word (`to_be_budgeted`); those of a line name it (`available:<category id>`, or
`available:uncategorised`), a payment row by its card's id; some name a card besides (`on_card:<category id>:<card>`).
"""

from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from pfms_budget.domain.counting import Line
from pfms_common.problem import Invalid

OF_MONTH = (
    *("to_be_budgeted", "start", "income", "held_income", "openings", "fx", "outflow", "released", "hold"),
    *("excluded", "discarded", "rollover_balance", "card_debt", "total_planned", "expected_income"),
    *("discretionary", "available_for_debt_payoff", "minimum_debt_payments"),
)
OF_LINE = (
    *("available", "actual", "carry_in", "card_debt", "funded", "paid", "allocated"),
    *("released", "covered", "cash"),
)
OF_LINE_AND_CARD = ("on_card", "funding")
UNCATEGORISED = "uncategorised"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one period. `of`: the lines and cards that it names, none for the period's own."""

    kind: str
    of: tuple[Line, ...] = ()

    @property
    def line(self) -> Line:
        """The one that it names first; a payment row's is its card."""
        return self.of[0]

    def __str__(self) -> str:
        return ":".join([self.kind, *(str(each) if each else UNCATEGORISED for each in self.of)])


def figure(text: str) -> Figure:
    """The figure of a name; Invalid for any other text."""
    kind, *ids = text.split(":")
    names = {0: OF_MONTH, 1: OF_LINE, 2: OF_LINE_AND_CARD}.get(len(ids), ())
    if kind not in names:
        _refuse()
    return Figure(kind, tuple(_line(each, last=n == 1) for n, each in enumerate(ids)))


def _line(text: str, *, last: bool) -> Line:
    if text == UNCATEGORISED and not last:
        return None
    try:
        return UUID(text)
    except ValueError:
        _refuse()


def _refuse() -> NoReturn:
    raise Invalid(
        f"There is no such figure. A month has {', '.join(OF_MONTH)}; a line has {', '.join(OF_LINE)}, each followed"
        " by a colon and its id.",
        errors={"figure": ["is no figure of a month"]},
    )
