"""Server processes: starting them under the guard, stopping them, finding those that an earlier launcher left."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pfms_embedded.home import Owner, give

GUARD = Path(__file__).with_name("guard.py")
POLL_SECONDS = 0.01
LOG_BYTES = 5_000_000  # at the next start a longer log becomes log.1
HAS_PROC = Path("/proc/self/cmdline").exists()  # Linux; macOS asks ps
# PG*, LANG and PYTHON* of the caller must not reach a server; what finds libraries must, for the guard's Python.
LIBRARIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ENVIRONMENT = {
    **{name: os.environ[name] for name in LIBRARIES if name in os.environ},
    "PATH": os.defpath,
    "LC_ALL": "C",
    "TZ": "UTC",
    "TMPDIR": "/tmp",  # noqa: S108  # nothing of ours is put there
}


class StartFailed(Exception):
    """A server did not come up; another try may help."""


def spawn(
    command: Sequence[str | Path], owner: Owner, log: Path, death_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """Starts ``command`` as ``owner``; it gets ``death_signal`` when this process dies.

    To be called on the main thread: Linux sends the signal when the thread that started the child ends.
    """
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("ab") as out:
        give(log, owner)
        return subprocess.Popen(  # noqa: S603  # our own program and arguments
            guarded(command, death_signal, owner),
            env=ENVIRONMENT,
            cwd="/",  # ours may be out of the owner's reach
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C in the terminal is the launcher's to handle
        )


def guarded(
    command: Sequence[str | Path], death_signal: signal.Signals, owner: Owner | None = None
) -> list[str]:
    """The command under the guard, which gives it ``death_signal`` when this process dies."""
    drop = (owner.uid, owner.gid) if owner is not None and os.geteuid() == 0 else (-1, -1)
    guard = (sys.executable, "-I", "-S", GUARD, os.getpid(), int(death_signal), *drop)
    return [str(word) for word in (*guard, *command)]


async def exited(process: subprocess.Popen[bytes], patience: float = float("inf")) -> bool:
    """Waits until the process has ended; False when ``patience`` seconds passed first.

    Asking every few milliseconds costs one system call and works under any event loop and without one's watcher.
    """
    deadline = time.monotonic() + patience
    pause = POLL_SECONDS
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.1)
    return True


async def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Sends each signal in turn until the process has ended, waiting the seconds beside it; SIGKILL comes last."""
    for wish, patience in (*steps, (signal.SIGKILL, 30.0)):
        if process.poll() is not None:
            return
        process.send_signal(wish)
        if await exited(process, patience):
            return


def alive(pid: int) -> bool:
    """Whether the process runs. A zombie does not: it holds nothing any more, though signal 0 still reaches it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return not HAS_PROC  # gone since the line above, or a system that does not tell
    return state != "Z"


def command_line(pid: int) -> str:
    """The command a process was started with, "" when it is gone; words separated by spaces."""
    if HAS_PROC:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    question = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    found = subprocess.run(question, capture_output=True, text=True, check=False)  # noqa: S603  # words of ours
    return found.stdout.strip()


def working_in(folder: Path, program: str) -> list[int]:
    """Ids of the processes called ``program`` whose working folder is ``folder`` (Linux; elsewhere none is seen).

    A server killed by force leaves children that still hold its memory; they have moved to sessions of their own,
    and the folder is what tells them apart from another server's.
    """
    return [pid for pid in _processes() if _link(pid, "cwd") == str(folder) and program in _link(pid, "exe")]


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")] if HAS_PROC else []


def _link(pid: int, name: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/{name}").readlink())
    except OSError:  # gone meanwhile, a zombie, or another user's: none of ours
        return ""


async def end_strangers(pids: Sequence[int], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Ends processes that are not our children: each signal in turn, until all are gone."""
    for wish, patience in (*steps, (signal.SIGKILL, 5.0)):
        for pid in filter(alive, pids):
            _send(pid, wish)
        if await _gone(pids, patience):
            return


async def _gone(pids: Sequence[int], patience: float) -> bool:
    for _ in range(int(patience / 0.05)):
        if not any(map(alive, pids)):
            return True
        await asyncio.sleep(0.05)
    return False


def _send(pid: int, wish: signal.Signals) -> None:
    try:
        os.kill(pid, wish)
    except ProcessLookupError:
        return  # it ended by itself, which is what we wanted


def last_lines(log: Path, count: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return "(no log was written)"
