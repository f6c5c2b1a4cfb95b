"""With any list and any faults: every row is counted exactly once, and nobody is called twice."""

import contextlib
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialing.conftest import (
    Scene,
    ScriptedApi,
    bad,
    for_now,
    let_all_through,
    make_scene,
    prepare,
    rows,
    taken,
)
from tests.support.builders import target
from tests.support.clock import FakeClock
from xuna_cli.api.outcomes import NotSent, Refusal, Refused, Taken, Unknown
from xuna_cli.dialing.pipeline import targets_of
from xuna_cli.dialing.rehearsal import RehearsedClaims, rehearse
from xuna_cli.dialing.report import COUNTS
from xuna_cli.errors import InputError

__all__ = ["make_scene"]

SETTINGS = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))

LISTS = st.lists(st.none() | st.integers(0, 14), max_size=30)
FAULTS = st.sampled_from(["taken"] * 6 + [
    "short", "lost", "lost but dialled", "refused", "for now", "not sent", "never", "bad", "bad named", "too large",
])  # fmt: skip
PLANS = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 6),
        "concurrency": st.integers(1, 3),
        "max_unknown": st.integers(1, 3),
        "limit": st.none() | st.integers(1, 10),
    }
)


def answering(faults):
    """Answer the POSTs with the faults in order, and then accept everything."""
    left = list(faults)

    def answer(posted, post):
        match left.pop(0) if left else "taken":
            case "taken":
                return taken(posted, post)
            case "short":
                return Taken(f"batch_{post}", len(posted) - 1, 200)
            case "lost":
                return Unknown("lost")
            case "lost but dialled":
                return Unknown("dialled")
            case "refused":
                return Refused(Refusal.FOR_GOOD, 401, "HTTP 401", {})
            case "for now":
                return for_now(3.0)
            case "not sent":
                return NotSent("refused")
            case "never":
                return NotSent("certificate", permanent=True)
            case "bad":
                return bad("bad")
            case "bad named":
                return bad("bad", {len(posted) - 1: "bad"})
            case _:
                return Refused(Refusal.TOO_LARGE, 413, "HTTP 413", {})

    return answer


class Everybody:
    """All runs of one campaign, and the people whom their server has called."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.dialled: Counter[str] = Counter()

    def run(self, list_, faults, breaks, plan):
        api = ScriptedApi(answering(faults))
        self.scene.clock = FakeClock()
        report = self.scene.dial(list_ if not breaks else breaking(list_), api, **plan)
        self.dialled.update(api.dialled)
        return report, api


def breaking(list_):
    yield from list_
    raise InputError("an unclosed quote")


RUNS = st.lists(st.tuples(LISTS, st.lists(FAULTS, max_size=8), st.booleans(), PLANS), min_size=1, max_size=3)


@settings(SETTINGS, max_examples=10)
@given(RUNS)
def test_every_row_of_a_few_runs_is_counted_once_and_nobody_is_called_twice(make_scene, runs):
    count_every_row(make_scene, runs)


@pytest.mark.slow
@SETTINGS
@given(RUNS)
def test_every_row_of_every_run_is_counted_once_and_nobody_is_called_twice(make_scene, runs):
    count_every_row(make_scene, runs)


def count_every_row(make_scene, runs):
    everybody = Everybody(make_scene())
    held_before = set()
    for values, faults, breaks, plan in runs:
        read, ends = [], []

        def reading(values=values, read=read, ends=ends):
            for row in rows(*values):
                read.append(row)
                yield row
            ends.append(True)

        before = dict(everybody.dialled)
        report, api = everybody.run(reading(), faults, breaks, plan)
        # Every row is counted exactly once.
        assert sum(report.counts.values()) == len(read)
        assert set(report.counts) == set(COUNTS)
        assert min(report.counts.values()) >= 0
        assert report.list_complete == (bool(ends) and not breaks)
        assert report.counts["rejected"] >= sum(row.fields["phone"] is None for row in read)
        # Nobody is called twice, in this run or in all runs.
        assert max(everybody.dialled.values(), default=0) <= 1
        # The ledger agrees with the server's record.
        states = everybody.scene.states
        assert set(states) <= {"accepted", "unknown", "short"}
        accepted = set(states.get("accepted", ()))
        held = set(states.get("unknown", ())) | set(states.get("short", ()))
        assert accepted <= set(everybody.dialled)
        assert set(everybody.dialled) <= accepted | held
        # Each count is correct.
        new = accepted - set(before)
        assert report.counts["accepted"] == len(new & set(api.dialled))
        if plan["limit"] is not None:
            assert len(new) + len(held - held_before) <= plan["limit"]
        held_before = held


@pytest.mark.slow
@SETTINGS
@given(LISTS, LISTS, st.booleans(), st.none() | st.integers(1, 10))
def test_every_row_of_a_rehearsal_is_counted_once(make_scene, called, values, breaks, limit):
    scene = make_scene()
    scene.dial(rows(*called))
    known = {f"+1555{value:07d}" for value in called if value is not None}
    read = []

    def reading():
        for row in rows(*values):
            read.append(row)
            yield row
        if breaks:
            raise InputError("an unclosed quote")

    with contextlib.closing(RehearsedClaims(scene.ledger, 1)) as claims:
        report = rehearse(targets_of(reading(), prepare), claims, let_all_through(), limit=limit)
    keys = [target(row.fields["phone"]).key for row in read if row.fields["phone"] is not None]
    fresh = {key for key in keys if key not in known}
    assert {name: number for name, number in report.counts.items() if number} == {
        name: number
        for name, number in {
            "rejected": len(read) - len(keys),
            "already_called": sum(key in known for key in keys),
            "not_sent": len(fresh),
            "duplicates": sum(key not in known for key in keys) - len(fresh),
        }.items()
        if number
    }
    assert limit is None or len(fresh) <= limit


@pytest.mark.slow
@SETTINGS
@given(
    st.lists(st.integers(0, 60), max_size=60),
    st.lists(st.integers(0, 60), max_size=20),
    st.integers(1, 9),
    st.integers(1, 3),
)
def test_batching_is_a_partition(make_scene, values, called, size, concurrency):
    scene = make_scene()
    scene.dial(rows(*called))
    report = scene.dial(rows(*values), batch_size=size, concurrency=concurrency)
    fresh = list(dict.fromkeys(value for value in values if value not in set(called)))
    posts = scene.api.posts
    assert sorted(one for post in posts for one in post) == sorted(target(value).key for value in fresh)
    assert all(0 < len(post) <= size for post in posts)
    # All batches but one are full.
    assert sum(len(post) < size for post in posts) <= 1
    if concurrency == 1:
        assert [one for post in posts for one in post] == [target(value).key for value in fresh]
    assert sum(report.counts.values()) == len(values)
