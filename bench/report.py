"""What a scenario found, as rows of one table, and the machine it was found on."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on one figure; `holds` is None where the run could not tell."""

    text: str
    holds: bool | None
    how: str = "yes"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; figures are texts with their units."""

    scenario: str
    what: str
    floor: str = ""
    product: str = ""
    ratio: str = ""
    goal: Goal | None = None


def at_least_by_either(value: float, by_cpu: float, bound: float) -> Goal:
    """Requests a second against a floor, or CPU per request where others keep the machine busy: a floor of many
    processes then gets more of it than a product of few.
    """
    if value < bound <= by_cpu:
        return Goal(f"≥ {bound:g} ×", holds=True, how="by CPU")
    return at_least(value, bound)


def at_least(value: float, bound: float, unit: str = "×") -> Goal:
    return Goal(f"≥ {bound:g} {unit}", value >= bound)


def at_most(value: float, bound: float, unit: str = "×") -> Goal:
    return Goal(f"≤ {bound:g} {unit}", value <= bound)


def ratio_of(pairs: Sequence[tuple[float, float]]) -> float:
    """The median of product ÷ floor over interleaved rounds of (floor, product)."""
    return median(product / floor for floor, product in pairs)


def table(rows: Sequence[Row]) -> str:
    """All rows as a Markdown table."""
    head = ("", "what", "floor", "product", "ratio", "goal", "reached")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    ]
    padded.insert(1, "-|-".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in padded)


def _cells(row: Row) -> tuple[str, ...]:
    goal = row.goal
    reached = "" if goal is None else {True: goal.how, False: "NO", None: "?"}[goal.holds]
    return (row.scenario, row.what, row.floor, row.product, row.ratio, goal.text if goal else "", reached)


def machine() -> str:
    """Cores, memory, system, Python, and how busy the machine is with other things."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} × {model}, {memory:.0f} GiB, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, load {load}"
    )
