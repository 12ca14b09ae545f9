"""What a client makes in the ledger: bodies that are valid, what is shown of them, and ways to spoil them.

Written from the API's description, not from the code, so that both may be wrong but not alike. Where a body names a
thing it says `@account`; `named` puts the id of the book at hand in its place.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

type Body = dict[str, Any]
type Strategy = st.SearchStrategy[Any]

MOST = 10**15
_POWERS = {10**n + d for n in range(3, 15) for d in (-1, 0, 1)}
MAGNITUDES = st.sampled_from(sorted({1, 2, 99, MOST - 1, MOST} | _POWERS))
AMOUNTS = MAGNITUDES | MAGNITUDES.map(lambda amount: -amount)
DAYS = st.sampled_from(
    [
        "1900-01-01",
        "2024-02-29",
        "2025-12-31",
        "2026-01-01",
        "2026-01-31",
        "2026-03-29",
        "2026-10-25",
        "2035-12-31",
    ]
)
_UNUSUAL = (
    """a|Strom & Gas|Mu\u0308ller|名前|דירה|👨\u200d👩\u200d👧 Kids|'; DROP --|{0} %s|İstanbul| padded """
)
NAMES = st.sampled_from([*_UNUSUAL.split("|"), "x" * 120]) | st.text(
    st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12
)
TEXTS = st.none() | NAMES
COLOURS = st.sampled_from(["#1c7ed6", "#000000", "#FFFFFF"])
PLACES = st.integers(0, 100_000)
TAGS = st.lists(st.sampled_from(["holiday", "car", "ü"]), unique=True, max_size=2)
IDS = st.uuids().map(str)
NOBODYS = "01890a5d-ac96-774b-bcce-b302099a8057"


@dataclass(frozen=True)
class Kind:
    """One kind of thing.

    Args:
        defaults: what is shown for what was not sent, where that is not null.
        derived: what is shown besides, which other tests tell of.
        references: fields that name other things, as dotted paths.
        shows: what is shown of a field that was sent, where that differs.
        whole: makes what was drawn field by field consistent.
    """

    path: str
    aggregate: str
    required: Mapping[str, Strategy]
    optional: Mapping[str, Strategy]
    defaults: Callable[[Body], Body]
    derived: frozenset[str] = frozenset()
    references: tuple[str, ...] = ()
    shows: Callable[[Body], Body] = dict
    needs_key: bool = False
    whole: Callable[[Body], Body] = dict

    @property
    def bodies(self) -> Strategy:
        drawn = st.fixed_dictionaries(dict(self.required), optional={"id": IDS, **self.optional})
        return drawn.map(self.whole)

    def shown(self, sent: Body) -> Body:
        """What a client may expect to read; the rest is null, but for what is derived."""
        return {**self.defaults(sent), **tidy(self.shows(sent)), "version": 1}


def tidy(value: Any) -> Any:
    """Texts as they are kept: NFC, no white space around them."""
    match value:
        case str():
            return unicodedata.normalize("NFC", value).strip()
        case dict():
            return {name: tidy(member) for name, member in value.items()}
        case list():
            return [tidy(member) for member in value]
    return value


def named(value: Any, ids: Mapping[str, str]) -> Any:
    """The body with the ids of one book."""
    match value:
        case str():
            return ids[value] if value.startswith("@") else value
        case dict():
            return {name: named(member, ids) for name, member in value.items()}
        case list():
            return [named(member, ids) for member in value]
    return value


def _account(sent: Body) -> Body:
    opening = sent.get("opening_balance_minor", 0)
    off = sent["type"] in {"investment", "loan", "asset", "liability"}
    return {
        "opening_balance_minor": 0,
        "on_budget": not off,
        "is_active": True,
        "position": 0,
        "balance_minor": opening,
        "cleared_balance_minor": opening,
        "credit_overspend": "liability" if sent["type"] == "credit" else None,
    }


