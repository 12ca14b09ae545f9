"""Tables written from known transactions, in every layout: what is not asked comes in as it was."""

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import AccountFacts, Reading

TODAY = date(2026, 11, 21)
HEADERS = {
    "en": ["Date", "Description", "Amount", "Debit", "Credit", "Balance", "D/C"],
    "de": ["Buchungstag", "Verwendungszweck", "Betrag", "Soll", "Haben", "Saldo", "S/H"],
    "fr": ["Date", "Libellé", "Montant", "Débit", "Crédit", "Solde", "Sens"],
    "es": ["Fecha", "Concepto", "Importe", "Cargo", "Abono", "Saldo", "Debe/Haber"],
    "pl": ["Data operacji", "Opis", "Kwota", "Obciążenia", "Uznania", "Saldo", "WN/MA"],
    "zh": ["交易日期", "摘要", "金额", "支出", "收入", "余额", "收/支"],
    "": [],
}
WORDS = {"en": "DC", "de": "SH", "fr": "DC", "es": "DC", "pl": ("WN", "MA"), "zh": ("支出", "收入"), "": "DC"}
DAYS = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", "ymd": "%Y-%m-%d", "dots": "%d.%m.%y", "named": "%d-%b-%Y"}


@dataclass(frozen=True)
class Layout:
    """How a bank writes its tables. `outflows` is what an unsigned or signed column does with money out."""

    language: str
    money: str
    days: str
    decimal: str
    grouped: bool
    delimiter: str
    balance: bool
    newest_first: bool


layouts = st.builds(
    Layout,
    language=st.sampled_from(sorted(HEADERS)),
    money=st.sampled_from(["signed", "plus", "pair", "pair with zeros", "flag", "unsigned"]),
    days=st.sampled_from(sorted(DAYS)),
    decimal=st.sampled_from([".", ","]),
    grouped=st.booleans(),
    delimiter=st.sampled_from([";", "\t", ","]),
    balance=st.booleans(),
    newest_first=st.booleans(),
)
amounts = st.lists(st.one_of(st.integers(-900_000, -1), st.integers(1, 900_000)), min_size=1, max_size=14)


def money(minor: int, layout: Layout) -> str:
    text = f"{abs(minor) / 100:,.2f}" if layout.grouped else f"{abs(minor) / 100:.2f}"
    if layout.decimal == ",":
        text = text.translate(str.maketrans(".,", ",."))
    return text


def cells(minor: int, layout: Layout) -> list[str]:
    text, sign = money(minor, layout), "-" if minor < 0 else ""
    out, into = WORDS[layout.language]
    zero = money(0, layout) if "zeros" in layout.money else ""
    return {
        "signed": [sign + text],
        "plus": [(sign or "+") + text],
        "pair": [text, ""] if minor < 0 else ["", text],
        "pair with zeros": [text, zero] if minor < 0 else [zero, text],
        "flag": [text, out if minor < 0 else into],
        "unsigned": [text],
    }[layout.money]


def written(truth: list[tuple[date, int]], layout: Layout) -> bytes:
    names = HEADERS[layout.language]
    columns = {"pair": [3, 4], "pair with zeros": [3, 4], "flag": [2, 6]}.get(layout.money, [2])
    header = [names[i] for i in (0, 1, *columns, *([5] if layout.balance else []))] if names else []
    balance, lines = 100_000, []
    for n, (day, minor) in enumerate(truth):
        balance += minor
        after = [("-" if balance < 0 else "") + money(balance, layout)] if layout.balance else []
        lines.append([day.strftime(DAYS[layout.days]), f"row {n}", *cells(minor, layout), *after])
    lines = lines[::-1] if layout.newest_first else lines
    table = ([header] if header else []) + lines
    return "\n".join(layout.delimiter.join(f'"{cell}"' for cell in line) for line in table).encode()


def opened(content: bytes, **more: Any) -> Reading:
    return read(BytesIO(content), today=TODAY, account=AccountFacts("EUR"), **more)


def rows(reading: Reading, layout: Layout) -> list[tuple[date | None, int | None]]:
    found = [(row.date, row.amount_minor) for row in reading.rows()]
    return found[::-1] if layout.newest_first else found


@given(layouts, amounts, st.dates(date(2015, 1, 1), date(2026, 1, 1)), st.integers(0, 9))
@settings(max_examples=600, deadline=None)
def test_what_is_not_asked_comes_in_as_it_was(
    layout: Layout, minors: list[int], start: date, step: int
) -> None:
    truth = [(start + timedelta(days=step * n), minor) for n, minor in enumerate(minors)]
    content = written(truth, layout)

    reading = opened(content)

    event("asked" if reading.questions else "right at once")
    if not reading.questions:
        assert rows(reading, layout) == truth


@given(layouts, amounts, st.dates(date(2015, 1, 1), date(2026, 1, 1)))
@settings(max_examples=200, deadline=None)
def test_a_mapping_that_was_answered_reads_the_same_file_again(
    layout: Layout, minors: list[int], start: date
) -> None:
    content = written([(start, minor) for minor in minors], layout)
    reading = opened(content)
    for _ in range(4):
        if not reading.questions:
            break
        answers = {question.field: question.options[0] for question in reading.questions}
        reading = opened(content, mapping=reading.mapping | answers)

    assert reading.questions == []
    assert rows(opened(content, mapping=reading.mapping), layout) == rows(reading, layout)
