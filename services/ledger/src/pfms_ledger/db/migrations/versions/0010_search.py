"""Free text: what a search looks through, folded in Python, with an index by triplets of letters."""

import orjson
from alembic.op import execute, get_bind
from sqlalchemy import text

from pfms_common.migrate import run_sql
from pfms_ledger.domain.searched import searched
from pfms_ledger.domain.transaction import from_data

revision = "0010"
down_revision = "0009"

BATCH = 1000
# The newest document of each transaction that has any text, a batch at a time; the opening of an account has none.
_TEXTS = text("""
    SELECT t.book_id, t.id, e.data::text AS data FROM transaction t
    JOIN event e ON e.stream_id = t.book_id AND e.sequence = t.last_event
    WHERE t.type <> 'opening' AND (t.book_id, t.id) > (:book_id, :id) ORDER BY t.book_id, t.id LIMIT :most""")
_KEEP = text("UPDATE transaction SET searched = :searched WHERE book_id = :book_id AND id = :id")
_PAYEES = text("SELECT book_id, id, name FROM payee")
_KEEP_PAYEE = text("UPDATE payee SET searched = :searched WHERE book_id = :book_id AND id = :id")
_NOTHING = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    # Both are trusted: the owner of the database may have them. btree_gin lets the index begin with the book.
    execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    execute('ALTER TABLE transaction ADD COLUMN searched TEXT COLLATE "C"')
    execute('ALTER TABLE payee ADD COLUMN searched TEXT COLLATE "C"')
    _fill()
    execute("""CREATE INDEX transaction_searched_idx ON transaction USING gin (book_id, searched gin_trgm_ops)
               WHERE searched IS NOT NULL""")
    run_sql("pfms_ledger.db.sql", "apply_payees.sql", "apply_entries.sql", "search_transactions.sql")


def _fill() -> None:
    bind = get_bind()
    for row in bind.execute(_PAYEES).all():
        bind.execute(_KEEP_PAYEE, {"book_id": row.book_id, "id": row.id, "searched": searched([row.name])})
    after = {"book_id": _NOTHING, "id": _NOTHING}
    while rows := bind.execute(_TEXTS, {**after, "most": BATCH}).all():
        kept = [
            {
                "book_id": row.book_id,
                "id": row.id,
                "searched": searched(from_data(orjson.loads(row.data)).texts),
            }
            for row in rows
        ]
        bind.execute(_KEEP, kept)
        after = {"book_id": rows[-1].book_id, "id": rows[-1].id}


def downgrade() -> None:
    execute("DROP FUNCTION search_transactions")
    execute("DROP INDEX transaction_searched_idx")
    execute("ALTER TABLE payee DROP COLUMN searched")
    execute("ALTER TABLE transaction DROP COLUMN searched")
    execute("DROP EXTENSION btree_gin")
    execute("DROP EXTENSION pg_trgm")
