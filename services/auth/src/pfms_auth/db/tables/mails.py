"""Mails that wait to be sent, sealed."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from pfms_auth.db.tables.base import Base, Instant, Key


class MailRow(Base):
    """One mail of, or on behalf of, one person; the row goes when the mail has gone."""

    __tablename__ = "mail"
    __table_args__ = (Index("mail_due_at_idx", "due_at"),)

    user_id: Mapped[Key]
    id: Mapped[Key]
    sealed: Mapped[bytes]
    created_at: Mapped[Instant]
    due_at: Mapped[Instant]
    attempts: Mapped[int]
