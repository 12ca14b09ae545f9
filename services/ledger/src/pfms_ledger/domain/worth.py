"""Worth: what the splits of a transaction are in the book's currency at their date's rate; null where none says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pfms_common.rate import Rates
from pfms_ledger.domain.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Worth:
    """Of one book; `base` is None until it is known."""

    base: str | None
    rates: Rates

    def of(self, transaction: Transaction) -> Transaction:
        """The transaction with `base_amount_minor` of its splits as the rates say it."""
        splits = transaction.splits
        amounts = self.amounts(
            [split.amount_minor for split in splits], transaction.currency, transaction.date
        )
        stated = zip(splits, amounts, strict=True)
        return replace(
            transaction,
            splits=tuple(replace(split, base_amount_minor=amount) for split, amount in stated),
        )

    def amounts(self, amounts: Sequence[int], currency: str, day: date) -> Sequence[int | None]:
        """Parts of one amount in the book's currency."""
        nothing = [None] * len(amounts)
        if self.base is None:
            return nothing
        return self.rates.converted(amounts, currency, self.base, day) or nothing


def is_worth_the_same(one: Transaction, other: Transaction) -> bool:
    """Transactions are equal whatever they are worth; this compares that."""
    return [split.base_amount_minor for split in one.splits] == [
        split.base_amount_minor for split in other.splits
    ]
