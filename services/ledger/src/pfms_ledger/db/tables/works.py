"""Work of many batches that is under way."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import TIMESTAMP, BigInteger, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class WorkRow(Base):
    """A merge or an undo of many that a request began; the row goes with its last batch.

    `wanted`: what was asked for, as its kind reads it. `correlation_id`: of all its events, whoever writes them.
    `claim`: the key under which its answer is kept. `done`: things changed so far. `worker`, `leased_until` and
    `attempts` as an import's.
    """

    __tablename__ = "work"
    __table_args__ = (Index("work_wanted_key", "book_id", "kind", "wanted", unique=True),)

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB)
    correlation_id: Mapped[str] = mapped_column(Text)
    claim: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    done: Mapped[int] = mapped_column(BigInteger, server_default="0")
    worker: Mapped[UUID | None]
    leased_until: Mapped[dt.datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    attempts: Mapped[int] = mapped_column(server_default="0")
