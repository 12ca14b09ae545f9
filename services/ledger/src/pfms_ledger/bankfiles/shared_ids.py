"""Bank ids that stand on rows of different facts: banks that number anew each month, or write zeros."""

from array import array
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class SharedIds:
    """The ids of a file that stand on rows of different facts; ask with `bank_id in shared`."""

    hashes: frozenset[int]

    def __contains__(self, bank_id: str) -> bool:
        return bool(self.hashes) and hash(bank_id) in self.hashes


class IdTally:
    """Collects (id, facts) of a file at 16 bytes a row, and says which ids stand on different facts."""

    def __init__(self) -> None:
        self._ids = array("q")
        self._facts = array("q")

    def add(self, bank_id: str, *facts: str) -> None:
        self._ids.append(hash(bank_id))
        self._facts.append(hash(facts))

    def shared(self) -> SharedIds:
        order = sorted(range(len(self._ids)), key=self._ids.__getitem__)
        ids, facts = self._ids, self._facts
        return SharedIds(
            frozenset(ids[a] for a, b in pairwise(order) if ids[a] == ids[b] and facts[a] != facts[b])
        )
