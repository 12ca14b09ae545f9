"""One line says an amount, a day, tags, an account and what it was; and where it leaves a doubt."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_ledger.domain.text_entry import read_entry

TODAY = date(2026, 11, 21)  # a Saturday


@pytest.mark.parametrize(
    ("line", "amount", "currency", "day", "topic"),
    [
        ("12.50 coffee yesterday #work", "12.50", None, "2026-11-20", "coffee"),
        ("coffee 12,50", "12.50", None, "2026-11-21", "coffee"),
        ("€3 brezel", "3", "EUR", "2026-11-21", "brezel"),
        ("1.234,56 € miete 3.11.", "1234.56", "EUR", "2026-11-03", "miete"),
        ("rent 1,234.56 USD 2026-11-03", "1234.56", "USD", "2026-11-03", "rent"),
        ("CHF 1'200 velo letzten Freitag", "1200", "CHF", "2026-11-20", "velo"),
        ("4.20 bakery last saturday", "4.20", None, "2026-11-14", "bakery"),
        ("4.20 bakery on friday", "4.20", None, "2026-11-20", "bakery"),
        ("7 bier vorgestern", "7", None, "2026-11-19", "bier"),
        ("7 bier am 3. November", "7", None, "2026-11-03", "bier"),
        ("7 beer november 3rd 2025", "7", None, "2025-11-03", "beer"),
        ("2 coffees 7.50", "7.50", None, "2026-11-21", "2 coffees"),
        ("15eur kino", "15", "EUR", "2026-11-21", "kino"),
        ("500 JPY ramen 3.11.25", "500", "JPY", "2025-11-03", "ramen"),
        ("5 zug kommenden montag", "5", None, "2026-11-23", "zug"),
        ("2026-11-03 7 a", "7", None, "2026-11-03", "a"),
        ("12 000,50 car", "12000.50", None, "2026-11-21", "car"),
        ("1 234 567,89 € house", "1234567.89", "EUR", "2026-11-21", "house"),
        ("bus 14 2.80", "2.80", None, "2026-11-21", "bus 14"),
        ("nov 19 250 rent", "250", None, "2026-11-19", "rent"),
        ("3.11 pens", "3.11", None, "2026-11-21", "pens"),
        ("12.50 coffee 2 days ago", "12.50", None, "2026-11-19", "coffee"),
        ("7 bier vor einer Woche", "7", None, "2026-11-14", "bier"),
        ("3 weeks ago 7 tea", "7", None, "2026-10-31", "tea"),
        ("50 cents gum", "0.50", None, "2026-11-21", "gum"),
        ("kaugummi 50ct", "0.50", None, "2026-11-21", "kaugummi"),
        ("50 euro cents gum", "0.50", "EUR", "2026-11-21", "gum"),
    ],
)
def test_a_line_says_what_a_person_reads_in_it(line, amount, currency, day, topic):
    entry = read_entry(line, TODAY)

    assert (entry.amount, entry.currency) == (Decimal(amount), currency)
    assert (entry.date, entry.topic) == (date.fromisoformat(day), topic)
    assert entry.uncertain == frozenset()


@pytest.mark.parametrize(
    ("line", "uncertain"),
    [
        ("coffee", "amount_minor"),
        ("1.234 sofa", "amount_minor"),
        ("1 234,56 sofa", "amount_minor"),
        ("3 4 beers", "amount_minor"),
        ("12 000 x", "amount_minor"),
        ("€50 cents", "amount_minor"),
        ("$5 coffee", "currency"),
        ("5 coffee 3/11", "date"),
        ("5 coffee 24.12.", "date"),
        ("5 coffee saturday", "date"),
        ("5 coffee today 3.11.", "date"),
        ("20 refund shoes", "kind"),
        ("-20 salary", "kind"),
        ("5 tea @cash @bank", "account_id"),
    ],
)
def test_what_can_be_meant_otherwise_is_said(line, uncertain):
    assert read_entry(line, TODAY).uncertain == {uncertain}


@pytest.mark.parametrize(
    ("line", "day", "topic"),
    [
        ("next monday 5", "2026-11-23", ""),
        ("5 zug nächsten Samstag", "2026-11-28", "zug"),
        ("31.2. 5 x", "2026-11-21", "x"),
        ("coffee 5 on 30.2.2026", "2026-11-21", "coffee"),
        ("5 cake 29.2.", "2024-02-29", "cake"),
        ("5 cake last month", "2026-10-21", "cake"),
        ("5 cake 2 years ago", "2024-11-21", "cake"),
    ],
)
def test_a_day_that_is_to_come_or_is_none_is_read_with_a_doubt_and_never_as_the_payee(line, day, topic):
    entry = read_entry(line, TODAY)

    assert (entry.amount, entry.date, entry.topic) == (5, date.fromisoformat(day), topic)
    assert entry.uncertain == {"date"}


@pytest.mark.parametrize("line", ["+3200 acme", "3200 salary", "3.200,00 Gehalt", "received 20 from Ben"])
def test_money_that_comes_in_is_said_by_a_plus_or_a_word(line):
    assert read_entry(line, TODAY).is_income


def test_tags_the_account_and_the_payee_are_told_apart():
    entry = read_entry('9,90 lunch bei Zum Löwen #work #work, #trip @"Joint account"', TODAY)

    assert (entry.topic, entry.payee, entry.account) == ("lunch", "Zum Löwen", "Joint account")
    assert entry.tags == ("work", "trip")


@given(
    text=st.text(max_size=80)
    | st.lists(
        st.sampled_from(
            ["12", "1.5", "3/4", "€5", "@a", "#b", "last", "next", "friday", ".", "+", "-", "31.2.", "EUR"]
        )
    ).map(" ".join)
)
def test_any_text_is_read(text):
    entry = read_entry(text, TODAY)

    assert entry.amount is not None or "amount_minor" in entry.uncertain


@given(
    minor=st.integers(1, 10**12),
    mark=st.sampled_from([".", ","]),
    grouped=st.booleans(),
    words=st.sampled_from(["coffee {}", "{} coffee", "yesterday {} #a", "{} EUR @cash"]),
)
def test_an_amount_with_two_decimals_is_read_exactly(minor, mark, grouped, words):
    group = ("." if mark == "," else ",") if grouped else ""
    written = f"{minor // 100:,}".replace(",", group) + f"{mark}{minor % 100:02}"

    entry = read_entry(words.format(written), TODAY)

    assert entry.amount == Decimal(minor).scaleb(-2)
    assert "amount_minor" not in entry.uncertain
