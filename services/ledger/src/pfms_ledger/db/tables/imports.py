"""Imports: what was uploaded, how it was read, its rows, and what is remembered of the files of a book.

Nothing here refers to accounts or transactions by a foreign key: a rebuild replaces their rows, and a transaction
that a person deletes stays known to the row that brought it, so that the next statement does not bring it again.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Date,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class ImportRow(Base):
    """One uploaded file.

    `answered`: its 201 was sent; before that nobody knows of it. `answers` and `account_map` are what was sent,
    `targets` the account behind each key of the file, `reading` what one pass over the file found out.
    `done_through`: the last row of the file that is committed; `undone_through` the same for taking it back.
    `worker`: who reads, commits or takes it back just now, until `leased_until`; `attempts` counts workers that
    took it and did not get anywhere.
    """

    __tablename__ = "import"
    __table_args__ = (
        Index(
            "import_work_idx",
            "book_id",
            "leased_until",
            postgresql_where=text("NOT answered OR status IN ('reading', 'processing', 'undoing')"),
        ),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    account_id: Mapped[UUID | None]
    file_name: Mapped[str] = mapped_column(Text)
    file_bytes: Mapped[int] = mapped_column(BigInteger)
    read_on: Mapped[dt.date] = mapped_column(Date)
    answered: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    format: Mapped[str | None] = mapped_column(Text)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    account_map: Mapped[dict[str, Any]] = mapped_column(JSONB)
    targets: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    reading: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    rows_total: Mapped[int] = mapped_column(server_default="0")
    rows_new: Mapped[int] = mapped_column(server_default="0")
    rows_duplicate: Mapped[int] = mapped_column(server_default="0")
    rows_match: Mapped[int] = mapped_column(server_default="0")
    rows_conflict: Mapped[int] = mapped_column(server_default="0")
    rows_error: Mapped[int] = mapped_column(server_default="0")
    rows_skipped: Mapped[int] = mapped_column(server_default="0")
    sum_in_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sum_out_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    rows_imported: Mapped[int] = mapped_column(server_default="0")
    rows_undone: Mapped[int] = mapped_column(server_default="0")
    done_through: Mapped[int] = mapped_column(server_default="0")
    undone_through: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    worker: Mapped[UUID | None]
    leased_until: Mapped[dt.datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    attempts: Mapped[int] = mapped_column(server_default="0")
    read_at: Mapped[dt.datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    written_at: Mapped[dt.datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    created_at: Mapped[dt.datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=func.now())


class ImportChunkRow(Base):
    """A piece of an uploaded file, kept until the import is committed, so that any process can read it again."""

    __tablename__ = "import_chunk"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "import_id"], ["import.book_id", "import.id"], ondelete="CASCADE"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ImportLineRow(Base):
    """One row of a file, as the bank wrote it, and what became of it.

    It refers to its import by no foreign key, which would look the import up once a row; both go together.
    `transaction_id` is the transaction that the row makes, clears or was found to be; chosen while the file is read,
    true once the import's `done_through` has passed the row. `wrote_version`: the version of an existing transaction
    that the row wrote; null where it made a new one or changed nothing. `kept`: why taking back left it.
    `plan_id` and `plan_date`: the open occurrence of a plan that the row is.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        Index("import_row_fingerprint_idx", "book_id", "fingerprint"),
        Index(
            "import_row_bank_id_idx",
            "book_id",
            "account_id",
            "bank_id",
            postgresql_where=text("bank_id IS NOT NULL"),
        ),
        Index(
            "import_row_transaction_idx",
            "book_id",
            "transaction_id",
            postgresql_where=text("transaction_id IS NOT NULL"),
        ),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    account_key: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None]
    date: Mapped[dt.date | None] = mapped_column(Date)
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    payee: Mapped[str] = mapped_column(Text)
    memo: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    bank_id: Mapped[str | None] = mapped_column(Text)
    id_shared: Mapped[bool]
    status: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    occurrence: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    match_transaction_id: Mapped[UUID | None]
    transaction_id: Mapped[UUID | None]
    plan_id: Mapped[UUID | None]
    plan_date: Mapped[dt.date | None] = mapped_column(Date)
    accepted: Mapped[bool] = mapped_column(server_default=true())
    wrote_version: Mapped[int | None] = mapped_column(BigInteger)
    kept: Mapped[str | None] = mapped_column(Text)


class ImportMappingRow(Base):
    """The answers a person gave for files of one make, for accounts of one type."""

    __tablename__ = "import_mapping"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    shape: Mapped[str] = mapped_column(Text, primary_key=True)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ImportAccountRow(Base):
    """The account that a bank's key (an account number, a name in a column) stood for last time."""

    __tablename__ = "import_account"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    account_id: Mapped[UUID]
