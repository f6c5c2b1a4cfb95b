"""A part of the soak: trials for a few minutes. `python -m tests.faults.soak` runs for longer.

SOAK_SEED repeats the random draws, SOAK_TRIALS sets the number of trials.
"""

import json
import os
import random
import subprocess
import sys

import pytest

from tests.support.sandbox_process import ROOT

TRIALS = {"kill": 100, "faults": 50, "mix": 60, "crowd": 40, "large": 4, "again": 25, "file": 20}


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", TRIALS)
def test_kills_and_faults_at_random_double_nobody_and_lose_nobody(kind):
    seed = os.environ.get("SOAK_SEED") or str(random.SystemRandom().randrange(10**6))
    trials = int(os.environ.get("SOAK_TRIALS") or TRIALS[kind])
    argv = ["-m", "tests.faults.soak", "--trials", str(trials), "--seed", seed, "--kind", kind]
    done = subprocess.run([sys.executable, *argv], cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, f"python {' '.join(argv)}\n{done.stdout}{done.stderr}"
    report = json.loads(done.stdout)
    assert report["trials"] == trials
    assert [
        report[sin] for sin in ("doubled", "lost", "exposed", "invented", "strangers", "miscounted", "crimes")
    ] == [0] * 7
    # The trials are only useful if the kills hit the calls.
    if kind in {"again", "file"}:
        assert report["again"] >= 2 * trials
    elif kind not in {"faults", "large"}:
        assert report["kills_while_calling"] >= trials // 3
    assert report["held"] >= (trials // 10)
