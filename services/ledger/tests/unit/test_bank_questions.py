"""What a table leaves open is asked, and an answer put into the mapping settles it."""

from collections.abc import Callable
from typing import Any

import pytest

from pfms_ledger.bankfiles.statement import (
    AccountFacts,
    MappingDoesNotFit,
    Reading,
    StillAsked,
    UnreadableFile,
)

Read = Callable[..., Reading]

UNSIGNED = """\
    Date,Text,Amount
    2024-03-28,A,10.00
    2024-03-29,B,20.00
    """
SIGNED = """\
    Date,Text,Amount
    2024-03-28,A,-10.00
    2024-03-29,B,20.00
    2024-03-30,C,30.00
    """


def fields(reading: Reading) -> list[str]:
    return [question.field for question in reading.questions]


def amounts(reading: Reading) -> list[int | None]:
    return [row.amount_minor for batch in reading.batches() for row in batch]


@pytest.mark.parametrize(
    ("text", "field", "options"),
    [
        (UNSIGNED, "unsigned", ["out", "in"]),
        ("Date,Text,Amount\n2024-03-28,A,10.00\n2024-03-29,B,+ 20.00\n", "unsigned", ["out", "in"]),
        (SIGNED, "invert", [False, True]),
        ("Date,Text,Amount\n2024-03-28,A,-10.00\n2024-03-29,B,20.00\n", "invert", [False, True]),
        ("Date,Text,Amount\n2024-03-28,A,+10.00\n2024-03-29,B,+20.00\n", "invert", [False, True]),
        ("Date,Text,Amount\n03/04/2024,A,-10.00\n", "date_order", ["dmy", "mdy"]),
        ("Date,Text,Amount\n10-Nov-9,A,-10.00\n", "date_order", ["dmy", "ymd"]),
        ("Date,Text,Amount\n2024-03-28,A,-1.230\n", "decimal", [".", ","]),
        ("Date,Text,Amount,D/C\n2024-03-28,A,-10.00,C\n", "sign", ["D/C", None]),
        ("2024-03-28,A,10.00,20.00\n2024-03-29,B,11.00,25.00\n", "amount", [2, 3]),
        ("Date,Text,Amount,Amount\n2024-03-28,A,-1.00,-2.00\n", "amount", [2, 3]),
        ("Date,Text,Amount,Fee\n2024-03-28,A,-10.00,1.00\n", "fee", ["Fee", None]),
        ("28.3.,A,-10.00\n29.3.,B,-11.00\n", "date", [0, 1, 2]),
        ("01.02.2024,05.06.2024,A,-10.00\n", "date", [0, 1]),
    ],
)
def test_what_is_open_is_asked(text: str, field: str, options: list[Any], read_text: Read) -> None:
    reading = read_text(text)

    question = next(question for question in reading.questions if question.field == field)
    assert reading.status == "needs_mapping"
    assert question.options == options
    assert question.rows > 0
    assert field not in reading.mapping


def test_rows_are_not_given_out_while_something_is_open(read_text: Read) -> None:
    with pytest.raises(StillAsked):
        next(read_text(UNSIGNED).batches())


@pytest.mark.parametrize(
    ("text", "answer", "expected"),
    [
        (UNSIGNED, {"unsigned": "out"}, [-1000, -2000]),
        (UNSIGNED, {"unsigned": "in"}, [1000, 2000]),
        (SIGNED, {"invert": False}, [-1000, 2000, 3000]),
        (SIGNED, {"invert": True}, [1000, -2000, -3000]),
        ("Date,Text,Amount,D/C\n2024-03-28,A,-10.00,C\n", {"sign": "D/C"}, [1000]),
        ("Date,Text,Amount,D/C\n2024-03-28,A,-10.00,C\n", {"sign": None}, [-1000]),
        ("Date,Text,Amount,Fee\n2024-03-28,A,-10.00,1.00\n", {"fee": "Fee"}, [-1100]),
        ("Date,Text,Amount,Fee\n2024-03-28,A,-10.00,1.00\n", {"fee": None}, [-1000]),
        ("Date,Text,Amount\n2024-03-28,A,-1.230\n", {"decimal": ","}, [-123000]),
        (
            "2024-03-28,A,10.00,20.00\n2024-03-29,B,11.00,25.00\n",
            {"amount": 2, "unsigned": "out"},
            [-1000, -1100],
        ),
    ],
)
def test_an_answer_settles_it_and_the_mapping_can_be_sent_back_as_it_is(
    text: str, answer: dict[str, Any], expected: list[int], read_text: Read
) -> None:
    first = read_text(text)

    second = read_text(text, mapping=first.mapping | answer)
    third = read_text(text, mapping=second.mapping)

    assert amounts(second) == amounts(third) == expected
    assert second.mapping == third.mapping


