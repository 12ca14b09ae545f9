"""Shares: parts of a split that others owe, so that only your own part is spending.

A share is resolved to minor units when it is written and stays as it is from then on. Parts go by largest remainder;
where remainders are equal, who gets the odd cent rotates with the transaction's id over the people in the order of
their ids: it does not depend on the order they were named in, and is fair over time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pfms_common.money import allocate
from pfms_common.problem import Invalid, Refusal

Counted = Literal["mine", "whole"]
"""What the category of a shared split holds: your own part, or all of it."""

ME = None
"""You, who paid: your part is what is left of the split."""

Form = Literal["amount_minor", "percentage", "weight", "equal"]


class SharesExceed(Refusal):
    """Others would owe more than the split."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one person owes of a split, above zero; `category_id` is the category of what is owed to you.

    Nobody here knows people, who belong to debts: `person_id` is an id that the client chose, kept as it is and never
    looked up, so a share may name somebody who is not known there (yet, or any more). What holds here is that a split
    names each id once, fifty at most, and that a share's id never changes by itself.

    It counts there, apart from the split's own category, unless the book counted shared splits whole when it was
    written.
    """

    person_id: UUID
    amount_minor: int
    category_id: UUID
    counts_apart: bool = True


@dataclass(frozen=True, slots=True)
class Sharing:
    """How a split is shared as it was asked for.

    Args:
        form: what the figures are: minor units, percentages, weights; or 1 each, for equal parts.
        members: people, or ME, each with a figure.
    """

    form: Form
    members: Sequence[tuple[UUID | None, Decimal]]


def resolve(sharing: Sharing, split_minor: int, transaction_id: UUID, path: str) -> list[tuple[UUID, int]]:
    """Who owes how much of a split, in minor units above zero, in the order they were named in.

    Args:
        split_minor: signed; a refund is shared like what it refunds.
        path: the input field, for refusals.
    """
    people = [person for person, _ in sharing.members]
    if len(set(people)) != len(people):
        raise Invalid("Somebody has two shares of one split.", errors={path: ["somebody is named twice"]})
    whole = abs(split_minor)
    members = list(sharing.members)
    if sharing.form == "amount_minor":
        parts = {person: int(figure) for person, figure in members}
    else:
        if sharing.form == "percentage" and ME not in people:
            members.append((ME, Decimal(100) - sum(figure for _, figure in members)))
        if any(figure < 0 for _, figure in members):
            raise SharesExceed("The percentages are over 100.", errors={path: ["are over 100 together"]})
        parts = _shared_out(whole, members, transaction_id)
    owed = [(person, parts[person]) for person in people if person is not ME and parts[person]]
    check_shares(split_minor, [minor for _, minor in owed], path)
    return owed


def check_shares(split_minor: int, shares_minor: Sequence[int], path: str) -> None:
    """Others owe no more than the split itself."""
    over = sum(shares_minor) - abs(split_minor)
    if over > 0:
        raise SharesExceed(
            f"The shares are {sum(shares_minor)}, the split is {abs(split_minor)}.",
            errors={path: [f"are {over} more than the split"]},
        )


def _shared_out(
    whole: int, members: Sequence[tuple[UUID | None, Decimal]], transaction_id: UUID
) -> dict[UUID | None, int]:
    ordered = sorted(members, key=lambda member: member[0].int if member[0] is not ME else -1)
    first = transaction_id.int % len(ordered)
    rotated = [*ordered[first:], *ordered[:first]]
    parts = allocate(whole, [figure for _, figure in rotated])
    return {person: part for (person, _), part in zip(rotated, parts, strict=True)}


def check_shared(*, is_transfer: bool, is_shared: bool) -> None:
    """What moves between your own accounts is owed by nobody."""
    if is_transfer and is_shared:
        raise Invalid("A transfer has no shares.", errors={"splits": ["of a transfer have no shares"]})
