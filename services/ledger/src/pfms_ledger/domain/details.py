"""Details: what a transaction may say besides its money. None of them moves any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from pfms_ledger.domain.original import Original, original_from

PaymentMethod = Literal[
    "cash",
    "debit_card",
    "credit_card",
    "prepaid_card",
    "bank_transfer",
    "direct_debit",
    "standing_order",
    "mobile",
    "online",
    "cheque",
    "voucher",
    "other",
]


@dataclass(frozen=True, slots=True)
class Location:
    """Where it was: a name, or degrees as decimal text, or both."""

    name: str | None = None
    latitude: str | None = None
    longitude: str | None = None

    def data(self) -> dict[str, Any]:
        return {"name": self.name, "latitude": self.latitude, "longitude": self.longitude}


@dataclass(frozen=True, slots=True)
class Details:
    """`time` is that of the wall, without a zone; `is_essential` overrides what the category says."""

    time: str | None = None
    location: Location | None = None
    payment_method: str | None = None
    original: Original | None = None
    is_essential: bool | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    income_source_id: UUID | None = None
    tax_minor: int | None = None

    def data(self) -> dict[str, Any]:
        """What is said, as API and events show it; what is not said is left out."""
        if self is PLAIN:
            return {}
        said = {
            "time": self.time,
            "location": self.location.data() if self.location else None,
            "payment_method": self.payment_method,
            "original": self.original.data() if self.original else None,
            "is_essential": self.is_essential,
            "income_source_id": self.income_source_id,
            "tax_minor": self.tax_minor,
            "metadata": dict(self.metadata) or None,
        }
        return {name: value for name, value in said.items() if value is not None}


PLAIN = Details()


def details_from(data: Mapping[str, Any]) -> Details:
    """The inverse of `Details.data`, from a transaction's JSON."""
    if not any(name in data for name in Details.__slots__):
        return PLAIN
    location, original = data.get("location"), data.get("original")
    return Details(
        time=data.get("time"),
        location=Location(**location) if location else None,
        payment_method=data.get("payment_method"),
        original=original_from(original) if original else None,
        is_essential=data.get("is_essential"),
        metadata=data.get("metadata") or {},
        income_source_id=UUID(source) if (source := data.get("income_source_id")) else None,
        tax_minor=data.get("tax_minor"),
    )
