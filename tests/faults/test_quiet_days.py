"""Two real processes, two campaigns, the same people, `--quiet-days`: each person is called once."""

from tests.faults.harness import Rig, numbers


def test_two_campaigns_at_once_call_each_person_once(sandbox, tmp_path):
    people = numbers(40)
    sandbox.add_fault(kind="latency", seconds=0.05)
    rig = Rig(tmp_path, sandbox.base_url, people)
    runs = [
        rig.start_calling("--campaign", name, "--quiet-days", 7, "--concurrency", 2)
        for name in ("spring", "autumn")
    ]
    documents = [run.finish().document for run in runs]
    dialled = sandbox.recorded_counts()
    assert sorted(dialled) == people
    assert set(dialled.values()) == {1}
    assert sum(document["counts"]["accepted"] for document in documents) == 40
    assert sum(document["counts"]["screened"] for document in documents) == 40
