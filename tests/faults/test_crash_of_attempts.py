"""SIGKILL while people are called for the second time, then the same command again: nobody a third time, nobody lost."""

import contextlib
import signal
import sqlite3

import pytest

from tests.faults.harness import Rig, numbers
from tests.support.sandbox_process import SandboxProcess

SIZE, SENDERS = 3, 2
POLICY = (
    "--attempts", 3, "--again-after", "4h,1d", "--again", "no-conversation", "--concurrency", SENDERS,
    "--first-message-again", "Again, {{ name }}.",
)  # fmt: skip
PICKY = {"kind": "refuse", "numbers": [numbers(12)[4]]}
LIMITED = {"kind": "rate_limit", "posts": 0, "retry_after": 0, "times": 1}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A sandbox that nobody answers."""
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder / "dialled.jsonl", conversations={"unanswered": 1.0}) as sandbox:
        yield sandbox


@pytest.fixture
def called_once(sandbox, tmp_path):
    """Twelve people who were called five hours ago, and have no conversation."""
    people = numbers(12)
    rig = Rig(tmp_path, sandbox.base_url, people, also=(people[0], "nonsense"))
    rig.call(*POLICY, exits=3)
    a_day_later(rig)
    assert rig.xuna("campaigns", "outcomes", "people").code == 0
    return rig


def a_day_later(rig):
    with contextlib.closing(sqlite3.connect(rig.ledger)) as connection, connection:
        for column in ("submitted_at", "finished_at"):
            connection.execute(
                f"UPDATE batches SET {column} = '2020-01-0' || (1 + again) || 'T00:00:00.000Z' "
                f"WHERE {column} IS NOT NULL"
            )


@pytest.mark.parametrize(
    ("point", "nth", "fault"),
    [
        ("claim:before-commit", 1, None),
        ("claim:after-commit", 1, None),
        ("submit:before-commit", 1, None),
        ("submit:after-commit", 1, None),
        ("submit:committed", 2, None),
        ("post:headers-written", 2, None),
        ("post:request-written", 1, None),
        ("post:request-written", 3, PICKY),
        ("post:answer-read", 2, None),
        ("record:before-commit", 1, None),
        ("record:after-commit", 1, None),
        ("back_to_claimed:after-commit", 1, LIMITED),
        ("split:before-commit", 1, PICKY),
        ("split:after-commit", 1, PICKY),
        ("end_run:before-commit", 1, None),
        ("end_run:after-commit", 1, None),
    ],
)
def test_killed_at_the_second_attempt_and_run_again(called_once, sandbox, point, nth, fault):
    rig = called_once
    if fault is not None:
        sandbox.add_fault(**fault)
    killed = rig.call(*POLICY, plan={"point": point, "nth": nth})
    assert (killed.code, killed.reached) == (-signal.SIGKILL, point), killed
    sandbox.clear_faults()
    rig.call(*POLICY)
    again = rig.call(*POLICY).document
    verdict = rig.judge(sandbox.record, most=2)
    assert not verdict.guilty, verdict
    assert verdict.held <= SENDERS * SIZE
    # Everybody has a first attempt, and a second one that was made, or may have been.
    second = {row["to_phone_number"]: row["state"] for row in rig.export() if row["attempt"] == 2}
    assert second.keys() == set(rig.people)
    calls = sandbox.recorded()
    for number in rig.people:
        said = [
            call["conversation_config_override"]["agent"]["first_message"].split()[0]
            for call in calls
            if call["to_phone_number"] == number
        ]
        assert said in (["Hi", "Again,"], *([["Hi"]] if second[number] != "accepted" else [])), number
    # The next ones are not due: what came of the second attempts is not known, and their spacing is not over.
    assert again["attempts"] == {}
    assert again["counts"]["accepted"] == 0


def test_the_third_attempt_follows_the_second_and_is_the_last(called_once, sandbox):
    rig = called_once
    assert rig.call(*POLICY, exits=3).document["attempts"] == {"2": 12}
    assert rig.xuna("campaigns", "outcomes", "people").code == 0
    # Not read long enough after the call.
    assert rig.call(*POLICY, exits=3).document["awaiting_outcome"] == 13
    a_day_later(rig)
    assert rig.call(*POLICY, exits=3).document["attempts"] == {"3": 12}
    a_day_later(rig)
    assert rig.xuna("campaigns", "outcomes", "people").code == 0
    last = rig.call(*POLICY, exits=3).document
    assert (last["attempts"], last["exhausted"]) == ({}, 13)
    verdict = rig.judge(sandbox.record, most=3)
    assert not verdict.guilty, verdict
    assert set(sandbox.recorded_counts().values()) == {3}
