"""The tree of categories."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class CategoryRow(Base):
    """One category. Names are unique below a parent regardless of case: `name_folded` is casefolded in Python,
    since `COLLATE "C"` folds ASCII only.
    """

    __tablename__ = "category"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    parent_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text(collation="C"))
    name_folded: Mapped[str] = mapped_column(Text(collation="C"))
    type: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(Text)
    spending_class: Mapped[str | None] = mapped_column(Text)
    is_essential: Mapped[bool]
    is_archived: Mapped[bool]
    colour: Mapped[str | None] = mapped_column(Text)
    icon: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int]
    kind: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        ForeignKeyConstraint(["book_id", "parent_id"], ["category.book_id", "category.id"]),
        Index(
            "category_name_key",
            "book_id",
            text("coalesce(parent_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
            "name_folded",
            unique=True,
        ),
        Index("category_key_key", "book_id", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
    )
