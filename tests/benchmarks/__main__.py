"""Measure every goal for speed and memory: `python -m tests.benchmarks`.

Ratios are medians of alternating measurements in one run; absolute figures depend on the machine.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.benchmarks import calling, do_not_call, further, memory, request, starting, waiting, workbooks
from tests.benchmarks.results import document, machine, print_head, print_row
from tests.benchmarks.stage import staged

BENCHMARKS = {
    "starting": starting.starting,
    "first-post": waiting.first_post,
    "wall": waiting.wall,
    "distant": waiting.distant,
    "clean": calling.clean,
    "remarks": calling.remarks,
    "national": calling.national,
    "again": calling.again,
    "growth": calling.growth,
    "request": request.request,
    "further": further.further,
    "vendors": further.vendors,
    "memory": memory.memory,
    "do-not-call": do_not_call.do_not_call,
    "workbooks": workbooks.workbooks,
}


def main(argv):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS)
    )
    parser.add_argument("--size", type=int, default=1_000_000, help="contacts in the longest list")
    parser.add_argument("--long", type=int, default=3, help="repeats of what takes many seconds")
    parser.add_argument("--short", type=int, default=7, help="repeats of what takes less than one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single measurement there")
    asked = parser.parse_args(argv)
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n")
    print_head()
    rows = []
    with staged(size=asked.size, long=asked.long, short=asked.short) as stage:
        for name in asked.only or BENCHMARKS:
            for row in BENCHMARKS[name](stage):
                print_row(row)
                rows.append(row)
    if asked.json:
        asked.json.write_text(json.dumps(document(rows, about), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
