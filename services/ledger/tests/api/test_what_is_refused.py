"""Which transactions are taken and which are not: one thing is made wrong, and exactly that field is named.

Bodies are written with names of what the book holds (@eur) in place of ids. `judged` says what the answer must be; it
shares no code with the ledger.
"""

import calendar
import re
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfms_common.ids import new_id

MOST = 10**15
LAST = (datetime.now(UTC).year + 10, datetime.now(UTC).month)
# Name: currency, open, on the budget.
ACCOUNTS = {
    "@eur": ("EUR", True, True),
    "@savings": ("EUR", True, True),
    "@usd": ("USD", True, True),
    "@house": ("EUR", True, False),
    "@closed": ("EUR", False, True),
}
# Name: its account, active.
POTS = {"@jar": ("@eur", True), "@tin": ("@eur", True), "@box": ("@savings", True), "@lid": ("@eur", False)}
CATEGORIES = {"@food": True, "@fun": True, "@old": False}
BOUGHT = -(10**12)
ORIGINALS = {"@bought": ("standard", BOUGHT), "@moved": ("transfer", 5)}

OPEN = [name for name, (_, is_open, _) in ACCOUNTS.items() if is_open]
SPOTS = [(account, None) for account in OPEN] + [(of, pot) for pot, (of, active) in POTS.items() if active]
minor = st.sampled_from([2, 3, 99, 100, 101, 9_999, 10_000]) | st.integers(2, 10**6)


# What is right.


@st.composite
def parts(draw, amount):
    """None, or up to four splits of any sign that add up to the amount."""
    cuts = draw(st.lists(st.integers(-500, 500), max_size=3))
    if not cuts and draw(st.booleans()):
        return {}
    amounts = [*cuts, amount - sum(cuts)]
    categories = st.sampled_from(["@food", "@fun", None])
    return {"splits": [{"amount_minor": each, "category_id": draw(categories)} for each in amounts]}


def spot(account, pot):
    return {"account_id": account, **({"pot_id": pot} if pot else {})}


@st.composite
def movements(draw):
    """A standard transaction, an adjustment or a refund."""
    kind = draw(st.sampled_from(["standard", "adjustment", "refund"]))
    amount = draw(minor) * (1 if kind == "refund" else draw(st.sampled_from([-1, 1])))
    related = {"related_transaction_id": "@bought"} if kind == "refund" else {}
    flag = {"counts_next_period": True} if amount > 0 and kind == "standard" and draw(st.booleans()) else {}
    return {
        "type": kind,
        **spot(*draw(st.sampled_from([("@eur", None), ("@eur", "@jar")] if related else SPOTS))),
        "amount_minor": amount,
        **related,
        **flag,
        **draw(parts(amount)),
    }


@st.composite
def transfers(draw):
    amount = draw(minor)
    source, target = draw(st.lists(st.sampled_from(SPOTS), min_size=2, max_size=2, unique=True))
    fee = draw(st.integers(1, amount - 1)) if draw(st.booleans()) else 0
    body = {
        "type": "transfer",
        "amount_minor": amount,
        "from": spot(*source),
        "to": spot(*target),
        **(
            {"fee": {"amount_minor": fee, "category_id": draw(st.sampled_from(["@fun", None]))}}
            if fee
            else {}
        ),
    }
    (left, _, on), (reached, _, off) = ACCOUNTS[source[0]], ACCOUNTS[target[0]]
    if left != reached:
        body["to"]["amount_minor"] = draw(minor)
    elif draw(st.booleans()):
        body["to"]["amount_minor"] = amount - fee
    return {**body, **(draw(parts(amount - fee)) if on != off else {})}


@st.composite
def right(draw):
    day = draw(
        st.sampled_from(["1900-01-01", "2024-02-29", "2025-12-31", "2026-03-29", f"{LAST[0]:04}-01-01"])
    )
    optional = draw(
        st.fixed_dictionaries(
            {}, optional={"payee": st.just("Kiosk"), "note": st.just("ü"), "status": st.just("pending")}
        )
    )
    return {**draw(movements() | transfers()), "date": day, **optional}