def _shown_account(sent: Body) -> Body:
    return {**sent, "type": "checking" if sent["type"] == "bank" else sent["type"]}


def _pot(_sent: Body) -> Body:
    nothing = {"balance_minor": 0, "account_paid_minor": 0, "position": 0}
    return {**nothing, "is_active": True, "currency": "EUR"}


def _category(_sent: Body) -> Body:
    return {"is_essential": False, "is_archived": False, "position": 0}


def _payee(_sent: Body) -> Body:
    return {"is_active": True, "aliases": []}


def _transaction(sent: Body) -> Body:
    flags = ("is_shared", "related_deleted", "excluded_from_budget", "counts_next_period")
    return {
        **dict.fromkeys(flags, False),
        "type": "standard",
        "kind": "income" if sent["amount_minor"] > 0 else "expense",
        "status": "cleared",
        "currency": "EUR",
        "tags": [],
        "source": "manual",
        "splits": [_part(sent["amount_minor"])],
    }


def _part(amount: int, category: str | None = None) -> Body:
    return {"category_id": category, "amount_minor": amount, "memo": None, "tags": []}


def _in_parts(sent: Body) -> Body:
    """Parts of these amounts, and one of what is left."""
    if not (parts := sent.get("splits")):
        return sent
    sign = 1 if sent["amount_minor"] > 0 else -1
    amounts = [sign * part for part in parts]
    amounts.append(sent["amount_minor"] - sum(amounts))
    return {**sent, "splits": [{"category_id": "@category", "amount_minor": each} for each in amounts]}


def _shown_transaction(sent: Body) -> Body:
    if not sent.get("splits"):
        return {name: value for name, value in sent.items() if name != "splits"}
    return {**sent, "splits": [_part(part["amount_minor"], part["category_id"]) for part in sent["splits"]]}


def _transfer(sent: Body) -> Body:
    side = {"pot_id": None, "amount_minor": sent["amount_minor"], "currency": "EUR"}
    return {
        **_transaction(sent),
        "kind": "transfer",
        "splits": [],
        "from": side,
        "to": side,
    }


def _shown_transfer(sent: Body) -> Body:
    sides = _transfer(sent)
    return {**sent, **{end: {**sides[end], **sent[end]} for end in ("from", "to")}}


def _plan(_sent: Body) -> Body:
    return {
        **dict.fromkeys(("auto_post", "is_essential"), False),
        "weekend_rule": "none",
        "short_months": "last_day",
        "reminder_days": 0,
        "yearly_increase_percent": "0",
        "amount_tolerance_percent": "0",
        "is_active": True,
        "currency": "EUR",
    }


def _shown_plan(sent: Body) -> Body:
    return {name: value for name, value in sent.items() if name != "template"}


def _source(_sent: Body) -> Body:
    return {"frequency": "monthly", "is_active": True}


def _habit(_sent: Body) -> Body:
    nothing = {"total_quantity": "0", "total_cost_minor": 0}
    return {**nothing, "is_active": True}


_LOOKS = {"note": TEXTS, "colour": COLOURS, "icon": NAMES, "position": PLACES}
_MONEY = {"status": st.sampled_from(["pending", "cleared"]), "payee": NAMES, "note": TEXTS, "tags": TAGS}

