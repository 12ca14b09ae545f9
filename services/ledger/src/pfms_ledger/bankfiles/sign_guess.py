"""Whether a table's amounts are money in or out: what proves it, what supports it, and what has to be asked.

Known are: debit and credit columns, a sign column that agrees with the amounts, a balance chain, and a signed
column with more negatives than positives in an account that is no card. As many of each are known when something
supports them: a sign on every amount, a shorter chain, a column of net amounts, or the rows' own words.
Everything else is a question.
"""

from collections import Counter
from dataclasses import dataclass

from pfms_ledger.bankfiles.amount import AmountReader
from pfms_ledger.bankfiles.chain import ENOUGH_PAIRS, NO_CHAIN, Chain, chain
from pfms_ledger.bankfiles.columns import Head
from pfms_ledger.bankfiles.headerless import signed
from pfms_ledger.bankfiles.signs import direction_of, leaning_of
from pfms_ledger.bankfiles.statement import Mapping, Question
from pfms_ledger.bankfiles.tally import Tally

_MOST_UNKNOWN_WORDS = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the head says besides the amounts themselves.

    `words` is 1 where the rows' texts agree with the signs as written, -1 where they contradict, 0 otherwise;
    `net` says that the file states net amounts, which only an account's own ledger does.
    """

    chain: Chain
    owed: bool
    words: int
    net: bool
    card: bool

    def proof(self) -> int:
        """The chain's verdict, not taken from a card whose balance may be what is owed."""
        return self.chain.sign if not self.card or self.owed else 0


def uneven(found: Chain) -> list[str]:
    """The warning about balances that don't add up row by row."""
    fits = max(found.as_written, found.inverted) + found.quiet
    if found.pairs < ENOUGH_PAIRS or fits == found.pairs:
        return []
    return [f"The balances don't add up on {found.pairs - fits} of the first {found.pairs} rows."]


def series(head: Head, columns: dict[str, int | None], decimal: str) -> list[int | None]:
    """Each row's amount as written, in ten-thousandths: the amount, else credit less debit."""
    reader = AmountReader(decimal)

    def value(cells: list[str], key: str) -> int | None:
        index = columns.get(key)
        return signed(reader, cells[index]) if index is not None and index < len(cells) else None

    if columns.get("amount") is not None:
        return [value(record.cells, "amount") for record in head.records]
    pairs = [(value(record.cells, "debit"), value(record.cells, "credit")) for record in head.records]
    return [None if d is None and c is None else (c or 0) - abs(d or 0) for d, c in pairs]


def evidence(head: Head, columns: dict[str, int | None], decimal: str, *, card: bool) -> Evidence:
    """What the balance column, the texts and the other columns say about the amounts as they are written."""
    amounts, balance = series(head, columns, decimal), columns.get("balance")
    rows = [i for i, amount in enumerate(amounts) if amount is not None]
    found, owed = NO_CHAIN, False
    if balance is not None:
        reader = AmountReader(decimal)
        cells = [head.records[i].cells for i in rows]
        balances = [signed(reader, c[balance]) if balance < len(c) else None for c in cells]
        found = chain([amounts[i] for i in rows], balances)
        known = [b for b in balances if b is not None]
        owed = sum(b < 0 for b in known) * 2 > len(known)
    net = bool(head.role("net") and head.role("gross"))
    return Evidence(found, owed, _words(head, amounts, columns), net, card)