# What is wrong.

GONE = object()
"""In place of a value: the field is taken away."""
NO_AMOUNTS = [GONE, 0, MOST + 1, -MOST - 1, 1.5, "12", True, None, [], {}]
NO_DAYS = [
    GONE,
    "2023-02-29",
    "1899-12-31",
    "2024-13-01",
    f"{LAST[0] + 1:04}-01-01",
    "2024-02-03T10:00",
    "today",
    20240203,
    None,
]
NO_IDS = ["", "x", 7, "01890a5d-ac96-774b-bcce"]


def put(body, path, value):
    """The body with one field put, or taken away; None where there is nothing to put it into."""
    head, _, rest = path.partition(".")
    if isinstance(body, list):
        if int(head) >= len(body):
            return None
        inner = put(body[int(head)], rest, value)
        return None if inner is None else [*body[: int(head)], inner, *body[int(head) + 1 :]]
    if rest:
        inner = put(body[head], rest, value) if head in body else None
        return None if inner is None else {**body, head: inner}
    return {k: v for k, v in {**body, head: value}.items() if v is not GONE}


@st.composite
def wrong(draw):
    """A right body after one thing was made wrong: a path of the catalogue with a value that cannot be there."""
    body = draw(right())
    catalogue = {path: values for path, values in faults_of(body).items() if put(body, path, 0) is not None}
    path = draw(st.sampled_from(sorted(catalogue)))
    value = draw(st.sampled_from(catalogue[path]))
    if path.endswith("account_id") and value is not GONE:  # a pot of another account would be wrong too
        body = put(body, path.replace("account_id", "pot_id"), GONE)
    if path == "amount_minor":  # so would splits that add up to the old one
        body = put(body, "splits", GONE)
    return put(body, path, value)


def faults_of(body):
    """What may be made wrong in a body: path → values, each of which is wrong by itself."""
    is_transfer, amount = body["type"] == "transfer", body["amount_minor"]
    places = ["from.", "to."] if is_transfer else [""]
    faults = {
        "amount_minor": [*NO_AMOUNTS, *([-amount] if body["type"] in {"transfer", "refund"} else [])],
        "date": NO_DAYS,
        "type": ["expense", "", None, 1],
        "status": ["done", None],
        "payee": ["", " ", "a\0b", 5],
        "note": [5, "a\0b"],
        "amount": [5],
        "counts_next_period": ["yes", *([True] if is_transfer or amount < 0 else [])],
        "splits.0.amount_minor": ["1", None, 1.5, MOST + 1, GONE],
        "splits.0.category_id": ["@old", "@hers-category", "@nowhere", *NO_IDS],
        **{f"{place}account_id": ["@closed", "@hers", "@nowhere", GONE, *NO_IDS] for place in places},
        **{f"{place}pot_id": ["@lid", "@nowhere", *NO_IDS] for place in places},
    }
    if is_transfer:
        return faults | {
            "from": [GONE],
            "to": [GONE, body["from"]],
            "account_id": ["@eur"],
            "pot_id": ["@jar"],
            "related_transaction_id": ["@bought"],
            "to.amount_minor": [0, -5, "5", MOST + 1],
            "fee.amount_minor": [0, -1, amount, None],
            "splits": [[{"amount_minor": 1}]],
        }
    is_refund = body["type"] == "refund"
    return faults | {
        "from": [{"account_id": "@savings"}],
        "to": [{"account_id": "@savings"}],
        "fee": [{"amount_minor": 1}],
        "splits": [[{"amount_minor": amount}, {"amount_minor": 1}]],
        "related_transaction_id": [GONE, "@moved", "@nowhere", *NO_IDS] if is_refund else ["@bought"],
    }


# What must be said of it.


