"""The transactions in a stream of OFX tags, with the statement and account each belongs to.

In investment statements only those of the cash account count, the STMTTRN inside INVBANKTRAN; trades and positions
are counted by kind. A transaction that is never closed ends where the next one, or its list, does.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.text import clean

_STATEMENTS = {"STMTRS": "checking", "CCSTMTRS": "credit", "INVSTMTRS": "investment"}
_TYPES = {"SAVINGS": "savings", "MONEYMRKT": "savings", "CD": "savings", "CREDITLINE": "credit"}
_ACCOUNTS = {"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "LOANACCTFROM"}
_TRADES = {
    "BUYDEBT", "BUYMF", "BUYOPT", "BUYOTHER", "BUYSTOCK", "CLOSUREOPT", "INCOME", "INVEXPENSE", "JRNLFUND",
    "JRNLSEC", "MARGININTEREST", "REINVEST", "RETOFCAP", "SELLDEBT", "SELLMF", "SELLOPT", "SELLOTHER",
    "SELLSTOCK", "SPLIT", "TRANSFER",
}  # fmt: skip
_POSITIONS = {"POSDEBT", "POSMF", "POSOPT", "POSOTHER", "POSSTOCK"}
_ROWS = {"STMTTRN", "STMTTRNP"}
_ENDS = {
    *_ROWS, *(f"/{tag}" for tag in _ROWS), *(f"/{tag}" for tag in _STATEMENTS), "/BANKTRANLIST", "/BANKTRANLISTP",
    "/INVBANKTRAN", "/INVTRANLIST", "/OFX", "LEDGERBAL", "AVAILBAL",
}  # fmt: skip
_INSIDE = {"PAYEE", "BANKACCTTO", "CCACCTTO", "CURRENCY", "ORIGCURRENCY", "IMAGEDATA", "EXTDPAYEE"}
_FIELDS = {"TRNTYPE", "DTPOSTED", "DTTRAN", "TRNAMT", "FITID", "NAME", "MEMO", "CURSYM", "CHECKNUM"}


@dataclass(slots=True)
class Transaction:
    """One STMTTRN as written: `fields` by tag, those of an inner aggregate by "AGGREGATE/TAG"."""

    account: str
    currency: str | None
    pending: bool
    type: str = "checking"
    fields: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    inside: str = ""

    def take(self, tag: str, value: str) -> None:
        """Keep a field; the first of a kind counts, but a second amount means that an end is missing."""
        if tag in _INSIDE:
            self.inside = tag
        elif self.inside and tag == "/" + self.inside:
            self.inside = ""
        elif tag in _FIELDS and value:
            key = f"{self.inside}/{tag}" if self.inside else tag
            if key == "TRNAMT" and key in self.fields:
                self.error = "Two amounts stand in this transaction; the end of the first is missing."
            self.fields.setdefault(key, value)


@dataclass(slots=True)
class Scan:
    """Where in a file the scan is, and what it has counted besides transactions."""

    statements: Counter[str] = field(default_factory=Counter)
    trades: Counter[str] = field(default_factory=Counter)
    positions: int = 0
    ended: bool = False
    message: str = ""
    kind: str = ""
    account: str = ""
    currency: str | None = None
    within: set[str] = field(default_factory=set)

    def move(self, tag: str, value: str) -> None:
        """Follow a tag outside of transactions."""
        if tag in _STATEMENTS:
            self.kind, self.account, self.currency = _STATEMENTS[tag], "", None
            self.statements[self.kind] += 1
        elif tag in _ACCOUNTS or tag in ("INVTRANLIST", "INVBANKTRAN"):
            self.within.add(tag)
        elif tag[0] == "/":
            self.within.discard(tag[1:])
            self.ended = self.ended or tag == "/OFX"
        elif tag == "ACCTID" and self.within & _ACCOUNTS:
            self.account = clean(value, 200)
        elif tag == "ACCTTYPE" and self.within & _ACCOUNTS:
            self.kind = _TYPES.get(value.upper(), self.kind)
        elif tag == "CURDEF":
            self.currency = stated_currency(value)
        else:
            self._count(tag, value)

    def _count(self, tag: str, value: str) -> None:
        if tag in _TRADES and "INVTRANLIST" in self.within:
            self.trades[tag] += 1
        elif tag in _POSITIONS:
            self.positions += 1
        elif tag == "MESSAGE" and value:
            self.message = clean(value, 200)

    def begin(self, tag: str) -> Transaction | None:
        """The transaction a tag begins, None where it is a part of a trade."""
        if self.kind == "investment" and "INVBANKTRAN" not in self.within:
            return None
        return Transaction(self.account, self.currency, tag == "STMTTRNP", self.kind or "checking")


def transactions(tokens: Iterable[tuple[str, str]], scan: Scan) -> Iterator[Transaction]:
    """Every transaction in the file's order; `scan` counts on the way what is no transaction."""
    row: Transaction | None = None
    for tag, value in tokens:
        if row is not None:
            if tag not in _ENDS:
                row.take(tag, value)
                continue
            yield row
            row = None
        if tag in _ROWS:
            row = scan.begin(tag)
        else:
            scan.move(tag, value)
    if row is not None:
        row.error = "The file ends inside this transaction."
        yield row


def stated_currency(value: str) -> str | None:
    """The ISO code a value states, None for XXX and anything that is no currency."""
    code = value.strip().upper()
    return code if code in CURRENCIES else None
