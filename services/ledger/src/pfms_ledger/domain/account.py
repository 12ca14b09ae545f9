"""Accounts: their kinds, and when one may be closed."""

from typing import Literal

from pfms_common.problem import Refusal

Type = Literal["checking", "savings", "cash", "credit", "wallet", "investment", "loan", "asset", "liability"]
OFF_BUDGET: frozenset[str] = frozenset({"investment", "loan", "asset", "liability"})


class NotEmpty(Refusal):
    """An account that still holds money, or owes it, cannot be closed."""


def is_on_budget(account_type: str) -> bool:
    """Money that can be spent is on the budget; what is valued by hand, invested or lent is not."""
    return account_type not in OFF_BUDGET


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