def judged(body):
    """Status and field of the refusal, or None for what must be taken."""
    return _of_shape(body) or _of_money(body) or _of_others(body)


def _is_minor(value):
    return type(value) is int and -MOST <= value <= MOST


def _is_name_of_a_thing(value):
    return isinstance(value, str) and value.startswith("@")


def _of_shape(body):  # what can be seen without the book
    known = {
        "type",
        "account_id",
        "pot_id",
        "from",
        "to",
        "fee",
        "date",
        "amount_minor",
        "payee",
        "note",
        "status",
        "splits",
        "related_transaction_id",
        "counts_next_period",
    }
    if strange := body.keys() - known:
        return 400, strange.pop()
    if body["type"] not in {"standard", "adjustment", "refund", "transfer"}:
        return 400, "type"
    if not _is_minor(body.get("amount_minor")):
        return 400, "amount_minor"
    if not _is_day(body.get("date")):
        return 400, "date"
    if body.get("status", "cleared") not in {"pending", "cleared"}:
        return 400, "status"
    if "payee" in body and not (isinstance(body["payee"], str) and re.fullmatch(r"\S[^\0]*", body["payee"])):
        return 400, "payee"
    if not isinstance(body.get("note", ""), str) or "\0" in body.get("note", ""):
        return 400, "note"
    if not isinstance(body.get("counts_next_period", False), bool):
        return 400, "counts_next_period"
    for n, split in enumerate(body.get("splits", [])):
        if not _is_minor(split.get("amount_minor")):
            return 400, f"splits.{n}.amount_minor"
    for path, value in _ids(body):
        if not _is_name_of_a_thing(value):
            return 400, path
    for end in ("from", "to"):
        if end in body and "account_id" not in body[end]:
            return 400, f"{end}.account_id"
    if "amount_minor" in body.get("to", {}) and not _is_minor(body["to"]["amount_minor"]):
        return 400, "to.amount_minor"
    if "fee" in body and not (_is_minor(body["fee"]["amount_minor"]) and body["fee"]["amount_minor"] > 0):
        return 400, "fee.amount_minor"
    is_transfer = body["type"] == "transfer"
    for field, is_wanted in (
        ("from", is_transfer),
        ("to", is_transfer),
        ("account_id", not is_transfer),
        ("related_transaction_id", body["type"] == "refund"),
    ):
        if (field in body) != is_wanted:
            return 400, field
    return next(((400, name) for name in (["pot_id"] if is_transfer else ["fee"]) if name in body), None)


def _is_day(value):
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value) if isinstance(value, str) else None
    if not found:
        return False
    year, month, day = map(int, found.groups())
    return (
        1 <= month <= 12
        and 1 <= day <= calendar.monthrange(year, month)[1]
        and (1900, 1) <= (year, month) <= LAST
    )


def _ids(body):
    for n, split in enumerate(body.get("splits", [])):
        if split.get("category_id") is not None:
            yield f"splits.{n}.category_id", split["category_id"]
    for place in ("", "from.", "to."):
        within = body.get(place.strip("."), {}) if place else body
        yield from ((f"{place}{name}", within[name]) for name in ("account_id", "pot_id") if name in within)
    if "related_transaction_id" in body:
        yield "related_transaction_id", body["related_transaction_id"]


