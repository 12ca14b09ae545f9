"""Reconciliations of accounts with bank statements, and what was ticked in them."""

import datetime as dt
from uuid import UUID

from sqlalchemy import TIMESTAMP, BigInteger, Date, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class ReconciliationRow(Base):
    """One reconciliation, open or finished; an account has one open at most."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.id"]),
        Index(
            "reconciliation_open_key",
            "book_id",
            "account_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "reconciliation_account_idx",
            "book_id",
            "account_id",
            text("statement_date DESC"),
            text("id DESC"),
        ),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    statement_date: Mapped[dt.date] = mapped_column(Date)
    statement_balance_minor: Mapped[int] = mapped_column(BigInteger)
    adjustment_transaction_id: Mapped[UUID | None]
    started_by: Mapped[UUID]
    started_at: Mapped[dt.datetime] = mapped_column(TIMESTAMP(timezone=True))
    finished_by: Mapped[UUID | None]
    finished_at: Mapped[dt.datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    version: Mapped[int] = mapped_column(BigInteger)


class TickRow(Base):
    """A transaction that was ticked. It refers to none by a foreign key: a tick keeps nobody from deleting one."""

    __tablename__ = "reconciliation_tick"
    __table_args__ = (
        ForeignKeyConstraint(
            ["book_id", "reconciliation_id"],
            ["reconciliation.book_id", "reconciliation.id"],
            ondelete="CASCADE",
        ),
        Index("reconciliation_tick_transaction_idx", "book_id", "transaction_id"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    reconciliation_id: Mapped[UUID] = mapped_column(primary_key=True)
    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
