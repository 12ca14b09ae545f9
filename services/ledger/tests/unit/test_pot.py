"""Pots: what their postings, in order, leave in them and cost their account."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_ledger.domain.pot import Stretch, joined, posted

amounts = st.lists(st.integers(-10_000, 10_000), max_size=30)


def of(*postings):
    return joined(posted(amount) for amount in postings)


@pytest.mark.parametrize(
    ("postings", "balance", "account_paid"),
    [
        ((), 0, 0),
        ((30, -80, 20), 20, 50),
        ((30, 40, -80, 20), 20, 10),
        ((-5,), 0, 5),
        ((-5, 5, -5), 0, 5),
        ((10, -10, 7), 7, 0),
    ],
)
def test_a_pot_empties_and_its_account_pays_the_rest(postings, balance, account_paid):
    filled = of(*postings)

    assert (filled.balance_minor, filled.account_paid_minor) == (balance, account_paid)


@pytest.mark.property(
    6,
    "Pot: what is in a pot follows from its postings in order of date, and its account paid exactly the rest",
)
@given(postings=amounts)
def test_what_is_in_a_pot_follows_from_its_running_sum_and_never_is_below_zero(postings):
    lowest = min([0, *accumulate(postings)])
    filled = of(*postings)

    assert filled.balance_minor == sum(postings) - lowest >= 0
    assert filled.account_paid_minor == -lowest >= 0


@pytest.mark.property(
    6,
    "Pot: what is in a pot follows from its postings in order of date, and its account paid exactly the rest",
)
@given(postings=amounts)
def test_a_pot_is_emptied_step_by_step_as_a_person_would(postings):
    balance = paid = 0
    for amount in postings:
        balance += amount
        if balance < 0:
            balance, paid = 0, paid - balance

    assert (of(*postings).balance_minor, of(*postings).account_paid_minor) == (balance, paid)


@pytest.mark.property(
    6,
    "Pot: what is in a pot follows from its postings in order of date, and its account paid exactly the rest",
)
@given(postings=amounts, cuts=st.lists(st.integers(0, 30), max_size=4))
def test_months_add_up_to_the_whole_wherever_they_are_cut(postings, cuts):
    edges = [0, *sorted(cuts), len(postings)]
    months = [of(*postings[first:last]) for first, last in pairwise(edges)]

    assert joined(months) == of(*postings)


def test_an_empty_month_changes_nothing():
    assert of(5, -7).then(Stretch()) == Stretch().then(of(5, -7)) == of(5, -7)