def _of_money(body):
    amount, fee = body["amount_minor"], body.get("fee", {}).get("amount_minor", 0)
    if amount == 0:
        return 400, "amount_minor"
    names = [body[end]["account_id"] for end in ("from", "to")] if body["type"] == "transfer" else []
    if any(name not in ACCOUNTS for name in names):
        return None
    if names:
        source, target = body["from"], body["to"]
        if (names[0], source.get("pot_id")) == (names[1], target.get("pot_id")):
            return 400, "to.pot_id" if "pot_id" in target else "to.account_id"
        if amount < 0:
            return 400, "amount_minor"
        if fee >= amount:
            return 400, "fee.amount_minor"
        arrives, same = target.get("amount_minor"), ACCOUNTS[names[0]][0] == ACCOUNTS[names[1]][0]
        if (arrives is None and not same) or (arrives is not None and same and arrives != amount - fee):
            return 400, "to.amount_minor"
        if arrives is not None and arrives <= 0:
            return 400, "to.amount_minor"
        if body.get("splits") and ACCOUNTS[names[0]][2] == ACCOUNTS[names[1]][2]:
            return 400, "splits"
    if body.get("splits") and sum(split["amount_minor"] for split in body["splits"]) != amount - fee:
        return 400, "splits"
    if body.get("counts_next_period") and (names or amount < 0):
        return 400, "counts_next_period"
    return None


def _of_others(body):
    missing, inactive = 404, 400
    for path, name in _ids(body):
        if path.endswith("account_id") and not ACCOUNTS.get(name, ("", False))[1]:
            return inactive if name in ACCOUNTS else missing, path
        if path.endswith("category_id") and not CATEGORIES.get(name):
            return inactive if name in CATEGORIES else missing, path
        if path.endswith("pot_id"):
            within = body if path == "pot_id" else body[path.removesuffix(".pot_id")]
            if POTS.get(name) != (within["account_id"], True):
                return inactive if name in POTS else missing, path
    if body["type"] == "refund":
        kind, original = ORIGINALS.get(body["related_transaction_id"], (None, 0))
        if kind != "standard":
            return inactive if kind else missing, "related_transaction_id"
        if (original > 0) == (body["amount_minor"] > 0):
            return 400, "amount_minor"
        if body["amount_minor"] > -original:
            return 409, "amount_minor"
    return None


# The book.


@pytest_asyncio.fixture
async def names(anna, boris):
    """What the names in bodies stand for."""
    made = {"@nowhere": str(new_id()), "@hers": (await boris.account())["id"]}
    for name, (currency, _, on_budget) in ACCOUNTS.items():
        made[name] = (await anna.account(name, currency=currency, on_budget=on_budget))["id"]
    for name, (account, _) in POTS.items():
        made[name] = (await anna.post("/pots", name=name, account_id=made[account])).json()["id"]
    for name in CATEGORIES:
        made[name] = (await anna.post("/categories", name=name, type="expense")).json()["id"]
    made["@hers-category"] = (await boris.post("/categories", name="Hers", type="expense")).json()["id"]
    made["@bought"] = (await anna.spend({"id": made["@eur"]}, BOUGHT))["id"]
    ends = {"from": {"account_id": made["@eur"]}, "to": {"account_id": made["@usd"], "amount_minor": 6}}
    moved = await anna.post("/transactions", type="transfer", amount_minor=5, date="2026-02-03", **ends)
    made["@moved"] = moved.json()["id"]
    for path, change in (
        (f"/accounts/{made['@closed']}", {"is_active": False}),
        (f"/pots/{made['@lid']}", {"is_active": False}),
        (f"/categories/{made['@old']}", {"is_archived": True}),
    ):
        assert (await anna.patch(path, 1, **change)).status_code == 200
    return made


def with_ids(body, names):
    match body:
        case dict():
            return {name: with_ids(value, names) for name, value in body.items()}
        case list():
            return [with_ids(value, names) for value in body]
        case str() if body.startswith("@"):
            return names[body]
    return body


async def last_number(anna):
    return (await anna.get("/ledger/events", after=10**9)).json()["last_number"]


@pytest.mark.property(
    7,
    "Validation: a transaction is taken if it is right, and refused by the one field that is wrong if it is not",
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=right() | wrong() | wrong())
async def test_a_transaction_is_taken_or_refused_by_its_wrong_field(anna, names, body):
    before = await last_number(anna)

    response = await anna.post("/transactions", **with_ids(body, names))

    expected = judged(body)
    if expected is None:
        assert response.status_code == 201, response.text
    else:
        status, field = expected
        assert (response.status_code, list(response.json()["errors"])) == (status, [field])
        assert await last_number(anna) == before


