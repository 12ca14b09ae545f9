"""Rows of tables: one bad row never loses the good ones, and what is left out is left out by name."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest

from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import (
    MAX_ROWS,
    OPENING_TWICE,
    AccountFacts,
    Reading,
    StatementRow,
    UnreadableFile,
)
from pfms_ledger.bankfiles.table import open_table

RowsOf = Callable[..., list[StatementRow]]
Read = Callable[..., Reading]
HEAD = "Date,Text,Amount,Status\n2024-03-28,A,-1.00,Done\n"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (",B,-2.00,", "no date"),
        ("Pending,B,-2.00,", "'Pending' is no date"),
        ("2024-02-30,B,-2.00,", "is no date"),
        ("2024-03-29,B,,", "no amount"),
        ("2024-03-29,B,-2.00 (refunded 1.00),", "no amount that can be read"),
        ("2024-03-29,B,-2.005,", "more decimals"),
        ("2024-03-29,B,-£2.00,", "isn't written in EUR"),
        ("2024-03-29,B,-99999999999999999.00,", "larger"),
        ('2024-03-29,"B,-2.00,', "never closed"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_others_are_read(
    line: str, error: str, rows_of: RowsOf
) -> None:
    rows = rows_of(f"{HEAD}{line}\n2024-03-30,C,-4.00,Done\n")

    assert [row.row for row in rows] == [2, 3, 4]
    assert [row.error is None for row in rows] == [True, False, True]
    assert error in (rows[1].error or "")
    assert rows[2].amount_minor == -400


@pytest.mark.parametrize(
    ("line", "skipped"),
    [
        ("2024-03-29,B,0.00,Done", "zero amount"),
        ("2024-03-29,B,-2.00,DECLINED", "status 'DECLINED'"),
        ("2024-03-29,B,-2.00,Storniert", "status 'Storniert'"),
        ("2024-03-29,B,-2.00,交易关闭", "status '交易关闭'"),
    ],
)
def test_zero_and_failed_rows_are_skipped_by_name(line: str, skipped: str, rows_of: RowsOf) -> None:
    rows = rows_of(f"{HEAD}{line}\n")

    assert rows[1].error is None
    assert rows[1].skipped == skipped


@pytest.mark.parametrize("word", ["Pending", "vorgemerkt", "En attente", "待入账"])
def test_pending_words_make_a_row_pending(word: str, rows_of: RowsOf) -> None:
    rows = rows_of(f"{HEAD}2024-03-29,B,-2.00,{word}\n")

    assert [row.status for row in rows] == ["cleared", "pending"]


def test_neither_in_nor_out_is_skipped(rows_of: RowsOf) -> None:
    rows = rows_of("交易时间,商品,收/支,金额\n2024-03-28,A,支出,1.00\n2024-03-29,B,不计收支,5.00\n", "CNY")

    assert [row.amount_minor for row in rows] == [-100, None]
    assert rows[1].skipped == "'不计收支' is neither in nor out"


def test_lines_of_words_alone_continue_the_row_above_and_trailers_are_no_rows(rows_of: RowsOf) -> None:
    rows = rows_of(
        """\
        Date,Value date,Description,Withdrawals,Deposits
        18/04/2024,18/04/2024,DEBIT PURCHASE,6.66,
        ,,BAKER STREET,
        17/04/2024,17/04/2024,CASH,10.00,

        Total lines: 2,,,,
        """
    )

    assert [row.text for row in rows] == ["DEBIT PURCHASE BAKER STREET", "CASH"]


def test_a_row_in_another_currency_is_an_error(read_text: Read) -> None:
    text = (
        "Date,Text,Currency,Amount\n2024-03-28,A,EUR,-1.00\n2024-03-29,B,XXX,-2.00\n2024-03-30,C,DEM,-3.00\n"
    )
    reading = read_text(text)

    rows = list(reading.rows())

    assert [row.error for row in rows] == [None, None, "The row is in DEM, the account is in EUR."]


def test_an_amount_in_both_columns_is_an_error_and_a_negative_debit_among_positive_ones_money_back(
    read_text: Read,
) -> None:
    text = "Date,Text,Debit,Credit\n2024-03-28,A,1.00,\n2024-03-29,B,-2.00,\n2024-03-30,C,3.00,4.00\n"
    mapping = {"debit": "Debit", "credit": "Credit"}

    rows = list(read_text(text, mapping=mapping).rows())

    assert [row.amount_minor for row in rows] == [-100, 200, None]
    assert "both columns" in (rows[2].error or "")


def test_a_debit_column_with_minus_throughout_is_money_out(rows_of: RowsOf) -> None:
    rows = rows_of("Date,Text,Debit,Credit\n2024-03-28,A,-1.00,\n2024-03-29,B,,2.00\n")

    assert [row.amount_minor for row in rows] == [-100, 200]


def test_quoted_cells_may_span_lines(rows_of: RowsOf) -> None:
    rows = rows_of('Date,Text,Amount\n2024-03-28,"A\nsecond ""line""",-1.00\n2024-03-29,B 5" pipe,-2.00\n')

    assert [row.text for row in rows] == ['A second "line"', 'B 5" pipe']
    assert [row.row for row in rows] == [2, 4]


