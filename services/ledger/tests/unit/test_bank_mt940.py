"""MT940 and MT942: what a line :61: says, in which order fields may stand, and what banks put into :86:."""

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


def statement(*fields: str, account: str = "37040044/0532013000", opening: str = "C240301EUR100,00") -> str:
    return "\n".join([":20:START", f":25:{account}", ":28C:1/1", f":60F:{opening}", *fields, "-", ""])


def test_a_statement_is_read(rows_of: RowsOf) -> None:
    rows = rows_of(
        statement(
            ":61:2403280328D12,34N005NONREF//20240328-0007",
            ":86:105?00LASTSCHRIFT?20EREF+4711SVWZ+Rechnung 42 vom 1",
            "4. M?21ärz?30BANKDEFF?32Bäcker?33 & Sohn",
            ":61:240329C7,NTRFNONREF",
            ":62F:C240329EUR94,66",
        )
    )

    assert rows == [
        StatementRow(1, date(2024, 3, 28), -1234, "EUR", "Bäcker & Sohn", "Rechnung 42 vom 14. März",
                     "Bäcker & Sohn Rechnung 42 vom 14. März", "20240328-0007", True, "cleared",
                     "37040044/0532013000"),
        StatementRow(2, date(2024, 3, 29), 700, "EUR", "", "", "", None, False, "cleared", "37040044/0532013000"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mark", "minor"),
    [("C", 500), ("D", -500), ("RC", -500), ("RD", 500), ("CR", 500), ("DR", -500), ("RCR", -500), ("RDR", 500),
     ("C ", 500), ("EC", 500), ("ED", -500)],
)  # fmt: skip
def test_a_reversal_turns_the_direction_round(mark: str, minor: int, rows_of: RowsOf) -> None:
    assert rows_of(statement(f":61:2403280328{mark}5,00NMSCNONREF"))[0].amount_minor == minor


def test_what_is_only_expected_is_pending(rows_of: RowsOf) -> None:
    rows = rows_of(statement(":61:2403280328EC5,00NTRFNONREF", ":61:2403280328C5,00NTRFNONREF"))

    assert [row.status for row in rows] == ["pending", "cleared"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (":61:2403280328D1.2.3NTRFNONREF", "no amount"),
        (":61:2403280328D5,123NTRFNONREF", "more decimals"),
        (":61:2403280328X5,00NTRFNONREF", "no movement"),
        (":61:2403280328D5,00 12NTRF", "no movement"),
        (":61:yesterday", "no movement"),
        (":61:241332D5,00NTRFNONREF", "is no date"),
        (":61:240230D5,00NTRFNONREF", "is no date"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(line: str, error: str, rows_of: RowsOf) -> None:
    first, bad, last = rows_of(statement(":61:240328D1,NTRF", line, ":61:240328D2,NTRF"))

    assert (first.amount_minor, last.amount_minor) == (-100, -200)
    assert error in (bad.error or "")


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ("2402300301", date(2024, 3, 1)),
        ("2302291231", date(2022, 12, 31)),
        ("9912310101", date(1999, 12, 31)),
    ],
)
def test_where_the_value_date_does_not_exist_the_entry_date_counts_with_a_warning(
    dates: str, expected: date, read_text: Read
) -> None:
    reading = read_text(statement(f":61:{dates}D5,00NTRFNONREF"))

    assert [row.date for row in reading.rows()] == [expected]
    assert any("30 February: 1" in warning for warning in reading.warnings) == dates.startswith("2")


@pytest.mark.parametrize(
    ("closing", "warned"),
    [
        (":62F:C240329EUR95,00", False),
        (":62M:C240329EUR95,00", False),
        (":62F:C240329EUR96,00", True),
        (":62F:D240329EUR95,00", True),
        (":64:C240329EUR1,00", False),
    ],
)
def test_a_statement_that_does_not_add_up_is_read_with_a_warning(
    closing: str, warned: bool, read_text: Read
) -> None:
    reading = read_text(statement(":61:240328D5,00NTRFNONREF", ":61:240328EC9,00NTRFNONREF", closing))

    assert len(list(reading.rows())) == 2
    assert [warning.startswith("Statements whose") for warning in reading.warnings] == [True] * warned


def test_a_time_of_day_at_the_start_of_a_line_is_no_field(rows_of: RowsOf) -> None:
    text = statement(
        ":61:240328D5,00NTRFNONREF",
        ":86:KAUF 28.03 10",
        ":20:37 UHR",
        ":25:01 UHR",
        ":61:240328D6,00NTRFNONREF",
    )

    rows = rows_of(text)

    assert [(row.amount_minor, row.account_key) for row in rows] == [
        (-500, "37040044/0532013000"),
        (-600, "37040044/0532013000"),
    ]
    assert rows[0].payee == "KAUF 28.03 10 :20:37 UHR :25:01 UHR"


def test_words_behind_the_closing_balance_are_no_rows(rows_of: RowsOf) -> None:
    rows = rows_of(
        statement(":61:240328D5,00NTRF", ":86:Bread", ":62F:C240328EUR95,00", ":86:See our new fees")
    )

    assert rows[0].payee == "Bread"


@pytest.mark.parametrize(
    ("lines", "payee", "memo"),
    [
        ([":86:Bread", "and cake"], "Bread and cake", ""),
        ([":86:020<00TRANSFER<20Rent<21 May<32ANNA"], "ANNA", "Rent May"),
        ([":86:805?00FEES?20Monthly"], "FEES", "Monthly"),
        ([":86:/TRTP/SEPA/NAME/Bakker BV/REMI/USTD//Factuur", " 42/EREF/x"], "Bakker BV", "Factuur 42"),
        ([":86:/TRTP/SEPA/CNTP/NL00BANK/BANKNL/Smit/CITY/REMI/Rent"], "Smit", "Rent"),
        (["Supplementary", ":86:Bread"], "Bread Supplementary", ""),
    ],
)
def test_each_banks_way_of_writing_says_name_and_purpose(
    lines: list[str], payee: str, memo: str, rows_of: RowsOf
) -> None:
    row = rows_of(statement(":61:240328D5,00NTRFNONREF", *lines))[0]

    assert (row.payee, row.memo) == (payee, memo)


@pytest.mark.parametrize(
    ("behind", "payee"),
    [
        ("N0600733959555      TELCO BV", "TELCO BV"),
        ("NOV NONREF", "Bill 7"),
        ("NOVBNL47INGB9999999999", "Bill 7"),
    ],
)
def test_a_name_behind_a_padded_reference_is_the_payee(behind: str, payee: str, rows_of: RowsOf) -> None:
    row = rows_of(statement(f":61:240328D5,00{behind}", ":86:Bill 7"))[0]

    assert (row.amount_minor, row.payee) == (-500, payee)


@pytest.mark.parametrize("reference", ["NONREF", "0000000000", "POS", "1-2", "A B C 123"])
def test_a_reference_that_names_nothing_is_no_bank_id(reference: str, rows_of: RowsOf) -> None:
    assert rows_of(statement(f":61:240328D5,00NTRFNONREF//{reference}"))[0].bank_id is None


def test_rows_of_several_accounts_are_asked_about(read_text: Read) -> None:
    text = statement(":61:240328D5,00NTRF", account="A") + statement(":61:240328D6,00NTRF", account="B")

    reading = read_text(text)

    assert [question.field for question in reading.questions] == ["account_map"]
    assert [(account.key, account.rows) for account in reading.accounts] == [("A", 1), ("B", 1)]
    chosen = read_text(text, account_map={"A": AccountFacts("EUR"), "B": None})
    assert [row.skipped for row in chosen.rows()] == [None, "its account is left out"]


def test_an_interim_report_states_its_currency_in_its_limit(rows_of: RowsOf) -> None:
    text = (
        "{1:F01BANKDEFFXXXX}{2:O942}{4:\n:20:X\n:25:A\n:34F:USDD0,00\n:61:240328C5,00NTRF\n:90C:1USD5,00\n-}"
    )

    assert [(row.currency, row.amount_minor) for row in rows_of(text, "USD")] == [("USD", 500)]


def test_a_currency_of_the_past_and_none_at_all_are_read(rows_of: RowsOf) -> None:
    marks = statement(":61:980328D5,00NTRF", opening="C980301DEM1,00")

    assert rows_of(marks, "DEM")[0].currency == "DEM"
    assert rows_of(":61:240328D500,NTRFNONREF\n", "JPY")[0].amount_minor == -500


def test_a_statement_in_another_currency_or_without_rows_is_refused(read_text: Read) -> None:
    for text, reason in (
        (statement(":61:240328D5,00NTRF", opening="C240301USD1,00"), "other_currency"),
        (statement(":62F:C240329EUR100,00"), "nothing_to_import"),
        ("".join(statement(":61:240328D5,00NTRF", account=str(n)) for n in range(501)), "broken"),
    ):
        with pytest.raises(UnreadableFile) as refusal:
            read_text(text)
        assert refusal.value.reason == reason


def test_nothing_but_the_encoding_is_mapped(read_text: Read) -> None:
    text = statement(":61:240328D5,00NTRF", ":86:Café").encode("cp850")

    assert next(iter(read_text(text, mapping={"encoding": "cp850"}).rows())).payee == "Café"
    with pytest.raises(MappingDoesNotFit):
        read_text(text, mapping={"date_order": "dmy"})
