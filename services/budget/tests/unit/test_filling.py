"""What a new month begins with, by hand.

planned income 1,000.01; what was spent in May, April and March, in cents

category    class    essential     May  April  March   sum   average  May's
rent        need     yes         60000  60000  60000 180000    60000  60000
food        need     yes         20000  10001      1  30002    10001  20000
cinema      want     no            500   -900    100   -300        0    500
pension     saving   no              0      0      0      0        0      0
loan        debt     no              0      0      0      0        0      0
other       (none)   no            100      0      0    100       33    100

50-30-20: 100001 in 50 : 30 : 20 is 50001, 30000, 20000 by largest remainder (50000.5, 30000.3, 20000.2).
needs by 180000 : 30002 of 50001: 42857.59… and 7143.41…, so 42858 and 7143; wants all to cinema;
savings and debts cost nothing yet: 10000 each.
"""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_budget.domain.allocation import NoPlannedIncome
from pfms_budget.domain.filling import Candidate, Filling, amounts

RENT, FOOD, CINEMA, PENSION, LOAN, OTHER = (UUID(int=n) for n in range(1, 7))
CANDIDATES = [
    Candidate(RENT, "need", True, [60000, 60000, 60000]),
    Candidate(FOOD, "need", True, [20000, 10001, 1]),
    Candidate(CINEMA, "want", False, [500, -900, 100]),
    Candidate(PENSION, "saving", False, [0, 0, 0]),
    Candidate(LOAN, "debt", False, [0, 0, 0]),
    Candidate(OTHER, None, False, [100, 0, 0]),
]


@pytest.mark.parametrize(
    ("filling", "expected"),
    [
        (Filling.ESSENTIALS, {RENT: 60000, FOOD: 10001}),
        (Filling.AVERAGE, {RENT: 60000, FOOD: 10001, OTHER: 33}),
        (Filling.ACTUALS, {RENT: 60000, FOOD: 20000, CINEMA: 500, OTHER: 100}),
        (
            Filling.FIFTY_THIRTY_TWENTY,
            {RENT: 42858, FOOD: 7143, CINEMA: 30000, PENSION: 10000, LOAN: 10000},
        ),
        (Filling.EMPTY, {}),
    ],
)
def test_the_table(filling, expected):
    assert amounts(filling, CANDIDATES, 100001) == expected


def test_before_the_first_month_nothing_was_spent():
    new = [Candidate(RENT, "need", True, [])]

    assert amounts(Filling.AVERAGE, new, 0) == amounts(Filling.ACTUALS, new, 0) == {}


def test_shares_of_an_income_that_nobody_planned_are_refused():
    with pytest.raises(NoPlannedIncome):
        amounts(Filling.FIFTY_THIRTY_TWENTY, CANDIDATES, 0)


CLASSES = st.sampled_from(["need", "want", "saving", "debt", None])


@given(
    st.lists(st.tuples(CLASSES, st.lists(st.integers(-(10**9), 10**9), max_size=3))), st.integers(1, 10**12)
)
def test_where_each_class_has_a_category_the_whole_income_is_shared(made, income):
    every = [*made, ("need", [5]), ("want", []), ("debt", [0])]
    candidates = [Candidate(UUID(int=n), kind, False, spent) for n, (kind, spent) in enumerate(every)]

    found = amounts(Filling.FIFTY_THIRTY_TWENTY, candidates, income)

    assert sum(found.values()) == income
    assert all(minor > 0 for minor in found.values())
