"""QIF, MT940 and CAMT written from known movements: what is not asked comes in as it was, and adds up."""

from datetime import date, timedelta
from io import BytesIO

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import AccountFacts

TODAY = date(2026, 11, 21)

type Truth = list[tuple[date, int]]


def money(minor: int, decimal: str) -> str:
    return f"{abs(minor) // 100}{decimal}{abs(minor) % 100:02}"


def qif(truth: Truth, order: str) -> str:
    records = [
        f"D{day.strftime(order)}\nT{'-' if minor < 0 else ''}{money(minor, '.')}\nProw {n}\n^\n"
        for n, (day, minor) in enumerate(truth)
    ]
    return "!Type:Bank\n" + "".join(records)


def mt940(truth: Truth, *, reversed_marks: bool) -> str:
    into, out = ("RD", "RC") if reversed_marks else ("C", "D")
    rows = [
        f":61:{day:%y%m%d%m%d}{into if minor > 0 else out}{money(minor, ',')}NTRFNONREF\n:86:row {n}\n"
        for n, (day, minor) in enumerate(truth)
    ]
    total = sum(minor for _, minor in truth)
    closing = f":62F:{'D' if total < 0 else 'C'}261120EUR{money(total, ',')}\n-\n"
    return f":20:X\n:25:A\n:28C:1\n:60F:C150101EUR0,00\n{''.join(rows)}{closing}"


def camt(truth: Truth) -> str:
    rows = [
        f'<Ntry><Amt Ccy="EUR">{money(minor, ".")}</Amt><CdtDbtInd>{"CRDT" if minor > 0 else "DBIT"}</CdtDbtInd>'
        f"<Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><AddtlNtryInf>row {n}</AddtlNtryInf></Ntry>"
        for n, (day, minor) in enumerate(truth)
    ]
    total = sum(minor for _, minor in truth)
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{money(minor, '.')}</Amt>"
        f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd></Bal>"
        for code, minor in (("OPBD", 0), ("CLBD", total))
    )
    acct = "<Acct><Id><IBAN>A</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return f"<Document><BkToCstmrStmt><Stmt>{acct}{balances}{''.join(rows)}</Stmt></BkToCstmrStmt></Document>"


WRITERS = {
    "qif dmy": lambda truth: qif(truth, "%d/%m/%Y"),
    "qif mdy": lambda truth: qif(truth, "%m/%d/%y"),
    "mt940": lambda truth: mt940(truth, reversed_marks=False),
    "mt940 of reversals": lambda truth: mt940(truth, reversed_marks=True),
    "camt": camt,
}


@given(
    st.sampled_from(sorted(WRITERS)),
    st.lists(st.one_of(st.integers(-900_000, -1), st.integers(1, 900_000)), min_size=1, max_size=14),
    st.dates(date(2015, 1, 1), date(2026, 1, 1)),
    st.integers(0, 20),
)
@settings(max_examples=300, deadline=None)
def test_what_is_not_asked_comes_in_as_it_was(writer: str, minors: list[int], start: date, step: int) -> None:
    truth = [(start + timedelta(days=step * n), minor) for n, minor in enumerate(minors)]
    content = WRITERS[writer](truth)

    reading = read(BytesIO(content.encode()), today=TODAY, account=AccountFacts("EUR"))

    event("asked" if reading.questions else "right at once")
    assert reading.warnings == []
    assert bool(reading.questions) <= writer.startswith("qif")
    if not reading.questions:
        assert [(row.date, row.amount_minor, row.payee) for row in reading.rows()] == [
            (day, minor, f"row {n}") for n, (day, minor) in enumerate(truth)
        ]
