"""The times of a stream's events do not fall."""

from pfms_events.tables import date_events_under_the_lock

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    date_events_under_the_lock()


def downgrade() -> None:
    """What ran before runs with it."""
