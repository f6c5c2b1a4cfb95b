"""A do-not-call list of a million numbers: its effect on start-up time and memory."""

import random
import sys

from tests.benchmarks.memory import LIMIT_MB
from tests.benchmarks.results import Row
from tests.benchmarks.stage import Server, alternate, middle, run

LONGEST_DELAY_S = 3


def do_not_call(stage):
    """A list of ten thousand people, and a do-not-call list of full size with none of them."""
    if "--do-not-call" not in run([sys.executable, "-m", "xuna_cli", "batch-call", "--help"]).out:
        yield Row("do-not-call", "a do-not-call list", skipped="xuna batch-call has no --do-not-call yet")
        return
    unwanted = stage.folder / "do-not-call.txt"
    chance = random.Random(1)
    with unwanted.open("w", encoding="utf-8") as file:
        # The lists have no area code 907; 7 digits are enough for ten million numbers.
        file.writelines(
            f"+1907{2_000_000 + number % 8_000_000:07}\n" for number in _shuffled(stage.size, chance)
        )
    few = stage.part(1 / 100)
    contacts = stage.list("e164.csv", few)
    with Server() as server:
        runs = alternate(
            stage.long,
            without=lambda: stage.batch_call(contacts, server, expect={"accepted": few}),
            within=lambda: stage.batch_call(
                contacts, server, expect={"accepted": few}, options=("--do-not-call", str(unwanted))
            ),
        )
    delay = middle(runs["within"], "wall") - middle(runs["without"], "wall")
    peak = middle(runs["within"], "peak")
    walls = {name: [ran.wall for ran in each] for name, each in runs.items()}
    yield Row("do-not-call", f"delay by {stage.size:,} numbers", delay, LONGEST_DELAY_S, unit="s", runs=walls)
    peaks = {name: [ran.peak for ran in each] for name, each in runs.items()}
    yield Row(
        "do-not-call",
        f"peak memory with {stage.size:,} numbers",
        peak,
        LIMIT_MB,
        unit="MB",
        beside=f"{middle(runs['without'], 'peak'):.0f} MB without",
        runs=peaks,
    )


def _shuffled(size, chance):
    """Yield each number below `size` once, in random order, without storing them."""
    step = next(
        candidate
        for candidate in iter(lambda: chance.randrange(1, size) | 1, None)
        if _coprime(candidate, size)
    )
    return (number * step % size for number in range(size))


def _coprime(one, other):
    while other:
        one, other = other, one % other
    return one == 1
