"""Worked cases of other projects on merchants in bank texts."""

import itertools
import json
import os
import re
import sys
from pathlib import Path

import pytest

from pfms_ledger.domain.merchant import is_same_merchant, merchant_of

SAMPLES = os.environ.get("PFMS_SAMPLES", "")

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES, reason="PFMS_SAMPLES names no folder with cases/ and data/"),
]


def cases(area):
    for case in json.loads((Path(SAMPLES) / "cases" / f"{area}.json").read_text()):
        yield case["input"], case["expected"]


@pytest.fixture
def say(capsys):
    def shown(line):
        with capsys.disabled():
            sys.stdout.write(f"\n{line}")

    return shown


def plain(text):
    return " ".join(re.sub(r"[^\w\s]", "", (text or "").casefold()).split())


def is_run_together(given, expected):
    """A name that the text writes without a blank is not taken apart: no rule knows where."""
    wanted = plain(expected["merchant"])
    return wanted not in plain(given["text"]) and wanted.replace(" ", "") in plain(given["text"])


def test_texts_are_cleaned_as_others_clean_them(say):
    tried = apart = 0
    for given, expected in cases("merchant_cleanup"):
        if is_run_together(given, expected):
            apart += 1
            continue
        tried += 1
        assert plain(merchant_of(given["text"]).name) == plain(expected["merchant"]), given

    say(f"merchant_cleanup: {tried} of {tried} right, {apart} written without a blank aside")
    assert tried


@pytest.mark.parametrize("part", ["processor", "location"])
def test_processor_and_place_are_those_of_others(part, say):
    tried = 0
    for given, expected in cases(f"merchant_{part}"):
        tried += 1
        assert plain(getattr(merchant_of(given["text"]), part)) == plain(expected[part]), given

    say(f"merchant_{part}: {tried} of {tried} right")
    assert tried


@pytest.mark.parametrize("area", ["merchant_same", "merchant_different"])
def test_texts_name_one_merchant_where_others_say_so(area, say):
    tried = 0
    for given, expected in cases(area):
        tried += 1
        for one, other in itertools.combinations(given["texts"], 2):
            assert is_same_merchant(one, other) is expected["same_merchant"], (one, other)

    say(f"{area}: {tried} of {tried} right")
    assert tried
