"""From what a client asks for to a whole transaction: currencies, both sides of a transfer, splits that add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, Invalid
from pfms_ledger.domain.bounds import check_amount
from pfms_ledger.domain.details import PLAIN, Details
from pfms_ledger.domain.income import check_earned
from pfms_ledger.domain.original import check_original
from pfms_ledger.domain.posting import Part, Place
from pfms_ledger.domain.share import Sharing, check_shared
from pfms_ledger.domain.transaction import (
    Entered,
    Split,
    Status,
    Transaction,
    Type,
    check_income_flag,
    resized,
    whole_splits,
)
from pfms_ledger.domain.transfer import Spot, check_edge, places
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.operations.sharing import shared


@dataclass(frozen=True, slots=True)
class End:
    """One end of a transfer as it was asked for."""

    account_id: UUID
    amount_minor: int | None = None
    pot_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction as a client asks for it."""

    type: Type
    date: date
    amount_minor: int
    status: Status
    id: UUID | None = None
    account_id: UUID | None = None
    pot_id: UUID | None = None
    source: End | None = None
    target: End | None = None
    payee: str | None = None
    description: str | None = None
    note: str | None = None
    splits: tuple[Split, ...] = ()
    tags: tuple[str, ...] = ()
    related_transaction_id: UUID | None = None
    excluded_from_budget: bool = False
    counts_next_period: bool = False
    allow_excess: bool = False
    details: Details = PLAIN
    fee: Part | None = None
    sharing: Mapping[UUID, Sharing] = field(default_factory=dict)
    origin: Entered = "manual"


async def composed(ledger: Ledger, principal: Principal, draft: Draft) -> Transaction:
    """The draft with currencies, both sides of a transfer and whole splits."""
    book_id, facts = principal.book_id, ledger.facts
    common: dict[str, Any] = {
        "id": draft.id or new_id(),
        "type": draft.type,
        "status": draft.status,
        "date": draft.date,
        "amount_minor": draft.amount_minor,
        "payee": draft.payee,
        "description": draft.description,
        "note": draft.note,
        "tags": draft.tags,
        "related_transaction_id": draft.related_transaction_id,
        "excluded_from_budget": draft.excluded_from_budget,
        "counts_next_period": draft.counts_next_period,
        "created_by": principal.user_id,
        "details": draft.details,
        "origin": draft.origin,
    }
    given = await shared(ledger, principal, common["id"], draft.splits, draft.sharing)
    if draft.source is not None and draft.target is not None:
        source = await _spot(ledger, book_id, draft.source, "from")
        target = await _spot(ledger, book_id, draft.target, "to")
        fee_minor = draft.fee.amount_minor if draft.fee else 0
        left, reached = places(draft.amount_minor, source, target, draft.target.amount_minor, fee_minor)
        if given:
            await _check_sides(ledger, book_id, left, reached)
        splits = whole_splits(draft.amount_minor - fee_minor, given) if given else ()
        transaction = Transaction(
            **common, currency=source.currency, source=left, target=reached, splits=splits, fee=draft.fee
        )
    else:
        account_id = draft.account_id
        if account_id is None:
            raise ValueError("the edge lets no draft without an account or two ends through")
        currency = await facts.currency(book_id, account_id, "account_id")
        # A refund's splits follow the original's, which is read later.
        splits = given if draft.type == "refund" else whole_splits(draft.amount_minor, given)
        transaction = Transaction(
            **common, currency=currency, account_id=account_id, pot_id=draft.pot_id, splits=splits
        )
    _check_fits(transaction)
    return transaction


