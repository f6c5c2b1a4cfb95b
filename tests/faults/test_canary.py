"""A canary in real processes: no crash and no second process lets more people through."""

import pytest

from tests.faults.harness import Rig, numbers

CANARY = ("--canary", 7, "--min-success", "100%")


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("claim:after-commit", 1),
        ("submit:after-commit", 1),
        ("submit:after-commit", 2),
        ("post:request-written", 1),
        ("post:answer-read", 2),
        ("record:after-commit", 1),
    ],
)
def test_runs_that_are_killed_call_no_more_than_the_canary(rig, sandbox, point, nth):
    for _ in range(3):
        assert rig.call(*CANARY, "--max-unknown", 9, plan={"point": point, "nth": nth}).code in {-9, 0, 3, 7}
    done = rig.call(*CANARY, "--max-unknown", 9).document
    dialled = sandbox.recorded_counts()
    assert set(dialled.values()) <= {1}
    assert len(dialled) <= 7
    assert done["canary"]["called"] == len(rig.export()) <= 7
    # Records of a batch whose answer was lost can prove that the canary has failed before all of it was called.
    assert done["canary"]["called"] == 7 or done["canary"]["state"] == "stopped"


@pytest.mark.parametrize("processes", [4, 8])
def test_processes_that_start_at_once_share_the_canary(sandbox, tmp_path, processes):
    rig = Rig(tmp_path, sandbox.base_url, numbers(60))
    running = [rig.start_calling(*CANARY, "--concurrency", 2) for _ in range(processes)]
    done = [rig.took(one.finish(60)) for one in running]
    assert {one.code for one in done} == {0}
    assert sum(one.document["counts"]["accepted"] for one in done) == 7
    assert sum(sandbox.recorded_counts().values()) == 7
