"""CAMT messages as a stream of entries: the elements of each Ntry that matter, with the statement around it.

The parser is expat, fed piece by piece, so that memory does not grow with the file. A document type is refused, and
with it every entity; nothing is ever fetched. Namespaces and prefixes are passed over: versions differ in them only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat  # documents that declare a type or an entity are refused below

from pfms_ledger.bankfiles.statement import UnreadableFile

_STATEMENTS = frozenset({"Stmt", "Rpt", "Ntfctn"})
_DETAILS = "TxDtls"
_DEEPEST = 60
_MOST_NAMES = 3_000
_LONGEST_TOKEN = 1 << 20
_MOST_DETAILS = 30
_MOST_VALUES = 20
_LONGEST_VALUE = 1_000
_PIECE = 1 << 16

_PARTIES = [
    f"RltdPties/{party}{nm}"
    for party in ("Dbtr", "Cdtr", "UltmtDbtr", "UltmtCdtr")
    for nm in ("/Nm", "/Pty/Nm")
]
_OF_ENTRY = frozenset({
    "Amt", "CdtDbtInd", "RvslInd", "Sts", "Sts/Cd", "Sts/Prtry", "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt",
    "ValDt/DtTm", "AcctSvcrRef", "AddtlNtryInf",
})  # fmt: skip
_OF_DETAILS = frozenset({
    *_PARTIES, "RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf",
    "RtrInf/AddtlInf", "Refs/AcctSvcrRef",
})  # fmt: skip
_OF_BALANCE = frozenset({"Tp/CdOrPrtry/Cd", "Amt", "CdtDbtInd"})

type Values = dict[str, list[str]]


def first(values: Values, *paths: str) -> str:
    """The first value that stands at one of the paths, "" where none does."""
    return next((value for path in paths for value in values.get(path, ()) if value), "")


@dataclass(slots=True)
class Balance:
    """A Bal element: its code (OPBD, PRCD, CLBD …), currency, amount as written, and whether it is owed."""

    code: str
    currency: str
    amount: str
    owed: bool


@dataclass(slots=True)
class CamtStatement:
    """One Stmt, Rpt or Ntfctn: the account it speaks of, and its balances so far."""

    account: str = ""
    currency: str = ""
    owner: str = ""
    type: str = ""
    balances: list[Balance] = field(default_factory=list)


@dataclass(slots=True)
class CamtEntry:
    """One Ntry: its values by path, those of each TxDtls apart (of many, the first), and how many TxDtls it has."""

    values: Values = field(default_factory=dict)
    currency: str = ""
    details: list[Values] = field(default_factory=list)
    count: int = 0


type Found = tuple[CamtStatement, CamtEntry | None]


def entries(pieces: Iterable[str]) -> Iterator[Found]:
    """Every entry with its statement, and each statement once more without an entry when it ends.

    UnreadableFile (entities) for a document type, (broken) for what is no XML or beyond all bounds.
    """
    names: dict[str, str] = {}
    parser = expat.ParserCreate("utf-8", intern=names)
    scan = _Scan()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declaration
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.text
    fed = 0
    try:
        for data in _bytes(pieces):
            parser.Parse(data, False)  # expat's own signature
            fed += len(data)
            if len(names) > _MOST_NAMES or fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                raise _too_wild()
            yield from scan.taken()
        parser.Parse(b"", True)  # expat's own signature
    except expat.ExpatError as error:
        raise UnreadableFile(
            "broken", f"The XML is broken in line {error.lineno}: {expat.ErrorString(error.code)}."
        ) from error
    yield from scan.taken()


def _bytes(pieces: Iterable[str]) -> Iterator[bytes]:
    begun = False
    for piece in pieces:
        text = piece if begun else piece.lstrip("\ufeff \t\r\n")
        begun = begun or bool(text)
        data = text.encode("utf-8", "replace")
        for at in range(0, len(data), _PIECE):
            yield data[at : at + _PIECE]


def _refuse_declaration(*_: object) -> None:
    raise UnreadableFile("entities", "The file declares a document type or entities; no bank statement does.")


def _too_wild() -> UnreadableFile:
    return UnreadableFile("broken", "The XML is deeper, longer or wilder than any bank writes it.")


class _Scan:
    """Follows the elements: which statement, which entry, which of its details; keeps the values that matter."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._statement: CamtStatement | None = None
        self._entry: CamtEntry | None = None
        self._of_statement: Values = {}
        self._balance: Values = {}
        self._balance_currency = ""
        self._begins = self._entry_begins = self._details_begin = 0
        self._value: list[str] = []
        self._room = 0
        self._found: list[Found] = []

    def taken(self) -> list[Found]:
        found, self._found = self._found, []
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        path = self._path
        path.append(local)
        if len(path) > _DEEPEST:
            raise _too_wild()
        self._value, self._room = [], _LONGEST_VALUE
        if self._statement is None:
            if local in _STATEMENTS and len(path) > 1 and path[-2].startswith("BkToCstmr"):
                self._statement, self._of_statement, self._begins = CamtStatement(), {}, len(path)
        elif self._entry is None:
            self._in_statement(local, attributes)
        elif local == _DETAILS and not self._details_begin:
            self._details_begin = len(path)
            self._entry.count += 1
            if len(self._entry.details) < _MOST_DETAILS:
                self._entry.details.append({})
        elif local == "Amt" and len(path) == self._entry_begins + 1:
            self._entry.currency = attributes.get("Ccy", "")

    def _in_statement(self, local: str, attributes: dict[str, str]) -> None:
        depth = len(self._path) - self._begins
        if depth == 1 and local == "Ntry":
            self._tell_account()
            self._entry, self._entry_begins, self._details_begin = CamtEntry(), len(self._path), 0
        elif depth == 1 and local == "Bal":
            self._balance, self._balance_currency = {}, ""
        elif depth == 2 and local == "Amt" and self._path[-2] == "Bal":
            self._balance_currency = attributes.get("Ccy", "")

    def text(self, data: str) -> None:
        if self._room > 0:
            self._value.append(data[: self._room])
            self._room -= len(data)

    def end(self, _name: str) -> None:
        value = " ".join("".join(self._value).split())
        self._value, self._room = [], 0
        path = self._path
        if self._statement is not None:
            if self._entry is not None:
                self._end_in_entry(self._entry, value)
            else:
                self._end_in_statement(self._statement, value)
        path.pop()

    def _end_in_entry(self, entry: CamtEntry, value: str) -> None:
        path = self._path
        if len(path) == self._entry_begins:
            if self._statement is not None:
                self._found.append((self._statement, entry))
            self._entry = None
        elif self._details_begin:
            if len(path) == self._details_begin:
                self._details_begin = 0
            elif entry.count <= _MOST_DETAILS:
                _keep(entry.details[-1], path[self._details_begin :], _OF_DETAILS, value)
        else:
            _keep(entry.values, path[self._entry_begins :], _OF_ENTRY, value)

    def _end_in_statement(self, statement: CamtStatement, value: str) -> None:
        within = self._path[self._begins :]
        if not within:
            self._tell_account()
            self._found.append((statement, None))
            self._statement = None
        elif within == ["Bal"]:
            balance = self._balance
            owed = first(balance, "CdtDbtInd") == "DBIT"
            code = first(balance, "Tp/CdOrPrtry/Cd")
            if len(statement.balances) < _MOST_VALUES:
                statement.balances.append(Balance(code, self._balance_currency, first(balance, "Amt"), owed))
        elif within[0] == "Bal":
            _keep(self._balance, within[1:], _OF_BALANCE, value)
        elif within[0] == "Acct" and value:
            path = "/".join(within[1:])
            if path.startswith("Id/") and within[-1] in ("IBAN", "BBAN", "UPIC", "Id"):
                path = "Id"
            self._of_statement.setdefault(path, [value])

    def _tell_account(self) -> None:
        """The account stands before the entries; what came so far is all there is."""
        if self._statement is not None:
            values = self._of_statement
            self._statement.account = first(values, "Id")
            self._statement.currency = first(values, "Ccy")
            self._statement.owner = first(values, "Ownr/Nm", "Ownr/Pty/Nm")
            self._statement.type = first(values, "Tp/Cd")


def _keep(values: Values, path: list[str], wanted: frozenset[str], value: str) -> None:
    key = "/".join(path)
    if value and key in wanted:
        kept = values.setdefault(key, [])
        if len(kept) < _MOST_VALUES:
            kept.append(value)
