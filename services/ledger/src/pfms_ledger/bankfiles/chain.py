"""The balance chain: a column of balances proves what the amounts beside it do to the account."""

from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH_PAIRS = 3
ENOUGH_SHARE = 0.8
SLIPS = 0.2


@dataclass(frozen=True, slots=True)
class Chain:
    """How many pairs of neighbouring rows there are, and how many fit amounts as written and turned round.

    A zero amount is no evidence of a sign: such a pair is `quiet` where the balance stands still, and speaks
    against the chain where it moves.
    """

    pairs: int
    quiet: int
    as_written: int
    inverted: int

    def _proves(self, fits: int, against: int) -> bool:
        enough = fits >= ENOUGH_PAIRS and fits + self.quiet >= ENOUGH_SHARE * self.pairs
        return enough and against <= SLIPS * fits

    @property
    def sign(self) -> int:
        """1 where the amounts are proved as written, -1 where they are proved inverted, else 0."""
        if self._proves(self.as_written, self.inverted):
            return 1
        return -1 if self._proves(self.inverted, self.as_written) else 0

    @property
    def leaning(self) -> int:
        """The same for fewer pairs than prove: 1 or -1 where every pair fits one way and none the other."""
        moved = self.pairs - self.quiet
        if moved and self.as_written == moved and not self.inverted:
            return 1
        return -1 if moved and self.inverted == moved and not self.as_written else 0


NO_CHAIN = Chain(0, 0, 0, 0)


def chain(amounts: Sequence[int | None], balances: Sequence[int | None]) -> Chain:
    """The better of the two directions a file may run in, oldest or newest row first.

    Rows where either is unknown end a chain; the next one starts anew behind them.
    """
    forward = _fits(amounts, balances, newest_first=False)
    backward = _fits(amounts, balances, newest_first=True)
    return max(forward, backward, key=lambda found: max(found.as_written, found.inverted))


def _fits(amounts: Sequence[int | None], balances: Sequence[int | None], *, newest_first: bool) -> Chain:
    pairs = quiet = as_written = inverted = 0
    for i in range(1, len(amounts)):
        before, after = (i, i - 1) if newest_first else (i - 1, i)
        amount, start, end = amounts[after], balances[before], balances[after]
        if amount is None or start is None or end is None:
            continue
        pairs += 1
        quiet += amount == 0 and end == start
        as_written += amount != 0 and end - start == amount
        inverted += amount != 0 and start - end == amount
    return Chain(pairs, quiet, as_written, inverted)


def spans(
    openings: Sequence[int | None], amounts: Sequence[int | None], closings: Sequence[int | None]
) -> int:
    """1 where opening + amount = closing on every row (at least two), -1 where opening - amount is, else 0."""
    rows = [
        (start, amount, end)
        for start, amount, end in zip(openings, amounts, closings, strict=True)
        if start is not None and amount and end is not None
    ]
    if len(rows) < 2:
        return 0
    if all(start + amount == end for start, amount, end in rows):
        return 1
    return -1 if all(start - amount == end for start, amount, end in rows) else 0
