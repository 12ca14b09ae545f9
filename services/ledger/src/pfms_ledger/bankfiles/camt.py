"""CAMT.052 reports, CAMT.053 statements and CAMT.054 notifications of ISO 20022, any version: every Ntry a row.

Source: ISO 20022 message definition reports, bank-to-customer cash management. CdtDbtInd is the direction that was
booked; RvslInd only says that it reverses an earlier entry, and turns nothing round.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import BinaryIO

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.balances import Balances, Statement
from pfms_ledger.bankfiles.camt_entries import CamtEntry, CamtStatement, Values, entries, first
from pfms_ledger.bankfiles.dates import EARLIEST_YEAR, YEARS_AHEAD
from pfms_ledger.bankfiles.decode import declared_encoding, text_of
from pfms_ledger.bankfiles.entries import Entry, Notes, only_encoding, reading_of
from pfms_ledger.bankfiles.routing import AccountMap
from pfms_ledger.bankfiles.statement import AccountFacts, Mapping, Reading, UnreadableFile
from pfms_ledger.bankfiles.text import clean

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)", re.ASCII)
_WAITING = frozenset({"PDNG", "FUTR"})
_OPENING = ("OPBD", "PRCD")
_CLOSING = "CLBD"
_TYPES = {"CACC": "checking", "SVGS": "savings", "LOAN": "loan"}
_NO_ID = re.compile(r"[0\W]*|NONREF|NOTPROVIDED", re.IGNORECASE)


def read(
    file: BinaryIO,
    *,
    today: date,
    account: AccountFacts | None,
    mapping: Mapping,
    account_map: AccountMap,
) -> Reading:
    """A CAMT message; UnreadableFile when it is no XML, declares entities, or holds no entry."""
    only_encoding(mapping, "A CAMT file")
    encoding = declared_encoding(file, mapping.get("encoding"))
    found = partial(_entries, file, encoding, today)
    return reading_of("camt", found, encoding=encoding, account=account, account_map=account_map)


def _entries(file: BinaryIO, encoding: str, today: date, notes: Notes) -> Iterator[Entry]:
    balances, open_one = Balances(), Statement()
    rows = 0
    for statement, entry in entries(text_of(file, encoding)):
        if entry is None:
            _balance(statement, open_one)
            balances.ended(open_one)
            open_one = Statement()
            continue
        rows += 1
        row = _entry(statement, entry, today)
        if not row.pending and not row.skipped:
            open_one.add(entry.currency, row.amount)
        yield row
    if not rows:
        _refuse_nothing(balances)
    notes.warnings += balances.warnings()


def _refuse_nothing(balances: Balances) -> None:
    if balances.statements:
        raise UnreadableFile("nothing_to_import", "The statement holds no entries.")
    raise UnreadableFile(
        "not_a_statement",
        "The file is ISO 20022, but holds no statement, report or notification of an account.",
    )


def _balance(statement: CamtStatement, sums: Statement) -> None:
    sums.account = statement.account
    for code in _OPENING:
        for balance in statement.balances:
            if balance.code == code:
                sums.open(balance.currency, f"-{balance.amount}" if balance.owed else balance.amount)
    for balance in statement.balances:
        if balance.code == _CLOSING:
            sums.close(balance.currency, f"-{balance.amount}" if balance.owed else balance.amount)


def _entry(statement: CamtStatement, entry: CamtEntry, today: date) -> Entry:
    values = entry.values
    direction, amount = first(values, "CdtDbtInd"), first(values, "Amt")
    status = first(values, "Sts/Cd", "Sts", "Sts/Prtry").upper()
    written = first(values, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    error = None
    if direction not in ("CRDT", "DBIT"):
        error = f"{direction[:40]!r} doesn't say whether money came in or went out."
    elif amount.startswith(("-", "+")):
        error = f"The amount {amount[:40]!r} has a sign beside {direction}; which of them counts is unclear."
    payee, memo = _words(statement, entry, came_in=direction == "CRDT")
    return Entry(
        account=clean(statement.account, 200),
        currency=next((code for code in (entry.currency, statement.currency) if code in CURRENCIES), None),
        written=written,
        day=_day(written, today),
        amount=f"-{amount}" if direction == "DBIT" and amount else amount,
        payee=payee,
        memo=memo,
        bank_id=_bank_id(entry),
        pending=status in _WAITING,
        type=_TYPES.get(statement.type),
        error=error,
        skipped=f"status {status}" if status == "INFO" else None,
    )


def _day(written: str, today: date) -> date | None:
    """The day as it is written, never moved between zones."""
    found = _DAY.match(written)
    if not found or not EARLIEST_YEAR <= int(found[1]) <= today.year + YEARS_AHEAD:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _bank_id(entry: CamtEntry) -> str:
    """The bank's own reference of the entry. NtryRef is none: Swiss banks write the creditor's number there."""
    found = first(entry.values, "AcctSvcrRef")
    if not found and entry.count == 1:
        found = first(entry.details[0], "Refs/AcctSvcrRef")
    return "" if _NO_ID.fullmatch(found) else found


def _words(statement: CamtStatement, entry: CamtEntry, *, came_in: bool) -> tuple[str, str]:
    """(the other side, what the bank and the payer say) of an entry; of a batch, what its payments say one by one."""
    reverses = first(entry.values, "RvslInd") == "true"
    said = first(entry.values, "AddtlNtryInf")
    names = [_name(details, statement.owner, debtor=came_in != reverses) for details in entry.details]
    if len(entry.details) == 1:
        return names[0], _joined([*_remittance(entry.details[0]), said])
    payments = [
        _joined([name, *_remittance(details)]) for name, details in zip(names, entry.details, strict=True)
    ]
    payee = names[0] if len(set(names)) == 1 else ""
    return payee, _joined([said, "; ".join(filter(None, payments))])


def _name(details: Values, owner: str, *, debtor: bool) -> str:
    """Who stands on the other side: not the owner of the account, who is named too in some files."""
    sides = ("Dbtr", "UltmtDbtr", "Cdtr", "UltmtCdtr")
    for side in sides if debtor else (*sides[2:], *sides[:2]):
        name = first(details, f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm")
        if name and name != owner:
            return name
    return ""


def _remittance(details: Values) -> list[str]:
    return [
        " ".join(details.get("RmtInf/Ustrd", ())),
        *details.get("RmtInf/Strd/CdtrRefInf/Ref", ()),
        *details.get("RmtInf/Strd/AddtlRmtInf", ()),
        *details.get("AddtlTxInf", ()),
        *details.get("RtrInf/AddtlInf", ()),
    ]


def _joined(texts: Iterable[str]) -> str:
    """The texts one after the other, each only once: banks repeat themselves."""
    said = ""
    for text in texts:
        if text and text not in said:
            said = f"{said} {text}".strip()
    return said
