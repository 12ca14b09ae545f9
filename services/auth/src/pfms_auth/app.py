"""The auth service, written out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from uuid import UUID

from pfms_auth.adapters.keys import KeyFolder
from pfms_auth.adapters.tools import open_tools
from pfms_auth.api import (
    books,
    invitations,
    keys,
    mailbox,
    members,
    passwords,
    profile,
    registration,
    sessions,
)
from pfms_auth.db.tables import Base
from pfms_auth.domain.invitation import InvitationClosed
from pfms_auth.domain.link import LinkNotValid
from pfms_auth.domain.membership import AlreadyMember, LastOwner, TooManyBooks, TooManyMembers
from pfms_auth.domain.password import WeakPassword
from pfms_auth.domain.signing import RotatedTooSoon
from pfms_auth.jobs import JOBS
from pfms_auth.operations.context import Context
from pfms_auth.operations.refresh import RefreshRefused
from pfms_auth.operations.sign_in import WrongCredentials
from pfms_auth.queries.invariants import faults
from pfms_auth.settings import AuthSettings
from pfms_common.clock import system_clock
from pfms_common.problem import Problem
from pfms_common.settings import ServiceSettings
from pfms_service.service import OwnCommand, Resources, Running, Service

BEARER = {"WWW-Authenticate": "Bearer"}


@asynccontextmanager
async def open_context(resources: Resources) -> AsyncIterator[Context]:
    """Opens key folder, mailbox and hashing threads."""
    settings = cast(AuthSettings, resources.settings)
    with open_tools(
        keys_dir=settings.folder("keys_dir"),
        mailbox_dir=settings.folder("mailbox_dir"),
        redis=resources.redis,
        minimum_password_length=settings.minimum_password_length,
        access_token_seconds=settings.access_token_seconds,
        refuses_unverified=settings.refuses_unverified,
        public_url=settings.public_url,
    ) as tools:
        yield Context(tools, resources.pool, resources.sessions, resources.poke, resources.clock)


async def check(running: Running, stream_id: UUID) -> list[str]:
    """The invariants of one book or one person."""
    context: Context = running.own
    async with context.reading(users=[stream_id], books=[stream_id]) as tx:
        return await faults(tx, stream_id)


def rotate_keys(settings: ServiceSettings) -> str:
    """The next signing key takes its turn; running processes follow within seconds."""
    folder = cast(AuthSettings, settings).folder("keys_dir")
    try:
        return f"now signing with key {KeyFolder(Path(folder)).rotate(system_clock())}"
    except RotatedTooSoon as error:
        raise SystemExit(str(error)) from error


SERVICE = Service(
    name="auth",
    summary="Users, sessions, books and members",
    package="pfms_auth",
    settings=AuthSettings,
    metadata=Base.metadata,
    routers=(
        registration.router,
        sessions.router,
        passwords.router,
        keys.router,
        profile.router,
        books.router,
        members.router,
        invitations.router,
        mailbox.router,
    ),
    errors={
        WeakPassword: Problem(400, "weak_password", "The password is too weak"),
        LinkNotValid: Problem(400, "link_not_valid", "The link no longer works"),
        WrongCredentials: Problem(401, "wrong_credentials", "The address or the password is wrong", BEARER),
        RefreshRefused: Problem(401, "refresh_refused", "The sign-in has ended", BEARER),
        LastOwner: Problem(409, "last_owner", "A book needs an owner"),
        AlreadyMember: Problem(409, "already_member", "You are a member already"),
        InvitationClosed: Problem(409, "invitation_closed", "The invitation can no longer be answered"),
        TooManyBooks: Problem(409, "too_many_books", "You are in too many books"),
        TooManyMembers: Problem(409, "too_many_members", "The book is full"),
    },
    jobs=JOBS,
    own=open_context,
    check=check,
    commands={"rotate-keys": OwnCommand("let the next key sign access tokens", rotate_keys)},
)
