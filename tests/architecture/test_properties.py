"""The correctness properties that the system promises are each stated by a test; `pytest -m property` runs them."""

import re

PROMISED = set(range(1, 15))
_STATED = re.compile(r"mark\.property\(\s*(\d+),\s*f?\"[A-Z]")


def test_every_promised_property_is_stated_by_a_test(root):
    stated = {
        int(number)
        for folder in ("libs", "services", "gateway", "embedded", "tests")
        for file in (root / folder).rglob("test_*.py")
        for number in _STATED.findall(file.read_text("utf-8"))
    }

    assert stated == PROMISED
