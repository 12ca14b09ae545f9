"""Worked cases of other projects on money: shares, rounding, minor units, and the list of currencies itself."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pfms_common.currency import CURRENCIES, NO_MINOR_UNIT, Currency, currency
from pfms_common.money import allocate, parse_minor, to_minor

SAMPLES = os.environ.get("PFMS_SAMPLES", "")
OUR_ROUNDING = "HALF_EVEN"

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder with cases/ and data/"),
]


def cases(area: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for case in json.loads((Path(SAMPLES) / "cases" / f"{area}.json").read_text()):
        yield case["input"], case["expected"]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Shows a line of figures although output is captured: they are what these tests are run for."""

    def shown(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}")

    return shown


def test_shares_are_those_other_libraries_give(say: Callable[[str], None]) -> None:
    """With ratios that aren't whole numbers others let the first share take what is left over of all remainders.

    Ours goes by the largest remainder there too; what both share, the sum, is compared, and counted apart.
    """
    tried = apart = 0
    for given, expected in cases("allocate"):
        weights = [Decimal(str(ratio)) for ratio in given.get("ratios", [1] * given.get("n", 0))]
        if any(weight != int(weight) for weight in weights):
            apart += 1
            assert sum(allocate(given["amount_minor"], weights)) == sum(expected["shares"])
            continue
        tried += 1
        if "error" in expected:
            with pytest.raises(ValueError, match="weight"):
                allocate(given["amount_minor"], weights)
        else:
            assert allocate(given["amount_minor"], weights) == expected["shares"], given

    say(f"allocate: {tried} of {tried} right, {apart} with fractions aside")
    assert tried


def test_half_even_rounding_is_the_one_others_mean_by_it(say: Callable[[str], None]) -> None:
    """The other modes are no part of ours: figures are rounded half-even, once. They count where they agree."""
    tried = ours = agree = 0
    for given, expected in cases("rounding"):
        rounded = to_minor(Decimal(given["value"]), Currency("XTS", 0)) == int(expected["rounded"])
        tried += 1
        if given["mode"] == OUR_ROUNDING:
            ours += 1
            assert rounded, given
        agree += rounded

    say(f"rounding: {ours} of {ours} right; {agree} of {tried} where modes that aren't ours are counted too")
    assert ours


def test_minor_units_are_those_of_the_standard(say: Callable[[str], None]) -> None:
    tried = 0
    for given, expected in cases("currency_minor_units"):
        tried += 1
        if "codes" in given:
            assert {code: currency(code).exponent for code in given["codes"]} == expected["minor_units"]
        else:
            unit = currency(given["currency"])
            assert unit.exponent == expected["exponent"]
            assert parse_minor(given["amount"], unit) == expected["amount_minor"]

    say(f"currency_minor_units: {tried} of {tried} right")
    assert tried


def test_the_table_holds_exactly_the_codes_of_the_standard(say: Callable[[str], None]) -> None:
    current: dict[str, str] = {}
    withdrawn: set[str] = set()
    with (Path(SAMPLES) / "data" / "reference" / "iso4217_codes_all.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["WithdrawalDate"]:
                withdrawn.add(row["AlphabeticCode"])
            elif row["AlphabeticCode"]:
                current[row["AlphabeticCode"]] = row["MinorUnit"]

    with_units = {code: int(digits) for code, digits in current.items() if digits.isdigit()}
    assert {c.code: c.exponent for c in CURRENCIES.values() if not c.withdrawn} == with_units
    assert {c.code for c in CURRENCIES.values() if c.withdrawn} == withdrawn - current.keys()
    assert current.keys() - with_units.keys() == NO_MINOR_UNIT
    say(f"iso4217: {len(current)} current and {len(withdrawn)} withdrawn codes compared")
