"""What auth publishes. The stream of users and sessions is the user, of books and members the book.

Names, addresses, phones and mails of people never travel; a service that must show one asks auth.
"""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pfms_events.event import Currency, Event, EventType


class User(Event):
    AGGREGATE: ClassVar[str] = "user"

    id: UUID
    home_currency: Currency
    timezone: str
    language: str = "en"
    is_verified: bool = False
    default_book_id: UUID | None = None


class UserRegistered(User):
    EVENT: ClassVar[str] = "user.registered"


class UserVerified(User):
    EVENT: ClassVar[str] = "user.verified"


class UserUpdated(User):
    EVENT: ClassVar[str] = "user.updated"


class Book(Event):
    AGGREGATE: ClassVar[str] = "book"

    id: UUID
    name: str
    base_currency: Currency
    timezone: str


class BookCreated(Book):
    EVENT: ClassVar[str] = "book.created"


class BookUpdated(Book):
    EVENT: ClassVar[str] = "book.updated"


class Member(Event):
    AGGREGATE: ClassVar[str] = "book_member"

    id: UUID
    book_id: UUID
    user_id: UUID
    role: Literal["owner", "editor", "viewer"]


class BookMemberAdded(Member):
    EVENT: ClassVar[str] = "book.member_added"


class BookMemberRoleChanged(Member):
    EVENT: ClassVar[str] = "book.member_role_changed"


class BookMemberRemoved(Event):
    EVENT: ClassVar[str] = "book.member_removed"
    AGGREGATE: ClassVar[str] = "book_member"

    id: UUID
    book_id: UUID
    user_id: UUID


class SessionStarted(Event):
    EVENT: ClassVar[str] = "session.started"
    AGGREGATE: ClassVar[str] = "session"

    id: UUID
    user_id: UUID
    started_at: datetime


class SessionRevoked(Event):
    EVENT: ClassVar[str] = "session.revoked"
    AGGREGATE: ClassVar[str] = "session"

    id: UUID
    user_id: UUID
    reason: str


class SessionCompromised(Event):
    """A spent refresh token came back: the whole family is revoked."""

    EVENT: ClassVar[str] = "session.compromised"
    AGGREGATE: ClassVar[str] = "session"

    id: UUID
    user_id: UUID


EVENTS: tuple[EventType, ...] = (
    UserRegistered,
    UserVerified,
    UserUpdated,
    BookCreated,
    BookUpdated,
    BookMemberAdded,
    BookMemberRoleChanged,
    BookMemberRemoved,
    SessionStarted,
    SessionRevoked,
    SessionCompromised,
)
