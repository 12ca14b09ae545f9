"""A password is long and not a common one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_auth.adapters.common_passwords import common_passwords
from pfms_auth.domain.password import WeakPassword, check_password

COMMON = common_passwords()


def check(password: str, address: str = "alexandermiller@example.org") -> None:
    check_password(password, address=address, minimum=12, common=COMMON)


@pytest.mark.parametrize(
    "password",
    [
        "orchid kettle seventeen",
        "twelve chars",
        "a" * 11 + "ß",
        "😀" * 12,
        "x" * 64 + "y" * 64,
        "  spaces stay as they are  ",
        "ALL CAPITALS AND NO DIGIT",
        "837465019283",
    ],
)
def test_any_characters_will_do(password):
    check(password)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "at least 12"),
        ("elevenchars", "at least 12"),
        ("😀" * 11, "at least 12"),
        ("a" * 129, "at most 128"),
        ("Password1234", "common"),
        ("QWERTYUIOPASDFGHJKL", "common"),
        ("123456789012", "common"),
        ("CorrectHorseBatteryStaple", "common"),
        ("alexandermiller@example.org", "your address"),
        ("AlexanderMiller2026!", "your address"),
        ("alexandermilleralexandermiller", "your address"),
        ("pfmspfmspfms1", "product"),
    ],
)
def test_a_short_common_or_obvious_one_is_refused_with_the_reason(password, reason):
    with pytest.raises(WeakPassword) as refusal:
        check(password)

    assert reason in refusal.value.detail
    assert list(refusal.value.errors) == ["password"]
    assert password == "" or password not in refusal.value.detail


def test_the_list_has_at_least_three_thousand_that_the_length_allows():
    allowed = [word for word in COMMON if 12 <= len(word) <= 128]

    assert len(allowed) == len(COMMON) >= 3000
    assert all(word == word.casefold() for word in COMMON)


@given(st.text(min_size=40, max_size=128))
def test_a_long_text_is_taken(password):
    """40 characters are longer than anything on the list, and than the address three times over."""
    check(password, address="a@b.example")


def test_the_minimum_can_be_raised():
    with pytest.raises(WeakPassword):
        check_password("fourteen chars", address="a@b.example", minimum=15, common=COMMON)
