"""Figures from /proc: CPU seconds and memory of a process and everything below it (Linux)."""

import os
import resource
from collections.abc import Iterable, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, at = [pid], 0
    while at < len(found):
        found += children.get(found[at], [])
        at += 1
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process tree; a child that has ended counts through its parent."""
    return sum(_times(one) for one in tree(pid))


def _times(pid: int) -> float:
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) / _TICKS if fields else 0.0


def _stat(pid: int) -> Sequence[str]:
    """Fields of /proc/<pid>/stat after the name, which may hold spaces; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ()


def ended_children_seconds() -> float:
    """CPU of our children that have ended: before and after a load client it is the client's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pss_bytes(pids: Iterable[int]) -> int:
    """Proportional set size: memory that several processes share is counted once in all."""
    return sum(_pss(pid) for pid in pids)


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))


def name(pid: int) -> str:
    """The command line, for a breakdown."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    return words.strip() or "kernel"


class Cpu:
    """Notes the CPU time of named process trees, and answers with what each has used since."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids
        self._before = {name: cpu_seconds(pid) for name, pid in pids.items()}

    def micros_per(self, operations: int) -> dict[str, float]:
        """Microseconds per operation, by name."""
        return {
            name: (cpu_seconds(pid) - self._before[name]) * 1e6 / max(operations, 1)
            for name, pid in self._pids.items()
        }


def percentile(values: Sequence[float], percent: int) -> float:
    """Of values in rising order."""
    return values[min(len(values) * percent // 100, len(values) - 1)]
