"""Bank rows find the transactions people entered: by likeness first, by days second, each transaction once."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_ledger.domain.matching import (
    BankRow,
    Candidate,
    Pair,
    assign,
    likely_pairs,
    similarity,
)

ACCOUNT = UUID(int=1)
ONE, TWO = UUID(int=11), UUID(int=12)
DAY = date(2024, 3, 28)


def row(number: int, payee: str, days: int = 0, amount: int = -2947) -> BankRow:
    return BankRow(number, ACCOUNT, DAY + timedelta(days), amount, payee, payee)


def entered(
    key: UUID, payee: str, days: int = 0, amount: int = -2947, *, imported: bool = False
) -> Candidate:
    return Candidate(key, ACCOUNT, DAY + timedelta(days), amount, payee, imported)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Bakery Miller", "BAKERY MILLER GMBH 0231", True),
        ("bakkerij", "bakkerij2", True),
        ("Amazon", "AMAZON MKTPLACE PMTS 112-334", True),
        ("Café Müller", "CAFE MULLER", True),
        ("Rent", "Groceries", False),
        ("", "Groceries", False),
        ("12345", "98765", False),
        ("La", "La Poste", False),
    ],
)
def test_names_are_alike_when_letters_or_words_agree(one: str, other: str, alike: bool) -> None:
    assert (similarity(one, other) >= 0.6) is alike
    assert similarity(one, other) == similarity(other, one)


def test_the_more_alike_transaction_wins_over_the_nearer_one() -> None:
    pairs = likely_pairs([row(1, "bakkerij")], [entered(ONE, "bakkerij2", -2), entered(TWO, "", 0)])

    assert assign(pairs) == {1: ONE}


def test_of_equally_alike_ones_the_nearer_wins() -> None:
    pairs = likely_pairs([row(1, "Miller")], [entered(ONE, "Miller", -4), entered(TWO, "Miller", 1)])

    assert assign(pairs) == {1: TWO}


def test_each_transaction_is_used_once_over_the_whole_file() -> None:
    early = likely_pairs([row(1, "Miller Bakery Hamburg")], [entered(ONE, "Miller")])
    late = likely_pairs([row(2001, "Miller")], [entered(ONE, "Miller")])

    assert assign([*early, *late]) in ({1: ONE}, {2001: ONE})
    exact = Pair(1.0, 0, 2001, ONE)
    assert assign([Pair(0.7, 0, 1, ONE), exact]) == {2001: ONE}


def test_more_than_five_days_another_amount_or_account_is_no_match() -> None:
    stranger = Candidate(TWO, UUID(int=2), DAY, -2947, "Miller")
    candidates = [
        entered(ONE, "Miller", 6),
        entered(ONE, "Miller", -6),
        entered(ONE, "Miller", 0, -2948),
        stranger,
    ]

    assert likely_pairs([row(1, "Miller")], candidates) == []
    assert len(likely_pairs([row(1, "Miller")], [entered(ONE, "Miller", 5), entered(TWO, "Miller", -5)])) == 2


def test_an_unlike_name_is_no_match_unless_it_is_missing_or_came_by_another_format() -> None:
    assert likely_pairs([row(1, "Miller")], [entered(ONE, "Insurance")]) == []
    assert assign(likely_pairs([row(1, "Miller")], [entered(ONE, " ")])) == {1: ONE}
    assert assign(likely_pairs([row(1, "Miller")], [entered(ONE, "Insurance", imported=True)])) == {1: ONE}


pairs = st.lists(
    st.builds(
        Pair,
        st.floats(0, 1),
        st.integers(0, 5),
        st.integers(1, 6),
        st.integers(1, 6).map(lambda i: UUID(int=i)),
    ),
    max_size=30,
)


@given(pairs)
def test_no_row_and_no_transaction_is_assigned_twice_and_none_is_left_that_could_be(
    found: list[Pair],
) -> None:
    assigned = assign(found)

    assert len(set(assigned.values())) == len(assigned)
    used = set(assigned.values())
    assert all(pair.row in assigned or pair.transaction_id in used for pair in found)
