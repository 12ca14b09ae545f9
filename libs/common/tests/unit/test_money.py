from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.currency import CURRENCIES, Currency, currency
from pfms_common.money import (
    MAX_MINOR,
    AmountError,
    AmountOutOfBoundsError,
    CurrencyMismatchError,
    Money,
    allocate,
    format_minor,
    parse_minor,
    to_minor,
)

EUR, JPY, KWD, CLF = currency("EUR"), currency("JPY"), currency("KWD"), currency("CLF")
amounts = st.integers(-MAX_MINOR, MAX_MINOR)
currencies = st.sampled_from(sorted(CURRENCIES.values(), key=lambda c: c.code))
weights = st.lists(
    st.one_of(st.integers(0, 10**9), st.decimals(0, 1000, places=4)), min_size=1, max_size=12
).filter(any)


def test_amounts_of_one_currency_add_subtract_and_compare() -> None:
    assert Money(1250, EUR) + Money(-250, EUR) == Money(1000, EUR)
    assert Money(1250, EUR) - Money(250, EUR) == Money(1000, EUR)
    assert -Money(5, EUR) == Money(-5, EUR)
    assert abs(Money(-5, EUR)) == Money(5, EUR)
    assert Money(-1, EUR) < Money(0, EUR) <= Money(0, EUR)
    assert max(Money(3, EUR), Money(4, EUR)) == Money(4, EUR)
    assert Money(1, EUR)
    assert not Money(0, EUR)


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__"])
def test_two_currencies_never_mix(operation: str) -> None:
    with pytest.raises(CurrencyMismatchError, match="EUR and JPY"):
        getattr(Money(1, EUR), operation)(Money(1, JPY))


def test_an_amount_beyond_the_bounds_is_refused() -> None:
    assert Money(MAX_MINOR, EUR).minor == MAX_MINOR
    with pytest.raises(AmountOutOfBoundsError):
        Money(MAX_MINOR, EUR) + Money(1, EUR)
    with pytest.raises(AmountOutOfBoundsError):
        Money(-MAX_MINOR - 1, EUR)


def test_money_prints_with_its_currencys_decimals() -> None:
    assert str(Money(-1250, EUR)) == "-12.50 EUR"
    assert str(Money(7, JPY)) == "7 JPY"
    assert str(Money(-5, KWD)) == "-0.005 KWD"


@pytest.mark.parametrize(
    ("total", "shares", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (7, [0, 5, 0], [0, 7, 0]),
        (0, [2, 3], [0, 0]),
        (10, [1, 3], [3, 7]),
        (100, [Decimal("0.5"), Decimal("1.5")], [25, 75]),
        (1, [1, 2], [0, 1]),
    ],
)
def test_sharing_out_gives_the_left_over_units_to_the_largest_remainders(
    total: int, shares: list[int | Decimal], parts: list[int]
) -> None:
    assert allocate(total, shares) == parts


@given(amounts, weights)
def test_the_parts_add_up_and_each_is_its_share_rounded_down_or_up(
    total: int, shares: list[int | Decimal]
) -> None:
    parts = allocate(total, shares)
    whole = sum(Decimal(share) for share in shares)

    assert sum(parts) == total
    assert all(
        abs(Decimal(part) - total * Decimal(s) / whole) < 1 for part, s in zip(parts, shares, strict=True)
    )
    assert all(part == 0 for part, share in zip(parts, shares, strict=True) if not share)


@given(amounts, weights)
def test_money_is_shared_out_as_its_minor_units_are(total: int, shares: list[int | Decimal]) -> None:
    assert [part.minor for part in Money(total, EUR).allocate(shares)] == allocate(total, shares)


@pytest.mark.parametrize("bad", [[], [0], [0, 0], [1, -1], [Decimal("NaN")], [Decimal("Infinity"), 1]])
def test_sharing_out_needs_a_weight_above_zero_and_none_below(bad: list[int | Decimal]) -> None:
    with pytest.raises(ValueError, match="weight"):
        allocate(100, bad)


@pytest.mark.parametrize(
    ("value", "unit", "minor"),
    [
        ("2.345", EUR, 234),
        ("2.355", EUR, 236),
        ("-2.345", EUR, -234),
        ("-2.5", JPY, -2),
        ("3.5", JPY, 4),
        ("0.0005", KWD, 0),
        ("0.00051", KWD, 1),
        ("1E-30", EUR, 0),
        ("1E-9999999", EUR, 0),
        ("0E+99", EUR, 0),
        ("2.5" + "0" * 300 + "1", JPY, 3),
        ("10000000000000", EUR, MAX_MINOR),
    ],
)
def test_a_figure_rounds_half_even_to_minor_units(value: str, unit: Currency, minor: int) -> None:
    assert to_minor(Decimal(value), unit) == minor


@given(st.decimals(-(10**9), 10**9, places=6), currencies)
def test_rounding_agrees_with_the_decimal_librarys_half_even(value: Decimal, unit: Currency) -> None:
    quantum = Decimal(1).scaleb(-unit.exponent)
    assert to_minor(value, unit) == int(value.quantize(quantum, ROUND_HALF_EVEN).scaleb(unit.exponent))


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "1E+400", "10000000000000.01", "1E+999999"])
def test_a_figure_that_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(AmountError):
        to_minor(Decimal(value), EUR)


@pytest.mark.parametrize(
    ("text", "unit", "minor"),
    [
        ("12.50", EUR, 1250),
        ("-12.5", EUR, -1250),
        ("+7", EUR, 700),
        ("1234", JPY, 1234),
        ("1234.00", JPY, 1234),
        ("0.005", KWD, 5),
        ("1.2345", CLF, 12345),
        ("100000.50", currency("INR"), 10000050),
    ],
)
def test_plain_decimal_text_is_read_exactly(text: str, unit: Currency, minor: int) -> None:
    assert parse_minor(text, unit) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12,50",
        "1e3",
        ".5",
        "5.",
        "1 000",
        "0.001",
        "٣",
        "NaN",
        "--1",
        "12.50 ",
        "9" * 41,
        "9" * 16,
        "1\n",
    ],
)
def test_any_other_text_is_no_amount(text: str) -> None:
    with pytest.raises(AmountError):
        parse_minor(text, EUR)


@given(amounts, currencies)
def test_text_of_an_amount_reads_back_as_that_amount(minor: int, unit: Currency) -> None:
    assert parse_minor(format_minor(minor, unit), unit) == minor
