"""What a transaction's events say of it is all of it: the fold that makes rows of them is a pure function."""

from collections import Counter
from copy import deepcopy
from dataclasses import replace
from datetime import date
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfms_ledger.domain.details import Details, Location
from pfms_ledger.domain.original import Original
from pfms_ledger.domain.posting import Part, Place
from pfms_ledger.domain.share import Share
from pfms_ledger.domain.transaction import Planned, Split, Transaction, from_data
from pfms_ledger.operations.rebuild import change_of

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
minor = st.integers(1, 10**15)
ids = st.uuids()
texts = st.none() | st.text(max_size=5)
tags = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=2).map(tuple)


@st.composite
def splits_of(draw, amount):
    """Splits that add up to the amount, some of them shared."""
    cuts = draw(st.lists(st.integers(-500, 500).filter(bool), max_size=3))
    made = []
    for part in (*cuts, amount - sum(cuts)):
        owed = draw(st.integers(0, abs(part)))
        shares = (
            (Share(draw(ids), owed, draw(ids), draw(st.booleans())),) if owed and draw(st.booleans()) else ()
        )
        made.append(
            Split(part, draw(st.none() | ids), draw(texts), draw(tags), draw(ids), draw(texts), None, shares)
        )
    return tuple(made)


details = st.builds(
    Details,
    time=st.none() | st.just("08:15"),
    location=st.none() | st.builds(Location, name=st.just("Mitte"), latitude=st.none() | st.just("52.5200")),
    payment_method=st.none() | st.just("cash"),
    original=st.none() | st.builds(Original, minor, st.just("CHF"), st.none() | st.just("1.0842")),
    is_essential=st.none() | st.booleans(),
    metadata=st.dictionaries(st.sampled_from(["x", "y"]), st.text(max_size=3)),
    income_source_id=st.none() | ids,
    tax_minor=st.none() | st.integers(0, 10**15),
)


@st.composite
def transactions(draw, of=ids):
    """A standard transaction, or a transfer within a currency or between two, with or without a fee and splits."""
    amount = draw(minor.filter(lambda amount: amount > 1))
    common = {
        "id": draw(of),
        "status": draw(st.sampled_from(["pending", "cleared", "reconciled"])),
        "date": draw(st.dates(date(1900, 1, 1), date(2036, 12, 31))),
        "currency": "EUR",
        "payee": draw(texts),
        "payee_id": draw(st.none() | ids),
        "note": draw(texts),
        "tags": draw(tags),
        "details": draw(details),
        "plan": draw(st.none() | st.builds(Planned, ids, st.integers(1, 9), st.dates())),
        "created_by": draw(st.none() | ids),
    }
    if draw(st.booleans()):
        amount *= draw(st.sampled_from([-1, 1]))
        whole = {"splits": draw(splits_of(amount)), "account_id": draw(ids), "pot_id": draw(st.none() | ids)}
        return Transaction(**common, type="standard", amount_minor=amount, **whole)
    fee = Part(draw(st.integers(1, amount - 1)), draw(st.none() | ids)) if draw(st.booleans()) else None
    moved = amount - (fee.amount_minor if fee else 0)
    currency = draw(st.sampled_from(["EUR", "JPY"]))
    return Transaction(
        **common,
        type="transfer",
        amount_minor=amount,
        source=Place(draw(ids), amount, "EUR", draw(st.none() | ids)),
        target=Place(draw(ids), moved if currency == "EUR" else draw(minor), currency),
        splits=draw(splits_of(moved)) if draw(st.booleans()) else (),
        fee=fee,
    )


def written(transaction):
    """As its event carries it."""
    return orjson.loads(orjson.dumps(transaction.data(), default=str))


@unhurried
@given(transaction=transactions())
@pytest.mark.property(
    4, "Event sourcing: an event says all of what it made, and reading it twice comes to the same"
)
def test_an_event_says_all_of_a_transaction(transaction):
    read = from_data(written(transaction))

    assert read == transaction
    assert from_data(written(read)) == read
    assert read.legs() == transaction.legs()


@unhurried
@given(transaction=transactions())
@pytest.mark.property(5, "Balance: the legs of any transaction sum to zero in each currency")
def test_the_legs_of_any_transaction_sum_to_zero_in_each_currency(transaction):
    sums = Counter()
    for leg in transaction.legs():
        sums[leg.currency] += leg.amount_minor

    assert set(sums.values()) == {0}


changes = st.tuples(
    st.integers(0, 2).map(lambda n: UUID(int=n)), st.none() | texts.map(lambda text: {"note": text})
)


@unhurried
@given(first=transactions(), history=st.lists(changes, max_size=8), cut=st.integers(0, 8))
@pytest.mark.property(
    4, "Event sourcing: the fold of the first events and then of the others is the fold of all"
)
def test_folding_the_first_events_and_then_the_others_is_folding_all(first, history, cut):
    events = [
        ("transaction.deleted", {"id": str(id_)})
        if change is None
        else ("transaction.updated", written(replace(first, id=id_, **change)))
        for id_, change in history
    ]
    kept = deepcopy(events)

    assert folded(events[cut:], folded(events[:cut])) == folded(events) == folded(events)
    assert events == kept


def folded(events, start=None):
    """What stands after the events: of each transaction its row and its legs."""
    standing = dict(start or {})
    for kind, data in events:
        if kind == "transaction.deleted":
            standing.pop(data["id"], None)
        else:
            change = change_of("transaction", data, kind, 2)
            standing[data["id"]] = (change.entry, change.legs)
    return standing