def test_an_order_of_days_that_was_answered_is_used(read_text: Read) -> None:
    text = "Date,Text,Amount\n03/04/2024,A,-10.00\n"

    days = [
        next(iter(read_text(text, mapping={"date_order": order}).rows())).date for order in ("dmy", "mdy")
    ]

    assert [str(day) for day in days] == ["2024-04-03", "2024-03-04"]


def test_unknown_words_of_a_sign_column_are_asked_with_every_way_to_take_them(read_text: Read) -> None:
    text = "Date,Text,Amount,D/C\n2024-03-28,A,10.00,C\n2024-03-29,B,20.00,ZZ\n"

    reading = read_text(text)

    assert reading.questions[0].options == [{"C": "in", "ZZ": meaning} for meaning in ("in", "out", "skip")]
    answered = read_text(text, mapping=reading.mapping | {"sign_values": {"C": "in", "ZZ": "out"}})
    assert amounts(answered) == [1000, -2000]


def test_a_card_is_asked_although_most_amounts_are_negative(read_text: Read) -> None:
    text = "Date,Text,Amount\n2024-03-28,A,-10.00\n2024-03-29,B,-20.00\n"

    assert fields(read_text(text, account_type="credit")) == ["invert"]
    assert fields(read_text(text)) == []


def test_a_card_with_debit_and_credit_columns_is_not_asked(read_text: Read) -> None:
    text = "Date,Text,Debit,Credit\n2024-03-28,A,10.00,\n2024-03-29,B,,20.00\n"

    assert amounts(read_text(text, account_type="credit")) == [-1000, 2000]


def test_as_many_negatives_as_positives_need_support(read_text: Read) -> None:
    alone = "Date,Text,Amount\n2024-03-28,A,-10.00\n2024-03-29,B,20.00\n"
    words = "Date,Text,Amount\n2024-03-28,Card payment,-10.00\n2024-03-29,Salary,20.00\n"
    against = "Date,Text,Amount\n2024-03-28,Salary,-10.00\n2024-03-29,Card payment,20.00\n"
    plus = "Date,Text,Amount\n2024-03-28,A,-10.00\n2024-03-29,B,+20.00\n"
    balance = "Date,Text,Amount,Balance\n2024-03-28,A,-10.00,90.00\n2024-03-29,B,20.00,110.00\n"

    assert [fields(read_text(text)) for text in (alone, words, against, plus, balance)] == [
        ["invert"], [], ["invert"], [], [],
    ]  # fmt: skip


def test_a_balance_against_the_named_columns_is_asked_never_obeyed(read_text: Read) -> None:
    rows = "".join(f"2024-03-{day},A,10.00,,{100 + day * 10}.00\n" for day in range(10, 16))

    reading = read_text("Date,Text,Debit,Credit,Balance\n" + rows)

    assert fields(reading) == ["invert"]


def test_a_broken_balance_is_no_obstacle(read_text: Read) -> None:
    rows = "".join(f"2024-03-{day},A,-10.00,{day * 7}.00\n" for day in range(10, 16))

    assert fields(read_text("Date,Text,Amount,Balance\n" + rows)) == []


def test_several_accounts_are_asked_only_when_more_than_one_has_rows(read_text: Read) -> None:
    one = "Account,Date,Text,Amount\nGiro,2024-03-28,A,-1.00\nGiro,2024-03-29,B,-2.00\n"
    two = one + "Savings,2024-03-29,C,-3.00\n"

    assert fields(read_text(one)) == []
    reading = read_text(two)
    assert fields(reading) == ["account_map"]
    assert [(account.key, account.rows) for account in reading.accounts] == [("Giro", 2), ("Savings", 1)]


def test_accounts_are_chosen_or_left_out_by_the_account_map(read_text: Read) -> None:
    text = "Account,Date,Text,Amount\nGiro,2024-03-28,A,-1.00\nGiro,2024-03-29,B,-2.00\nSavings,2024-03-29,C,-3.00\n"

    reading = read_text(text, account_map={"Giro": AccountFacts("EUR"), "Savings": None})

    rows = [row for batch in reading.batches() for row in batch]
    assert [row.skipped for row in rows] == [None, None, "its account is left out"]


