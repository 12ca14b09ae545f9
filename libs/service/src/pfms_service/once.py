"""One effect and one answer per Idempotency-Key, for writes that use the request's own transaction."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import orjson
from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common.idempotency import REPLAYED, Claim
from pfms_common.problem import KeyInFlight, KeyReused
from pfms_common.sql import raw

_NOT_REPEATED = {"content-length", "content-type", "x-consistency-token"}


async def once(
    tx: AsyncSession, book_id: UUID | None, claim: Claim | None, write: Callable[[], Awaitable[Response]]
) -> Response:
    """Runs `write` and keeps its answer under the key, or answers as the first request did.

    The key is claimed before the work, so a twin waits for it and then replays. `book_id` is None in auth, whose
    keys belong to a person.
    """
    if claim is None:
        return await write()
    connection = await raw(tx)
    owner = [claim.user_id] if book_id is None else [book_id, claim.user_id]
    places = ", ".join(f"${n}" for n in range(1, len(owner) + 1))
    n = len(owner)
    try:
        stored = await connection.fetchval(
            f"SELECT to_jsonb(claim({places}, ${n + 1}, ${n + 2}, ${n + 3}, 0, '{{}}', ''))::text",
            *owner,
            claim.operation,
            claim.key,
            claim.fingerprint,
        )
    except asyncpg.LockNotAvailableError as error:
        message = "The first request with this Idempotency-Key is still at work; ask again."
        raise KeyInFlight(message) from error
    if stored is not None:
        return replay(orjson.loads(stored), claim)
    response = await write()
    headers = {name: value for name, value in response.headers.items() if name not in _NOT_REPEATED}
    keys = "user_id = $1" if book_id is None else "book_id = $1 AND user_id = $2"
    await connection.execute(
        f"UPDATE idempotency SET status = ${n + 3}, headers = ${n + 4}::text::jsonb, body = ${n + 5}"
        f" WHERE {keys} AND operation = ${n + 1} AND key = ${n + 2}",
        *owner,
        claim.operation,
        claim.key,
        response.status_code,
        orjson.dumps(headers).decode(),
        bytes(response.body),
    )
    return response


def replay(stored: dict[str, object], claim: Claim) -> Response:
    """The first answer again, byte for byte; another body under the same key is refused."""
    if bytes.fromhex(str(stored["fingerprint"]).removeprefix("\\x")) != claim.fingerprint:
        raise KeyReused("This Idempotency-Key came with another body before; take a new key.")
    headers = stored["headers"]
    if not isinstance(headers, dict):
        raise TypeError("stored headers are an object")
    return Response(
        bytes.fromhex(str(stored["body"]).removeprefix("\\x")),
        int(str(stored["status"])),
        {**headers, REPLAYED: "true"},
        "application/json",
    )