async def edited(
    ledger: Ledger, principal: Principal, before: Transaction, changes: dict[str, Any]
) -> Transaction:
    """The transaction with the given fields changed, whole and consistent again."""
    _check_fields(before, changes)
    book_id = principal.book_id
    plain = (
        "status",
        "date",
        "description",
        "note",
        "tags",
        "excluded_from_budget",
        "counts_next_period",
        "payee",
        "fee",
    )
    after = replace(before, **{name: changes[name] for name in plain if name in changes})
    if "details" in changes:
        after = replace(after, details=replace(after.details, **changes["details"]))
    if "date" in changes:
        await ledger.check_day(book_id, after.date)
    if "payee" in changes:
        after = replace(after, payee_id=None)
    if "amount_minor" in changes:
        check_amount(changes["amount_minor"])
        after = resized(after, changes["amount_minor"])
    if before.source is not None and before.target is not None:
        source = changes.get("source") or End(before.source.account_id, pot_id=before.source.pot_id)
        same = before.target if before.target.currency != before.source.currency else None
        target = changes.get("target") or End(
            before.target.account_id, same.amount_minor if same else None, before.target.pot_id
        )
        left, reached = places(
            after.amount_minor,
            await _spot(ledger, book_id, source, "from"),
            await _spot(ledger, book_id, target, "to"),
            target.amount_minor,
            after.amount_minor - after.moved_minor,
        )
        after = replace(after, source=left, target=reached, currency=left.currency)
        if changes.get("splits", after.splits) and ("splits" in changes or after.accounts != before.accounts):
            await _check_sides(ledger, book_id, left, reached)
    else:
        after = await _placed(ledger, book_id, after, changes)
    splits = changes.get("splits", after.splits)
    splits = await shared(ledger, principal, before.id, splits, changes.get("sharing", {}))
    if splits or after.type != "transfer":
        after = replace(after, splits=whole_splits(after.moved_minor, splits))
    else:
        after = replace(after, splits=())
    _check_fits(after)
    return after


async def _placed(
    ledger: Ledger, book_id: UUID, transaction: Transaction, changes: dict[str, Any]
) -> Transaction:
    """On another account or in another pot. A pot is a part of one account: it stays behind unless one is named."""
    account_id, pot_id = changes.get("account_id") or transaction.account_id, transaction.pot_id
    if account_id is not None and account_id != transaction.account_id:
        pot_id = None
        currency = await ledger.facts.currency(book_id, account_id, "account_id")
        if currency != transaction.currency:
            raise Conflict(
                f"The account is in {currency}, the transaction in {transaction.currency}: delete it and record it"
                " anew.",
                errors={"account_id": [f"must be in {transaction.currency}"]},
            )
    return replace(transaction, account_id=account_id, pot_id=changes.get("pot_id", pot_id))


def _check_fits(transaction: Transaction) -> None:
    """What the amount and the account say about other fields."""
    check_income_flag(transaction)
    check_earned(
        transaction.details.income_source_id,
        transaction.details.tax_minor,
        kind=transaction.kind,
        amount_minor=transaction.amount_minor,
    )
    check_shared(is_transfer=transaction.type == "transfer", is_shared=transaction.is_shared)
    check_original(
        transaction.details.original,
        amount_minor=transaction.amount_minor,
        currency=transaction.currency,
        is_transfer=transaction.type == "transfer",
    )


async def _spot(ledger: Ledger, book_id: UUID, end: End, side: str) -> Spot:
    currency = await ledger.facts.currency(book_id, end.account_id, f"{side}.account_id")
    return Spot(end.account_id, currency, end.pot_id)


async def _check_sides(ledger: Ledger, book_id: UUID, left: Place, reached: Place) -> None:
    """A transfer with splits goes across the budget's edge."""
    check_edge(
        source_on_budget=await ledger.facts.on_budget(book_id, left.account_id, "from.account_id"),
        target_on_budget=await ledger.facts.on_budget(book_id, reached.account_id, "to.account_id"),
        has_splits=True,
    )


def _check_fields(before: Transaction, changes: dict[str, Any]) -> None:
    """A transfer has two ends and no account, all others the reverse; a type never changes."""
    of_one = {"account_id": "account_id", "pot_id": "pot_id"}
    of_two = {"source": "from", "target": "to", "fee": "fee"}
    names = of_one if before.type == "transfer" else of_two
    if wrong := [path for name, path in names.items() if name in changes]:
        raise Invalid(
            f"A {before.type} transaction has no {' and no '.join(wrong)}.",
            errors={path: [f"is not a field of a {before.type} transaction"] for path in wrong},
        )
