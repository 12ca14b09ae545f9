"""A valuation says what an asset or a liability is worth: an adjustment makes that its balance at the end of the day.

The next valuation keeps its value as well, so it takes back what an earlier one moves. Any other posting dated before
a valuation moves its value, as it moves every later balance.
"""

from datetime import date

from pfms_common.money import MAX_MINOR
from pfms_common.problem import Conflict, Invalid, Refusal
from pfms_ledger.domain.transaction import Transaction

SOURCE = "valuation"
VALUED: frozenset[str] = frozenset({"asset", "liability"})


class NotValued(Refusal):
    """Only what is valued by hand has valuations."""


class FollowsFromValue(Refusal):
    """What a valuation's adjustment moves, where and when follows from the value; value anew instead."""


def check_edit(before: Transaction, after: Transaction) -> None:
    """A valuation's adjustment is changed by valuing anew; a note may be put on it like on any other."""
    if before.origin != SOURCE:
        return
    fixed = ("amount_minor", "date", "account_id")
    if changed := [name for name in fixed if getattr(before, name) != getattr(after, name)]:
        raise FollowsFromValue(
            "It is a valuation's adjustment: value the account anew, or delete the valuation.",
            errors={name: ["follows from the valuation"] for name in changed},
        )


def check_valued(account_type: str) -> None:
    if account_type not in VALUED:
        raise NotValued(
            f"What a {account_type} account holds follows from its transactions; only an asset or a liability is"
            " valued by hand."
        )


def check_opened(day: date, opened_on: date) -> None:
    """Before it opens nothing is held; what was said to be worth something then would come on top of the opening."""
    if day < opened_on:
        raise Invalid(
            f"The account opens on {opened_on}: what it is worth then is its opening balance. Let it open earlier.",
            errors={"date": [f"must not be before {opened_on}"]},
        )


def check_opens_by(opened_on: date, first_valued: date | None) -> None:
    """An account that has valuations cannot open behind the first of them either."""
    if first_valued is not None and opened_on > first_valued:
        raise Conflict(
            f"The account is valued on {first_valued}: let it open by then, or delete what values it before.",
            errors={"opened_on": [f"must not be after {first_valued}"]},
        )


def check_adjustment(amount_minor: int, field: str = "value_minor") -> None:
    """An adjustment of zero only confirms a balance; none moves more than the largest amount."""
    if abs(amount_minor) > MAX_MINOR:
        raise Invalid(
            f"The adjustment would move {amount_minor}.", errors={field: ["is too far from the balance"]}
        )
