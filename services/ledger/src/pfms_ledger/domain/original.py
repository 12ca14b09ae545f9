"""The original amount: what was paid in another currency than the account's, with the bank's rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pfms_common.problem import Invalid


@dataclass(frozen=True, slots=True)
class Original:
    """Signed minor units of `currency`; `rate`, where the bank said it: one unit of it in the account's currency."""

    amount_minor: int
    currency: str
    rate: str | None = None

    def data(self) -> dict[str, Any]:
        return {"amount_minor": self.amount_minor, "currency": self.currency, "rate": self.rate}


def original_from(data: Mapping[str, Any]) -> Original:
    return Original(data["amount_minor"], data["currency"], data.get("rate"))


def check_original(original: Original | None, *, amount_minor: int, currency: str, is_transfer: bool) -> None:
    """It goes the same way as the amount in another currency; a transfer has both its amounts anyway."""
    if original is None:
        return
    if is_transfer:
        raise Invalid("A transfer has both its amounts.", errors={"original": ["is for all but transfers"]})
    if original.currency == currency:
        raise Invalid(
            f"The account is in {currency} itself.", errors={"original.currency": [f"must not be {currency}"]}
        )
    if (original.amount_minor > 0) != (amount_minor > 0):
        raise Invalid(
            "The original amount has the sign of the amount.",
            errors={"original.amount_minor": ["must have the sign of amount_minor"]},
        )
