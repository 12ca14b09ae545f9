"""What a search takes for the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pfms_ledger.domain.searched import patterns_of, searched, words_of


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Café Ålesund", "CAFE alesund"),
        ("Straße", "STRASSE"),
        ("Smørrebrød", "smorrebrod"),
        ("O'Reilly & Sons", "o'reilly"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("𝕊𝕆𝕊", "sos"),
    ],
)
def test_case_accents_and_signs_make_no_difference(written, asked):
    assert words_of([asked]) == words_of([written])[: len(words_of([asked]))]


def test_a_short_word_stands_at_the_beginning_of_a_word_and_a_long_one_anywhere():
    assert patterns_of("o reilly", 10) == ["% o%", "%reilly%"]


def test_a_text_without_letters_and_digits_is_not_kept():
    assert searched(["—", None, "!?"]) is None


@given(st.text())
@example("𝕊")
def test_what_is_kept_folds_to_itself(text):
    kept = words_of([text])

    assert words_of([" ".join(kept)]) == kept
    assert not any(sign in word for word in kept for sign in "%_\\' ")
