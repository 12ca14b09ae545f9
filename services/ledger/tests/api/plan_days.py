"""Days and occurrences of plans, for the tests of /recurring."""

from datetime import date

TODAY = date.today()  # noqa: DTZ011  # the book has no zone yet, so that UTC's day is near enough
LONG_AGO = "2026-01-31"


def month_day(n: int) -> str:
    """The first of the month `n` months from this one."""
    year, month = divmod(TODAY.year * 12 + TODAY.month - 1 + n, 12)
    return date(year, month + 1, 1).isoformat()


async def occurrences(anna, plan, first, last):
    response = await anna.get(f"/recurring/{plan['id']}/occurrences", **{"from": first, "to": last})
    assert response.status_code == 200, response.text
    return response.json()["items"]
