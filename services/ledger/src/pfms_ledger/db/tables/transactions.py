"""Transactions, their postings and their tags.

A transaction's document, as the API shows it, stands once: in its newest event, to which `last_event` points. The
columns here are what lists filter and sort by.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class TransactionRow(Base):
    """One transaction, or an account's opening balance (`type` opening, its id the account's)."""

    __tablename__ = "transaction"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "payee_id"], ["payee.book_id", "payee.id"]),
        ForeignKeyConstraint(["book_id", "income_source_id"], ["income_source.book_id", "income_source.id"]),
        Index(
            "transaction_income_source_idx",
            "book_id",
            "income_source_id",
            text("date DESC"),
            text("number DESC"),
            postgresql_where=text("income_source_id IS NOT NULL"),
        ),
        ForeignKeyConstraint(["book_id", "last_event"], ["event.stream_id", "event.sequence"]),
        Index(
            "transaction_date_idx",
            "book_id",
            text("date DESC"),
            text("number DESC"),
            postgresql_include=["type"],
        ),
        Index(
            "transaction_moved_idx",
            "book_id",
            text("date DESC"),
            text("number DESC"),
            postgresql_where=text("type IN ('transfer', 'opening')"),
        ),
        Index("transaction_payee_idx", "book_id", "payee_id", text("date DESC"), text("number DESC")),
        Index(
            "transaction_related_idx",
            "book_id",
            "related_transaction_id",
            postgresql_where=text("related_transaction_id IS NOT NULL"),
        ),
        Index(
            "transaction_shared_idx",
            "book_id",
            text("date DESC"),
            text("number DESC"),
            postgresql_where=text("is_shared"),
        ),
        Index(
            "transaction_import_idx", "book_id", "import_id", postgresql_where=text("import_id IS NOT NULL")
        ),
        Index(
            "transaction_searched_idx",
            "book_id",
            "searched",
            postgresql_using="gin",
            postgresql_ops={"searched": "gin_trgm_ops"},
            postgresql_where=text("searched IS NOT NULL"),
        ),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    date: Mapped[date] = mapped_column(Date)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    payee_id: Mapped[UUID | None]
    related_transaction_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(Text)
    import_id: Mapped[UUID | None]
    bank_id: Mapped[str | None] = mapped_column(Text)
    payment_method: Mapped[str | None] = mapped_column(Text)
    income_source_id: Mapped[UUID | None]
    is_shared: Mapped[bool] = mapped_column(server_default=false())
    number: Mapped[int] = mapped_column(BigInteger)
    last_event: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(BigInteger)
    searched: Mapped[str | None] = mapped_column(Text(collation="C"))


class PostingRow(Base):
    """One leg. Legs of a transaction add up to zero per currency; statement triggers hold it.

    `kind`: account (account_id set, and pot_id where a pot of it was meant), category (split), equity (opening),
    conversion (two currencies), edge (the other side of a transfer's splits).
    """

    __tablename__ = "posting"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "transaction_id"], ["transaction.book_id", "transaction.id"]),
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.id"]),
        ForeignKeyConstraint(
            ["book_id", "account_id", "pot_id"], ["pot.book_id", "pot.account_id", "pot.id"]
        ),
        ForeignKeyConstraint(["book_id", "category_id"], ["category.book_id", "category.id"]),
        CheckConstraint("(kind = 'account') = (account_id IS NOT NULL)", name="account"),
        CheckConstraint("category_id IS NULL OR kind = 'category'", name="category"),
        CheckConstraint("pot_id IS NULL OR kind = 'account'", name="pot"),
        Index(
            "posting_register_idx",
            "book_id",
            "account_id",
            text("date DESC"),
            text("number DESC"),
            postgresql_include=["amount_minor"],
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "posting_pot_idx",
            "book_id",
            "pot_id",
            "date",
            "number",
            postgresql_where=text("pot_id IS NOT NULL"),
        ),
        Index(
            "posting_category_idx",
            "book_id",
            "category_id",
            text("date DESC"),
            text("number DESC"),
            postgresql_where=text("kind = 'category'"),
        ),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None]
    pot_id: Mapped[UUID | None]
    category_id: Mapped[UUID | None]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    date: Mapped[date] = mapped_column(Date)
    number: Mapped[int] = mapped_column(BigInteger)
    cleared: Mapped[bool]


class TagRow(Base):
    """A tag on a transaction; a row and not an array, since row-level security keeps `@>` from its index."""

    __tablename__ = "transaction_tag"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "transaction_id"], ["transaction.book_id", "transaction.id"]),
        Index("transaction_tag_transaction_idx", "book_id", "transaction_id"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
