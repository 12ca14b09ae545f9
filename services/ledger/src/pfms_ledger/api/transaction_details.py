"""What a transaction may say besides its money, as requests and answers have it."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from pfms_common.input import Id, Input, Minor, Name, Output, Text, clean_name
from pfms_common.rate import rate_text
from pfms_ledger.api.accounts import CurrencyCode
from pfms_ledger.domain.details import PLAIN, Details, Location, PaymentMethod
from pfms_ledger.domain.original import Original

TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,7})?", re.ASCII)
MOST_METADATA = 50


def _rate(value: object) -> str:
    return rate_text(value if isinstance(value, str) else "")


def _degrees(most: int) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, str) or not _DEGREES.fullmatch(value) or abs(Decimal(value)) > most:
            raise ValueError(f'must be degrees in a string such as "13.4050", at most {most} either way')
        return value

    return read


RateText = Annotated[
    str,
    BeforeValidator(_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,10}(\.\d{1,15})?$", "examples": ["1.0842"]}),
]
Key = Annotated[str, StringConstraints(min_length=1, max_length=60), BeforeValidator(clean_name)]


class LocationIn(Input):
    name: Name | None = Field(None, description="what the place is called", examples=["Blue Bottle, Mitte"])
    latitude: Annotated[str, BeforeValidator(_degrees(90))] | None = Field(
        None, description="degrees north as decimal text; with longitude", examples=["52.5200"]
    )
    longitude: Annotated[str, BeforeValidator(_degrees(180))] | None = Field(
        None, description="degrees east as decimal text; with latitude", examples=["13.4050"]
    )

    @model_validator(mode="after")
    def _somewhere(self) -> "LocationIn":
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude come together")
        if self.name is None and self.latitude is None:
            raise ValueError("needs a name, or latitude and longitude")
        return self


class OriginalIn(Input):
    amount_minor: Minor = Field(
        description="signed minor units of `currency`, the sign of the transaction's amount", examples=[-1350]
    )
    currency: CurrencyCode
    rate: RateText | None = Field(
        None, description="what one unit of it is in the account's currency, where the bank said so"
    )


class DetailsIn(Input):
    """The same in a new transaction and in a change; null takes a field away again."""

    time: Annotated[str, StringConstraints(pattern=f"^{TIME}$")] | None = Field(
        None, description="HH:MM or HH:MM:SS on the clock where it happened", examples=["08:15"]
    )
    location: LocationIn | None = Field(None, description="where it happened")
    payment_method: PaymentMethod | None = Field(None, description="how it was paid", examples=["debit_card"])
    original: OriginalIn | None = Field(
        None, description="what was paid in another currency; for all but transfers"
    )
    is_essential: bool | None = Field(
        None, description="overrides what the category says; null: as the category"
    )
    income_source_id: Id | None = Field(None, description="of income: where it comes from")
    tax_minor: Minor | None = Field(
        None,
        ge=0,
        description="of income: the tax that was taken off before it arrived, in minor units; the amount is the net",
        examples=[80_000],
    )
    metadata: Annotated[dict[Key, Text], Field(max_length=MOST_METADATA)] | None = Field(
        None,
        description=f"up to {MOST_METADATA} texts of your own under names of your own",
        examples=[{"receipt": "A-1042"}],
    )

    def given_details(self) -> dict[str, Any]:
        """The details that were sent, as the domain has them."""
        return {name: _MADE.get(name, _same)(getattr(self, name)) for name in DETAILS & self.model_fields_set}

    def details(self) -> Details:
        given = self.given_details()
        return Details(**given) if given else PLAIN


DETAILS = frozenset(DetailsIn.model_fields)


def _same(value: Any) -> Any:
    return value


def _location(value: LocationIn | None) -> Location | None:
    return Location(**value.model_dump()) if value else None


def _original(value: OriginalIn | None) -> Original | None:
    return Original(**value.model_dump()) if value else None


def _metadata(value: dict[str, str] | None) -> dict[str, str]:
    return value or {}


_MADE: Mapping[str, Callable[[Any], Any]] = {
    "location": _location,
    "original": _original,
    "metadata": _metadata,
}


class LocationOut(Output):
    name: str | None = Field(examples=["Blue Bottle, Mitte"])
    latitude: str | None = Field(description="degrees north", examples=["52.5200"])
    longitude: str | None = Field(description="degrees east", examples=["13.4050"])


class OriginalOut(Output):
    amount_minor: int = Field(description="signed minor units of `currency`", examples=[-1350])
    currency: str = Field(examples=["USD"])
    rate: str | None = Field(
        description="what one unit of it was in the account's currency, as the bank said", examples=["0.9224"]
    )


class DetailsOut(Output):
    """Left out where nothing was said."""

    time: str | None = Field(None, description="on the clock where it happened", examples=["08:15"])
    location: LocationOut | None = Field(None, description="where it happened")
    payment_method: str | None = Field(None, description="how it was paid", examples=["debit_card"])
    original: OriginalOut | None = Field(None, description="what was paid in another currency")
    is_essential: bool | None = Field(None, description="overrides what the category says")
    income_source_id: UUID | None = Field(None, description="of income: where it comes from")
    tax_minor: int | None = Field(
        None, description="of income: the tax taken off before it arrived, in minor units", examples=[80_000]
    )
    gross_minor: int | None = Field(
        None, description="of income with tax_minor: amount and tax, in minor units", examples=[400_000]
    )
    metadata: dict[str, str] | None = Field(
        None, description="texts of your own", examples=[{"receipt": "A-1042"}]
    )
