"""Look-ups before anybody is known: SECURITY DEFINER functions that give away one id each."""

from uuid import UUID

import asyncpg

from pfms_common.sql import connection


async def person_by_address(pool: asyncpg.Pool, address_key: str) -> UUID | None:
    return await _one(pool, "SELECT person_by_address($1)", address_key)


async def person_by_refresh_token(pool: asyncpg.Pool, secret_hash: bytes) -> UUID | None:
    return await _one(pool, "SELECT person_by_refresh_token($1)", secret_hash)


async def person_by_link(pool: asyncpg.Pool, secret_hash: bytes) -> UUID | None:
    return await _one(pool, "SELECT person_by_link($1)", secret_hash)


async def book_by_invitation(pool: asyncpg.Pool, secret_hash: bytes) -> UUID | None:
    return await _one(pool, "SELECT book_by_invitation($1)", secret_hash)


async def _one(pool: asyncpg.Pool, statement: str, value: str | bytes) -> UUID | None:
    async with connection(pool) as taken:
        found = await taken.fetchval(statement, value)
    return None if found is None else UUID(int=found.int)
