"""What must hold in auth whatever happened, asked of one book's or one person's rows."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_FAULTS = {
    "has no owner": """
        SELECT 1 FROM book b WHERE b.book_id = :stream_id AND NOT EXISTS (
            SELECT 1 FROM membership m WHERE m.book_id = b.book_id AND m.role = 'owner')""",
    "has a session with two refresh tokens that both count": """
        SELECT 1 FROM refresh_token t WHERE t.user_id = :stream_id AND t.spent_at IS NULL
        GROUP BY t.session_id HAVING count(*) > 1""",
    "has a member whose newest event says another version": """
        SELECT 1 FROM membership m WHERE m.book_id = :stream_id AND m.version IS DISTINCT FROM (
            SELECT max(e.aggregate_version) FROM event e
            WHERE e.stream_id = m.book_id AND e.aggregate_id = m.id)""",
    "was changed without an event": """
        SELECT 1 FROM (SELECT book_id AS id, version FROM book WHERE book_id = :stream_id
                       UNION ALL SELECT user_id, version FROM person WHERE user_id = :stream_id) kept
        WHERE kept.version IS DISTINCT FROM (
            SELECT max(e.aggregate_version) FROM event e
            WHERE e.stream_id = :stream_id AND e.aggregate_id = kept.id)""",
}


async def faults(tx: AsyncSession, stream_id: UUID) -> list[str]:
    """What is broken, in words; the book or person is in the transaction's scope."""
    return [
        fault
        for fault, question in _FAULTS.items()
        if (await tx.execute(text(question), {"stream_id": stream_id})).first() is not None
    ]
