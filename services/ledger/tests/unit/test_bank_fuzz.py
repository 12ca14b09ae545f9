"""Whatever the bytes are, a file is read or refused; nothing else is ever raised."""

from datetime import date
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import AccountFacts, MappingDoesNotFit, UnreadableFile

TABLE = (
    'Datum;Text;"Betrag (EUR)";Soll/Haben;Saldo;Währung\n'
    '28.03.2024;"Bäcker; ""Sohn""";-1.234,56;S;10,00;EUR\n'
    '29.03.2024;Lohn 5" Rohr;(12,00) CR;H;1e999;USD\n'
    ';"zwei\nZeilen";;;;\n'
    "31.02.2024;x;--5;?;;XXX\n"
).encode()
OFX = (
    b"OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR"
    b"<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240328120000[-5:EST]"
    b"<TRNAMT>-12.34<FITID>a<NAME>B &amp; C<PAYEE><NAME>D</PAYEE><MEMO>m</STMTTRN>"
    b"<!-- c --><STMTTRN><DTPOSTED>1<TRNAMT>1e999</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)
QIF = (
    b"!Account\nNVisa\nTCCard\n^\n!Type:CCard\nD6/ 1'04\nT-1,234.50\nPB\nMm\nLFood\nSFood\nEe\n$-1.00\n^\nD28/03/24\n"
    b"U1e999\n^\n^\n!Type:Invst\nD1/1/24\nNBuyX\nT5\n^\n!Type:Bank\nD2024-03-28\nT5\n"
)
MT940 = (
    b"{1:F01X}{4:\n:20:S\n:25:1/2\n:28C:1/1\n:60F:C240301EUR100,00\n:61:2403280328RD1.234,50NTRFx//abc12345\nextra\n"
    b":86:105?00L?20EREF+1SVWZ+Rent?32Anna?33 B\n:20:37 Uhr\n:61:240230D5,NMSC\n:86:/TRTP/A/NAME/B/REMI/USTD//C\n"
    b":62F:D240329EUR1,00\n-}\n:20:T\n:34F:USDD0,\n:61:9912311231EC1e9N\n"
)
CAMT = (
    '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">'
    "<BkToCstmrStmt><Stmt><Acct><Id><IBAN>DE1</IBAN></Id><Ccy>EUR</Ccy><Ownr><Nm>A</Nm></Ownr></Acct><Bal><Tp>"
    '<CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Bal><Ntry>'
    '<Amt Ccy="EUR">12.34</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts><Cd>PDNG</Cd></Sts><BookgDt>'
    "<DtTm>2024-03-28T10:00:00Z</DtTm></BookgDt><AcctSvcrRef>r</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr><Nm>"
    "Bäcker &amp; B</Nm></Dbtr></RltdPties><RmtInf><Ustrd>x</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry><Ntry><Amt "
    'Ccy="USD">-1e9</Amt><CdtDbtInd>X</CdtDbtInd><Sts>INFO</Sts></Ntry></Stmt></BkToCstmrStmt></Document>'
).encode()
SEEDS = [
    TABLE, OFX, TABLE.decode().encode("utf-16"), OFX.replace(b"OFXHEADER", b"<?xml?>\nOFXHEADER"), QIF, MT940, CAMT,
    CAMT.decode().encode("utf-16"), CAMT.decode().encode("cp1252"),
]  # fmt: skip
PIECES = [b"\x00", b'"', b"<", b">", b"<!--", b"-->", b"<![CDATA[", b"&#x110000;", b"&#0;", b"\xff", b"\xed\xa0\x80",
          b";", b"\n", b"\r", b",", b"1e999", b"9" * 5_000, b"<A>" * 2_000, b'"' * 999, b"NaN", b"-", b"\xc2\xb2",
          b"\xd9\xa3", b"</STMTTRN>", b"<STMTTRN>", b"</Ntry>", b"<Ntry>", b"<!DOCTYPE x>", b"<TxDtls>", b"^", b"'",
          b"!Type:Bank\n", b"\n:61:", b"\n:86:", b"\n-\n", b"\t", b"0001-01-01", b"99.99.9999", b"(",
          b"sep=;"]  # fmt: skip

mutations = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(0, 40), st.sampled_from(PIECES)), min_size=1, max_size=8
)


def read_or_refuse(content: bytes, mapping: dict[str, object] | None = None) -> None:
    try:
        reading = read(
            BytesIO(content), today=date(2026, 11, 21), account=AccountFacts("EUR"), mapping=mapping
        )
    except (UnreadableFile, MappingDoesNotFit):
        return
    rows = list(reading.rows())
    assert all(row.error or row.skipped or (row.date and row.amount_minor) for row in rows)
    assert all(row.currency is None or row.currency in CURRENCIES for row in rows)
    assert all("\x00" not in row.text and len(row.payee) <= 200 for row in rows)
    assert len({row.row for row in rows}) == len(rows)


@given(st.binary(max_size=3_000))
@settings(deadline=None)
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refuse(content)


@given(st.sampled_from(SEEDS), mutations)
@settings(max_examples=500, deadline=None)
def test_damaged_files_are_read_or_refused(seed: bytes, damage: list[tuple[int, int, bytes]]) -> None:
    content = seed
    for at, removed, piece in damage:
        place = at % (len(content) + 1)
        content = content[:place] + piece + content[place + removed :]
    read_or_refuse(content)


@given(st.sampled_from(SEEDS), st.integers(0, 700))
@settings(deadline=None)
def test_files_cut_off_anywhere_are_read_or_refused(seed: bytes, length: int) -> None:
    read_or_refuse(seed[:length])


cells = st.sampled_from(
    ["", "2024-03-28", "28.03.24", "3/4/2024", "12.34", "-1.234,56", "+5", "1,234", "EUR", "USD", "€5", "D", "C",
     "Af", "Date", "Amount", "Balance", "Saldo", "Text", "Debit", "Credit", "Fee", "Currency", "Status",
     "pending", "0.00", "Transaction ID", "Account", "x" * 300, "借方", "余额", "Kč", '"', "#", "1" * 40]
)  # fmt: skip


@given(
    st.lists(st.lists(cells, min_size=1, max_size=9), min_size=1, max_size=25),
    st.sampled_from([",", ";", "\t"]),
)
@settings(max_examples=300, deadline=None)
def test_tables_of_any_cells_are_read_or_refused(table: list[list[str]], delimiter: str) -> None:
    read_or_refuse("\n".join(delimiter.join(row) for row in table).encode())


mappings = st.dictionaries(
    st.sampled_from(["date", "amount", "debit", "credit", "sign", "fee", "payee", "memo", "currency", "account",
                     "bank_id", "status", "balance", "date_order", "decimal", "unsigned", "invert", "skip_rows",
                     "header", "encoding", "delimiter", "sign_values", "sheet"]),
    st.one_of(st.none(), st.booleans(), st.integers(-3, 12), st.text(max_size=5),
              st.sampled_from(["dmy", ",", ";", "in", "out", "Datum", "Text", "utf-8", "cp1252", "Saldo"])),
    max_size=8,
)  # fmt: skip


@given(st.sampled_from([TABLE, QIF]), mappings)
@settings(max_examples=300, deadline=None)
def test_any_mapping_is_used_or_refused(content: bytes, mapping: dict[str, object]) -> None:
    read_or_refuse(content, mapping)
