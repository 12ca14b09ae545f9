"""Remembering which pairs of transactions look alike and are two."""

from uuid import UUID

import asyncpg

_DISMISS = """INSERT INTO duplicate_dismissed (book_id, first_id, second_id)
    VALUES ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid)) ON CONFLICT DO NOTHING"""
_OFFER = """DELETE FROM duplicate_dismissed WHERE book_id = $1
    AND first_id = least($2::uuid, $3::uuid) AND second_id = greatest($2::uuid, $3::uuid)"""


async def dismiss(connection: asyncpg.Connection, book_id: UUID, one: UUID, other: UUID) -> None:
    await connection.execute(_DISMISS, book_id, one, other)


async def offer(connection: asyncpg.Connection, book_id: UUID, one: UUID, other: UUID) -> None:
    await connection.execute(_OFFER, book_id, one, other)
