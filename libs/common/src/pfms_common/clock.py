"""The time, handed in. Rules never ask for it; the edge does, once a request."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, available_timezones

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)


def today_in(zone: str, now: datetime) -> date:
    """The date on the wall in a book's zone."""
    return now.astimezone(ZoneInfo(zone)).date()


# Files that machines keep among the zones: this host's own zone, the rules for zones without any, and a placeholder.
_NO_ZONES = {"localtime", "posixrules", "Factory"}
_ZONES = available_timezones() - _NO_ZONES


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone, which means the same on every machine."""
    return name in _ZONES


def rfc3339(at: datetime) -> str:
    """UTC with Z, microseconds kept, as the API writes instants."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
