"""Several processes with one ledger and one campaign."""

import pytest

from tests.faults.harness import Rig, numbers


@pytest.mark.parametrize("processes", [2, 4, 8])
def test_many_processes_share_a_campaign(sandbox, tmp_path, processes):
    people = numbers(60)
    rig = Rig(tmp_path, sandbox.base_url, people)
    sandbox.add_fault("latency", seconds=0.01)
    running = [rig.start_calling("--concurrency", 2) for _ in range(processes)]  # one makes the ledger
    done = [rig.took(one.finish(60)) for one in running]
    for one in done:
        assert one.code == 0, one
        assert "locked" not in one.err
    assert sum(one.document["counts"]["accepted"] for one in done) == len(people)
    assert sum(one.document["ledger"]["created"] for one in done) == 1
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert (verdict.dialled, verdict.held) == (len(people), 0)


def test_many_campaigns_share_a_ledger(sandbox, tmp_path):
    """Each campaign calls everybody once, and none waits for another."""
    people = numbers(12)
    rig = Rig(tmp_path, sandbox.base_url, people)
    running = [rig.start_calling("--campaign", f"campaign {number}") for number in range(4)]
    for one in running:
        done = one.finish(60)
        assert done.code == 0, done
        assert done.document["counts"]["accepted"] == len(people)
    assert set(sandbox.recorded_counts().values()) == {4}
