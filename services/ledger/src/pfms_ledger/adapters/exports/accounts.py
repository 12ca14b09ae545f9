"""Names of accounts as plain-text accounting has them: Assets:Checking, Expenses:Food:Groceries, each once."""

from collections.abc import Callable, Iterable
from uuid import UUID

from pfms_ledger.domain.entry import Account, Category, Chart
from pfms_ledger.domain.posting import Leg

_EQUITY = {"equity": "Opening-Balances", "conversion": "Conversion", "edge": "Budget-Edge"}
OPENED = "1900-01-01"


class Names:
    """Of every account and category of a chart; `part` makes a word of a name that the program can read."""

    def __init__(self, chart: Chart, part: Callable[[str], str]) -> None:
        accounts = ((account.id, _of_account(account, part)) for account in chart.accounts.values())
        categories = ((category.id, _of_category(category, part)) for category in chart.categories.values())
        self.of_accounts = _unique(accounts)
        self._categories = _unique(categories)

    def of(self, leg: Leg) -> str:
        if leg.account_id is not None:
            return self.of_accounts[leg.account_id]
        if leg.category_id is not None:
            return self._categories[leg.category_id]
        if leg.kind == "category":
            return "Expenses:Uncategorised" if leg.amount_minor > 0 else "Income:Uncategorised"
        return f"Equity:{_EQUITY.get(leg.kind, leg.kind.capitalize())}"

    def everything(self) -> list[str]:
        rest = [
            "Expenses:Uncategorised",
            "Income:Uncategorised",
            *(f"Equity:{name}" for name in _EQUITY.values()),
        ]
        return sorted({*self.of_accounts.values(), *self._categories.values(), *rest})


def _of_account(account: Account, part: Callable[[str], str]) -> str:
    return f"{'Liabilities' if account.is_owed else 'Assets'}:{part(account.name)}"


def _of_category(category: Category, part: Callable[[str], str]) -> str:
    top = "Income" if category.type == "income" else "Expenses"
    return ":".join([top, *map(part, category.path)])


def _unique(named: Iterable[tuple[UUID, str]]) -> dict[UUID, str]:
    """What reads the same gets the end of its id: two balances in one would be neither."""
    listed = list(named)
    folded = [name.casefold() for _, name in listed]
    return {
        id_: name if folded.count(name.casefold()) == 1 else f"{name}-{id_.hex[-8:]}" for id_, name in listed
    }
