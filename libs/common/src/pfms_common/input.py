"""Strict input: each field takes exactly one JSON form, and nothing else.

Pydantic's strict mode refuses a string for a UUID or a date, its lax mode takes 1795132800 for a date. The types
here are what request models use instead.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from pfms_common.ids import read_id

MAX_MINOR = 10**15
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"(19\d\d|20\d\d|21\d\d|2200)-(0[1-9]|1[0-2])", re.ASCII)
_QUANTITY = re.compile(r"-?\d{1,18}(\.\d{1,10})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Marks that make a line read otherwise than it was written, so that one name could pass for another.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Nothing is lost with these. The joiners U+200C and U+200D stay, since words and emoji are spelt with them, and so
# do the tags of flags and the visible signs that Unicode counts as format characters.
_PADDING = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb]")
_OUTER = re.compile(r"^[\s\u200c\u200d]+|[\s\u200c\u200d]+$")
# Letters and a symbol that are drawn as nothing.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class Input(BaseModel):
    """A request body: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class QueryInput(Input):
    """The parameters of a query, which are text: numbers and flags are read from it. Names that no
    parameter of the route has are the route's to refuse.
    """

    model_config = ConfigDict(extra="ignore", strict=False)


def misfits(wrong: Mapping[str, str]) -> ValidationError:
    """What a model's validator raises where fields do not fit each other: each by its name with what is wrong, and
    pydantic puts before it where the model stands in the body.
    """
    return ValidationError.from_exception_data(
        "misfits",
        [
            InitErrorDetails(
                type=PydanticCustomError("misfit", "{why}", {"why": why}), loc=(name,), input=None
            )
            for name, why in wrong.items()
        ],
    )


class Output(BaseModel):
    """A response body, read from the attributes of a query's record."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")


def _id(value: Any) -> UUID:
    return read_id(str(value) if isinstance(value, str | UUID) else "")


def _day(value: Any) -> date:
    if type(value) is date:
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a date such as 2026-11-21")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("is not a day of the calendar") from error
    if not 1900 <= day.year <= 2200:
        raise ValueError("must be in the years 1900 to 2200")
    return day


def _month(value: Any) -> str:
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise ValueError("must be a month such as 2026-11")
    return value


def _period(value: Any) -> str:
    if isinstance(value, str) and _DAY.fullmatch(value):
        return _day(value).isoformat()
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise ValueError("must be a month such as 2026-11, or the first day of a period such as 2026-11-25")
    return value


def _quantity(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise ValueError('must be a decimal in a string such as "12.50"')
    return Decimal(value)


def clean_text(value: Any) -> Any:
    """NFC without surrounding white space; control characters but newline and tab are refused."""
    if not isinstance(value, str):
        return value
    if _CONTROL.search(value):
        raise ValueError("must not contain control characters")
    return unicodedata.normalize("NFC", value).strip()


def clean_name(value: Any) -> Any:
    """Clean text that can be seen: without invisible padding; marks that reorder a line are refused."""
    text = clean_text(value)
    if not isinstance(text, str):
        return text
    if _REORDERING.search(text):
        raise ValueError("must not contain marks that reorder text")
    text = _OUTER.sub("", _PADDING.sub("", text))
    return text if any(map(_is_seen, text)) else ""


def _is_seen(character: str) -> bool:
    """Neither white space, nor a format character, nor a mark that needs a letter before it."""
    category = unicodedata.category(character)
    return character not in _BLANK and category[0] not in "ZM" and category not in {"Cc", "Cf"}


def _schema(example: Any, **schema: Any) -> WithJsonSchema:
    return WithJsonSchema({**schema, "examples": [example]})


Id = Annotated[
    UUID, BeforeValidator(_id), _schema("01890a5d-ac96-774b-bcce-b302099a8057", type="string", format="uuid")
]
Day = Annotated[date, BeforeValidator(_day), _schema("2026-11-21", type="string", format="date")]
Month = Annotated[
    str, BeforeValidator(_month), _schema("2026-11", type="string", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
]
PeriodName = Annotated[
    str,
    BeforeValidator(_period),
    _schema("2026-11", type="string", pattern=r"^\d{4}-(0[1-9]|1[0-2])(-\d{2})?$"),
]
Minor = Annotated[int, Field(ge=-MAX_MINOR, le=MAX_MINOR, strict=True, examples=[-1250])]
Quantity = Annotated[
    Decimal,
    BeforeValidator(_quantity),
    _schema("12.50", type="string", pattern=r"^-?\d{1,18}(\.\d{1,10})?$"),
]
# The constraint stands first: behind a validator its message would speak of items.
Name = Annotated[str, StringConstraints(min_length=1, max_length=120), BeforeValidator(clean_name)]
Text = Annotated[str, StringConstraints(max_length=1000), BeforeValidator(clean_text)]
LongText = Annotated[str, StringConstraints(max_length=10_000), BeforeValidator(clean_text)]
