"""Shares of a split: what others owe of it."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from pfms_common.input import MAX_MINOR, Id, Input, Output, Quantity, misfits
from pfms_ledger.domain.share import ME, Form, Sharing

Percentage = Annotated[Quantity, Field(gt=0, le=100)]
_FORMS: tuple[Form, ...] = ("amount_minor", "percentage", "weight")


class ShareIn(Input):
    """One person's share, in one of three forms; all shares of a split have the same."""

    person_id: Id | Literal["me"] = Field(
        description="who owes it: the id of somebody among your people, whom debts keeps; here it is kept as it is"
        " sent, never looked up, and named once in a split. `me` only with weights, for your own part: elsewhere that"
        " is what is left"
    )
    amount_minor: int | None = Field(
        None, ge=1, le=MAX_MINOR, description="exactly, above zero, in minor units", examples=[500]
    )
    percentage: Percentage | None = Field(None, description="of the split, up to 100", examples=["33.33"])
    weight: int | None = Field(
        None, ge=1, le=1_000_000, description="in proportion to the other weights", examples=[2]
    )

    @property
    def form(self) -> Form:
        return next(form for form in _FORMS if getattr(self, form) is not None)

    @model_validator(mode="after")
    def _has_one_form(self) -> "ShareIn":
        given = [form for form in _FORMS if getattr(self, form) is not None]
        if len(given) != 1:
            raise misfits(
                dict.fromkeys(given or _FORMS, "a share has one of amount_minor, percentage and weight")
            )
        if self.person_id == "me" and self.weight is None:
            raise misfits({"weight": "is needed for your own share, or leave it out"})
        return self


class SharedIn(Input):
    """What a split may say about others' part of it."""

    shares: list[ShareIn] = Field(
        default_factory=list, max_length=50, description="who owes part of it; at most the split in all"
    )
    shares_equal: list[Id | Literal["me"]] = Field(
        default_factory=list,
        max_length=50,
        description="instead of shares: equal parts for these people, and for you where `me` is among them",
    )

    @model_validator(mode="after")
    def _is_shared_in_one_way(self) -> "SharedIn":
        if self.shares and self.shares_equal:
            raise misfits({"shares_equal": "is instead of shares"})
        if len({share.form for share in self.shares}) > 1:
            raise misfits({"shares": "must all have the same form"})
        return self

    def sharing(self) -> Sharing | None:
        """None for a split that is nobody else's."""
        if self.shares_equal:
            return Sharing("equal", [(_person(each), Decimal(1)) for each in self.shares_equal])
        if not self.shares:
            return None
        form = self.shares[0].form
        return Sharing(form, [(_person(s.person_id), Decimal(getattr(s, form))) for s in self.shares])


class ShareOut(Output):
    person_id: UUID
    amount_minor: int = Field(description="what they owe, above zero, in minor units", examples=[500])
    category_id: UUID = Field(description="what is owed to you: this part counts there")
    counts_apart: bool = Field(
        description="false: it was written while the book counted shared splits whole, in their own category"
    )


def _person(named: UUID | str) -> UUID | None:
    return named if isinstance(named, UUID) else ME