# Edits: what a transaction refers to already it may keep, though it was closed since.
PART = {"amount_minor": -55, "category_id": "@late"}
AS_IT_WAS = {"account_id": "@late-account", "pot_id": "@late-pot", "amount_minor": -55, "splits": [PART]}
EDITS = [
    {},
    {"note": "kept"},
    {"date": "2024-02-29"},
    {"payee": "Kiosk"},
    {"status": "pending"},
    {"amount_minor": -70, "splits": [PART, {"amount_minor": -15}]},
    {"tags": ["kept"]},
]
FAULTS = [
    ({"amount_minor": 0}, 400, "amount_minor"),
    ({"amount_minor": None}, 400, "amount_minor"),
    ({"date": "1899-12-31"}, 400, "date"),
    ({"status": "done"}, 400, "status"),
    ({"splits": [{"amount_minor": -54}]}, 400, "splits"),
    ({"splits": [{**PART, "category_id": "@old"}], "amount_minor": -55}, 400, "splits.0.category_id"),
    (
        {"splits": [{**PART, "category_id": "@hers-category"}], "amount_minor": -55},
        404,
        "splits.0.category_id",
    ),
    ({"account_id": "@closed", "pot_id": None}, 400, "account_id"),
    ({"account_id": "@hers"}, 404, "account_id"),
    ({"account_id": "@usd", "pot_id": None}, 409, "account_id"),
    ({"account_id": "@eur", "pot_id": "@lid"}, 400, "pot_id"),
    ({"pot_id": "@box"}, 400, "pot_id"),
    ({"pot_id": "@nowhere"}, 404, "pot_id"),
    ({"from": {"account_id": "@eur"}}, 400, "from"),
    ({"fee": {"amount_minor": 1}}, 400, "fee"),
    ({"counts_next_period": True}, 400, "counts_next_period"),
]


@pytest_asyncio.fixture
async def kept(anna, names):
    """A transaction of an account, a pot and a category that were closed after it."""
    names["@late-account"] = (await anna.account("Late"))["id"]
    pot = await anna.post("/pots", name="Late", account_id=names["@late-account"])
    names["@late-pot"] = pot.json()["id"]
    names["@late"] = (await anna.post("/categories", name="Late", type="expense")).json()["id"]
    ends = {"account_id": names["@late-account"], "date": "2026-02-03"}
    await anna.post("/transactions", **ends, amount_minor=55)
    made = await anna.post(
        "/transactions",
        **ends,
        pot_id=names["@late-pot"],
        amount_minor=-55,
        splits=[{"amount_minor": -55, "category_id": names["@late"]}],
    )
    for path in (f"/accounts/{names['@late-account']}", f"/pots/{names['@late-pot']}"):
        assert (await anna.patch(path, 1, is_active=False)).status_code == 200
    assert (await anna.patch(f"/categories/{names['@late']}", 1, is_archived=True)).status_code == 200
    return made.json()["id"]


@pytest.mark.property(
    7,
    "Validation: an edit is taken or refused as a whole, and what a transaction refers to already it may keep",
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(edit=st.sampled_from(EDITS), fault=st.none() | st.sampled_from(FAULTS))
async def test_an_edit_is_taken_or_refused_by_its_wrong_field(anna, names, kept, edit, fault):
    path = f"/transactions/{kept}"
    before = (await anna.get(path)).json()
    wrong, status, field = fault or ({}, 200, None)

    response = await anna.patch(path, before["version"], **with_ids({**AS_IT_WAS, **edit, **wrong}, names))

    now = (await anna.get(path)).json()
    assert response.status_code == status, response.text
    if fault:
        assert list(response.json()["errors"]) == [field]
        assert now == before
    else:
        assert now == response.json()
        assert now["version"] == before["version"] + 1