def test_several_currencies_make_several_accounts(read_text: Read) -> None:
    text = (
        "Date,Text,Currency,Amount\n2024-03-28,A,EUR,-1.00\n2024-03-29,B,USD,-2.00\n2024-03-29,C,usd,-3.00\n"
    )

    reading = read_text(text)
    assert [(account.key, account.currency) for account in reading.accounts] == [
        ("USD", "USD"),
        ("EUR", "EUR"),
    ]
    assert fields(reading) == ["account_map"]

    rows = list(read_text(text, account_map={"EUR": AccountFacts("EUR"), "USD": AccountFacts("USD")}).rows())
    assert [row.currency for row in rows] == ["EUR", "USD", "USD"]
    assert [row.error for row in rows] == [None, None, None]


@pytest.mark.parametrize("header", ["Amount (USD)", "Amount"])
def test_a_whole_file_in_another_currency_is_refused(header: str, read_text: Read) -> None:
    cell = "-10.00" if "USD" in header else "-$10.00"

    with pytest.raises(UnreadableFile) as refusal:
        read_text(f"Date,Text,{header}\n2024-03-28,A,{cell}\n")

    assert refusal.value.reason == "other_currency"
    assert all(code in str(refusal.value) for code in ("USD", "EUR"))


def test_a_lone_day_beyond_the_bounds_is_refused_by_name_and_no_question_of_order(read_text: Read) -> None:
    reading = read_text("Date,Text,Amount\n2099-01-02,A,-10.00\n")

    (row,) = reading.rows()
    assert reading.questions == []
    assert row.error is not None
    assert "'2099-01-02' is too far away: days from 1900 to the end of 20" in row.error


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"date": "Nowhere"}, "date"),
        ({"amount": 9}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"date_order": "ydm"}, "date_order"),
        ({"unsigned": "both"}, "unsigned"),
        ({"invert": 1}, "invert"),
        ({"encoding": "zlib"}, "encoding"),
        ({"delimiter": "ab"}, "delimiter"),
        ({"skip_rows": -1}, "skip_rows"),
        ({"sign_values": {"C": "up"}}, "sign_values"),
        ({"colour": "red"}, "colour"),
        ({"sheet": "One"}, "sheet"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_by_its_key(
    mapping: dict[str, Any], field: str, read_text: Read
) -> None:
    with pytest.raises(MappingDoesNotFit) as refusal:
        read_text(UNSIGNED, mapping=mapping)

    assert refusal.value.field == field


def test_a_repeated_name_has_to_be_given_by_index(read_text: Read) -> None:
    text = "Date,Text,Amount,Amount\n2024-03-28,A,-1.00,-2.00\n"

    with pytest.raises(MappingDoesNotFit, match="2 columns"):
        read_text(text, mapping={"amount": "Amount"})
    assert amounts(read_text(text, mapping={"amount": 3})) == [-200]


def test_files_of_the_same_make_have_the_same_shape(read_text: Read) -> None:
    assert read_text(UNSIGNED).shape == read_text(SIGNED).shape
    assert read_text(UNSIGNED).shape != read_text(UNSIGNED.replace("Text", "Memo")).shape


def test_a_balance_only_proposes_the_sign_of_amounts_without_one(read_text: Read) -> None:
    rows = [(1000, 1000), (300, 700), (200, 500), (100, 400), (50, 350)]
    lines = "".join(
        f"2024-03-{n + 10},A,{amount}.00,{balance}.00\n" for n, (amount, balance) in enumerate(rows)
    )

    reading = read_text("Date,Text,Amount,Balance\n" + lines)

    assert [(question.field, question.options) for question in reading.questions] == [
        ("unsigned", ["out", "in"])
    ]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Buchung;Währung;Betrag\n22.02.18;EUR;-1,00\n", []),
        ("거래일자;내용;금액\n22.02.18;빵집;-1.00\n", ["date_order"]),
        ("22.02.18;빵집;-1.00\n", ["date_order"]),
    ],
)
def test_two_digit_years_may_lead_only_where_the_table_is_east_asian(
    text: str, asked: list[str], read_text: Read
) -> None:
    assert fields(read_text(text)) == asked
