"""A transaction: what a person recorded, complete and consistent, and the legs it posts.

Amounts are signed, outflow negative; a transfer's is positive and moves from one account to another. The splits say
what the money was for and add up to the amount; a transaction without splits gets one, uncategorised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from pfms_common.ids import new_id
from pfms_common.problem import Invalid
from pfms_ledger.domain.details import PLAIN, Details, details_from
from pfms_ledger.domain.posting import Leg, Part, Place, post_movement, post_transfer
from pfms_ledger.domain.share import Share, check_shares
from pfms_ledger.domain.split import check_bounds, check_ids, check_sum
from pfms_ledger.domain.transfer import rate_of

MOST_TAGS = 50
Type = Literal["standard", "transfer", "refund", "adjustment"]
Status = Literal["pending", "cleared", "reconciled"]
Entered = Literal["manual", "voice", "ai"]
"""How a client may say that it came by a transaction; the other sources are the service's own to give."""


@dataclass(frozen=True, slots=True)
class Split:
    amount_minor: int
    category_id: UUID | None = None
    memo: str | None = None
    tags: tuple[str, ...] = ()
    id: UUID = field(default_factory=new_id)
    item: str | None = None
    base_amount_minor: int | None = field(default=None, compare=False)  # derived from the rest (worth.py)
    shares: tuple[Share, ...] = ()

    @property
    def parts(self) -> list[Part]:
        """What it comes to by category: your own part, and what each share adds to what is owed to you."""
        if not self.shares:
            return [Part(self.amount_minor, self.category_id)]
        sign = 1 if self.amount_minor > 0 else -1
        apart = [share for share in self.shares if share.counts_apart]
        owed = [Part(sign * share.amount_minor, share.category_id) for share in apart]
        return [Part(self.amount_minor - sum(part.amount_minor for part in owed), self.category_id), *owed]

    def data(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "id": self.id,
            "category_id": self.category_id,
            "amount_minor": self.amount_minor,
            "base_amount_minor": self.base_amount_minor,
            "memo": self.memo,
            "tags": self.tags,
        }
        if self.item is not None:
            said["item"] = self.item
        if self.shares:
            said["shares"] = [asdict(share) for share in self.shares]
        return said


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan that made a transaction, its version then, and the day that the plan's rule names."""

    plan_id: UUID
    plan_version: int
    plan_date: date

    def data(self) -> dict[str, Any]:
        return {"plan_id": self.plan_id, "plan_version": self.plan_version, "plan_date": self.plan_date}


@dataclass(frozen=True, slots=True)
class Transaction:
    """One version of a transaction. `source` and `target` are set for transfers, `account_id` for all others."""

    id: UUID
    type: Type
    status: Status
    date: date
    amount_minor: int
    currency: str
    splits: tuple[Split, ...]
    account_id: UUID | None = None
    pot_id: UUID | None = None
    source: Place | None = None
    target: Place | None = None
    payee: str | None = None
    payee_id: UUID | None = None
    description: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    related_transaction_id: UUID | None = None
    excluded_from_budget: bool = False
    counts_next_period: bool = False
    origin: str = "manual"
    import_id: UUID | None = None
    bank_id: str | None = None
    created_by: UUID | None = None
    details: Details = PLAIN
    fee: Part | None = None
    plan: Planned | None = None

    @property
    def kind(self) -> str:
        """Income and expense are standard transactions, by the sign of their amount."""
        if self.type != "standard":
            return self.type
        return "income" if self.amount_minor > 0 else "expense"

    @property
    def is_shared(self) -> bool:
        """Whether others owe parts of it."""
        return any(split.shares for split in self.splits)

    @property
    def parts(self) -> list[Part]:
        """What its splits come to by category."""
        return [part for split in self.splits for part in split.parts]

    @property
    def accounts(self) -> tuple[UUID, ...]:
        places = [place.account_id for place in (self.source, self.target) if place is not None]
        return tuple(places) if self.account_id is None else (self.account_id,)

    @property
    def pots(self) -> tuple[tuple[str, UUID, UUID], ...]:
        """Input field, account and pot of each pot that it names."""
        named = (
            ("pot_id", self.account_id, self.pot_id),
            *(
                (f"{side}.pot_id", place.account_id, place.pot_id)
                for side, place in (("from", self.source), ("to", self.target))
                if place is not None
            ),
        )
        return tuple((path, account, pot) for path, account, pot in named if account and pot)

    @property
    def categories(self) -> frozenset[UUID]:
        named = [split.category_id for split in self.splits] + ([self.fee.category_id] if self.fee else [])
        return frozenset(category_id for category_id in named if category_id is not None)

    @property
    def moved_minor(self) -> int:
        """The amount without the fee: what the splits add up to."""
        return self.amount_minor - (self.fee.amount_minor if self.fee else 0)

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What a person wrote in it, besides the payee's name."""
        parts = [text for split in self.splits for text in (split.memo, split.item, *split.tags)]
        place = self.details.location.name if self.details.location else None
        return (self.description, self.note, place, *parts, *self.tags)

    def data(self) -> dict[str, Any]:
        """The document as API and events show it."""
        return {
            "id": self.id,
            "type": self.type,
            "kind": self.kind,
            "status": self.status,
            "date": self.date,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "account_id": self.account_id,
            "pot_id": self.pot_id,
            "from": _side(self.source),
            "to": _side(self.target),
            "payee": self.payee,
            "payee_id": self.payee_id,
            "description": self.description,
            "note": self.note,
            "splits": [split.data() for split in self.splits],
            "is_shared": self.is_shared,
            "tags": self.tags,
            "related_transaction_id": self.related_transaction_id,
            "excluded_from_budget": self.excluded_from_budget,
            "counts_next_period": self.counts_next_period,
            "source": self.origin,
            "import_id": self.import_id,
            "bank_id": self.bank_id,
            "created_by": self.created_by,
            **self.details.data(),
            **({} if (tax := self.details.tax_minor) is None else {"gross_minor": self.amount_minor + tax}),
            **self._on_the_way(),
            **(self.plan.data() if self.plan is not None else {}),
        }

    def _on_the_way(self) -> dict[str, Any]:
        """What a transfer may have besides its ends: a fee, and a rate between two currencies."""
        if self.source is None or self.target is None:
            return {}
        said: dict[str, Any] = {}
        if self.fee is not None:
            said["fee"] = {"amount_minor": self.fee.amount_minor, "category_id": self.fee.category_id}
        rate = rate_of(self.source, self.target, self.amount_minor - self.moved_minor)
        return said if rate is None else {**said, "rate": rate}

    def legs(self) -> list[Leg]:
        """Its postings; they sum to zero in each currency."""
        if self.source is not None and self.target is not None:
            return post_transfer(self.source, self.target, self.parts, self.fee)
        if self.account_id is None:
            raise ValueError("a transaction that is no transfer has an account")
        return post_movement(self.account_id, self.currency, self.amount_minor, self.parts, self.pot_id)


