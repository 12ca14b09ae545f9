from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_budget.domain.allocation import (
    WHOLE,
    AllocationExists,
    IncomeTakesNoAllocation,
    InvalidPercentage,
    NoPlannedIncome,
    OverAllocated,
    PercentagesOver100,
    ReceivableTakesNoAllocation,
    check_category,
    check_covered,
    check_not_allocated,
    check_percentages,
    hundredths,
    share,
    shares,
)

RENT, FOOD, FUN = (UUID(int=n) for n in range(1, 4))
percentages = st.integers(0, WHOLE)
planned = st.integers(1, 10**15)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("100", 10_000),
        ("100.00", 10_000),
        ("12.5", 1_250),
        ("12.50", 1_250),
        ("0.01", 1),
        ("007", 700),
    ],
)
def test_a_percentage_is_read_exactly(text: str, value: int) -> None:
    assert hundredths(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "100.01", "101", "999.99", "12.345", "12.", ".5", "1e1", "12,5", " 12", "١٢", "12\n"],
)
def test_other_text_is_no_percentage(text: str) -> None:
    with pytest.raises(InvalidPercentage) as refused:
        hundredths(text)

    assert list(refused.value.errors) == ["allocation_value"]


@pytest.mark.parametrize(
    ("income", "percentage", "amount"),
    [
        (2_000_00, 12_50, 250_00),
        (100, 33_33, 33),
        (50, 1_00, 0),
        (150, 1_00, 2),
        (250, 1_00, 2),
        (1_01, 50_00, 50),
        (1_03, 50_00, 52),
        (999, 100_00, 999),
    ],
)
def test_a_percentage_set_alone_is_rounded_half_even_once(income: int, percentage: int, amount: int) -> None:
    assert share(income, percentage) == amount


@given(planned, percentages)
def test_a_share_is_what_decimal_arithmetic_rounds_to(income: int, percentage: int) -> None:
    exact = Decimal(income) * percentage / WHOLE

    assert share(income, percentage) == int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def test_thirds_set_together_make_the_income_whole() -> None:
    thirds = {RENT: 33_33, FOOD: 33_33, FUN: 33_34}

    assert shares(1_00, thirds) == {RENT: 33, FOOD: 33, FUN: 34}
    assert shares(1_00_00, thirds) == {RENT: 33_33, FOOD: 33_33, FUN: 33_34}
    assert shares(1, {RENT: 50_00, FOOD: 50_00}) == {RENT: 1, FOOD: 0}


def test_percentages_of_zero_take_nothing() -> None:
    assert shares(1_00, {RENT: 0, FOOD: 0}) == {RENT: 0, FOOD: 0}
    assert shares(1_00, {}) == {}


@given(planned, st.dictionaries(st.uuids(), percentages, max_size=8))
def test_shares_add_up_to_the_share_of_their_sum(income: int, wished: dict[UUID, int]) -> None:
    if sum(wished.values()) > WHOLE:
        with pytest.raises(PercentagesOver100):
            shares(income, wished)
        return

    parts = shares(income, wished)

    assert sum(parts.values()) == share(income, sum(wished.values()))
    assert all(abs(parts[key] * WHOLE - income * wished[key]) < 2 * WHOLE for key in wished)


@pytest.mark.parametrize("income", [None, 0])
def test_a_percentage_needs_a_planned_income(income: int | None) -> None:
    with pytest.raises(NoPlannedIncome):
        share(income, 10_00)
    with pytest.raises(NoPlannedIncome):
        shares(income, {RENT: 10_00})


def test_percentages_over_a_hundred_in_total_are_refused() -> None:
    check_percentages([60_00, 40_00])

    with pytest.raises(PercentagesOver100, match=r"100\.01 %"):
        check_percentages([60_00, 40_01])


def test_an_income_category_takes_no_allocation() -> None:
    check_category("expense")

    with pytest.raises(IncomeTakesNoAllocation) as refused:
        check_category("income")
    assert list(refused.value.errors) == ["category_id"]


def test_what_others_owe_takes_no_allocation() -> None:
    with pytest.raises(ReceivableTakesNoAllocation) as refused:
        check_category("receivable")
    assert list(refused.value.errors) == ["category_id"]


def test_a_second_allocation_of_a_category_is_refused_with_the_id_of_the_first() -> None:
    check_not_allocated(None)

    with pytest.raises(AllocationExists) as refused:
        check_not_allocated(FOOD)
    assert refused.value.extra == {"id": str(FOOD)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"2026-01": 100}, {"2026-01": 0}),
        ({"2026-01": -100}, {"2026-01": -100}),
        ({"2026-01": -100}, {"2026-01": -50}),
        ({}, {"2026-01": 0}),
        ({"2026-01": 5}, {}),
    ],
)
def test_a_strict_book_takes_what_is_covered_or_lifts_it(
    before: dict[str, int], after: dict[str, int]
) -> None:
    check_covered(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"2026-01": 100}, {"2026-01": -1}),
        ({"2026-01": -100}, {"2026-01": -101}),
        ({"2026-01": 100, "2026-02": 0}, {"2026-01": 50, "2026-02": -50}),
        ({}, {"2026-01": -1}),
    ],
)
def test_a_strict_book_refuses_what_falls_below_zero_in_any_period(
    before: dict[str, int], after: dict[str, int]
) -> None:
    with pytest.raises(OverAllocated):
        check_covered(before, after)
