from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.currency import CURRENCIES
from pfms_common.money import MAX_MINOR, format_minor
from pfms_ledger.bankfiles.amount import AmountReader, AmountUnreadableError, parse_amount
from pfms_ledger.bankfiles.tally import MoneyTally, decimal_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.50", "1234.5"),
        ("1.234,50", "1234.5"),
        ("1,234.50", "1234.5"),
        ("1 234,50", "1234.5"),
        ("1\u202f234,50 €", "1234.5"),
        ("1'234.50", "1234.5"),
        ("12,34,567.89", "1234567.89"),
        ("-5", "-5"),
        ("\u22125", "-5"),
        ("5-", "-5"),
        ("(5.00)", "-5"),
        ("+ £1,100.00", "1100"),
        ("- $12.01", "-12.01"),
        ("-$12.01", "-12.01"),
        ("R$ 10,00", "10"),
        ("CHF 10.00", "10"),
        ("10.00 CR", "10"),
        ("10.00DR", "-10"),
        ("5,-", "5"),
        (",45", "0.45"),
        ("¥28", "28"),
        ("\uffe5\uff11\uff12\uff0e\uff15", "12.5"),
        ("٣٤٫٥", "34.5"),
        ("د.ا.\u200f4.75", "4.75"),
        ("1.234", "1234"),
        ("0.1234", "0.1234"),
    ],
)
def test_an_amount_is_read_as_banks_write_it(text: str, value: str) -> None:
    assert parse_amount(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", "-", "€", "12.34 paid", "12,5 (refunded 3)", "1.2.3", "1,23,4", "--5", "-5-", "(-5)", "1e5", "5 5", "NaN",
     "0x1F", "1²", "12:30", "€5 $", "+-1", "5" * 70, "1,2345,678", "1 2.3,4"],
)  # fmt: skip
def test_what_is_left_over_makes_a_text_unreadable(text: str) -> None:
    with pytest.raises(AmountUnreadableError):
        parse_amount(text)


def test_more_decimals_than_the_currency_has_are_an_error_unless_they_are_zeros() -> None:
    reader = AmountReader(".")

    assert reader.read("-3.77000", 2)[0] == 377
    assert reader.read("1200.00", 0)[0] == 1200
    with pytest.raises(AmountUnreadableError, match="more decimals"):
        reader.read("0.001", 2)


def test_an_amount_beyond_the_bounds_is_an_error() -> None:
    assert AmountReader(".").read("10000000000000.00", 2)[0] == MAX_MINOR
    with pytest.raises(AmountUnreadableError, match="larger"):
        AmountReader(".").read("10000000000000.01", 2)


@given(
    st.integers(0, MAX_MINOR),
    st.sampled_from(sorted(CURRENCIES)),
    st.sampled_from([".", ","]),
    st.sampled_from("'_ "),
)
def test_a_grouped_number_reads_back(minor: int, code: str, decimal: str, group: str) -> None:
    unit = CURRENCIES[code]
    whole, _, fraction = format_minor(minor, unit).partition(".")
    text = f"{int(whole):,}".replace(",", group) + (decimal + fraction if fraction else "")

    assert AmountReader(decimal).read(text, unit.exponent)[0] == minor


@pytest.mark.parametrize(
    ("cells", "exponent", "separators"),
    [
        (["12.34", "1,000.00"], 2, ["."]),
        (["12,34", "1.000"], 2, [","]),
        (["1.234", "12"], 2, [","]),
        (["1.230", "4.560"], 2, [".", ","]),
        (["1,234"], 0, ["."]),
        (["0.750", "1.234"], 3, ["."]),
        (["1.234", "5.678", "9.012"], 3, ["."]),
        (["1.234", "5"], 3, [".", ","]),
        (["1.5", "1,5"], 2, [".", ","]),
        (["15", "7"], 2, ["."]),
        (["1.234.567"], 2, [","]),
    ],
)
def test_the_decimal_separator_is_decided_over_the_column_or_left_open(
    cells: list[str], exponent: int, separators: list[str]
) -> None:
    column = MoneyTally()
    for cell in cells:
        column.add(cell)

    assert decimal_of([column], {exponent}) == separators