ACCOUNT = Kind(
    "/accounts",
    "account",
    {
        "name": NAMES,
        "type": st.sampled_from(
            ["checking", "bank", "savings", "cash", "credit", "wallet", "investment", "loan", "asset"]
        ),
        "currency": st.sampled_from(["EUR", "JPY", "KWD"]),
        "opened_on": DAYS,
    },
    {
        "opening_balance_minor": AMOUNTS,
        "on_budget": st.booleans(),
        "institution": NAMES,
        "last_four": st.just("4242"),
        "note": TEXTS,
        "colour": COLOURS,
        "position": PLACES,
    },
    _account,
    shows=_shown_account,
    needs_key=True,
)
POT = Kind(
    "/pots",
    "pot",
    {"account_id": st.just("@account"), "name": NAMES},
    _LOOKS,
    _pot,
    references=("account_id",),
)
CATEGORY = Kind(
    "/categories",
    "category",
    {"name": NAMES, "type": st.just("expense")},
    {
        **_LOOKS,
        "parent_id": st.just("@category"),
        "spending_class": st.sampled_from(["need", "want", "saving", "debt"]),
        "is_essential": st.booleans(),
    },
    _category,
    references=("parent_id",),
)
PAYEE = Kind("/payees", "payee", {"name": NAMES}, {"note": TEXTS}, _payee)
TRANSACTION = Kind(
    "/transactions",
    "transaction",
    {"account_id": st.just("@account"), "date": DAYS, "amount_minor": AMOUNTS},
    {
        **_MONEY,
        "pot_id": st.just("@pot"),
        "description": TEXTS,
        "excluded_from_budget": st.booleans(),
        "splits": st.lists(st.sampled_from([1, 2, 99]), max_size=2),
    },
    _transaction,
    frozenset({"payee_id", "created_by"}),
    ("account_id", "pot_id"),
    shows=_shown_transaction,
    needs_key=True,
    whole=_in_parts,
)
TRANSFER = Kind(
    "/transactions",
    "transaction",
    {
        "type": st.just("transfer"),
        "from": st.just({"account_id": "@account"}),
        "to": st.sampled_from([{"account_id": "@account", "pot_id": "@pot"}, {"account_id": "@other"}]),
        "date": DAYS,
        "amount_minor": MAGNITUDES,
    },
    _MONEY,
    _transfer,
    frozenset({"payee_id", "created_by"}),
    ("from.account_id", "to.account_id"),
    shows=_shown_transfer,
    needs_key=True,
)
PLAN = Kind(
    "/recurring",
    "plan",
    {
        "name": NAMES,
        "template": st.fixed_dictionaries(
            {"account_id": st.just("@account"), "amount_minor": AMOUNTS}, optional={"payee": NAMES}
        ),
        "rrule": st.sampled_from(["FREQ=MONTHLY", "FREQ=WEEKLY;BYDAY=MO,SA", "FREQ=YEARLY;COUNT=1"]),
        "start": st.sampled_from(["2024-02-29", "2026-01-31", "2027-12-31"]),
    },
    {
        "weekend_rule": st.sampled_from(["none", "skip", "before", "after"]),
        "short_months": st.sampled_from(["last_day", "skip"]),
        "auto_post": st.booleans(),
        "reminder_days": st.integers(0, 60),
        "is_essential": st.booleans(),
        "note": TEXTS,
    },
    _plan,
    frozenset(
        {
            "kind",
            "template",
            "description",
            "amount_since",
            "catch_up_from",
            "created_by",
            "status",
            "problem",
        }
    )
    | {"last_realized_date", "next_date", "next_amount_minor"},
    ("template.account_id",),
    shows=_shown_plan,
)
SOURCE = Kind(
    "/income/sources",
    "income_source",
    {"name": NAMES, "type": st.sampled_from(["salary", "freelance", "other"]), "currency": st.just("EUR")},
    {"note": TEXTS},
    _source,
)
HABIT = Kind(
    "/habits",
    "habit",
    {"name": NAMES, "unit_cost_minor": st.sampled_from([1, 450]), "currency": st.just("EUR")},
    {"note": TEXTS},
    _habit,
)
KINDS = [ACCOUNT, POT, CATEGORY, PAYEE, TRANSACTION, TRANSFER, PLAN, SOURCE, HABIT]


def changes_of(kind: Kind) -> Strategy:
    """A change of a thing's own fields that is always allowed."""
    fields = {"name": NAMES} if "name" in kind.required else {"date": DAYS}
    return st.fixed_dictionaries({"note": TEXTS}, optional=fields)
