"""What a book has set for its ledger."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class SettingsRow(Base):
    """One row a book; none: nothing is set. The default account is the one that quick entries are on;
    `shares`: whether a shared split's category holds one's own part (mine) or the whole.
    """

    __tablename__ = "ledger_settings"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "default_account_id"], ["account.book_id", "account.id"]),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    default_account_id: Mapped[UUID | None]
    shares: Mapped[str] = mapped_column(Text, server_default="mine")
    version: Mapped[int] = mapped_column(BigInteger)
