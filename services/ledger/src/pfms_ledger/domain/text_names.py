"""Which thing a word of a person means: the one of that name, else the only one whose name begins with it."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID


class Named(NamedTuple):
    """A thing with a folded name of it; one thing may stand there with several."""

    id: UUID
    name: str
    folded: str


class Choice(NamedTuple):
    """`certain`: it has this very name."""

    id: UUID
    name: str
    certain: bool


def chosen(folded: str, things: Sequence[Named]) -> Choice | None:
    """The thing that is meant; None where none or several could be."""
    if not folded:
        return None
    exact = {thing.id: thing for thing in things if thing.folded == folded}
    begun = exact or {thing.id: thing for thing in things if thing.folded.startswith(folded)}
    if len(begun) != 1:
        return None
    (found,) = begun.values()
    return Choice(found.id, found.name, bool(exact))
