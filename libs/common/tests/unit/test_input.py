"""Fields take exactly one JSON form."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from pydantic import ValidationError

from pfms_common.ids import new_id
from pfms_common.input import Day, Id, Input, Minor, Month, Name, Quantity
from pfms_common.principal import Token, in_book
from pfms_common.problem import Forbidden, NotFound
from pfms_common.web import path_id


class Everything(Input):
    id: Id | None = None
    day: Day | None = None
    month: Month | None = None
    minor: Minor | None = None
    quantity: Quantity | None = None
    name: Name | None = None
    flag: bool | None = None


@pytest.mark.parametrize(
    ("field", "given", "taken"),
    [
        ("id", "01890a5d-ac96-774b-bcce-b302099a8057", UUID("01890a5d-ac96-774b-bcce-b302099a8057")),
        ("day", "2024-02-29", date(2024, 2, 29)),
        ("month", "2026-11", "2026-11"),
        ("minor", -(10**15), -(10**15)),
        ("quantity", "12.50", Decimal("12.50")),
        ("name", "  Zoe\u0308 ", "Zoë"),
        ("name", "Mit\u00adte\u200b\ufeff", "Mitte"),
        ("name", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        (
            "name",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\u200c",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("flag", True, True),
    ],
)
def test_the_one_form_is_taken(field, given, taken):
    assert getattr(Everything.model_validate({field: given}), field) == taken


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("id", "01890a5dac96774bbcceb302099a8057"),
        ("id", "{01890a5d-ac96-774b-bcce-b302099a8057}"),
        ("id", 7),
        ("id", "00000000-0000-0000-0000-000000000000"),
        ("id", UUID(int=0)),
        ("id", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff"),
        ("day", "2023-02-29"),
        ("day", "2026-2-3"),
        ("day", "1899-12-31"),
        ("day", "2201-01-01"),
        ("day", "٢٠٢٦-01-01"),
        ("day", 1_795_132_800),
        ("day", "2026-11-21T00:00:00"),
        ("month", "2026-13"),
        ("month", "2026-1"),
        ("minor", "12"),
        ("minor", 12.0),
        ("minor", True),
        ("minor", 10**15 + 1),
        ("minor", 2**63),
        ("quantity", 12.5),
        ("quantity", "1e3"),
        ("quantity", "NaN"),
        ("name", ""),
        ("name", "   "),
        ("name", "a\x00b"),
        ("name", "a\x7fb"),
        ("name", "x" * 121),
        ("name", "\u200b\u200d \ufeff"),
        ("name", "\u3164\u2800\u115f"),
        ("name", "\u0301\ufe0f"),
        ("name", "evil\u202egnp.exe"),
        ("name", "\u2067Anna\u2069"),
        ("flag", 1),
        ("flag", "true"),
        ("unknown", 1),
    ],
)
def test_every_other_form_is_refused(field, given):
    with pytest.raises(ValidationError):
        Everything.model_validate({field: given})


@pytest.mark.parametrize(
    ("name", "message"),
    [("\u200b", "at least 1 character"), ("x" * 121, "at most 120 characters"), (7, "valid string")],
)
def test_what_is_wrong_with_a_name_is_told_of_its_characters(name, message):
    with pytest.raises(ValidationError, match=message):
        Everything.model_validate({"name": name})


def test_the_nil_uuid_in_a_path_names_nothing():
    for text in (str(UUID(int=0)), str(UUID(int=2**128 - 1)), "01890a5dac96774bbcceb302099a8057"):
        with pytest.raises(NotFound):
            path_id(text)


def test_the_nil_uuid_names_no_book():
    books = {UUID(int=0): "owner"}
    token = Token(new_id(), new_id(), None, books, expires_at=0, auth_time=0)
    with pytest.raises(Forbidden):
        in_book(token, str(UUID(int=0)))
