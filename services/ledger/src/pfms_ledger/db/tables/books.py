"""What the ledger keeps of auth's books."""

from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class BookRow(Base):
    """A book as auth tells it; until then its zone is taken for UTC."""

    __tablename__ = "book"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    base_currency: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
