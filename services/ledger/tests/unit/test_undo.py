"""Undo reverts what its event changed, and nothing else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.ids import new_id
from pfms_ledger.domain.undo import ChangedSince, Step, is_same, reason_to_keep, undo

PLAIN = ("note", "date", "tags", "payee_id")


def split(part, amount, category=None):
    return {"id": part, "category_id": category, "amount_minor": amount, "memo": None}


def document(*splits, **fields):
    whole = sum(each["amount_minor"] for each in splits)
    plain = dict.fromkeys(PLAIN) | {"currency": "EUR", "from": None, "to": None}
    return {**plain, "id": "t", "amount_minor": whole, "splits": list(splits), **fields}


def steps(*states):
    return [Step(UUID(int=n), state) for n, state in enumerate(states)]


@st.composite
def histories(draw):
    """States of one transaction, each an edit of some fields of the one before; its splits always add up."""
    parts = st.lists(st.sampled_from("abcd"), unique=True, max_size=3)
    splits = st.builds(split, st.just(""), st.integers(-50, 50), st.sampled_from([None, "food", "rent"]))
    plain = st.dictionaries(st.sampled_from(PLAIN), st.sampled_from(["x", "y", None]), max_size=2)
    states = [None]
    for _ in range(draw(st.integers(1, 5))):
        before = states[-1]
        if before is None or draw(st.booleans()):
            made = [{**draw(splits), "id": part} for part in draw(parts)]
        else:
            made = before["splits"]
        if before is not None and draw(st.integers(0, 5)) == 0:
            states.append(None)
        else:
            kept = {name: before[name] for name in PLAIN} if before else {}
            states.append(document(*made, **{**kept, **draw(plain)}))
    return states


@given(history=histories())
def test_undoing_the_newest_event_gives_the_state_before_it(history):
    assert is_same(undo(history[-2], steps(history[-1])), history[-2])


@given(history=histories())
def test_undoing_an_undo_gives_back_what_was_undone(history):
    undone = undo(history[-2], steps(history[-1]))

    assert is_same(undo(history[-1], steps(undone)), history[-1])


@given(history=histories(), at=st.integers(0, 4))
def test_undoing_an_earlier_event_leaves_what_it_did_not_change_and_adds_up(history, at):
    at = at % (len(history) - 1)
    before, after, now = history[at], history[at + 1], history[-1]
    try:
        result = undo(before, steps(*history[at + 1 :]))
    except ChangedSince as refused:
        assert not is_same(after, now)
        later = UUID(refused.extra["later_event_id"]).int
        assert later > 0
        assert not is_same(history[at + later], history[at + 1 + later])
        return
    if is_same(before, after):
        assert is_same(result, now)
        return
    if before is None or after is None:
        assert is_same(result, before)
        assert is_same(after, now)
        return
    assert sum(each["amount_minor"] for each in result["splits"]) == result["amount_minor"]
    for name in PLAIN:
        assert result[name] == (now[name] if before[name] == after[name] else before[name])


def test_a_split_edited_since_stands_against_its_own_fields_only():
    before = document(split("a", -100))
    after = document(split("a", -100, "food"))
    resized = document(split("a", -250, "food"))
    moved = document(split("a", -250, "rent"))

    assert undo(before, steps(after, resized)) == document(split("a", -250))
    with pytest.raises(ChangedSince) as refused:
        undo(before, steps(after, resized, moved))
    assert refused.value.extra == {"later_event_id": str(UUID(int=2)), "fields": ["splits"]}


def test_both_sides_of_a_transfer_go_back_together_or_not_at_all():
    def transfer(sent, received, **fields):
        return document(**{"amount_minor": sent, "from": {"of": sent}, "to": {"of": received}, **fields})

    before, after = transfer(5, 5), transfer(5, 7, currency="USD")

    with pytest.raises(ChangedSince):
        undo(before, steps(after, transfer(9, 7, currency="USD")))
    assert undo(before, steps(after, {**after, "note": "x"})) == {**before, "note": "x"}


def test_the_new_name_of_a_payee_stands_against_nothing():
    before, after = document(payee=None), document(payee_id="p", payee="Kiosk")
    later = {**after, "payee": "Kiosk at the corner", "note": "x"}

    assert undo(before, steps(after, later)) == {**before, "note": "x"}


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (document(split("a", -100, "food")), None),
        (document(split("a", -100)), None),
        (None, "deleted"),
        (document(split("a", -100, "food"), note="mine"), "edited"),
        (document(split("a", -100, "food"), status="reconciled"), "reconciled"),
        (document({**split("a", -100, "food"), "shares": [{"of": 50}]}), "shared"),
    ],
    ids=["untouched", "undone before", "deleted", "edited", "reconciled", "shared"],
)
def test_of_many_what_was_worked_on_since_is_kept_and_says_why(now, reason):
    before, after = document(split("a", -100)), document(split("a", -100, "food"))

    assert reason_to_keep(before, after, now) == reason


def test_parts_without_ids_are_one_field():
    before, after = {"id": str(new_id()), "aliases": ["a"]}, {"id": "x", "aliases": ["a", "b"]}

    assert undo(before, steps(after)) == before
