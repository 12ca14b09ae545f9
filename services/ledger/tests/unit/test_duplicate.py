"""Equal coffees survive, files imported again add nothing, and the bank's ids are believed as far as they go."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pfms_ledger.domain.duplicate import (
    Incoming,
    Judgement,
    Known,
    Print,
    Stored,
    fingerprint,
    fingerprints,
    folded,
    judge,
)

ACCOUNT, OTHER = UUID(int=1), UUID(int=2)
OLD = UUID(int=77)
DAY = date(2024, 3, 28)


def incoming(row: int, amount: int = -350, text: str = "Café Müller", **more: object) -> Incoming:
    return Incoming(row, ACCOUNT, DAY, amount, text, **more)  # type: ignore[arg-type]  # each test's own fields


def states(rows: list[Incoming], known: Known | None = None) -> list[str]:
    return [one.state for one in judge(rows, fingerprints(rows), known or Known())]


def stored(rows: list[Incoming], judged: list[Judgement]) -> Known:
    """What a caller would load after these rows were imported."""
    by_print, by_id = {}, dict[tuple[UUID, str], list[Stored]]()
    for row, one in zip(rows, judged, strict=True):
        if one.state == "duplicate":
            continue
        kept = Stored(UUID(int=1000 + row.row), row.date, row.amount_minor, row.pending, row.id_shared)
        by_print[one.fingerprint, one.occurrence] = kept
        if row.bank_id:
            by_id.setdefault((row.account_id, row.bank_id), []).append(kept)
    return Known(by_print=by_print, by_id=by_id)


def test_the_first_folding_never_changes() -> None:
    assert folded("  CAFÉ-Müller, Straße 12!\tŁódź ②  ") == "cafe muller strasse 12 łodz 2"
    assert fingerprint(ACCOUNT, DAY, -350, "Café Müller").hex() == "126900571dc65a70776fe9e53691ccf8"


def test_two_equal_coffees_are_two_and_a_third_later_is_new() -> None:
    first = [incoming(1), incoming(2)]
    judged = judge(first, fingerprints(first), Known())
    assert [one.state for one in judged] == ["new", "new"]
    assert [one.occurrence for one in judged] == [1, 2]

    again = [incoming(1), incoming(2), incoming(3)]
    assert states(again, stored(first, judged)) == ["duplicate", "duplicate", "new"]


def test_equal_rows_further_up_in_the_file_are_counted_across_batches() -> None:
    row = incoming(1001)
    found = fingerprints([row])

    judged = judge([row], found, Known(seen={found[0]: 2}))

    assert judged[0].occurrence == 3


def test_another_day_account_amount_or_text_is_another_row() -> None:
    prints = {
        fingerprint(ACCOUNT, DAY, -350, "a"),
        fingerprint(OTHER, DAY, -350, "a"),
        fingerprint(ACCOUNT, date(2024, 3, 29), -350, "a"),
        fingerprint(ACCOUNT, DAY, 350, "a"),
        fingerprint(ACCOUNT, DAY, -350, "b"),
    }
    assert len(prints) == 5


def test_the_very_same_row_with_the_same_id_is_one() -> None:
    assert states([incoming(1, bank_id="x"), incoming(2, bank_id="x")]) == ["new", "duplicate"]
    assert states([incoming(1, bank_id="x"), incoming(2, bank_id="y")]) == ["new", "new"]


def test_the_very_same_row_of_an_earlier_batch_is_known_too() -> None:
    row = incoming(1001, bank_id="x")
    known = Known(seen_ids={(ACCOUNT, "x", fingerprints([row])[0])})

    assert states([row], known) == ["duplicate"]


def test_a_stored_id_with_the_same_amount_is_a_duplicate_even_when_day_and_text_moved() -> None:
    known = Known(by_id={(ACCOUNT, "x"): [Stored(OLD, date(2024, 3, 26), -350)]})

    judged = judge(
        [incoming(1, text="renamed", bank_id="x")], fingerprints([incoming(1, text="renamed")]), known
    )

    assert (judged[0].state, judged[0].transaction_id) == ("duplicate", OLD)


def test_a_stored_id_with_another_amount_is_a_conflict_unless_that_one_is_pending() -> None:
    settled = Known(by_id={(ACCOUNT, "x"): [Stored(OLD, DAY, -300)]})
    pending = Known(by_id={(ACCOUNT, "x"): [Stored(OLD, DAY, -300, pending=True)]})

    assert states([incoming(1, bank_id="x")], settled) == ["conflict"]
    assert states([incoming(1, bank_id="x")], pending) == ["match"]


def test_a_pending_transaction_is_cleared_by_its_posted_row_and_a_duplicate_of_its_pending_one() -> None:
    known = Known(by_id={(ACCOUNT, "x"): [Stored(OLD, DAY, -350, pending=True)]})

    assert states([incoming(1, bank_id="x")], known) == ["match"]
    assert states([incoming(1, bank_id="x", pending=True)], known) == ["duplicate"]


def test_an_id_that_is_shared_counts_only_with_date_and_amount() -> None:
    known = Known(by_id={(ACCOUNT, "0"): [Stored(OLD, DAY, -350), Stored(OLD, DAY, -500)]})

    assert states(
        [
            incoming(1, text="other", bank_id="0", id_shared=True),
            incoming(2, amount=-360, bank_id="0", id_shared=True),
            Incoming(3, ACCOUNT, date(2024, 3, 29), -350, "x", "0", id_shared=True),
        ],
        known,
    ) == ["duplicate", "new", "new"]


def test_the_same_id_in_another_account_is_another_row() -> None:
    known = Known(by_id={(OTHER, "x"): [Stored(OLD, DAY, -350)]})

    assert states([incoming(1, bank_id="x")], known) == ["new"]


rows = st.lists(
    st.builds(
        Incoming,
        row=st.just(0),
        account_id=st.sampled_from([ACCOUNT, OTHER]),
        date=st.sampled_from([DAY, date(2024, 3, 29)]),
        amount_minor=st.sampled_from([-350, 100]),
        text=st.sampled_from(["coffee", "Coffee!", "tea"]),
        bank_id=st.sampled_from([None, "a", "b"]),
        id_shared=st.just(True),
    ),
    max_size=25,
)


@given(rows, st.integers(1, 7))
def test_a_file_imported_again_adds_nothing_whatever_the_size_of_the_batches(
    file: list[Incoming], size: int
) -> None:
    numbered = [
        Incoming(i, r.account_id, r.date, r.amount_minor, r.text, r.bank_id, r.id_shared)
        for i, r in enumerate(file)
    ]
    whole = judge(numbered, fingerprints(numbered), Known())

    again = judge(numbered, fingerprints(numbered), stored(numbered, whole))
    assert {one.state for one in again} <= {"duplicate"}

    seen: dict[Print, int] = {}
    ids: set[tuple[UUID, str, Print]] = set()
    batched: list[Judgement] = []
    for start in range(0, len(numbered), size):
        batch = numbered[start : start + size]
        judged = judge(batch, fingerprints(batch), Known(seen=dict(seen), seen_ids=frozenset(ids)))
        for row, one in zip(batch, judged, strict=True):
            seen[one.fingerprint] = max(seen.get(one.fingerprint, 0), one.occurrence)
            if row.bank_id:
                ids.add((row.account_id, row.bank_id, one.fingerprint))
        batched += judged
    assert batched == whole


@given(st.text(st.characters(max_codepoint=127)))
def test_a_plain_text_folds_as_it_does_beside_an_accent(text: str) -> None:
    assert folded(f"{text} É").split() == [*folded(text).split(), "e"]
