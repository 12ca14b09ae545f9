"""Payees: who money went to or came from, by cleaned name."""

from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class PayeeRow(Base):
    """One payee; names are unique in a book regardless of case."""

    __tablename__ = "payee"
    __table_args__ = (
        Index("payee_name_key", "book_id", "name_folded", unique=True),
        Index(
            "payee_searched_idx",
            "book_id",
            "searched",
            postgresql_using="gin",
            postgresql_ops={"searched": "gin_trgm_ops"},
        ),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text(collation="C"))
    name_folded: Mapped[str] = mapped_column(Text(collation="C"))
    is_active: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    searched: Mapped[str | None] = mapped_column(Text(collation="C"))
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))


class AliasRow(Base):
    """Another name of a payee, folded; it leads to one payee of the book."""

    __tablename__ = "payee_alias"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "payee_id"], ["payee.book_id", "payee.id"], ondelete="CASCADE"),
        Index("payee_alias_payee_idx", "book_id", "payee_id"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    name_folded: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    payee_id: Mapped[UUID]