def _words(head: Head, amounts: list[int | None], columns: dict[str, int | None]) -> int:
    texts = [index for key in ("payee", "memo") if (index := columns.get(key)) is not None]
    texts += [c.index for c in head.role("type") if c.index not in texts]
    agree = against = 0
    for record, amount in zip(head.records, amounts, strict=True):
        leaning = (
            leaning_of(" ".join(record.cells[i] for i in texts if i < len(record.cells))) if amount else None
        )
        if leaning:
            agree += (leaning == "in") == (amount > 0)  # type: ignore[operator]  # leaning is only asked of amounts
            against += (leaning == "in") != (amount > 0)  # type: ignore[operator]
    return 0 if bool(agree) == bool(against) else 1 if agree else -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to add to the mapping, and what is still open."""

    settled: Mapping
    questions: tuple[Question, ...] = ()
    warnings: tuple[str, ...] = ()


def of_debit_and_credit(given: Mapping, tally: Tally, found: Evidence) -> Verdict:
    """Columns named debit and credit are known, unless the balance says the opposite."""
    settled: Mapping = {"unsigned": None, "sign_values": None}
    if "invert" in given or found.proof() >= 0:
        return Verdict(settled | {"invert": False})
    reason = (
        "The balance falls where the columns say that money comes in. Turn the amounts round (true) or not?"
    )
    return Verdict(settled, (Question("invert", [False, True], reason, tally.rows),))


def of_flags(given: Mapping, tally: Tally, flags: dict[str, str], column: str | int | None) -> Verdict:
    """A sign column: its words must be known, and agree with the amounts where those carry signs themselves."""
    words = {word for word, _ in tally.flags}
    meanings = {word: flags.get(word) or direction_of(word) for word in words}
    unknown = sorted(word for word, meaning in meanings.items() if meaning is None)
    known = {word: meaning for word, meaning in meanings.items() if meaning is not None}
    if unknown:
        reason = f"What do these cells of the column {column!r} mean: {', '.join(map(repr, unknown[:10]))}?"
        rows = sum(count for (word, _), count in tally.flags.items() if word in unknown)
        return Verdict({}, (Question("sign_values", _meanings(known, unknown), reason, rows),))
    settled: Mapping = {"sign_values": known, "unsigned": None}
    if "invert" not in given:
        settled["invert"] = False
    return Verdict(settled)


def contradiction(tally: Tally, column: str | int | None) -> Question | None:
    """The question about a sign column that says in on negative or out on plus-signed amounts."""
    marks = {mark for _, mark in tally.flags}
    signs = bool(marks & {"-", "DR"})
    against = 0
    for (word, mark), count in tally.flags.items():
        meaning = direction_of(word)
        wrong_in = meaning == "in" and mark in ("-", "DR")
        wrong_out = meaning == "out" and (mark in ("+", "CR") or (signs and mark == ""))
        against += count if wrong_in or wrong_out else 0
    if not against:
        return None
    reason = (
        f"On {against} rows the column {column!r} says the opposite of the amount's sign. "
        "Choose the column where it decides, null where the sign does."
    )
    return Question("sign", [column, None], reason, against)


def _meanings(known: dict[str, str], unknown: list[str]) -> list[dict[str, str]]:
    """Every way to understand the unknown words, while those are few; else all of them alike."""
    ways: list[dict[str, str]] = [{}]
    if len(unknown) <= _MOST_UNKNOWN_WORDS:
        for word in unknown:
            ways = [{**way, word: meaning} for way in ways for meaning in ("in", "out", "skip")]
    else:
        ways = [dict.fromkeys(unknown, meaning) for meaning in ("in", "out", "skip")]
    return [{**known, **way} for way in ways]


def of_signs(given: Mapping, tally: Tally, found: Evidence) -> Verdict:
    """A single column of amounts: known by its signs and what supports them, else asked."""
    marks = tally.money["amount"].marks()
    minus, plus, bare = marks["-"] + marks["DR"], marks["+"] + marks["CR"], marks[""]
    if "unsigned" in given or "invert" in given:
        return _answered(given, marks, found)
    if not minus or (plus and bare):
        return _unsigned(tally, found, plus=plus, bare=bare)
    settled: Mapping = {"unsigned": "in", "sign_values": None}
    positives = plus + bare
    supported = not bare or found.chain.leaning > 0 or found.net or found.words > 0
    opposed = found.words < 0 or (found.chain.leaning < 0 and found.chain.sign >= 0)
    plain_majority = not found.card and minus > positives
    tie = not found.card and minus == positives and supported and not opposed
    if found.proof() > 0 or (found.proof() == 0 and (plain_majority or tie)):
        return Verdict(settled | {"invert": False})
    if found.proof() < 0 and not plain_majority:
        return Verdict(settled | {"invert": True})
    reason = (
        f"{minus} amounts are negative, {positives} are not, and nothing proves which of them leave the account. "
        "Is a negative amount money out (false), or should all be turned round (true)?"
    )
    return Verdict(settled, (Question("invert", [False, True], reason, tally.rows),))


def _answered(given: Mapping, marks: Counter[str], found: Evidence) -> Verdict:
    settled: Mapping = {"sign_values": None}
    if "invert" not in given:
        settled["invert"] = False
    if "unsigned" not in given:
        settled["unsigned"] = "in"
    warnings = []
    turned = -1 if given.get("invert") else 1
    if found.proof() * turned < 0 and marks["-"] and given.get("unsigned", "in") == "in":
        warnings.append("The balance column runs against the amounts as they are read by this mapping.")
    return Verdict(settled, (), tuple(warnings))


def _unsigned(tally: Tally, found: Evidence, *, plus: int, bare: int) -> Verdict:
    """Amounts without sign are asked even where the balance speaks: it is silent about the oldest row."""
    settled: Mapping = {"invert": False, "sign_values": None}
    if not bare:
        reason = (
            "Every amount carries a plus. Is that money in (false), or should all be turned round (true)?"
        )
        question = Question("invert", [False, True], reason, tally.rows)
        return Verdict({"unsigned": "in", "sign_values": None}, (question,)) if plus else Verdict(settled)
    some = " and only some carry a plus" if plus else ""
    reason = f"{bare} amounts carry no sign{some}. Are those money out or money in?"
    options = ["in", "out"] if found.proof() > 0 else ["out", "in"]
    return Verdict(settled, (Question("unsigned", options, reason, bare),))
