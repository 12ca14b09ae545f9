"""Fields that several requests share: each takes exactly one form of JSON."""

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from pfms_auth.domain import address, password
from pfms_common.clock import is_zone
from pfms_common.currency import UnknownCurrencyError, currency
from pfms_common.input import Input, Name, clean_text
from pfms_common.problem import Invalid


def _currency(code: str) -> str:
    try:
        return currency(code).code
    except UnknownCurrencyError as error:
        raise ValueError(str(error)) from error


def given(body: Input, *, nullable: Collection[str] = ()) -> dict[str, Any]:
    """What a PATCH sends, but `version`. Null is no value, unless the field is among `nullable`."""
    sent = {name: getattr(body, name) for name in body.model_fields_set - {"version"}}
    nulls = [name for name, value in sent.items() if value is None and name not in nullable]
    if nulls:
        raise Invalid(
            "Leave out what should stay as it is.", errors={name: ["must not be null"] for name in nulls}
        )
    return sent


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return name


Email = Annotated[
    str,
    StringConstraints(max_length=address.MAX_LENGTH),
    BeforeValidator(clean_text),
    AfterValidator(address.checked),
    Field(description="e-mail address, at most 254 characters", examples=["ada@example.org"]),
]
NewPassword = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=password.MAX_LENGTH,
        description="12 to 128 characters of any kind, not a common password; taken exactly as sent",
        examples=["orchid kettle seventeen"],
    ),
]
Password = Annotated[
    SecretStr,
    Field(min_length=1, max_length=password.MAX_LENGTH, description="the account's password"),
]
CurrencyCode = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    AfterValidator(_currency),
    Field(description="ISO 4217 currency code", examples=["EUR"]),
]
Zone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_zone),
    Field(description="IANA time zone; months, weekdays and due dates follow it", examples=["Europe/Berlin"]),
]
Language = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$"),
    Field(description="BCP 47 language of texts for this person", examples=["en", "de-AT"]),
]
DisplayName = Annotated[Name, Field(description="what the other members of a book see", examples=["Ada"])]
BookName = Annotated[Name, Field(description="1 to 120 characters", examples=["Household"])]
LinkSecret = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    Field(description="what stood behind `#token=` in the mailed link"),
]
