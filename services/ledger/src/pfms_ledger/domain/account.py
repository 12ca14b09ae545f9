"""Accounts: their kinds, and when one may be closed."""

from collections.abc import Mapping
from typing import Any, Literal

from pfms_common.problem import Invalid, Refusal

Type = Literal["checking", "savings", "cash", "credit", "wallet", "investment", "loan", "asset", "liability"]
OFF_BUDGET: frozenset[str] = frozenset({"investment", "loan", "asset", "liability"})

CARD_TERMS = (
    "credit_limit_minor",
    "statement_day",
    "due_day",
    "minimum_payment_minor",
    "credit_overspend",
)
"""The fields that only accounts of type credit have."""
LIABILITY = "liability"


class NotEmpty(Refusal):
    """An account that still holds money, or owes it, cannot be closed."""


def is_on_budget(account_type: str) -> bool:
    """Money that can be spent is on the budget; what is valued by hand, invested or lent is not."""
    return account_type not in OFF_BUDGET


def card_terms(account_type: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """What is agreed for a card, with the way of overspending that a card has if none is chosen.

    Invalid where another account is given any of it.
    """
    if account_type == "credit":
        return {**terms, "credit_overspend": terms["credit_overspend"] or LIABILITY}
    if wrong := {name: ["belongs to accounts of type credit"] for name in terms if terms[name] is not None}:
        raise Invalid(f"Only accounts of type credit have {', '.join(wrong)}.", errors=wrong)
    return dict(terms)


def check_close(balance_minor: int, field: str) -> None:
    """An account is closed at zero, and stays there, so that no money leaves the picture unseen.

    Args:
        balance_minor: after the change, in minor units.
        field: the input field that is refused.
    """
    if balance_minor:
        raise NotEmpty(
            f"The balance would be {balance_minor} in a closed account: transfer it or post an adjustment first.",
            errors={field: ["must leave a closed account with a balance of zero"]},
        )
