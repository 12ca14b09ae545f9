"""OFX and QFX, in the SGML of 1.x, the XML of 2.x and as banks get them wrong."""

from collections.abc import Callable
from datetime import date

import pytest

from pfms_ledger.bankfiles.statement import (
    AccountFacts,
    MappingDoesNotFit,
    Reading,
    StatementRow,
    UnreadableFile,
)

RowsOf = Callable[..., list[StatementRow]]
Read = Callable[..., Reading]

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
SIGN_ON = "<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO<MESSAGE>OK</STATUS></SONRS></SIGNONMSGSRSV1>"


def transaction(
    fitid: str = "1", day: str = "20240328", amount: str = "-12.34", more: str = "<NAME>Baker"
) -> str:
    return f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{fitid}{more}</STMTTRN>\n"


def statement(*transactions: str, account: str = "12-34", currency: str = "EUR") -> str:
    return (
        f"<STMTTRNRS><STMTRS><CURDEF>{currency}<BANKACCTFROM><BANKID>9<ACCTID>{account}<ACCTTYPE>CHECKING"
        f"</BANKACCTFROM><BANKTRANLIST><DTSTART>20240301<DTEND>20240331{''.join(transactions)}</BANKTRANLIST>"
        "<LEDGERBAL><BALAMT>7.00<DTASOF>20240331</LEDGERBAL></STMTRS></STMTTRNRS>"
    )


def sgml(*statements: str) -> str:
    return f"{HEADER}<OFX>{SIGN_ON}<BANKMSGSRSV1>{''.join(statements)}</BANKMSGSRSV1></OFX>"


XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>
<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS>
 <CURDEF>EUR</CURDEF><CCACCTFROM><ACCTID>99</ACCTID></CCACCTFROM>
 <BANKTRANLIST>
  <STMTTRN>
   <TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20240328235959[-11:XYZ]</DTPOSTED><TRNAMT>-12.34</TRNAMT><FITID>a</FITID>
   <PAYEE><NAME>Bäcker &amp; Sohn</NAME></PAYEE><BANKACCTTO><ACCTID>77</ACCTID></BANKACCTTO>
   <MEMO><![CDATA[<Brot> & Kuchen]]></MEMO>
  </STMTTRN>
  <!-- <STMTTRN><DTPOSTED>20240329</DTPOSTED><TRNAMT>-99</TRNAMT><FITID>b</FITID></STMTTRN> -->
 </BANKTRANLIST>
 <BANKTRANLISTP><STMTTRNP><TRNTYPE>DEBIT</TRNTYPE><DTTRAN>20240330</DTTRAN><TRNAMT>-5</TRNAMT><NAME>Kiosk</NAME>
 </STMTTRNP></BANKTRANLISTP>
</CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>
"""

INVESTMENT = f"""{HEADER}<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>20240331<CURDEF>EUR
<INVACCTFROM><BROKERID>b<ACCTID>I1</INVACCTFROM><INVTRANLIST>
<BUYSTOCK><INVBUY><INVTRAN><FITID>t1<DTTRADE>20240301</INVTRAN><TOTAL>-100.00</INVBUY></BUYSTOCK>
<INCOME><INVTRAN><FITID>t2<DTTRADE>20240301</INVTRAN><TOTAL>1.00</INCOME>
{{cash}}</INVTRANLIST>
<INVPOSLIST><POSSTOCK><INVPOS><UNITS>1</INVPOS></POSSTOCK></INVPOSLIST>
</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"""


def test_a_statement_of_ofx_1_is_read(rows_of: RowsOf) -> None:
    rows = rows_of(sgml(statement(transaction(), transaction("2", "20240329", "+7", "<MEMO>Only a memo"))))

    assert rows[0] == StatementRow(
        1, date(2024, 3, 28), -1234, "EUR", "Baker", "", "Baker", "1", False, "cleared", "12-34"
    )
    assert (rows[1].amount_minor, rows[1].payee, rows[1].memo) == (700, "Only a memo", "")


def test_a_statement_of_ofx_2_is_read_with_pending_rows_and_without_what_is_commented_out(
    rows_of: RowsOf,
) -> None:
    first, second = rows_of(XML)

    assert (first.payee, first.memo, first.date) == ("Bäcker & Sohn", "<Brot> & Kuchen", date(2024, 3, 28))
    assert (second.payee, second.status, second.date, second.bank_id) == (
        "Kiosk",
        "pending",
        date(2024, 3, 30),
        None,
    )
    assert first.account_key == "99"


@pytest.mark.parametrize(
    ("written", "minor"),
    [("-530,86", -53086), ("-30.000", -3000), ("+0000012.50", 1250), ("-.5", -50), ("12.", 1200),
     ("1.234,56", 123456),
     ("1,234.56", 123456), ("-1,234.56", -123456), ("-0", 0)],
)  # fmt: skip
def test_an_amount_has_a_comma_or_a_point_before_its_decimals(
    written: str, minor: int, rows_of: RowsOf
) -> None:
    assert rows_of(sgml(statement(transaction(amount=written))))[0].amount_minor == minor


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (transaction(amount="$120"), "is no amount"),
        (transaction(amount=""), "no amount"),
        (transaction(amount="1,234"), "more decimals"),
        (transaction(amount="-8.4850"), "more decimals"),
        (transaction(amount="1e9"), "is no amount"),
        (transaction(amount="9" * 25), "larger"),
        (transaction(amount="1.2.3"), "is no amount"),
        (transaction(day=""), "no date"),
        (transaction(day="20240231"), "is no date"),
        (transaction(day="yesterday"), "is no date"),
        (
            "<STMTTRN><DTPOSTED>20240328<TRNAMT>-1<FITID>8<DTPOSTED>20240329<TRNAMT>-2</STMTTRN>",
            "Two amounts",
        ),
        (transaction(more="<CURRENCY><CURRATE>1.1<CURSYM>USD</CURRENCY>"), "in USD, the account is in EUR"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(row: str, error: str, read_text: Read) -> None:
    text = sgml(statement(transaction(), row, transaction("3", amount="-1")))
    reading = read_text(text, account_map={"12-34": AccountFacts("EUR"), "12-34 EUR": AccountFacts("EUR"),
                                           "12-34 USD": AccountFacts("EUR")})  # fmt: skip

    rows = list(reading.rows())

    assert [row.error is None for row in rows] == [True, False, True]
    assert error in (rows[1].error or "")


def test_an_original_currency_is_only_said_not_meant(rows_of: RowsOf) -> None:
    more = "<NAME>Hotel<ORIGCURRENCY><CURRATE>1.1<CURSYM>USD</ORIGCURRENCY>"

    assert rows_of(sgml(statement(transaction(more=more))))[0].currency == "EUR"


def test_an_unstated_currency_is_the_accounts(rows_of: RowsOf) -> None:
    assert [rows_of(sgml(statement(transaction(), currency=code)), "CAD")[0].currency for code in ("", "XXX")] == [
        "CAD", "CAD",
    ]  # fmt: skip


def test_tags_closed_in_a_heap_are_read_like_tags_not_closed(rows_of: RowsOf) -> None:
    nested = (
        "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240328<TRNAMT>-12.34<FITID>1<NAME>Baker\n"
        "</NAME></FITID></TRNAMT></DTPOSTED></TRNTYPE></STMTTRN>"
    )
    assert rows_of(sgml(statement(nested))) == rows_of(sgml(statement(transaction())))


def test_a_transaction_without_end_ends_where_the_next_begins(rows_of: RowsOf) -> None:
    rows = rows_of(sgml(statement(transaction().replace("</STMTTRN>", ""), transaction("2", amount="-1"))))

    assert [(row.bank_id, row.amount_minor) for row in rows] == [("1", -1234), ("2", -100)]


def test_a_file_cut_off_inside_a_row_names_it(read_text: Read) -> None:
    whole = sgml(statement(transaction(), transaction("2", amount="-123.45")))

    reading = read_text(whole[: whole.index("-123.45") + 3])

    assert [row.error for row in reading.rows()] == [None, "The file ends inside this transaction."]
    assert "The file has no end; it may be cut off." in reading.warnings


def test_of_an_investment_account_only_cash_rows_come_in_and_trades_are_counted(read_text: Read) -> None:
    cash = f"<INVBANKTRAN>{transaction()}<SUBACCTFUND>CASH</INVBANKTRAN>"
    reading = read_text(INVESTMENT.format(cash=cash))

    assert [row.amount_minor for row in reading.rows()] == [-1234]
    assert reading.warnings == [
        "Trades are not imported as transactions: 1 BUYSTOCK, 1 INCOME.",
        "1 positions are not imported.",
    ]
    assert list(read_text(INVESTMENT.format(cash="")).rows()) == []


def test_rows_of_several_accounts_are_asked_about(read_text: Read) -> None:
    text = sgml(
        statement(transaction(), account="A"),
        statement(account="B"),
        statement(transaction("2"), account="C"),
    )

    reading = read_text(text)

    assert [question.field for question in reading.questions] == ["account_map"]
    assert [(account.key, account.rows) for account in reading.accounts] == [("A", 1), ("C", 1)]
    chosen = read_text(text, account_map={"A": AccountFacts("EUR"), "C": None})
    assert [row.skipped for row in chosen.rows()] == [None, "its account is left out"]


def test_an_id_on_rows_of_different_facts_is_marked(rows_of: RowsOf) -> None:
    rows = rows_of(
        sgml(statement(transaction("0"), transaction("0", amount="5"), transaction("1"), transaction("1")))
    )

    assert [row.id_shared for row in rows] == [True, True, False, False]


@pytest.mark.parametrize(
    ("charset", "encoding", "name"),
    [("1252", "cp1252", "Café"), ("1252", "utf-8", "Café"), ("8859-1", "latin-1", "Café"),
     ("1251", "cp1251", "Пекарь"),
     ("NONE", "utf-16", "Пекарь"), ("936", "gb18030", "面包店")],
)  # fmt: skip
def test_the_bytes_decide_over_the_stated_character_set(
    charset: str, encoding: str, name: str, rows_of: RowsOf
) -> None:
    text = sgml(statement(transaction(more=f"<NAME>{name}"))).replace("CHARSET:1252", f"CHARSET:{charset}")

    assert rows_of(text, encoding=encoding)[0].payee == name


def test_entities_are_read_and_what_was_escaped_twice_too(rows_of: RowsOf) -> None:
    more = "<NAME>B &amp; C &amp;lt;D&amp;gt; &#233; & E"

    assert rows_of(sgml(statement(transaction(more=more))))[0].payee == "B & C <D> é & E"


def test_declared_entities_are_refused(read_text: Read) -> None:
    text = XML.replace("<OFX>", '<!DOCTYPE OFX [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><OFX>')

    with pytest.raises(UnreadableFile) as refusal:
        read_text(text)

    assert refusal.value.reason == "entities"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{HEADER}<OFX></OFX>", "not_a_statement"),
        (f"{HEADER}<OFX>{SIGN_ON}</OFX>", "not_a_statement"),
        (sgml(statement()), "nothing_to_import"),
        (f"{HEADER}<OFX><NAME>{'x' * 300_000}", "broken"),
    ],
)
def test_a_file_without_any_transaction_is_refused_with_its_reason(
    text: str, reason: str, read_text: Read
) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_text(text)

    assert refusal.value.reason == reason


def test_a_statement_in_another_currency_than_its_account_is_refused(read_text: Read) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_text(sgml(statement(transaction(), currency="USD")))

    assert refusal.value.reason == "other_currency"


def test_quicken_files_are_told_apart_and_nothing_but_the_encoding_is_mapped(read_text: Read) -> None:
    text = sgml(statement(transaction())).replace("<SONRS>", "<SONRS><INTU.BID>7")
    reading = read_text(text)

    assert reading.format == "qfx"
    assert read_text(text, mapping=reading.mapping).mapping == {"encoding": "utf-8"}
    with pytest.raises(MappingDoesNotFit):
        read_text(text, mapping={"amount": "TRNAMT"})


def test_a_file_larger_than_a_chunk_is_read_to_its_end(rows_of: RowsOf) -> None:
    rows = rows_of(sgml(statement(*(transaction(str(i), amount=f"-{i}.00") for i in range(1, 15_001)))))

    assert [row.amount_minor for row in rows] == [-100 * i for i in range(1, 15_001)]


def test_a_found_account_says_its_type(read_text: Read) -> None:
    savings = sgml(statement(transaction()).replace("CHECKING", "SAVINGS"))

    assert [read_text(text).accounts[0].type for text in (savings, XML, sgml(statement(transaction())))] == [
        "savings", "credit", "checking",
    ]  # fmt: skip
