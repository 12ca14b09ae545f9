"""Conversion keeps its laws: exact but for one rounding, as of a day, and never at a rate that nobody said."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.currency import currency
from pfms_common.rate import Rate, Rates

DAY = date(2026, 6, 1)
codes = st.sampled_from(["EUR", "USD", "JPY", "BHD", "CLF"])
texts = st.decimals("0.0001", "10000", places=4).map(lambda value: format(value, "f"))
days = st.integers(0, 400).map(lambda n: date(2026, 1, 1) + timedelta(n))
amounts = st.integers(-(10**6), 10**6)


@pytest.mark.parametrize(
    ("amount", "source", "target", "rate", "converted"),
    [
        (1_000, "JPY", "EUR", "0.00615", 615),  # 1000 yen are 6.15 EUR
        (1_234, "BHD", "EUR", "2.4512", 302),  # 1.234 dinars are 3.0248 EUR
        (100, "EUR", "JPY", "162.5", 162),  # 162.5 yen: half goes to the even yen
        (100, "EUR", "BHD", "0.40795", 408),  # 0.40795 dinars
        (-150, "EUR", "USD", "1.01", -152),  # 1.515 dollars: half-even, also below zero
    ],
)
def test_an_amount_is_converted_between_currencies_of_any_decimals(amount, source, target, rate, converted):
    rates = Rates([Rate(source, target, DAY, rate)])

    assert rates.converted([amount], source, target, DAY) == [converted]


@given(amount=amounts, source=codes, target=codes, day=days)
def test_without_a_rate_nothing_is_converted(amount, source, target, day):
    later = [Rate(source, target, day + timedelta(1), "1.5")] if source != target else []

    converted = Rates(later).converted([amount], source, target, day)

    assert converted == ([amount] if source == target else None)


@given(
    known=st.lists(st.tuples(days, texts, st.booleans()), unique_by=lambda one: (one[0], one[2])), day=days
)
def test_the_rate_of_a_day_is_the_newest_on_or_before_it_of_the_pair_or_its_inverse(known, day):
    rates = Rates(
        Rate(*(("EUR", "USD") if direct else ("USD", "EUR")), at, text) for at, text, direct in known
    )
    past = [(at, direct, text) for at, text, direct in known if at <= day]

    expected = None
    if past:
        _, direct, text = max(past)  # of one day the pair's own rate comes before the inverse
        expected = Fraction(text) if direct else 1 / Fraction(text)

    assert rates.at("EUR", "USD", day) == expected


@given(amount=amounts, source=codes, target=codes, text=texts)
def test_there_and_back_is_within_one_unit_where_units_get_finer(amount, source, target, text):
    rates = Rates([Rate(source, target, DAY, text)])
    finer = Decimal(text).scaleb(currency(target).exponent - currency(source).exponent) >= 1
    if source == target or not finer:
        return

    (there,) = rates.converted([amount], source, target, DAY)
    (back,) = rates.converted([there], target, source, DAY)

    assert abs(back - amount) <= 1


@given(parts=st.lists(amounts, min_size=1, max_size=8), source=codes, target=codes, text=texts)
def test_parts_add_up_to_the_whole_and_each_is_its_exact_share_up_or_down(parts, source, target, text):
    rates = Rates([Rate(source, target, DAY, text)])

    converted = rates.converted(parts, source, target, DAY)
    whole = rates.converted([sum(parts)], source, target, DAY)
    by_unit = rates.at(source, target, DAY) * Fraction(10) ** (
        currency(target).exponent - currency(source).exponent
    )

    assert [sum(converted)] == whole
    assert all(abs(part - amount * by_unit) < 1 for part, amount in zip(converted, parts, strict=True))
