"""Which account a row goes to: its key in the file, the account behind that key, and whether the currency fits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pfms_ledger.bankfiles.statement import AccountFacts, AccountFound, Question, UnreadableFile

_MOST_KNOWN = 2_000
_MOST_ACCOUNTS = 500

type AccountMap = Mapping[str, AccountFacts | None]


class Route(NamedTuple):
    """A row's account key and currency, and why it can't or shan't go to an account."""

    key: str
    currency: str | None
    error: str | None
    skipped: str | None


@dataclass(slots=True)
class Routes:
    """Where rows go: to the accounts `account_map` gives for their keys (None: left out), else to `account`.

    Where the file's rows have several currencies, the currency is part of the key.
    """

    account: AccountFacts | None
    account_map: AccountMap
    several_currencies: bool = False
    _known: dict[tuple[str, str | None], Route] = field(default_factory=dict)

    def key(self, name: str, currency: str | None) -> str:
        return f"{name} {currency or ''}".strip() if self.several_currencies else name

    def of(self, name: str, currency: str | None) -> Route:
        """The route of rows of an account name and a stated currency."""
        known = self._known.get((name, currency))
        if known is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            known = self._known[name, currency] = self._find(self.key(name, currency), currency)
        return known

    def _find(self, key: str, currency: str | None) -> Route:
        if key in self.account_map and self.account_map[key] is None:
            return Route(key, currency, None, "its account is left out")
        target = self.account_map.get(key) or self.account
        found = currency or (target.currency if target else None)
        if found is None:
            return Route(key, None, "The row states no currency; choose an account for it.", None)
        if target and target.currency != found:
            return Route(key, found, f"The row is in {found}, the account is in {target.currency}.", None)
        return Route(key, found, None, None)


def accounts_found(
    rows: Iterable[tuple[tuple[str, str | None], int]], routes: Routes, types: Mapping[str, str] | None = None
) -> list[AccountFound]:
    """The accounts of a file from its counts of rows by (name, currency), the fullest first; `types` by name."""
    found: dict[str, AccountFound] = {}
    for (name, currency), count in rows:
        key = routes.key(name, currency)
        before = found.get(key, AccountFound(key, None, 0))
        kind = (types or {}).get(name)
        found[key] = AccountFound(key, currency or before.currency, count + before.rows, kind)
    return sorted(found.values(), key=lambda account: (-account.rows, account.key))


def refuse_many(accounts: list[AccountFound]) -> None:
    """UnreadableFile (broken) where a file names more accounts than anybody could answer for."""
    if len(accounts) > _MOST_ACCOUNTS:
        raise UnreadableFile(
            "broken", f"The file speaks of {len(accounts)} accounts; at most {_MOST_ACCOUNTS} are read."
        )


def account_questions(found: list[AccountFound], routes: Routes) -> list[Question]:
    """The question where rows of several accounts are to go, for keys `account_map` doesn't speak of."""
    with_rows = [account for account in found if account.rows]
    open_ones = [account for account in with_rows if account.key not in routes.account_map]
    if len(with_rows) < 2 or not open_ones:
        return []
    named = ", ".join(f"{a.key or '(no name)'} ({a.rows})" for a in open_ones[:20])
    reason = (
        f"The file holds rows of {len(with_rows)} accounts: {named}. Say for each key which account it is."
    )
    return [Question("account_map", ["new", "skip"], reason, sum(a.rows for a in open_ones))]


def refuse_other_currency(found: list[AccountFound], routes: Routes, units: frozenset[str]) -> None:
    """UnreadableFile (other_currency) when every row is in one currency that isn't its account's."""
    with_rows = [account for account in found if account.rows]
    if len(with_rows) != 1:
        return
    target = routes.account_map.get(with_rows[0].key, routes.account)
    stated = with_rows[0].currency
    if target is None or stated == target.currency:
        return
    if stated or (units and target.currency not in units):
        written = stated or f"one of {', '.join(sorted(units))}"
        raise UnreadableFile(
            "other_currency",
            f"The file is in {written}, the account is in {target.currency}; choose an account for it.",
        )
