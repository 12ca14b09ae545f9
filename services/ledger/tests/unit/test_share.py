"""Shares: who owes how much of a split, to the cent."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.problem import Invalid
from pfms_ledger.domain.share import ME, SharesExceed, Sharing, resolve

ANNA, BORIS, CLARA = (UUID(int=n) for n in (1, 2, 3))
people = st.lists(st.uuids(), min_size=1, max_size=8, unique=True)
amounts = st.integers(-10_000_000, 10_000_000).filter(bool)
ids = st.uuids()


NIL = UUID(int=0)


def of(form, *members, minor=-1_000, transaction=NIL):
    sharing = Sharing(form, [(person, Decimal(figure)) for person, figure in members])
    return resolve(sharing, minor, transaction, "splits.0.shares")


@pytest.mark.parametrize(
    ("form", "members", "owed"),
    [
        ("equal", [(ANNA, 1), (ME, 1)], [(ANNA, 500)]),
        ("equal", [(ANNA, 1), (BORIS, 1)], [(ANNA, 500), (BORIS, 500)]),
        ("percentage", [(ANNA, "33.33")], [(ANNA, 333)]),
        ("percentage", [(ANNA, "60"), (BORIS, "40")], [(ANNA, 600), (BORIS, 400)]),
        ("weight", [(ANNA, 3), (BORIS, 1), (ME, 1)], [(ANNA, 600), (BORIS, 200)]),
        ("amount_minor", [(BORIS, 700), (ANNA, 300)], [(BORIS, 700), (ANNA, 300)]),
    ],
)
def test_shares_come_to_minor_units(form, members, owed):
    assert of(form, *members) == owed
    assert of(form, *members, minor=1_000) == owed


@given(minor=amounts, persons=people, transaction=ids)
def test_equal_parts_add_up_and_differ_by_a_cent_at_most(minor, persons, transaction):
    owed = dict(of("equal", *[(person, 1) for person in persons], minor=minor, transaction=transaction))
    parts = [owed.get(person, 0) for person in persons]

    assert sum(parts) == abs(minor)
    assert max(parts) - min(parts) <= 1


@given(minor=amounts, persons=people, transaction=ids, data=st.data())
def test_the_order_people_are_named_in_changes_nothing(minor, persons, transaction, data):
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(persons), max_size=len(persons)))
    members = list(zip([*persons[:-1], ME], weights, strict=True))
    mixed = data.draw(st.permutations(members))

    assert dict(of("weight", *members, minor=minor, transaction=transaction)) == dict(
        of("weight", *mixed, minor=minor, transaction=transaction)
    )


def test_the_odd_cent_goes_round():
    got = [
        dict(of("equal", (ANNA, 1), (BORIS, 1), (CLARA, 1), minor=-100, transaction=UUID(int=n)))
        for n in range(3)
    ]

    assert {person for owed in got for person, minor in owed.items() if minor == 34} == {ANNA, BORIS, CLARA}


@given(
    minor=amounts,
    persons=people,
    percentages=st.lists(st.decimals(0, 100, places=2), min_size=8, max_size=8),
)
def test_percentages_never_come_to_more_than_the_split(minor, persons, percentages):
    members = list(zip(persons, percentages, strict=False))
    if sum(figure for _, figure in members) > 100:
        with pytest.raises(SharesExceed):
            of("percentage", *members, minor=minor)
        return
    assert sum(part for _, part in of("percentage", *members, minor=minor)) <= abs(minor)


def test_more_than_the_split_and_one_person_twice_are_refused():
    with pytest.raises(SharesExceed) as refused:
        of("amount_minor", (ANNA, 700), (BORIS, 301))
    assert refused.value.errors == {"splits.0.shares": ["are 1 more than the split"]}
    with pytest.raises(Invalid):
        of("equal", (ANNA, 1), (ANNA, 1))


def test_who_would_owe_less_than_a_cent_owes_nothing():
    assert of("equal", (ANNA, 1), (BORIS, 1), minor=-1, transaction=UUID(int=0)) == [(ANNA, 1)]
