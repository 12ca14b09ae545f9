"""People, sessions, books, members, invitations, and the mails that tell of them."""

from alembic.op import execute

from pfms_common.migrate import drop_everything, isolate, run_sql
from pfms_events.tables import create_event_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE person (
        user_id UUID NOT NULL,
        email TEXT NOT NULL,
        address_key TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        display_name TEXT NOT NULL,
        home_currency TEXT NOT NULL,
        timezone TEXT NOT NULL,
        language TEXT NOT NULL,
        is_verified BOOLEAN NOT NULL,
        default_book_id UUID,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT person_pkey PRIMARY KEY (user_id)
    )
    """,
    "CREATE UNIQUE INDEX person_address_key_key ON person (address_key)",
    """
    CREATE TABLE known_place (
        user_id UUID NOT NULL,
        place BYTEA NOT NULL,
        seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT known_place_pkey PRIMARY KEY (user_id, place),
        CONSTRAINT known_place_user_id_fkey FOREIGN KEY(user_id) REFERENCES person (user_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE link (
        user_id UUID NOT NULL,
        id UUID NOT NULL,
        purpose TEXT NOT NULL,
        secret_hash BYTEA NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        used_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT link_pkey PRIMARY KEY (user_id, id),
        CONSTRAINT link_user_id_fkey FOREIGN KEY(user_id) REFERENCES person (user_id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX link_secret_hash_key ON link (secret_hash)",
    """
    CREATE TABLE session (
        user_id UUID NOT NULL,
        id UUID NOT NULL,
        device TEXT NOT NULL,
        address TEXT NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        last_used_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        revoked_at TIMESTAMP WITH TIME ZONE,
        version BIGINT NOT NULL,
        CONSTRAINT session_pkey PRIMARY KEY (user_id, id),
        CONSTRAINT session_user_id_fkey FOREIGN KEY(user_id) REFERENCES person (user_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE refresh_token (
        user_id UUID NOT NULL,
        id UUID NOT NULL,
        session_id UUID NOT NULL,
        secret_hash BYTEA NOT NULL,
        seed BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        spent_at TIMESTAMP WITH TIME ZONE,
        spent_by BYTEA,
        child_id UUID,
        CONSTRAINT refresh_token_pkey PRIMARY KEY (user_id, id),
        CONSTRAINT refresh_token_user_id_session_id_fkey FOREIGN KEY(user_id, session_id) REFERENCES session (user_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX refresh_token_secret_hash_key ON refresh_token (secret_hash)",
    "CREATE INDEX refresh_token_user_id_session_id_idx ON refresh_token (user_id, session_id)",
    """
    CREATE TABLE book (
        book_id UUID NOT NULL,
        name TEXT NOT NULL,
        base_currency TEXT NOT NULL,
        timezone TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT book_pkey PRIMARY KEY (book_id),
        CONSTRAINT book_base_currency_check CHECK (base_currency ~ '^[A-Z]{3}$')
    )
    """,
    """
    CREATE TABLE membership (
        book_id UUID NOT NULL,
        user_id UUID NOT NULL,
        id UUID NOT NULL,
        role TEXT NOT NULL,
        joined_at TIMESTAMP WITH TIME ZONE NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT membership_pkey PRIMARY KEY (book_id, user_id),
        CONSTRAINT membership_book_id_fkey FOREIGN KEY(book_id) REFERENCES book (book_id) ON DELETE CASCADE,
        CONSTRAINT membership_user_id_fkey FOREIGN KEY(user_id) REFERENCES person (user_id),
        CONSTRAINT membership_role_check CHECK (role IN ('owner', 'editor', 'viewer'))
    )
    """,
    "CREATE INDEX membership_user_id_idx ON membership (user_id)",
    """
    CREATE TABLE invitation (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        user_id UUID,
        email TEXT NOT NULL,
        address_key TEXT NOT NULL,
        role TEXT NOT NULL,
        book_name TEXT NOT NULL,
        inviter_name TEXT NOT NULL,
        secret_hash BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        status TEXT NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT invitation_pkey PRIMARY KEY (book_id, id),
        CONSTRAINT invitation_book_id_fkey FOREIGN KEY(book_id) REFERENCES book (book_id) ON DELETE CASCADE,
        CONSTRAINT invitation_user_id_fkey FOREIGN KEY(user_id) REFERENCES person (user_id),
        CONSTRAINT invitation_role_check CHECK (role IN ('owner', 'editor', 'viewer')),
        CONSTRAINT invitation_status_check CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn'))
    )
    """,
    "CREATE INDEX invitation_address_key_idx ON invitation (address_key)",
    "CREATE UNIQUE INDEX invitation_secret_hash_key ON invitation (secret_hash)",
    "CREATE INDEX invitation_user_id_idx ON invitation (user_id)",
    """
    CREATE TABLE mail (
        user_id UUID NOT NULL,
        id UUID NOT NULL,
        sealed BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        attempts INTEGER NOT NULL,
        CONSTRAINT mail_pkey PRIMARY KEY (user_id, id)
    )
    """,
    "CREATE INDEX mail_due_at_idx ON mail (due_at)",
    """
    CREATE TABLE throttle (
        key BYTEA NOT NULL,
        failures INTEGER NOT NULL,
        last_at TIMESTAMP WITH TIME ZONE NOT NULL,
        blocked_until TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT throttle_pkey PRIMARY KEY (key)
    )
    """,
)

FUNCTIONS = (
    "person_by_address",
    "verified_person_by_address",
    "claim_address",
    "person_by_refresh_token",
    "person_by_link",
    "book_by_invitation",
    "attach_invitations",
    "members_of",
    "throttle_take",
    "throttle_forgive",
    "throttle_forget",
)
READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    create_event_tables("auth", idempotency="user")
    for statement in TABLES:
        execute(statement)
    for table in ("person", "known_place", "refresh_token"):
        isolate("auth", table, key="user_id", app=READ_WRITE)
    for table in ("link", "session", "mail"):  # the jobs find here what is due or over
        isolate("auth", table, key="user_id", app=READ_WRITE, relay="SELECT")
    isolate("auth", "book", key="book_id", app="SELECT, INSERT, UPDATE")
    isolate("auth", "membership", key="book_id or user_id", app=READ_WRITE)
    isolate(
        "auth", "invitation", key="book_id or user_id", app="SELECT, INSERT, UPDATE, DELETE", relay="SELECT"
    )
    _close("throttle")
    run_sql("pfms_auth.db.sql", *(f"{name}.sql" for name in FUNCTIONS))
    for name in FUNCTIONS:
        execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        execute(f"GRANT EXECUTE ON FUNCTION {name} TO auth_app")


def _close(table: str) -> None:
    """Row-level security without a policy for any serving role: only functions of the owner reach the table."""
    execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    execute(f"CREATE POLICY owner_all ON {table} TO auth_owner USING (true) WITH CHECK (true)")


def downgrade() -> None:
    drop_everything()
