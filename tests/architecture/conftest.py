"""The repository, and copies of it that a test may break."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", ".pfms", "__pycache__", ".*_cache", ".hypothesis", "node_modules", "build", "dist")
)


@dataclass(frozen=True)
class Copy:
    """A copy of the repository; what runs in it imports its packages and not those of the checkout."""

    path: Path

    @property
    def config(self) -> dict[str, Any]:
        return tomllib.loads((self.path / "pyproject.toml").read_text("utf-8"))

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a tool of the environment, such as `lint-imports`, or `python` with its arguments."""
        sources = [str(self.path / source) for source in self.config["tool"]["mypy"]["mypy_path"]]
        return subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sources), "COLUMNS": "300", **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def copy_of_repository(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Copy]:
    def copied() -> Copy:
        folder = tmp_path_factory.mktemp("copy") / "pfms"
        shutil.copytree(ROOT, folder, ignore=_LEFT_OUT)
        return Copy(folder)

    return copied
