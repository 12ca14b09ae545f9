from hypothesis import given
from hypothesis import strategies as st

from pfms_events.fill import without
from pfms_events.progress import Mark, merge, missing

_NUMBERS = st.sets(st.integers(1, 40))


def _runs(numbers: set[int]) -> list[tuple[int, int]]:
    return [(number, number) for number in numbers]


def _dealt(mark: Mark) -> set[int]:
    ahead = {number for first, last in mark.ahead for number in range(first, last + 1)}
    return set(range(1, mark.applied_through + 1)) | ahead


def test_the_mark_moves_over_numbers_that_close_the_gap() -> None:
    mark = merge(Mark(2), [(4, 4), (6, 7)])
    assert mark == Mark(2, ((4, 4), (6, 7)))

    assert merge(mark, [(3, 3)]) == Mark(4, ((6, 7),))
    assert merge(mark, [(3, 5)]) == Mark(7)


@given(st.lists(_NUMBERS))
def test_whatever_the_order_the_mark_knows_what_was_dealt_with(lists: list[set[int]]) -> None:
    mark = Mark()
    for numbers in lists:
        mark = merge(mark, _runs(numbers))

    everything = set().union(*lists)
    assert _dealt(mark) == everything
    assert mark.applied_through + 1 not in everything
    assert all(mark.covers(number) == (number in everything) for number in range(1, 42))
    assert all(a[1] + 1 < b[0] for a, b in zip(mark.ahead, mark.ahead[1:], strict=False))


@given(_NUMBERS, _NUMBERS, st.integers(0, 40))
def test_missing_is_what_is_neither_dealt_with_nor_waiting(
    dealt: set[int], waiting: set[int], head: int
) -> None:
    gaps = missing(merge(Mark(), _runs(dealt)), head, waiting)

    numbers = {number for first, last in gaps for number in range(first, last + 1)}
    assert numbers == set(range(1, head + 1)) - dealt - waiting
    assert all(first <= last for first, last in gaps)


@given(st.integers(1, 40), st.integers(0, 20), _NUMBERS)
def test_a_run_without_some_numbers_has_all_the_others(first: int, length: int, some: set[int]) -> None:
    parts = without((first, first + length), sorted(some))

    numbers = [number for a, b in parts for number in range(a, b + 1)]
    assert numbers == [n for n in range(first, first + length + 1) if n not in some]
