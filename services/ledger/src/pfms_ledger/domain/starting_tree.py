"""The tree of categories that a new book starts with. Keys are stable: translation and tax go by them."""

from dataclasses import dataclass
from typing import Literal

Type = Literal["expense", "income"]
SpendingClass = Literal["need", "want", "saving", "debt"]
Kind = Literal["receivable"]
"""What a system category is; what others owe is neither spent nor earned."""


@dataclass(frozen=True, slots=True)
class Start:
    key: str
    name: str
    type: Type
    spending_class: SpendingClass | None = None
    is_essential: bool = False
    kind: Kind | None = None
    children: tuple["Start", ...] = ()


def _need(key: str, name: str, *children: Start) -> Start:
    return Start(key, name, "expense", "need", is_essential=True, children=children)


def _want(key: str, name: str, *children: Start) -> Start:
    return Start(key, name, "expense", "want", children=children)


OWED_TO_ME = Start("owed_to_me", "Owed to me", "expense", kind="receivable")

STARTING_TREE: tuple[Start, ...] = (
    _need("housing", "Housing", _need("rent", "Rent or mortgage"), _need("home_maintenance", "Repairs")),
    _need(
        "utilities",
        "Utilities",
        _need("electricity", "Electricity and heating"),
        _need("water", "Water"),
        _need("internet", "Internet and phone"),
    ),
    _need("groceries", "Groceries"),
    _want("dining", "Dining out"),
    _need(
        "transportation",
        "Transportation",
        _need("fuel", "Fuel"),
        _need("public_transport", "Public transport"),
    ),
    _need("healthcare", "Healthcare"),
    _need("insurance", "Insurance"),
    _want("entertainment", "Entertainment"),
    _want("shopping", "Shopping"),
    _want("personal_care", "Personal care"),
    _need("education", "Education"),
    _need("childcare", "Childcare"),
    _want("pets", "Pets"),
    _want("gifts", "Gifts"),
    _want("travel", "Travel"),
    Start("debt_payments", "Debt payments", "expense", "debt", is_essential=True),
    Start("savings", "Savings", "expense", "saving"),
    _want("subscriptions", "Subscriptions"),
    _need("taxes", "Taxes"),
    _need("fees", "Fees"),
    _want("other_expense", "Other"),
    Start("salary", "Salary", "income"),
    Start("bonus", "Bonus", "income"),
    Start("side_income", "Side income", "income"),
    Start("investment_income", "Investments", "income"),
    Start("refunds", "Refunds", "income"),
    Start("other_income", "Other income", "income"),
    OWED_TO_ME,
)
