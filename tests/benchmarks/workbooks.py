"""CPU time and memory of reading all cells of an XLSX list, compared with python-calamine, which is written in Rust."""

import importlib.util
import sys

from tests.benchmarks import workbook_readers
from tests.benchmarks.results import Row
from tests.benchmarks.stage import alternate, middle, run

GOAL = 2
WHAT = {"cpu": "CPU", "peak": "peak memory"}
UNITS = {"cpu": "s", "peak": "MB"}


def workbooks(stage):
    """A list with a number format, dates and shared texts."""
    size = stage.part(1 / 10)
    contacts = str(stage.list("e164.xlsx", size))

    def read(reader):
        ran = run([sys.executable, workbook_readers.__file__, reader, contacts])
        if int(ran.out) != size + 1:
            raise AssertionError(f"{reader} read {ran.out} of {size} rows and the header")
        return ran

    with_calamine = importlib.util.find_spec("python_calamine") is not None
    runs = alternate(
        stage.short,
        xuna=lambda: read("xuna"),
        **({"calamine": lambda: read("calamine")} if with_calamine else {}),
    )
    for figure, name in WHAT.items():
        what = f"{name} of reading an XLSX list of {size:,}, against python-calamine"
        if not with_calamine:
            yield Row("workbooks", what, goal=GOAL, skipped="pip install '.[bench]'")
            continue
        ours, theirs = middle(runs["xuna"], figure), middle(runs["calamine"], figure)
        yield Row(
            "workbooks",
            what,
            ours / theirs,
            GOAL,
            beside=f"{ours:.3g} {UNITS[figure]} against {theirs:.3g} {UNITS[figure]}",
            runs={who: [getattr(ran, figure) for ran in each] for who, each in runs.items()},
        )