def test_ids_of_the_bank_are_kept_and_marked_when_they_stand_on_different_rows(rows_of: RowsOf) -> None:
    lines = "".join(f"{i // 28 % 12 + 1}/{i % 28 + 1}/2024,A,-{i}.00,T{i}\n" for i in range(1, 2100))

    rows = rows_of("Date,Text,Amount,Transaction ID\n" + lines + "12/31/2024,B,-9.00,T7\n")

    assert rows[0].bank_id == "T1"
    assert [row.row for row in rows if row.id_shared] == [8, 2101]


def test_control_characters_never_reach_a_row(rows_of: RowsOf) -> None:
    rows = rows_of("Date,Text,Amount\n2024-03-28,A\x00\x07\x1bB\u2028C,-1.00\n")

    assert rows[0].text == "A B C"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"this is no bank file\n", "not_a_statement"),
        (b"a,b,c\nd,e,f\n", "not_a_statement"),
        (b"Date,Text,Amount\n", "nothing_to_import"),
        (b"Date,Text,Amount\n2024-03-28,A," + b"1" * 200_000 + b"\n", "broken"),
        (bytes(range(256)) * 4, "not_text"),
        (b"%PDF-1.7\n", "format_not_read"),
        (b"PK\x03\x04", "broken"),
        (b"!Type:Cat\nNFood\n^\n", "nothing_to_import"),
        (b":20:START\r\n:25:1/2\r\n:60F:C240328EUR1,00\r\n", "nothing_to_import"),
        (
            b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>',
            "not_a_statement",
        ),
        (b"<html><table><tr><td>2024-03-28</td></tr></table></html>", "format_not_read"),
        (b'{"transactions": []}', "format_not_read"),
    ],
)
def test_what_is_no_statement_is_refused_with_its_reason(text: bytes, reason: str, read_text: Read) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_text(text)

    assert refusal.value.reason == reason
    assert refusal.value.detail


def test_a_file_that_has_bytes_is_not_called_empty(read_text: Read) -> None:
    with pytest.raises(UnreadableFile, match="holds no text"):
        read_text(b"\x00" * 1_000)


def test_more_rows_than_the_limit_are_refused(read_text: Read) -> None:
    text = b"Date,Text,Amount\n" + b"2024-03-28,A,-1.00\n" * (MAX_ROWS + 1)

    with pytest.raises(UnreadableFile) as refusal:
        read_text(text)

    assert refusal.value.reason == "too_many_rows"


def test_batches_hold_a_thousand_rows_in_the_order_of_the_file(read_text: Read) -> None:
    text = "Date,Text,Amount\n" + "".join(f"2024-03-28,A,-{i}.00\n" for i in range(1, 2502))

    sizes = [len(batch) for batch in read_text(text).batches()]

    assert sizes == [1000, 1000, 501]


def test_a_table_can_be_read_again_and_again() -> None:
    table = open_table(BytesIO(b"a;b\n1;2\r3;4\r\n5;6"), "utf-8", ";")

    assert [record.cells for record in table.records()] == [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]]
    assert len(list(table.records())) == 4


def test_an_opening_balance_is_an_ordinary_row_with_a_warning_when_the_account_has_one() -> None:
    text = b"Date,Text,Amount\n2024-03-27,Opening balance,-50.00\n2024-03-28,A,-1.00\n"

    def opened(*, already: bool) -> Reading:
        return read(BytesIO(text), today=date(2026, 11, 21), account=AccountFacts("EUR", opened=already))

    assert [row.amount_minor for row in opened(already=True).rows()] == [-5000, -100]
    assert opened(already=True).warnings == [OPENING_TWICE]
    assert opened(already=False).warnings == []


def test_balances_that_do_not_add_up_are_a_warning(read_text: Read) -> None:
    lines = "".join(f"2024-03-{10 + n},A,-1.00,{100 - n - (n > 5)}.00\n" for n in range(12))

    reading = read_text("Date,Text,Amount,Balance\n" + lines)

    assert reading.questions == []
    assert reading.warnings == ["The balances don't add up on 1 of the first 11 rows."]
