"""A merchant is found in what a bank writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.problem import Conflict
from pfms_ledger.domain.alias import check_names, whole_aliases
from pfms_ledger.domain.merchant import LONGEST, is_same_merchant, merchant_of


@pytest.mark.parametrize(
    ("text", "name", "processor", "location"),
    [
        ("SQ *BLUE BOTTLE 123", "Blue Bottle", "Square", None),
        ("BLUE BOTTLE COFFEE", "Blue Bottle Coffee", None, None),
        ("PAYPAL *SPOTIFY", "Spotify", "PayPal", None),
        ("Zettle_*Bakery am Eck", "Bakery am Eck", "Zettle", None),
        ("TST* NOODLE HOUSE 44 AUSTIN TX", "Noodle House", "Toast", "Austin TX"),
        ("LYFT *RIDE SUN 9PM", "Lyft", None, None),
        ("POS PURCHASE 11/03 CORNER SHOP #12 NEW YORK NY US", "Corner Shop", None, "New York NY"),
        ("CARD PAYMENT TO Rossmann", "Rossmann", None, None),
        ("WWW.EXAMPLE.CO.UK", "Example", None, None),
        ("Bäckerei Müller GmbH Köln", "Bäckerei Müller", None, None),
        ("REMA 1000 SORENGA", "Rema 1000 Sorenga", None, None),
        ("Toys R Us", "Toys R Us", None, None),
        ("H&M 0815", "H&M", None, None),
        ("0815 4711", "0815 4711", None, None),
        ("Max Mustermann", "Max Mustermann", None, None),
    ],
)
def test_processor_card_date_number_place_and_form_are_no_part_of_the_name(text, name, processor, location):
    merchant = merchant_of(text)

    assert (merchant.name, merchant.processor, merchant.location) == (name, processor, location)


@given(text=st.text(min_size=1, max_size=300).filter(str.strip))
def test_something_is_always_left_and_cleaning_it_never_fails(text):
    name = merchant_of(text).name

    assert name.strip() == name
    assert 0 < len(name) <= LONGEST or not any(map(str.isalnum, text))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SQ *BLUE BOTTLE #4412", "Blue Bottle Coffee", True),
        ("B & Q 1066", "B AND Q", True),
        ("B & Q", "B & M RETAIL", False),
        ("Hotel Adler", "Hotel Post", False),
        ("The Perfume Shop", "The Gym", False),
        ("TESCO STORES 3050", "TESCO-STORES 6059", True),
    ],
)
def test_names_that_begin_alike_are_offered_as_one_but_for_common_words(one, other, same):
    assert is_same_merchant(one, other) is same


def test_of_a_banks_text_the_cleaned_name_leads_to_the_payee_too_unless_it_is_anothers():
    given = ["SQ *BLUE BOTTLE 123", "blue bottle coffee", "Sq *Blue  Bottle 123"]

    assert whole_aliases("Blue Bottle Coffee", given) == ("SQ *BLUE BOTTLE 123", "Blue Bottle")
    assert whole_aliases("Blue Bottle Coffee", given, {"blue bottle"}) == ("SQ *BLUE BOTTLE 123",)
    with pytest.raises(Conflict):
        check_names("Kiosk", ["Blue Bottle"], {"blue bottle"})
