"""One line becomes a draft: `12.50 coffee yesterday #work @cash`, in English or German.

Nothing is guessed silently: what could be meant otherwise, or is missing, is named among the uncertain fields.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pfms_ledger.domain.tag import each_once
from pfms_ledger.domain.text_amount import Amount, amounts_in
from pfms_ledger.domain.text_day import day_at

Field = Literal["amount_minor", "currency", "date", "kind", "account_id", "category_id", "payee"]

MOST_TAGS, LONGEST_TAG = 50, 60
_TOKEN = re.compile(r'@"[^"]{1,120}"|\S+')
_END = ".,;:!?"
# These say that money came in; the first are only that, the others are what it was for as well.
_CAME_IN = {"income", "einnahme", "received", "erhalten", "bekommen", "got"}
_EARNED = {"salary", "wage", "wages", "bonus", "gehalt", "lohn", "einkommen"}
_BACK = {"refund", "erstattung", "gutschrift", "rückerstattung"}
_AT = {"at", "bei", "from", "von"}
_FILLERS = {"for", "für", "a", "an", "the", "in", "im"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line says. `topic` is what it was for, `payee` who got it, where the line tells them apart."""

    amount: Decimal | None
    currency: str | None
    is_income: bool
    date: date
    tags: tuple[str, ...]
    account: str | None
    topic: str
    payee: str
    uncertain: frozenset[Field]


def read_entry(text: str, today: date) -> Entry:
    """Reads any text; what it does not say is None or empty."""
    uncertain: set[Field] = set()
    words, tags, account = _marked(unicodedata.normalize("NFC", text), uncertain)
    day, words = _take_day(words, today, uncertain)
    amount, words = _take_amount(words, uncertain)
    is_income, words = _take_direction(words, amount, uncertain)
    topic, payee = _parted(words)
    return Entry(
        amount.value if amount else None,
        amount.currency if amount else None,
        is_income,
        day,
        tags,
        account,
        topic,
        payee,
        frozenset(uncertain),
    )


def _marked(text: str, uncertain: set[Field]) -> tuple[list[str], tuple[str, ...], str | None]:
    """The words without `#tags` and the `@account`."""
    words: list[str] = []
    tags: list[str] = []
    account = None
    for token in _TOKEN.findall(text):
        marked = token[1:].strip('"').rstrip(_END).strip()
        if token[0] == "#" and 0 < len(marked) <= LONGEST_TAG and len(tags) < MOST_TAGS:
            tags.append(marked)
        elif token[0] == "@" and marked:
            if account is not None:
                uncertain.add("account_id")
            account = account or marked
        else:
            words.append(token)
    return words, each_once(tags), account


def _take_day(words: list[str], today: date, uncertain: set[Field]) -> tuple[date, list[str]]:
    folded = [_plain(word) for word in words]
    found = [(place, day) for place in range(len(words)) if (day := day_at(folded, place, today))]
    if not found:
        return today, words
    place, day = found[0]
    if not day.certain or any(later.date != day.date for at, later in found if at >= place + day.words):
        uncertain.add("date")
    return day.date, words[:place] + words[place + day.words :]


def _plain(word: str) -> str:
    """Small, without the mark that ends a clause; a final point may belong to a day."""
    return word.casefold().rstrip(",;:!?")


def _take_amount(words: list[str], uncertain: set[Field]) -> tuple[Amount | None, list[str]]:
    found = amounts_in([word.rstrip(",;:!?") if word[0] not in "#@" else word for word in words])
    if not found:
        uncertain.add("amount_minor")
        return None, words
    amount = max(found, key=lambda each: each.rank)  # of equals the first
    if not amount.certain or sum(each.rank == amount.rank for each in found) > 1:
        uncertain.add("amount_minor")
    if not amount.currency_certain:
        uncertain.add("currency")
    return amount, words[: amount.first] + words[amount.first + amount.words :]


def _take_direction(words: list[str], amount: Amount | None, uncertain: set[Field]) -> tuple[bool, list[str]]:
    folded = {_bare(word) for word in words}
    said = bool(folded & (_CAME_IN | _EARNED | _BACK))
    if folded & _BACK:
        uncertain.add("kind")
    sign = amount.sign if amount else 0
    if sign < 0 and said:
        uncertain.add("kind")
    return sign > 0 or (said and sign == 0), [word for word in words if _bare(word) not in _CAME_IN]


def _bare(word: str) -> str:
    return word.casefold().strip(_END)


def _parted(words: list[str]) -> tuple[str, str]:
    """What it was for, and behind `at` or `bei` who got it."""
    while len(words) > 1 and _bare(words[0]) in _FILLERS:
        words = words[1:]
    for place, word in enumerate(words):
        if _bare(word) in _AT and place + 1 < len(words):
            return _joined(words[:place]), _joined(words[place + 1 :])
    return _joined(words), ""


def _joined(words: list[str]) -> str:
    return " ".join(words).strip(" " + ",;:")
