"""What runs by the clock: mails leave, and what is over is forgotten. Relay finds, app acts."""

import asyncpg

from pfms_auth.operations.context import Context
from pfms_auth.operations.mails import send
from pfms_auth.operations.retention import KEPT, forget_of_book, forget_of_person, forget_tries
from pfms_common.sql import connection
from pfms_service.service import Job, Running

AT_ONCE = 200


async def send_mails(running: Running) -> None:
    """Delivers the mails that are due, the oldest first."""
    context: Context = running.own
    due = await _found(
        running,
        "SELECT user_id, id FROM mail WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
        context.clock(),
        AT_ONCE,
    )
    for row in due:
        await send(context, row["user_id"], row["id"])


async def forget(running: Running) -> None:
    """Removes expired sessions, links and invitations a month after their time, and counters after a day."""
    context: Context = running.own
    now = context.clock()
    people = await _found(
        running,
        "SELECT user_id FROM session WHERE expires_at < $1 UNION SELECT user_id FROM link WHERE expires_at < $1"
        " LIMIT $2",
        now - KEPT,
        AT_ONCE,
    )
    for row in people:
        await forget_of_person(context, row["user_id"], now)
    books = await _found(
        running,
        "SELECT DISTINCT book_id FROM invitation WHERE expires_at < $1 LIMIT $2",
        now - KEPT,
        AT_ONCE,
    )
    for row in books:
        await forget_of_book(context, row["book_id"], now)
    await forget_tries(context, now)


async def _found(running: Running, statement: str, *values: object) -> list[asyncpg.Record]:
    relay = running.resources.relay_pool
    if relay is None:
        raise RuntimeError("jobs need the relay's connections to find their work")
    async with connection(relay) as taken:
        return list(await taken.fetch(statement, *values))


JOBS = (Job("send-mails", 1, send_mails), Job("forget", 3600, forget))
