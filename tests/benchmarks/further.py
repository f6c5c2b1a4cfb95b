"""CPU time of one more contact, compared with scripts that people would write, with and without SDKs of other services.

It is the CPU time of a long list minus that of a short one, divided by the difference in contacts. So the start-up of
both sides doesn't count.
"""

import importlib.util
import sys

from tests.benchmarks import vendor_scripts
from tests.benchmarks.results import Row
from tests.benchmarks.stage import PunctualServer, alternate, middle, run

GOALS_BY_BATCH = {100: 0.7, 500: 0.6}
GOALS_BY_SDK = {"elevenlabs": 1 / 10, "retell": 1 / 3, "vapi": 1 / 25}
"""Maximum share of the other script's CPU time."""


def further(stage):
    """Compared with `baseline.py`, with the same batches; the server answers at once."""
    sizes = stage.part(1 / 100), stage.part(1 / 10)
    for batch_size, goal in GOALS_BY_BATCH.items():
        with PunctualServer(0) as server:

            def xuna(size, batch_size=batch_size, server=server):
                contacts = stage.list("e164.csv", size)
                return stage.batch_call(contacts, server, expect={"accepted": size}, batch_size=batch_size)

            def script(size, batch_size=batch_size, server=server):
                contacts = stage.list("e164.csv", size)
                return stage.script(contacts, server, expect=size, batch_size=batch_size)

            runs = _short_and_long(stage, sizes, xuna=xuna, script=script)
        what = f"CPU of a further contact, batches of {batch_size}, against the script"
        yield _row("further", what, goal, runs, "script", sizes)


def vendors(stage):
    """Compared with the SDKs' scripts, with batches of 100; the server answers at once."""
    installed = [sdk for sdk in GOALS_BY_SDK if importlib.util.find_spec(sdk) is not None]
    # Importing an SDK takes 1 to 5 s, and 0.1 s more or less each time. A long list makes that small.
    sizes = stage.part(1 / 1000), stage.part(1 / 20)
    with PunctualServer(0) as server:

        def script(sdk, size):
            contacts = str(stage.list("e164.csv", size))
            argv = [sys.executable, vendor_scripts.__file__, sdk, contacts, server.base_url]
            ran = run(argv, env=stage.environment())
            taken, called = server.taken(), int(ran.out)
            if called != size or taken != (size, -(-size // vendor_scripts.BATCH)):
                raise AssertionError(
                    f"{sdk} called {called} of {size}, the server took (calls, batches) {taken}"
                )
            return ran

        def xuna(size):
            contacts = stage.list("e164.csv", size)
            batch_size = vendor_scripts.BATCH
            return stage.batch_call(contacts, server, expect={"accepted": size}, batch_size=batch_size)

        ways = {sdk: lambda size, sdk=sdk: script(sdk, size) for sdk in installed}
        runs = _short_and_long(stage, sizes, xuna=xuna, **ways)
    for sdk, goal in GOALS_BY_SDK.items():
        what = f"CPU of a further contact, batches of 100, against a script with the SDK of {sdk}"
        if sdk in installed:
            yield _row("vendors", what, goal, runs, sdk, sizes)
        else:
            yield Row("vendors", what, goal=goal, skipped="pip install '.[bench]'")


def _short_and_long(stage, sizes, **ways):
    """Run each way with a short and a long list, alternating; return the runs by name and size."""
    runs = alternate(
        stage.long,
        **{
            f"{who} {size}": lambda way=way, size=size: way(size)
            for who, way in ways.items()
            for size in sizes
        },
    )
    return {tuple(name.split()): each for name, each in runs.items()}


def _row(name, what, goal, runs, other, sizes):
    short, long = sizes

    def seconds(who):
        least, most = (middle(runs[who, str(size)], "cpu") for size in sizes)
        return (most - least) / max(1, long - short)

    ours, theirs = seconds("xuna"), seconds(other)
    return Row(
        name,
        what,
        ours / theirs if theirs else 0.0,
        goal,
        beside=f"{ours * 1e6:.1f} µs against {theirs * 1e6:.1f} µs",
        runs={
            " ".join(who): [ran.cpu for ran in each]
            for who, each in runs.items()
            if who[0] in {"xuna", other}
        },
    )
