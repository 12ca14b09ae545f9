"""A zone is a name that means the same on every machine."""

import pytest

from pfms_common.clock import is_zone


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Argentina/Ushuaia", "UTC", "Etc/GMT+5"])
def test_iana_zones_are_zones(name):
    assert is_zone(name)


@pytest.mark.parametrize(
    "name",
    ["localtime", "posixrules", "Factory", "utc", "europe/berlin", "posix/UTC", "right/UTC", "../UTC", ""],
)
def test_files_of_one_machine_and_other_spellings_are_none(name):
    assert not is_zone(name)
