"""Public holidays: the days on which no bank of a country books, by its ISO 3166 code or that of a part of it."""

import re
import warnings
from datetime import date
from functools import lru_cache

import holidays

from pfms_common.problem import Invalid

_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)


@lru_cache(maxsize=1024)
def days_off(country: str, year: int) -> frozenset[date]:
    """The public holidays of a year; ValueError for a country that nobody wrote down."""
    code, _, part = country.partition("-")
    if _CODE.fullmatch(country) is None:
        raise ValueError(country)
    with warnings.catch_warnings():
        # A few calendars are known up to some year only, and say so; until then their fixed days are all there is.
        warnings.simplefilter("ignore", UserWarning)
        try:
            return frozenset(holidays.country_holidays(code, subdiv=part or None, years=year, expand=False))
        except NotImplementedError as error:
            raise ValueError(country) from error


def check_country(country: str) -> None:
    """A calendar that there is; 2026 stands for every year."""
    try:
        days_off(country, 2026)
    except ValueError as error:
        raise Invalid(
            f"There is no calendar of holidays for {country[:10]!r}.",
            errors={"holidays": ["must be a country such as DE or a part of one such as DE-BY"]},
        ) from error
