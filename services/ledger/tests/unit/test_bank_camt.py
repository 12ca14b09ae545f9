"""CAMT.052, 053 and 054: an Ntry is a row, whatever the version and however many payments it bundles."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest

from pfms_ledger.bankfiles.decode import CHUNK
from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import (
    AccountFacts,
    MappingDoesNotFit,
    Reading,
    StatementRow,
    UnreadableFile,
)

RowsOf = Callable[..., list[StatementRow]]
Read = Callable[..., Reading]

IBAN = "DE02120300000000202051"


def entry(
    amount: str = "12.34",
    direction: str = "DBIT",
    more: str = "",
    *,
    status: str = "<Sts>BOOK</Sts>",
    currency: str = "EUR",
    days: str = "<BookgDt><Dt>2024-03-28</Dt></BookgDt><ValDt><Dt>2024-03-30</Dt></ValDt>",
) -> str:
    return f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{status}{days}{more}</Ntry>'


def details(more: str) -> str:
    return f"<NtryDtls><TxDtls>{more}</TxDtls></NtryDtls>"


def balance(code: str, amount: str, direction: str = "CRDT") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><CdtLine><Amt Ccy='EUR'>999</Amt></CdtLine>"
        f"<Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd></Bal>"
    )


def statement(*parts: str, account: str = IBAN, kind: str = "Stmt") -> str:
    owner = "<Ccy>EUR</Ccy><Ownr><Nm>Anna Test</Nm></Ownr>"
    return f"<{kind}><Id>1</Id><Acct><Id><IBAN>{account}</IBAN></Id>{owner}</Acct>{''.join(parts)}</{kind}>"


def camt(*statements: str, message: str = "BkToCstmrStmt", namespace: str = "camt.053.001.02") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{namespace}">'
        f"<{message}><GrpHdr><MsgId>m</MsgId></GrpHdr>{''.join(statements)}</{message}></Document>"
    )


PAID = details(
    "<Refs><EndToEndId>e</EndToEndId></Refs><RltdPties><Dbtr><Nm>Anna Test</Nm></Dbtr>"
    "<Cdtr><Nm>Bäcker &amp; Sohn</Nm></Cdtr></RltdPties><RmtInf><Ustrd>Brot</Ustrd><Ustrd>Kuchen</Ustrd></RmtInf>"
)


def test_a_statement_is_read(rows_of: RowsOf) -> None:
    rows = rows_of(
        camt(
            statement(
                entry(more=f"<AcctSvcrRef>2024-7</AcctSvcrRef>{PAID}<AddtlNtryInf>Karte</AddtlNtryInf>"),
                entry("7", "CRDT", "<AddtlNtryInf>Zinsen</AddtlNtryInf>"),
            )
        )
    )

    assert rows == [
        StatementRow(1, date(2024, 3, 28), -1234, "EUR", "Bäcker & Sohn", "Brot Kuchen Karte",
                     "Bäcker & Sohn Brot Kuchen Karte", "2024-7", False, "cleared", IBAN),
        StatementRow(2, date(2024, 3, 28), 700, "EUR", "Zinsen", "", "Zinsen", None, False, "cleared", IBAN),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "kind", "namespace"),
    [
        ("BkToCstmrAcctRpt", "Rpt", "camt.052.001.02"),
        ("BkToCstmrAcctRptV01", "Rpt", "camt.052.001.01"),
        ("BkToCstmrStmt", "Stmt", "camt.053.001.13"),
        ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "camt.054.001.08"),
    ],
)
def test_reports_statements_and_notifications_are_read_alike(
    message: str, kind: str, namespace: str, rows_of: RowsOf
) -> None:
    plain = camt(statement(entry(), kind=kind), message=message, namespace=namespace)
    prefixed = (
        plain.replace("<", "<c:").replace("<c:/", "</c:").replace("<c:?", "<?").replace("xmlns=", "xmlns:c=")
    )

    assert rows_of(plain) == rows_of(prefixed)
    assert len(rows_of(plain)) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("<Sts>BOOK</Sts>", ("cleared", None)),
        ("<Sts><Cd>PDNG</Cd></Sts>", ("pending", None)),
        ("<Sts><Cd>FUTR</Cd></Sts>", ("pending", None)),
        ("<Sts>INFO</Sts>", ("cleared", "status INFO")),
        ("", ("cleared", None)),
    ],
)
def test_what_is_not_booked_yet_is_pending_and_what_never_will_be_is_skipped(
    status: str, expected: tuple[str, str | None], rows_of: RowsOf
) -> None:
    row = rows_of(camt(statement(entry(status=status))))[0]

    assert (row.status, row.skipped) == expected


def test_a_reversal_goes_where_it_was_booked_and_names_the_other_side(rows_of: RowsOf) -> None:
    row = rows_of(camt(statement(entry("12.34", "CRDT", f"<RvslInd>true</RvslInd>{PAID}"))))[0]

    assert (row.amount_minor, row.payee) == (1234, "Bäcker & Sohn")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("<BookgDt><DtTm>2024-03-28T23:59:59-11:00</DtTm></BookgDt>", date(2024, 3, 28)),
        ("<BookgDt><Dt>2024-03-28+02:00</Dt></BookgDt>", date(2024, 3, 28)),
        ("<ValDt><Dt>2024-03-30</Dt></ValDt>", date(2024, 3, 30)),
    ],
)
def test_the_day_is_the_booked_one_and_never_moved(days: str, expected: date, rows_of: RowsOf) -> None:
    assert rows_of(camt(statement(entry(days=days))))[0].date == expected


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (entry("12,34,5"), "no amount"),
        (entry(""), "no amount"),
        (entry("1.234"), "more decimals"),
        (entry("-5.00"), "has a sign beside"),
        (entry("5", ""), "in or went out"),
        (entry("5", "BOTH"), "in or went out"),
        (entry(days=""), "no date"),
        (entry(days="<BookgDt><Dt>2024-02-30</Dt></BookgDt>"), "is no date"),
        (entry(currency="USD"), "in USD, the account is in EUR"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(bad: str, error: str, read_text: Read) -> None:
    text = camt(statement(entry("1"), bad, entry("2")))
    accounts = {key: AccountFacts("EUR") for key in (IBAN, f"{IBAN} EUR", f"{IBAN} USD")}

    rows = list(read_text(text, account_map=accounts).rows())

    assert [row.error is None for row in rows] == [True, False, True]
    assert error in (rows[1].error or "")


def test_many_payments_booked_as_one_are_one_row_that_tells_them(rows_of: RowsOf) -> None:
    payments = [
        details(
            f"<RltdPties><Cdtr><Pty><Nm>P{i}</Nm></Pty></Cdtr></RltdPties><RmtInf><Ustrd>Bill {i}</Ustrd></RmtInf>"
        )
        for i in range(200)
    ]

    one, alike = rows_of(camt(statement(entry(more="".join(payments)), entry(more=payments[0] * 2))))

    assert one.amount_minor == -1234
    assert one.payee.startswith("P0 Bill 0; P1 Bill 1; ")
    assert alike.payee == "P0"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("<AcctSvcrRef>0000</AcctSvcrRef>", None),
        ("<AcctSvcrRef>NONREF</AcctSvcrRef>", None),
        ("<NtryRef>010000004</NtryRef>", None),
        (details("<Refs><AcctSvcrRef>r1</AcctSvcrRef></Refs>"), "r1"),
        (details("<Refs><AcctSvcrRef>r1</AcctSvcrRef></Refs>") * 2, None),
    ],
)
def test_only_the_banks_own_reference_of_the_entry_is_its_id(
    more: str, expected: str | None, rows_of: RowsOf
) -> None:
    assert rows_of(camt(statement(entry(more=more))))[0].bank_id == expected


@pytest.mark.parametrize(
    ("balances", "warned"),
    [
        ((balance("OPBD", "100"), balance("CLBD", "87.66")), False),
        ((balance("PRCD", "10"), balance("CLBD", "2.34", "DBIT")), False),
        ((balance("OPBD", "100"), balance("CLBD", "88")), True),
        ((balance("ITBD", "100"), balance("CLAV", "88")), False),
    ],
)
def test_a_statement_that_does_not_add_up_is_read_with_a_warning(
    balances: tuple[str, str], warned: bool, read_text: Read
) -> None:
    waiting = entry("50", status="<Sts>PDNG</Sts>")

    reading = read_text(camt(statement(*balances, entry(), waiting)))

    assert len(list(reading.rows())) == 2
    assert [warning.startswith("Statements whose") for warning in reading.warnings] == [True] * warned


def test_a_withheld_currency_is_the_accounts_and_several_are_asked_about(read_text: Read) -> None:
    hidden = camt(statement(entry(currency="XXX")).replace("<Ccy>EUR</Ccy>", ""))
    several = camt(statement(entry(), entry(currency="USD")), statement(entry(), account="B"))

    assert [row.currency for row in read_text(hidden, "CHF").rows()] == ["CHF"]
    assert [account.key for account in read_text(several).accounts] == ["B EUR", f"{IBAN} EUR", f"{IBAN} USD"]
    assert [question.field for question in read_text(several).questions] == ["account_map"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (camt(), "not_a_statement"),
        (camt(statement(balance("OPBD", "1"))), "nothing_to_import"),
        (camt(statement(entry(currency="USD"))), "other_currency"),
        (camt(statement(entry()))[:-20], "broken"),
        (camt(statement(entry(more="<AddtlNtryInf>A & B</AddtlNtryInf>"))), "broken"),
        (camt(statement(entry(more="<AddtlNtryInf>&who;</AddtlNtryInf>"))), "broken"),
        (camt(statement(entry(more="<a>" * 100 + "</a>" * 100))), "broken"),
        (camt(statement(entry(more=f"<!--{'<x>' * 1_000_000}-->"))), "broken"),
        (camt(statement(entry(more="".join(f"<a{i}/>" for i in range(40_000))))), "broken"),
    ],
)
def test_what_is_no_statement_is_refused_with_its_reason(text: str, reason: str, read_text: Read) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_text(text)

    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE Document [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1/x.dtd">',
        '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_is_refused_before_anything_is_expanded(declaration: str, read_text: Read) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_text(camt(statement(entry())).replace("<Document", f"{declaration}<Document", 1))

    assert refusal.value.reason == "entities"


@pytest.mark.parametrize(
    ("stated", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "cp1252"),
        ("ISO-8859-1", "latin-1"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
    ],
)
def test_the_bytes_decide_over_the_stated_encoding(stated: str, encoding: str, rows_of: RowsOf) -> None:
    text = camt(statement(entry(more=PAID))).replace("UTF-8", stated)

    assert rows_of(text, encoding=encoding)[0].payee == "Bäcker & Sohn"


def test_nothing_but_the_encoding_is_mapped(read_text: Read) -> None:
    with pytest.raises(MappingDoesNotFit):
        read_text(camt(statement(entry())), mapping={"amount": "Amt"})


def test_rows_come_out_while_the_file_is_read() -> None:
    far = f"<Ntry>{' ' * 60_000}</Ntry>" * 100
    file = BytesIO(camt(statement(entry(), far)).encode())
    reading = read(file, today=date(2026, 11, 21), account=AccountFacts("EUR"))

    first = next(reading.rows())

    assert first.amount_minor == -1234
    assert file.tell() <= 2 * CHUNK < len(file.getvalue())