def _side(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "account_id": place.account_id,
        "pot_id": place.pot_id,
        "amount_minor": place.amount_minor,
        "currency": place.currency,
    }


def from_data(data: Mapping[str, Any]) -> Transaction:
    """The inverse of `Transaction.data`, from an event's JSON."""

    def uuid(name: str, of: Mapping[str, Any] = data) -> UUID | None:
        return UUID(of[name]) if of.get(name) else None

    def place(name: str) -> Place | None:
        side = data.get(name)
        if not side:
            return None
        return Place(
            UUID(side["account_id"]), side["amount_minor"], side["currency"], uuid("pot_id", of=side)
        )

    return Transaction(
        id=UUID(data["id"]),
        type=data["type"],
        status=data["status"],
        date=date.fromisoformat(data["date"]),
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        splits=tuple(
            Split(
                split["amount_minor"],
                UUID(split["category_id"]) if split["category_id"] else None,
                split["memo"],
                tuple(split["tags"]),
                UUID(split["id"]),
                split.get("item"),
                split.get("base_amount_minor"),
                tuple(
                    Share(
                        UUID(share["person_id"]),
                        share["amount_minor"],
                        UUID(share["category_id"]),
                        share.get("counts_apart", True),
                    )
                    for share in split.get("shares", ())
                ),
            )
            for split in data["splits"]
        ),
        account_id=uuid("account_id"),
        pot_id=uuid("pot_id"),
        source=place("from"),
        target=place("to"),
        payee=data["payee"],
        payee_id=uuid("payee_id"),
        description=data["description"],
        note=data["note"],
        tags=tuple(data["tags"]),
        related_transaction_id=uuid("related_transaction_id"),
        excluded_from_budget=data["excluded_from_budget"],
        counts_next_period=data["counts_next_period"],
        origin=data["source"],
        import_id=uuid("import_id"),
        bank_id=data["bank_id"],
        created_by=uuid("created_by"),
        details=details_from(data),
        fee=_fee(data.get("fee")),
        plan=_planned(data),
    )


def _planned(data: Mapping[str, Any]) -> Planned | None:
    if data.get("plan_id") is None:
        return None
    return Planned(UUID(data["plan_id"]), data["plan_version"], date.fromisoformat(data["plan_date"]))


def _fee(data: Mapping[str, Any] | None) -> Part | None:
    if not data:
        return None
    return Part(data["amount_minor"], UUID(data["category_id"]) if data["category_id"] else None)


def whole_splits(amount_minor: int, splits: Sequence[Split]) -> tuple[Split, ...]:
    """The splits, adding up to the amount; without any, one that is uncategorised."""
    if not splits:
        return (Split(amount_minor),)
    amounts = [split.amount_minor for split in splits]
    check_sum(amount_minor, amounts)
    check_bounds(amounts)
    check_ids([split.id for split in splits])
    for n, split in enumerate(splits):
        check_shares(split.amount_minor, [share.amount_minor for share in split.shares], f"splits.{n}.shares")
    return tuple(splits)


def resized(transaction: Transaction, amount_minor: int) -> Transaction:
    """Another amount; a lone split follows it, several must be given anew."""
    after = replace(transaction, amount_minor=amount_minor)
    if len(after.splits) == 1:
        after = replace(after, splits=(replace(after.splits[0], amount_minor=after.moved_minor),))
    return after


def check_income_flag(transaction: Transaction) -> None:
    """Only money that comes in can count as the next period's income."""
    if transaction.counts_next_period and (transaction.type == "transfer" or transaction.amount_minor < 0):
        raise Invalid(
            "Only income can count for the next period.",
            errors={"counts_next_period": ["is for money that comes in"]},
        )
