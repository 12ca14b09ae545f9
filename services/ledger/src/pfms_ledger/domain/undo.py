"""Undo takes back the fields that one event changed, and no others; a field that was changed since stands against it.

What a thing was is given as documents, as events carry them: the state before the event, after it, and after each
later one; None where it did not exist. Making a thing and deleting it change all of it, so undoing the one deletes
and undoing the other restores. A change that was changed back stands against nothing: states are compared, not
versions. Sums hold by themselves: where splits add up before, after and now, so they do in the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pfms_common.problem import Refusal

type State = Mapping[str, Any] | None
type Field = tuple[str, ...]
"""A field's path: its name, or list, part's id and name: `("splits", "0197…", "memo")`; a list's own is its order."""
type Reason = Literal["edited", "deleted", "reconciled", "shared", "matched", "in_use", "refused"]

# What only repeats other fields of a document that has them; it goes where they go, and is not compared.
_COPIES = {"payee": "payee_id", "kind": "splits", "is_shared": "splits"}
# What is derived from other fields, is not compared either, and is derived anew.
_DERIVED = {"base_amount_minor"}
_MISSING = object()
# Fields that mean something only together: one changed since stands against all of them.
_TOGETHER = {
    "currency": "amount_minor",
    "from": "amount_minor",
    "to": "amount_minor",
    "original": "amount_minor",
    "fee": "amount_minor",
    "tax_minor": "amount_minor",
    "gross_minor": "amount_minor",
    "rate": "amount_minor",
    "pot_id": "account_id",
    "shares": "amount_minor",
}


class ChangedSince(Refusal):
    """A later event changed what is to be taken back."""


@dataclass(frozen=True, slots=True)
class Step:
    """An event and the state after it."""

    event_id: UUID
    state: State


def undo(before: State, steps: Sequence[Step]) -> State:
    """The state without what the first step changed; None: it is to be deleted.

    Args:
        before: the state before the first step.
        steps: the event to take back, and all later ones of the same thing.
    """
    after, now = steps[0].state, steps[-1].state
    changed = _changed(before, after)
    if before is None or after is None:
        changed |= _changed(after, now)
    if standing := changed & _changed(after, now):
        later = next(
            step
            for earlier, step in zip(reversed(steps[:-1]), reversed(steps[1:]), strict=True)
            if standing & _changed(earlier.state, step.state)
        )
        names = sorted({field[0] for field in standing})
        told = "It was deleted since" if now is None else f"Changed since: {', '.join(names)}"
        raise ChangedSince(
            f"{told}; undo the later event first.",
            extra={"later_event_id": str(later.event_id), "fields": names},
        )
    if not changed:
        return now
    if before is None or now is None:
        return before
    kept = {field: value for field, value in _fields(now).items() if _unit(field) not in changed}
    back = {field: value for field, value in _fields(before).items() if _unit(field) in changed}
    return _document({**kept, **back})


def is_same(one: State, other: State) -> bool:
    """Whether two states are the same but for copies of other things' fields."""
    return not _changed(one, other)


def reason_to_keep(before: State, after: State, now: State) -> Reason | None:
    """Why a thing that was changed together with others stays as it is, or None.

    What was worked on since is kept whole: a person saw it as it was after the change.
    """
    if is_same(after, now) or is_same(before, now):
        return None
    if now is None:
        return "deleted"
    if after is not None:
        if now.get("status") == "reconciled" != after.get("status"):
            return "reconciled"
        if _is_shared(now) and not _is_shared(after):
            return "shared"
    return "edited"


def _is_shared(state: Mapping[str, Any]) -> bool:
    return any(split.get("shares") for split in state.get("splits") or ())


def _changed(one: State, other: State) -> set[Field]:
    """The units in which two states differ."""
    fields, others = _fields(one), _fields(other)
    both = fields.keys() | others.keys()
    return {
        _unit(field)
        for field in both
        if fields.get(field, _MISSING) != others.get(field, _MISSING)
        and (_COPIES.get(field[0], ""),) not in both
    }


def _unit(field: Field) -> Field:
    """The field that stands for all that mean something only together with it."""
    name = field[-1]
    return (*field[:-1], _TOGETHER.get(name, _COPIES.get(name, name)))


def _fields(state: State) -> dict[Field, Any]:
    """A state taken apart; the parts of a list that have ids are known by them."""
    found: dict[Field, Any] = {}
    for name, value in (state or {}).items():
        if (
            isinstance(value, list)
            and value
            and all(isinstance(part, dict) and "id" in part for part in value)
        ):
            found[name,] = [part["id"] for part in value]
            found |= {
                (name, part["id"], inner): of
                for part in value
                for inner, of in part.items()
                if inner not in _DERIVED
            }
        else:
            found[name,] = value
    return found


def _document(fields: Mapping[Field, Any]) -> dict[str, Any]:
    """The inverse of `_fields`."""
    parts: dict[Field, dict[str, Any]] = {}
    for field, value in fields.items():
        if len(field) > 1:
            parts.setdefault(field[:2], {})[field[2]] = value
    lists = {name for name, _ in parts}
    return {
        field[0]: [parts[field[0], part] for part in value] if field[0] in lists else value
        for field, value in fields.items()
        if len(field) == 1
    }
