"""A service from the template passes what every service must, before anybody has written a line of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.service import unfit

NAME = "jars"
TOUCHED = ("embedded/src/pfms_embedded/services.py", "gateway/src/pfms_gateway/routes.py", "deploy")


@pytest.fixture(scope="module")
def copy(copy_of_repository: Callable[[], Any]) -> Any:
    """A copy of the repository after `make service NAME=jars`, as far as it installs nothing."""
    copy = copy_of_repository()
    for command in (
        ("python", "-m", "tools.service", NAME),
        ("ruff", "check", "-q", "--select", "I", "--fix-only", f"services/{NAME}", *TOUCHED),
        ("ruff", "format", "-q", f"services/{NAME}", *TOUCHED),
        ("python", "-m", "pfms_embedded", "contracts"),
    ):
        done = copy.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
    return copy


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "format", "--check", f"services/{NAME}", *TOUCHED),
        ("ruff", "check", f"services/{NAME}", *TOUCHED),
        ("lint-imports", "--no-logo", "--no-cache"),
        ("mypy", "--cache-dir=/dev/null", f"services/{NAME}/src"),
        (
            *(
                "python",
                "-m",
                "pytest",
                "-q",
                "-k",
                f"{NAME} or test_drift or test_openapi.py",
                f"services/{NAME}",
            ),
            *("tests/architecture/test_catalogue.py", "tests/architecture/test_migrations.py"),
            *("tests/architecture/test_routes.py", "tests/contracts"),
        ),
        ("python", "-c", f"from tools.laws import findings; assert '{NAME}' not in str(findings())"),
    ],
    ids=["format", "lint", "imports", "types", "tests", "laws"],
)
@pytest.mark.timeout(300)
def test_the_new_service_passes(command, copy):
    done = copy.run(*command)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_new_service_is_in_every_list(copy):
    pyproject = (copy.path / "pyproject.toml").read_text("utf-8")

    assert pyproject.count(f'"pfms_{NAME}"') == 3
    assert f'"services/{NAME}/src"' in pyproject
    assert f"pfms-{NAME} = {{ workspace = true }}" in pyproject
    assert f'"pfms-{NAME}"' in (copy.path / "embedded/pyproject.toml").read_text("utf-8")
    assert f'owner.post("/{NAME}/notes"' in (copy.path / "tests/e2e/calls.py").read_text("utf-8")
    assert f'"{NAME}": FIRST' in (copy.path / "deploy/split.py").read_text("utf-8")
    assert f"/{NAME}/notes" in json.loads((copy.path / "contracts/openapi.json").read_bytes())["paths"]


def test_its_readme_leads_to_its_files(copy):
    done = copy.run(
        *("python", "-c"),
        "import sys; from pathlib import Path; from tools.texts import in_readme;"
        f"sys.exit(' '.join(in_readme(Path('services/{NAME}').resolve())) or 0)",
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["Goals", "go", "my-goals", "import", "ledger", "gateway", "goals2"])
def test_a_name_that_is_taken_or_no_word_is_refused(name, root):
    assert unfit(root, name)


def test_any_other_word_will_do(root):
    assert unfit(root, NAME) == ""
