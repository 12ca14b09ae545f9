"""A service's own commands on a running PFMS."""

import os
import subprocess
import sys


def pfms(*words, home, port="18999"):
    return subprocess.run(
        [sys.executable, "-m", "pfms_embedded", *words],
        env={**os.environ, "PFMS_HOME": str(home), "PFMS_PORT": port},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nothing_to_operate_on_is_told_with_what_to_do(tmp_path):
    answer = pfms("ledger", "check", home=tmp_path / "nowhere")

    assert answer.returncode != 0
    assert "make run" in answer.stderr


def test_a_service_that_is_none_is_told_with_those_that_are(tmp_path):
    answer = pfms("horoscope", "check", home=tmp_path)

    assert answer.returncode != 0
    assert "auth, ledger, budget" in answer.stderr
