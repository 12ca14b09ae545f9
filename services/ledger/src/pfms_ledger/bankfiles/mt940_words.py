"""What field :86: says: the name of the other side, and the purpose. Banks have four ways of writing it.

- coded: "166?00ÜBERWEISUNG?20SVWZ+Rechnung 4711?32MÜLLER GMBH" (German banks; others with another mark than "?");
- slashed: "/TRTP/SEPA OVERBOEKING/NAME/Bakker/REMI/Factuur 42" (Dutch and French banks);
- plain words, line by line;
- nothing at all.
"""

import re
from collections.abc import Sequence

_CODED = re.compile(r"(?:[0-9A-Z]{3})?([?<>~^@|])(?=\d\d)")
_PURPOSE = (*(str(code) for code in range(20, 30)), "60", "61", "62", "63")
_SEPA = re.compile(r"(?:EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|ANAM)\+")
_MEANT = re.compile(r"SVWZ\+")
_SLASHED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|ORDP|BENM|CNTP|ADDR|ISDT|PURP|ULTD|ULTB|RTRN|SVCL|PREF|IREF|ORIG)/"
)
_REMITTANCE = re.compile(r"^/?(?:USTD|STRD)/+")


def payee_and_memo(lines: Sequence[str]) -> tuple[str, str]:
    """(name of the other side, purpose) of the lines of one or several fields :86:, where they tell them apart."""
    joined = "".join(lines)
    if coded := _CODED.match(joined):
        return _coded(joined, coded[1])
    if len(_SLASHED.findall(joined)) > 1:
        return _slashed(joined)
    return "", " ".join(line.strip() for line in lines)


def _coded(text: str, mark: str) -> tuple[str, str]:
    parts = re.split(re.escape(mark) + r"(\d\d)", text)
    said: dict[str, str] = {}
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        said[code] = said.get(code, "") + value
    purpose = "".join(said.get(code, "") for code in _PURPOSE)
    if meant := _MEANT.search(purpose):
        purpose = _SEPA.split(purpose[meant.end() :])[0]
    name = said.get("32", "") + said.get("33", "")
    return (name, purpose or said.get("00", "")) if name.strip() else (said.get("00", ""), purpose)


def _slashed(text: str) -> tuple[str, str]:
    parts = _SLASHED.split(text)
    said: dict[str, str] = {}
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        said.setdefault(code, value)
    other = said.get("CNTP", "").split("/")
    name = said.get("NAME") or (other[2] if len(other) > 2 else "")
    return name, _REMITTANCE.sub("", said.get("REMI", "")).strip("/") or said.get("TRTP", "")
