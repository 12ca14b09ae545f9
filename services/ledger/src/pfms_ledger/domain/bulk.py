"""Bulk: one wish is carried out on each of many transactions, judged by itself; asked for, on all or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from pfms_common.problem import Invalid, Refusal
from pfms_ledger.domain.tag import each_once, without
from pfms_ledger.domain.transaction import MOST_TAGS, Split, Transaction

MOST = 1000


class NotAll(Refusal):
    """All or nothing was asked for, and something of it cannot be done: nothing was."""


class SeveralSplits(Refusal):
    """A category is for a lone split: which of several is meant cannot be told."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What each transaction is to become.

    Args:
        fields: plain fields of the transaction → value: status, payee, excluded_from_budget.
        tags: all of them, in place of the old ones; None leaves them.
        categorises: whether `category_id` is meant; None is uncategorised.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    categorises: bool = False
    category_id: UUID | None = None
    tags: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()


def changes_for(transaction: Transaction, wish: Wish) -> dict[str, Any]:
    """The wish as changed fields of this transaction."""
    changes: dict[str, Any] = dict(wish.fields)
    tags = _tags(transaction.tags if wish.tags is None else wish.tags, wish)
    if tags != transaction.tags:
        changes["tags"] = tags
    splits = transaction.splits
    if wish.categorises:
        splits = (replace(_lone(transaction), category_id=wish.category_id),)
    if wish.remove_tags:
        splits = tuple(replace(split, tags=without(split.tags, wish.remove_tags)) for split in splits)
    if splits != transaction.splits:
        changes["splits"] = splits
    return changes


def _tags(present: tuple[str, ...], wish: Wish) -> tuple[str, ...]:
    tags = each_once([*without(present, wish.remove_tags), *wish.add_tags])
    if len(tags) > MOST_TAGS:
        raise Invalid(
            f"It would have {len(tags)} tags; {MOST_TAGS} are the most.",
            errors={"set.add_tags": [f"would make more than {MOST_TAGS}"]},
        )
    return tags


def _lone(transaction: Transaction) -> Split:
    if not transaction.splits:
        raise SeveralSplits(
            "A transfer that stays on one side of the budget has no category.",
            errors={"set.category_id": ["a transfer has none"]},
        )
    if len(transaction.splits) > 1:
        raise SeveralSplits(
            f"It has {len(transaction.splits)} splits; change them one by one.",
            errors={"set.category_id": ["is for transactions with one split"]},
        )
    return transaction.splits[0]
