"""The result of a benchmark: a figure, its goal, and whether the goal is reached."""

import os
import platform
import sqlite3
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One goal and its measured figure.

    Attributes:
        name: name of the benchmark.
        what: description.
        figure: the measured figure, nearly always a ratio.
        goal: the limit, in the figure's unit; None if there is no goal.
        at_least: whether the goal is a minimum.
        unit: unit of figure and goal; empty for a ratio.
        beside: description of the two sides of the ratio.
        runs: all single measurements by name.
        skipped: the reason if there is no figure.
    """

    name: str
    what: str
    figure: float | None = None
    goal: float | None = None
    at_least: bool = False
    unit: str = ""
    beside: str = ""
    runs: dict[str, list[float]] = field(default_factory=dict)
    skipped: str = ""

    @property
    def verdict(self):
        if self.figure is None:
            return "skipped"
        if self.goal is None:
            return ""
        return (
            "reached"
            if (self.figure >= self.goal if self.at_least else self.figure <= self.goal)
            else "missed"
        )

    def cells(self):
        unit = f" {self.unit}" if self.unit else ""
        goal = "" if self.goal is None else f"{'≥' if self.at_least else '≤'} {self.goal:.3g}{unit}"
        figure = "-" if self.figure is None else f"{self.figure:.3g}{unit}"
        return (self.name, self.what, figure, goal, self.verdict, self.skipped or self.beside)


def machine():
    """Return the properties of the machine that influence the figures."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processors": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(memory),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_at_start": round(os.getloadavg()[0], 1),
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def document(rows, about):
    """Return everything as JSON values."""
    return {"machine": about, "rows": [asdict(row) | {"verdict": row.verdict} for row in rows]}


def print_row(row):
    """Print one row of the Markdown table."""
    print("| " + " | ".join(row.cells()) + " |", flush=True)


def print_head():
    """Print the head of the table."""
    print(
        "| benchmark | what | figure | goal | verdict | made of |\n|---|---|---|---|---|---|",
        flush=True,
    )
