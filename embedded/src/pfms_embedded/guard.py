"""Becomes one server process: drops root, ties the process to its launcher's life, then executes the command.

Run as a script: ``python -I -S guard.py <launcher pid> <signal> <uid> <gid> <command…>``; uid -1 keeps the user.
It is a program of its own rather than Popen's ``preexec_fn``, because forking Python code out of a process that
has threads (password hashing, file parsing) can deadlock, and the watcher must start servers from exactly there.
"""

import ctypes  # loaded while still root: afterwards the interpreter's folder may be out of reach
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_launcher(launcher: int, death_signal: int) -> None:
    """Asks the kernel for a signal when the launcher dies. Setting a user id clears it, so it comes after that."""
    if sys.platform != "linux":
        return  # elsewhere the next start stops what a killed launcher left
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != launcher:  # it died before the request was made
        sys.exit(1)


def main() -> None:
    launcher, death_signal, uid, gid = (int(word) for word in sys.argv[1:5])
    command = sys.argv[5:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    die_with_launcher(launcher, death_signal)
    signal.signal(
        signal.SIGPIPE, signal.SIG_DFL
    )  # Python ignores it, and what is ignored stays so through exec
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted: the arguments are ours


if __name__ == "__main__":
    main()
