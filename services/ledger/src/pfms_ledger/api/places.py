"""Where a transaction's money is: the ends of a transfer, the legs of the double entry."""

from uuid import UUID

from pydantic import Field

from pfms_common.input import Id, Input, Minor, Output
from pfms_ledger.domain.posting import Part
from pfms_ledger.operations.drafts import End


class FromIn(Input):
    account_id: Id
    pot_id: Id | None = Field(None, description="a pot of the account, where it is meant")

    def end(self) -> End:
        return End(self.account_id, pot_id=self.pot_id)


class ToIn(Input):
    account_id: Id
    pot_id: Id | None = Field(None, description="a pot of the account, where it is meant")
    amount_minor: Minor | None = Field(
        None,
        description="what arrives, in minor units of that account's currency; needed where it is another one",
    )

    def end(self) -> End:
        return End(self.account_id, self.amount_minor, self.pot_id)


class FeeIn(Input):
    amount_minor: Minor = Field(
        gt=0, description="a part of the transfer's amount, in its currency; positive", examples=[250]
    )
    category_id: Id | None = Field(None, description="what it counts as; null: uncategorised")

    def part(self) -> Part:
        return Part(self.amount_minor, self.category_id)


class FeeOut(Output):
    amount_minor: int = Field(
        description="a part of the transfer's amount, in its currency; positive", examples=[250]
    )
    category_id: UUID | None = Field(description="what it counts as; null: uncategorised")


class SideOut(Output):
    account_id: UUID
    pot_id: UUID | None = Field(description="the pot of the account that is meant")
    amount_minor: int = Field(description="positive, in minor units of `currency`", examples=[10_000])
    currency: str = Field(examples=["EUR"])


class PostingOut(Output):
    """One leg of a transaction; the legs sum to zero in each currency."""

    kind: str = Field(description="account, category, conversion or edge", examples=["account"])
    account_id: UUID | None
    pot_id: UUID | None = Field(description="the pot of the account that is meant")
    category_id: UUID | None
    amount_minor: int = Field(
        description="signed, inflow into an account positive, in minor units", examples=[-1250]
    )
    currency: str = Field(examples=["EUR"])
