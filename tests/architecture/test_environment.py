"""The page of variables tells of all that are read, and of no other."""

import re

IN_CODE = re.compile(r'environ(?:\.get\(|\[)"(PFMS_[A-Z_]+)"')
# Handed from process to process, not by people.
OWN = {"PFMS_FAILPOINT"}


def test_every_variable_that_is_read_is_told_of(root):
    code = [*root.glob("*/src/**/*.py"), *root.glob("*/*/src/**/*.py"), *root.glob("deploy/*.py")]
    code += [*root.glob("*/tests/**/*.py"), *root.glob("*/*/tests/**/*.py"), *root.glob("tests/e2e/*.py")]
    read = {name for path in code for name in IN_CODE.findall(path.read_text("utf-8"))}
    told = set(re.findall(r"^#(PFMS_[A-Z_]+)=", (root / ".env.example").read_text("utf-8"), re.MULTILINE))

    assert read - told - OWN == set()
    assert told - read == set()
