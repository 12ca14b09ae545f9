"""OFX 2.2: one account's statement, for programs that read a bank's files.

Source: OFX Banking Specification 2.2, chapters 2.2 (header), 11.4 (statements).
"""

from collections.abc import Iterable
from datetime import date
from xml.sax.saxutils import escape

from pfms_ledger.domain.entry import Account, Entry, decimal

LONGEST_NAME = 32
_KINDS = {"savings": "SAVINGS", "credit": "CREDITLINE"}


def head(account: Account, today: date) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<DTSERVER>{_day(today)}</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>\n"
        "<BANKMSGSRSV1><STMTTRNRS><TRNUID>0</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<STMTRS><CURDEF>{account.currency}</CURDEF><BANKACCTFROM><BANKID>PFMS</BANKID>"
        f"<ACCTID>{account.id.hex[-22:]}</ACCTID><ACCTTYPE>{_KINDS.get(account.type, 'CHECKING')}</ACCTTYPE>"
        "</BANKACCTFROM><BANKTRANLIST><DTSTART>19000101</DTSTART>"
        f"<DTEND>{_day(today)}</DTEND>\n"
    )


def text_of(entries: Iterable[Entry], account: Account) -> str:
    """Without the opening, and what moves nothing, as a transfer into a pot of the account: no bank states it."""
    moved = ((entry, _moved(entry, account)) for entry in entries if entry.type != "opening")
    return "".join(_transaction(entry, amount, account) for entry, amount in moved if amount)


def foot(account: Account, today: date) -> str:
    return (
        f"</BANKTRANLIST><LEDGERBAL><BALAMT>{decimal(account.balance_minor, account.currency)}</BALAMT>"
        f"<DTASOF>{_day(today)}</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )


def _moved(entry: Entry, account: Account) -> int:
    return sum(leg.amount_minor for leg in entry.legs if leg.account_id == account.id)


def _transaction(entry: Entry, amount: int, account: Account) -> str:
    kind = "XFER" if entry.type == "transfer" else "CREDIT" if amount > 0 else "DEBIT"
    payee = entry.payee or entry.description or entry.type
    memo = "; ".join(text for text in (entry.description, entry.note) if text)
    parts = [
        f"<STMTTRN><TRNTYPE>{kind}</TRNTYPE><DTPOSTED>{_day(entry.date)}</DTPOSTED>",
        f"<TRNAMT>{decimal(amount, account.currency)}</TRNAMT><FITID>{entry.id}</FITID>",
        f"<NAME>{_text(payee[:LONGEST_NAME])}</NAME>",
    ]
    if memo or len(payee) > LONGEST_NAME:
        parts.append(f"<MEMO>{_text((memo or payee)[:255])}</MEMO>")
    return "".join([*parts, "</STMTTRN>\n"])


def _text(text: str) -> str:
    return escape(" ".join(text.split()))


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")
