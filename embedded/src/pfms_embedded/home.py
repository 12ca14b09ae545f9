"""The folder that holds everything an embedded run keeps ($PFMS_HOME, else .pfms), and who may use it.

The servers run as the owner of the folder; where that is root they run as ``nobody``, since PostgreSQL refuses
root. One launcher at a time holds the folder: a lock that the kernel drops with its process.
"""

import fcntl
import hashlib
import json
import os
import pwd
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class Refused(Exception):
    """The embedded run can't start here, and trying again won't help; the text says what to do."""


@dataclass(frozen=True)
class Owner:
    """The user whom the servers run as."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Home:
    """Paths of one home folder. ``sockets`` lies elsewhere: a socket's path has at most 107 bytes."""

    path: Path
    keeper: Owner  # owns the folder, the keys and the lock
    owner: Owner  # runs the servers and owns their data

    @property
    def binaries(self) -> Path:
        return self.path / "binaries"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def sockets(self) -> Path:
        return sockets_of(self.path)


def sockets_of(home: Path) -> Path:
    mark = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pfms-{mark}"


def default_home() -> Path:
    return Path(os.environ.get("PFMS_HOME") or ".pfms")


def open_home(folder: Path) -> Home:
    """Makes the folder where it is missing and checks that we and the servers can use it."""
    path = folder.resolve()
    new = not path.exists()
    keeper = keep(path)
    if keeper.name.isdecimal():
        raise Refused(
            f"PostgreSQL needs a user with a name; {path} belongs to {keeper.name}, a number without one"
        )
    home = Home(path, keeper, keeper if keeper.uid != 0 else _nobody())
    closed = closed_folders(path, home.owner)
    if closed:
        if new:
            path.rmdir()
        raise Refused(_out_of_reach(path, home.owner, closed))
    for own in (home.postgres, home.valkey, home.sockets):
        make_private(own, home.owner)
    return home


def keep(path: Path) -> Owner:
    """Makes the folder where it is missing; answers who owns it, which must be us unless we are root."""
    if not path.exists():
        path.mkdir(parents=True)
        path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    folder = path.stat()
    whose = _name(folder.st_uid)
    if os.geteuid() not in (0, folder.st_uid):
        raise Refused(
            f"{path} belongs to {whose}: start as {whose}, choose another folder with PFMS_HOME, or hand it over "
            f"with: sudo chown -R {_name(os.geteuid())} {path}"
        )
    return Owner(folder.st_uid, folder.st_gid, whose)


def _nobody() -> Owner:
    user = pwd.getpwnam("nobody")
    return Owner(user.pw_uid, user.pw_gid, user.pw_name)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # containers run under ids without a name
        return str(uid)


def reachable(path: Path, owner: Owner) -> bool:
    return not closed_folders(path, owner)


def closed_folders(path: Path, owner: Owner) -> list[Path]:
    """The folders on the way to ``path``, itself included, that ``owner`` may not enter."""
    return (
        [] if os.geteuid() != 0 else [step for step in (path, *path.parents) if not _may_enter(step, owner)]
    )


def _may_enter(path: Path, owner: Owner) -> bool:
    found = path.stat()
    if found.st_uid == owner.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == owner.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _out_of_reach(path: Path, owner: Owner, closed: list[Path]) -> str:
    return (
        f"PostgreSQL refuses to run as root and runs as {owner.name} here, who can't reach {path}. "
        f"Open the way with: chmod o+x {' '.join(map(str, closed))} — or choose another folder, "
        "as PFMS_HOME=/var/lib/pfms"
    )


def make_private(folder: Path, owner: Owner) -> None:
    """Makes a folder that only ``owner`` (and root) may enter, and refuses one that somebody else put there."""
    try:
        folder.mkdir(mode=0o700)
        give(folder, owner)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.uid:
        raise Refused(
            f"{folder} must be a folder of {owner.name} alone; it is not: remove it and start again"
        )
    folder.chmod(0o700)


def write_private(path: Path, content: bytes, owner: Owner) -> None:
    """Writes a whole file that only ``owner`` (and root) may read, or nothing: a kill leaves no half of it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    give(draft, owner)
    draft.replace(path)


def give(path: Path, owner: Owner) -> None:
    if os.geteuid() == 0:
        os.chown(path, owner.uid, owner.gid)


@contextmanager
def locked(home: Home, port: int) -> Iterator[None]:
    """Holds the folder for this process; a second start learns the first one's process id and port."""
    path = home.path / "lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        give(path, home.keeper)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(_already_running(home.path, lock.read())) from None
        lock.truncate()
        lock.write(json.dumps({"pid": os.getpid(), "port": port}))
        lock.flush()
        yield


def _already_running(path: Path, note: str) -> str:
    try:
        first = json.loads(note)
    except json.JSONDecodeError:  # it has the lock and has not yet written who it is
        return f"PFMS is just starting on {path}; choose another folder with PFMS_HOME for a second one"
    return (
        f"PFMS already runs on {path}: process {first['pid']}, port {first['port']}. "
        f"Stop it with: kill {first['pid']} — or choose another folder and port with PFMS_HOME and PFMS_PORT"
    )


def settings_from_environment() -> tuple[Path, int, str]:
    """PFMS_HOME, PFMS_PORT and PFMS_HOST, with their defaults."""
    text = os.environ.get("PFMS_PORT", "8080")
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        sys.exit(f"PFMS_PORT must be a port from 1 to 65535, not {text!r}")
    return (
        Path(os.environ.get("PFMS_HOME") or ".pfms").resolve(),
        int(text),
        os.environ.get("PFMS_HOST", "127.0.0.1"),
    )
