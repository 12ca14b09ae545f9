"""An e-mail address is one account's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_auth.domain.address import BadAddress, checked, key_of


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+pfms@Example.ORG ", "Ada.Lovelace+pfms@example.org"),
        ("müller@bücher.example", "müller@bücher.example"),
        ("o'neil@mail.example.co.uk", "o'neil@mail.example.co.uk"),
        ("a@b.c", "a@b.c"),
    ],
)
def test_an_address_is_taken_with_its_domain_in_small_letters(written, taken):
    assert checked(written) == taken


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@example",
        "ada@@example.org",
        "ada lovelace@example.org",
        "ada@exa mple.org",
        "ada@example..org",
        "ada@-example.org",
        "ada@example-.org",
        ".ada@example.org",
        "ada.@example.org",
        "a..da@example.org",
        '"ada"@example.org',
        "ada@[127.0.0.1]",
        "ada\nbcc:all@example.org",
        "a" * 65 + "@example.org",
        "a@" + ".".join(["b" * 60] * 5),
    ],
)
def test_what_no_mail_could_reach_is_refused(written):
    with pytest.raises(BadAddress):
        checked(written)


def test_addresses_that_differ_in_case_are_one():
    assert key_of(checked("Ada@Example.org")) == key_of(checked("aDA@eXAMPLE.ORG"))


@pytest.mark.parametrize("lookalike", ["ﬁona@example.org", "straße@example.org", "ada@ｅxample.org"])
def test_a_lookalike_is_another_address(lookalike):
    """Compatibility forms and case folding would make these one with an address that somebody else reads."""
    plain = {"ﬁona@example.org": "fiona@example.org", "straße@example.org": "strasse@example.org"}

    assert key_of(lookalike) != plain.get(lookalike, "ada@example.org")


@given(st.emails())
def test_checking_twice_changes_nothing(written):
    try:
        once = checked(written)
    except BadAddress:
        return
    assert checked(once) == once
