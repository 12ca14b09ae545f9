"""A book always has an owner; invitations are answered once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_auth.domain.invitation import InvitationClosed, check_open
from pfms_auth.domain.membership import (
    MAX_BOOKS,
    LastOwner,
    TooManyBooks,
    check_owner_remains,
    check_room_for_book,
    require_role,
)
from pfms_common.ids import new_id
from pfms_common.problem import Forbidden
from pfms_common.role import RANK

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PEOPLE = [new_id() for _ in range(4)]
ROLES = st.sampled_from(["owner", "editor", "viewer"])


@given(
    st.dictionaries(st.sampled_from(PEOPLE), ROLES, min_size=1).filter(lambda r: "owner" in r.values()),
    st.data(),
)
def test_a_change_is_allowed_exactly_when_somebody_still_owns_the_book(roles, data):
    changed = data.draw(st.sampled_from(sorted(roles)))
    role = data.draw(st.none() | ROLES)
    after = {**roles, changed: role}

    if "owner" in after.values():
        check_owner_remains(roles, changed, role)
    else:
        with pytest.raises(LastOwner):
            check_owner_remains(roles, changed, role)


@pytest.mark.parametrize("own", RANK)
@pytest.mark.parametrize("needed", RANK)
def test_a_role_does_what_lower_ones_do(own, needed):
    if RANK[own] >= RANK[needed]:
        require_role(own, needed)
    else:
        with pytest.raises(Forbidden):
            require_role(own, needed)


def test_a_person_has_no_more_books_than_a_token_can_name():
    check_room_for_book(MAX_BOOKS - 1)

    with pytest.raises(TooManyBooks):
        check_room_for_book(MAX_BOOKS)


def test_an_open_invitation_can_be_answered_until_it_expires():
    check_open("pending", NOW + timedelta(seconds=1), NOW)

    with pytest.raises(InvitationClosed):
        check_open("pending", NOW, NOW)


@pytest.mark.parametrize("status", ["accepted", "declined", "withdrawn"])
def test_an_answered_invitation_cannot_be_answered_again(status):
    with pytest.raises(InvitationClosed):
        check_open(status, NOW + timedelta(days=1), NOW)
