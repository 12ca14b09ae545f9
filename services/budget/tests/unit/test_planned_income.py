"""A planned income and its parts."""

import pytest

from pfms_budget.domain.planned_income import PartsDoNotAddUp, planned_total


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [(7, [], 7), (7, [0, 0], 7), (7, [4, 3], 7), (None, [4, 3], 7), (None, [], 0), (0, [], 0)],
)
def test_the_total_is_what_was_given_or_the_sum_of_the_parts(total, parts, expected):
    assert planned_total(total, parts) == expected


@pytest.mark.parametrize(("total", "parts"), [(7, [4]), (0, [4]), (3, [4])])
def test_parts_that_are_not_the_total_are_refused(total, parts):
    with pytest.raises(PartsDoNotAddUp):
        planned_total(total, parts)
