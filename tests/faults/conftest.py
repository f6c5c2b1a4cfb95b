"""A server for the runs of each test, and a rig that starts runs."""

import pytest

from tests.faults.harness import Rig, numbers
from tests.support.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One sandbox for a module; it is reset before each test."""
    with SandboxProcess(tmp_path_factory.mktemp("sandbox") / "dialled.jsonl") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    return running


@pytest.fixture
def rig(sandbox, tmp_path):
    """Twelve people, one of them twice, and a row without a number."""
    people = numbers(12)
    return Rig(tmp_path, sandbox.base_url, people, also=(people[0], "nonsense"))
