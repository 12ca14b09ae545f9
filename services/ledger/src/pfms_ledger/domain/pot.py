"""A pot is a named part of an account's money. It never goes below zero: it empties, and the account pays the rest.

With S the running sum of a pot's postings in order of date, then number of the creating event, its balance is
S − min(0, lowest S so far), and −min(0, lowest S) is what its account has paid for it. Of 30 in, 80 out and 20 in it
keeps 20, the account paid 50; 40 more dated in between, and the account paid 10.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of a pot's postings, in minor units.

    Args:
        sum_minor: what they add up to.
        low_minor: the lowest that their running sum gets, counted from its beginning, where it is zero.
    """

    sum_minor: int = 0
    low_minor: int = 0

    def then(self, later: "Stretch") -> "Stretch":
        """Both, one after the other: so months add up to all of a pot's time."""
        return Stretch(
            self.sum_minor + later.sum_minor, min(self.low_minor, self.sum_minor + later.low_minor)
        )

    @property
    def balance_minor(self) -> int:
        return self.sum_minor - self.low_minor

    @property
    def account_paid_minor(self) -> int:
        return -self.low_minor


def posted(amount_minor: int) -> Stretch:
    """A single posting."""
    return Stretch(amount_minor, min(amount_minor, 0))


def joined(stretches: Iterable[Stretch]) -> Stretch:
    """All of them in their order: from a pot's beginning on they say what is in it."""
    whole = Stretch()
    for stretch in stretches:
        whole = whole.then(stretch)
    return whole
