import pytest

from pfms_common.currency import CURRENCIES, NO_MINOR_UNIT, UnknownCurrencyError, currency


@pytest.mark.parametrize(
    ("code", "exponent"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("BHD", 3), ("CLF", 4), ("UYW", 4), ("DEM", 2)]
)
def test_a_currency_knows_its_decimals(code: str, exponent: int) -> None:
    assert currency(code).exponent == exponent


def test_a_withdrawn_code_is_a_currency_and_says_so() -> None:
    assert currency("DEM").withdrawn
    assert currency("ITL").withdrawn
    assert not currency("EUR").withdrawn


def test_the_table_holds_every_code_once() -> None:
    assert len([c for c in CURRENCIES.values() if not c.withdrawn]) == 165
    assert len([c for c in CURRENCIES.values() if c.withdrawn]) == 129
    assert not NO_MINOR_UNIT & CURRENCIES.keys()


def test_a_code_without_minor_unit_is_refused_with_that_reason() -> None:
    with pytest.raises(UnknownCurrencyError, match="no minor unit"):
        currency("XAU")


@pytest.mark.parametrize("code", ["eur", "EURO", "", "€", "ZZZ"])
def test_anything_else_is_no_currency(code: str) -> None:
    with pytest.raises(UnknownCurrencyError, match="no ISO 4217 code"):
        currency(code)


def test_a_currency_prints_as_its_code() -> None:
    assert str(currency("CHF")) == "CHF"
