"""A book always has an owner: the last one can neither leave, nor be removed, nor become less."""

from collections.abc import Mapping
from uuid import UUID

from pfms_common.problem import Forbidden, Refusal
from pfms_common.role import RANK, Role

MAX_BOOKS = 100
"""Books of one person: all of them stand in the access token, which must fit into a header."""

MAX_MEMBERS = 50


class LastOwner(Refusal):
    """The book would be left without an owner."""


class TooManyBooks(Refusal):
    """The person is a member of as many books as a token can name."""


class TooManyMembers(Refusal):
    """The book has as many members as a household can have."""


class AlreadyMember(Refusal):
    """The person is a member of the book."""


def require_role(own: Role, needed: Role) -> None:
    """Refuses who may see the book but not do this."""
    if RANK[own] < RANK[needed]:
        raise Forbidden(f"This needs the role {needed}; yours in this book is {own}.")


def check_owner_remains(roles: Mapping[UUID, Role], changed: UUID, role: Role | None) -> None:
    """Refuses a change after which nobody would own the book.

    Args:
        roles: user id → role of every member before the change.
        changed: whose role changes to `role`; None: who goes.
    """
    if role == "owner":
        return
    if not any(r == "owner" for user, r in roles.items() if user != changed):
        raise LastOwner("A book needs an owner: make somebody else owner first.")


def check_another(invited: str, own: str) -> None:
    """Refuses to invite oneself; both are keys of addresses. That the address of another member is in the book
    already is not told: who invites may not try whose address is whose.
    """
    if invited == own:
        raise AlreadyMember(
            "This is your own address; you are a member of this book already.",
            errors={"email": ["is your own address"]},
        )


def check_room_for_book(books: int) -> None:
    if books >= MAX_BOOKS:
        raise TooManyBooks(f"You are in {MAX_BOOKS} books already; leave one first.")


def check_room_for_member(members: int) -> None:
    if members >= MAX_MEMBERS:
        raise TooManyMembers(f"A book has at most {MAX_MEMBERS} members and open invitations.")
