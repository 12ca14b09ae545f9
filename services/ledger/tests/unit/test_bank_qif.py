"""QIF: which records are rows, and what is asked because the format does not say it."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest

from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import (
    OPENING_TWICE,
    AccountFacts,
    MappingDoesNotFit,
    Reading,
    StatementRow,
    UnreadableFile,
)

RowsOf = Callable[..., list[StatementRow]]
Read = Callable[..., Reading]


def record(day: str = "28/03/2024", amount: str = "-12.34", *more: str) -> str:
    return "\n".join([f"D{day}", f"T{amount}", *more, "^", ""])


def qif(*records: str, kind: str = "!Type:Bank") -> str:
    return f"{kind}\n{''.join(records)}"


def fields(reading: Reading) -> list[str]:
    return [question.field for question in reading.questions]


def test_records_are_read(rows_of: RowsOf) -> None:
    rows = rows_of(
        qif(
            record("28/03/2024", "-1,234.50", "PBaker", "MBread", "N1005", "CX", "AStreet 1", "LFood:Bread"),
            record("29/03/2024", "7.00", "MInterest", "Mof March"),
        )
    )

    assert rows == [
        StatementRow(1, date(2024, 3, 28), -123450, "EUR", "Baker", "Bread; Food:Bread", "Baker Bread", None, False,
                     "cleared", ""),
        StatementRow(2, date(2024, 3, 29), 700, "EUR", "Interest of March", "", "Interest of March", None, False,
                     "cleared", ""),
    ]  # fmt: skip


def test_a_split_record_is_one_row_that_tells_its_parts(rows_of: RowsOf) -> None:
    parts = ("L[Savings]", "S[Savings]", "ECash", "$-2.34", "SFees", "$-10.00")

    row = rows_of(qif(record("28/03/2024", "-12.34", "PBank", *parts)))[0]

    assert (row.amount_minor, row.memo) == (-1234, "[Savings] Cash -2.34; Fees -10.00")


def test_transfers_are_rows_of_their_own_account_with_a_warning(read_text: Read) -> None:
    reading = read_text(qif(record("28/03/2024", "-5", "L[Savings]"), record("29/03/2024", "-5", "LFood")))

    assert [row.memo or row.payee for row in reading.rows()] == ["[Savings]", "Food"]
    assert [warning for warning in reading.warnings if "transfer: 1." in warning]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (["1/2/2024", "28/3/2024"], [date(2024, 2, 1), date(2024, 3, 28)]),
        (["1/2/2024", "3/28/2024"], [date(2024, 1, 2), date(2024, 3, 28)]),
        (["6/ 1/94", "12/29/94"], [date(1994, 6, 1), date(1994, 12, 29)]),
        (["12/29' 4", "1/ 5'10"], [date(2004, 12, 29), date(2010, 1, 5)]),
        (["29/12'2004"], [date(2004, 12, 29)]),
        (["01.02.2024"], [date(2024, 2, 1)]),
        (["2024-02-01"], [date(2024, 2, 1)]),
        (["29/12/36", "29/12/37"], [date(2036, 12, 29), date(1937, 12, 29)]),
    ],
)
def test_the_order_of_days_is_decided_over_the_whole_file(
    days: list[str], expected: list[date], rows_of: RowsOf
) -> None:
    assert [row.date for row in rows_of(qif(*(record(day) for day in days)))] == expected


@pytest.mark.parametrize(
    ("text", "field", "options"),
    [
        (qif(record("6/1/94"), record("6/2/94")), "date_order", ["dmy", "mdy"]),
        (qif(record("28/03/2024", "-1.230")), "decimal", [".", ","]),
        (qif(*[record(amount="5.00")] * 3), "invert", [False, True]),
        (qif(record(amount="5.00"), record(), kind="!Type:CCard"), "invert", [False, True]),
    ],
)
def test_what_stays_open_is_asked(text: str, field: str, options: list[object], read_text: Read) -> None:
    reading = read_text(text)

    assert [(question.field, question.options) for question in reading.questions] == [(field, options)]
    assert field not in reading.mapping
    for option in options:
        assert read_text(text, mapping=reading.mapping | {field: option}).questions == []


def test_an_answer_is_what_the_rows_are_read_by(rows_of: RowsOf) -> None:
    text = qif(*[record("6/1/94", "1.230")] * 3)
    answers = {"date_order": "mdy", "decimal": ",", "invert": True}

    assert {(row.date, row.amount_minor) for row in rows_of(text, mapping=answers)} == {
        (date(1994, 6, 1), -123000)
    }


def test_a_card_with_more_below_zero_than_above_is_not_asked_about(rows_of: RowsOf) -> None:
    text = qif(record(), record(), record(amount="24.68"), kind="!Type:CCard")

    assert [row.amount_minor for row in rows_of(text, account_type="credit")] == [-1234, -1234, 2468]


def test_an_amount_has_the_decimals_of_its_account(rows_of: RowsOf) -> None:
    assert rows_of(qif(record(amount="-500")), "JPY")[0].amount_minor == -500
    assert rows_of(qif(record(amount="-1.234")), "BHD", mapping={"decimal": "."})[0].amount_minor == -1234
    assert rows_of(qif("D28/03/2024\nU-1.234,56\n^\n"))[0].amount_minor == -123456


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (record(amount="12.3.4"), "no amount that can be read"),
        (record(amount="$-5.00"), "isn't written in EUR"),
        (record(amount="-8.485"), "more decimals"),
        ("D28/03/2024\nPNobody\n^\n", "no amount"),
        ("T-5.00\n^\n", "no date"),
        (record("31/02/2024"), "is no date"),
        (record()[:-2] + record(), "Two days or amounts"),
        (record(amount="0.00"), None),
    ],
)
def test_a_bad_record_is_named_and_the_others_are_read(bad: str, error: str | None, rows_of: RowsOf) -> None:
    first, row, last = rows_of(qif(record(amount="-1.00"), bad, record(amount="-2.00")))

    assert (first.amount_minor, last.amount_minor) == (-100, -200)
    assert (error in (row.error or "")) if error else (row.skipped == "zero amount")


def test_a_file_cut_off_inside_a_record_names_it(rows_of: RowsOf) -> None:
    rows = rows_of(qif(record(), record(amount="-123.45"))[: -len(".45\n^\n")])

    assert [row.error for row in rows] == [None, "The record has no end; the file may be cut off there."]


def test_trades_lists_and_empty_records_are_counted_and_never_rows(read_text: Read) -> None:
    trades = "!Type:Invst\nD28/03/2024\nNBuyX\nT100.00\n^\nD28/03/2024\nNBuyX\nT5\n^\nNDiv\n^\n"
    lists = "!Type:Cat\nNFood\nE\n^\n!Type:Memorized\nKC\nT-5.00\nPX\n^\n"

    reading = read_text(lists + qif("^\n", record()) + trades)

    assert [row.amount_minor for row in reading.rows()] == [-1234]
    assert reading.warnings == [
        "Trades are not imported as transactions: 2 BuyX, 1 Div.",
        "Empty records left out: 1.",
        "Records of types that are no account's are left out: 1 cat, 1 memorized.",
    ]
    assert list(read_text(trades).rows()) == []


def test_accounts_of_a_whole_book_are_told_apart(read_text: Read) -> None:
    head = "!Option:AutoSwitch\n!Account\nNChecking\nTBank\n^\nNVisa\nTCCard\n^\n!Clear:AutoSwitch\n"
    text = (
        f"{head}!Account\nNChecking\nTBank\n^\n{qif(record(), record())}"
        f"!Account\nNVisa\nTCCard\n^\n{qif(record(), kind='!Type:CCard')}"
    )

    reading = read_text(text)

    assert [(found.key, found.type, found.rows) for found in reading.accounts] == [
        ("Checking", "checking", 2),
        ("Visa", "credit", 1),
    ]
    assert fields(reading) == ["account_map"]
    chosen = read_text(
        text, account_map={"Checking": AccountFacts("EUR"), "Visa": AccountFacts("USD", "credit")}
    )
    assert [(row.account_key, row.currency) for row in chosen.rows()] == [
        ("Checking", "EUR"),
        ("Checking", "EUR"),
        ("Visa", "USD"),
    ]


def test_behind_the_list_of_accounts_no_account_is_meant(read_text: Read) -> None:
    text = f"!Option:AutoSwitch\n!Account\nNVisa\nTCCard\n^\n!Clear:AutoSwitch\n{qif(record())}"

    assert [found.key for found in read_text(text).accounts] == [""]


def test_an_opening_balance_is_a_row_with_a_warning() -> None:
    file = BytesIO(qif(record(amount="100.00").replace("^", "POpening Balance\n^"), record()).encode())

    for opened, expected in ((False, []), (True, [OPENING_TWICE])):
        reading = read(file, today=date(2026, 11, 21), account=AccountFacts("EUR", opened=opened))
        assert (len(list(reading.rows())), reading.warnings) == (2, expected)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("!Type:Bank\r\n", "utf-8-sig"), ("!type:Bank \r", "cp1252"), ("^\n!Type:Oth A\n", "utf-8")],
)
def test_headers_and_line_ends_of_every_make_are_read(text: str, encoding: str, rows_of: RowsOf) -> None:
    row = rows_of(text + record("28/03/2024", "-5.00", "PBäcker"), encoding=encoding)[0]

    assert (row.amount_minor, row.payee) == (-500, "Bäcker")


def test_a_file_without_rows_or_trades_is_refused(read_text: Read) -> None:
    for text in ("!Type:Bank\n^\n", "!Type:Security\nNExample\nTStock\n^\n", "!Account\nNA\n^\n"):
        with pytest.raises(UnreadableFile) as refusal:
            read_text(text)
        assert refusal.value.reason == "nothing_to_import"


def test_a_mapping_of_columns_does_not_fit(read_text: Read) -> None:
    with pytest.raises(MappingDoesNotFit):
        read_text(qif(record()), mapping={"amount": "Amount"})
