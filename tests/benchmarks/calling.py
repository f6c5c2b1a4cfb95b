"""CPU time of whole campaigns, compared with a script that people would write."""

import math

from tests.benchmarks.results import Row
from tests.benchmarks.stage import Server, alternate, fit, middle


def _beside_the_script(stage, kind, *, region="", options=()):
    contacts = stage.list(kind, stage.size)
    expect = fit(kind, stage.size)
    with Server() as server:
        return alternate(
            stage.long,
            script=lambda: stage.script(contacts, server, expect=expect["accepted"], region=region),
            xuna=lambda: stage.batch_call(contacts, server, expect=expect, options=options),
        )


def _row(stage, name, what, goal, runs):
    ours, theirs = middle(runs["xuna"], "cpu"), middle(runs["script"], "cpu")
    return Row(
        name,
        what,
        ours / theirs,
        goal,
        beside=f"{ours:.1f} s against {theirs:.1f} s of CPU for {stage.size:,}",
        runs={who: [ran.cpu for ran in each] for who, each in runs.items()},
    )


def clean(stage):
    """E.164 numbers in random order; the server answers at once."""
    runs = _beside_the_script(stage, "e164.csv")
    yield _row(stage, "clean", "CPU of a campaign, E.164, against the script", 1 / 3, runs)
    contacts, expect = stage.list("e164.csv", stage.size), stage.size
    with Server() as server:
        strict = stage.script(contacts, server, expect=expect, check="valid")
    ours = middle(runs["xuna"], "cpu")
    yield Row(
        "clean",
        "the same against the script with is_valid_number",
        ours / strict.cpu,
        beside=f"{ours:.1f} s against {strict.cpu:.1f} s (one run)",
    )


def remarks(stage):
    """The clean list with a column of remarks. A "no" in one row holds for all rows, so the list is read twice."""
    with Server() as server:
        runs = alternate(
            stage.long,
            **{
                kind: lambda kind=kind: stage.batch_call(
                    stage.list(f"{kind}.csv", stage.size), server, expect={"accepted": stage.size}
                )
                for kind in ("e164", "remarks")
            },
        )
    without, within = (middle(runs[kind], "cpu") for kind in ("e164", "remarks"))
    yield Row(
        "remarks",
        "CPU of a campaign with a column of remarks, against one without",
        within / without,
        beside=f"{within:.1f} s against {without:.1f} s of CPU for {stage.size:,}",
        runs={kind: [ran.cpu for ran in each] for kind, each in runs.items()},
    )


def national(stage):
    """Numbers as people write them; one row in fifty can't be called."""
    runs = _beside_the_script(stage, "national.csv", region="US", options=("--region", "US"))
    yield _row(
        stage, "national", "CPU of a campaign, messy national numbers, against the script", 1 / 2, runs
    )


def again(stage):
    """The same list again, after everybody was called."""
    contacts = stage.list("e164.csv", stage.size)
    firsts, seconds = [], []
    with Server() as server:
        for _ in range(stage.long):
            ledger = stage.fresh_ledger()
            firsts.append(stage.batch_call(contacts, server, ledger=ledger, expect={"accepted": stage.size}))
            # `batch_call` checks that the server gets no POST.
            seconds.append(
                stage.batch_call(contacts, server, ledger=ledger, expect={"already_called": stage.size})
            )
    first, second = middle(firsts, "cpu"), middle(seconds, "cpu")
    yield Row(
        "again",
        "CPU of calling nobody again, against the first run",
        second / first,
        1 / 3,
        beside=f"{second:.1f} s against {first:.1f} s for {stage.size:,}",
        runs={"first": [ran.cpu for ran in firsts], "again": [ran.cpu for ran in seconds]},
    )


def growth(stage):
    """Growth of CPU time per contact with the length of the list, without the start-up, which is the same for all."""
    sizes = [stage.part(1 / 100), stage.part(1 / 10), stage.size]
    ten = stage.list("e164.csv", 10)
    with Server() as server:
        figures = alternate(
            stage.long,
            start=lambda: stage.batch_call(ten, server, expect={"accepted": 10}),
            **{
                str(size): lambda size=size: stage.batch_call(
                    stage.list("e164.csv", size), server, expect={"accepted": size}
                )
                for size in sizes
            },
        )
    start = middle(figures["start"], "cpu")
    each = {size: (middle(figures[str(size)], "cpu") - start) / (size - 10) for size in sizes if size > 10}
    most = max(each.values()) / min(each.values()) if each else math.nan
    yield Row(
        "growth",
        "CPU per contact, dearest size against cheapest",
        most,
        1.15,
        beside=", ".join(f"{size:,}: {seconds * 1e6:.1f} µs" for size, seconds in each.items())
        + f" (without {start:.2f} s of start-up)",
        runs={name: [ran.cpu for ran in runs] for name, runs in figures.items()},
    )
