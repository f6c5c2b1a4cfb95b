"""Runs: their locks, what dead runs leave, and contradictions to a campaign's first run."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from tests.support.builders import claimed, description, keys, targets
from xuna_cli.errors import UsageError
from xuna_cli.ledger.records import BatchState, ClaimStatus

# Start a run, claim four batches, two of them in progress and one accepted, report this, and wait to be killed.
CHILD = """
import sys
from pathlib import Path
from tests.support.builders import description, targets
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState
ledger = open_ledger(Path(sys.argv[1]))
run = ledger.start_run(description())
batches = ledger.claim(run, [targets(1), targets(2), targets(3), targets(4)])
for batch in batches[:3]:
    ledger.submit(batch)
ledger.record(batches[0], BatchState.ACCEPTED, batch_id="b", calls_initiated=1)
print(run.id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def child(tmp_path):
    """Another process with a run on the ledger; (process, run id)."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "ledger.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def states():
    def states(ledger, campaign_id=1):
        return [one.state.value for one in ledger.batches(campaign_id)]

    return states


def test_nothing_of_a_living_run_is_touched(child, opened, states):
    _, run_id = child
    ledger = opened()
    assert ledger.engine.is_alive(run_id)
    ledger.recover()
    ours = ledger.start_run(description())
    assert states(ledger) == ["accepted", "submitting", "submitting", "claimed"]
    assert ledger.claim(ours, [targets(1, 2, 3, 4)]) == []
    assert ledger.claim_statuses(1, [one.key for one in targets(2, 4)], run_id=ours.id) == dict.fromkeys(
        (one.key for one in targets(2, 4)), ClaimStatus.IN_FLIGHT
    )


def test_a_stopped_process_is_alive(child, opened, states):
    process, run_id = child
    os.kill(process.pid, signal.SIGSTOP)
    ledger = opened()
    ledger.recover()
    assert ledger.engine.is_alive(run_id)
    assert states(ledger) == ["accepted", "submitting", "submitting", "claimed"]


def test_the_lock_dies_with_the_process_and_the_next_run_clears_up(child, opened, states, tmp_path):
    process, run_id = child
    process.kill()
    process.wait()
    ledger = opened()
    assert not ledger.engine.is_alive(run_id)
    ours = ledger.start_run(description())
    assert states(ledger) == ["accepted", "unknown", "unknown"]
    assert {record.error for record in ledger.batches(1, held_only=True)} == {
        "the run ended while the request was in progress"
    }
    assert keys(ledger.claim(ours, [targets(1, 2, 3, 4)])) == [[targets(4)[0].key]]
    assert [path.name for path in (tmp_path / "ledger.db.runs").glob("*.lock")] == [f"{ours.id}.lock"]
    ended = dict(ledger.engine.rows("SELECT id, ended_at FROM runs"))
    assert ended[run_id] is not None
    assert ended[ours.id] is None


def test_recovering_twice_changes_nothing_more(child, opened, clock):
    process, _ = child
    process.kill()
    process.wait()
    ledger = opened()
    ledger.recover()
    before = ledger.batches(1)
    clock.advance(hours=1)
    opened().recover()
    ledger.recover()
    assert ledger.batches(1) == before


def test_many_who_look_at_once_never_take_a_dead_run_for_alive(child, opened):
    process, run_id = child
    process.kill()
    process.wait()
    ledgers = [opened() for _ in range(4)]
    start = threading.Barrier(len(ledgers))
    taken_for_alive = []

    def look(ledger):
        start.wait()
        taken_for_alive.extend(True for _ in range(2000) if ledger.engine.is_alive(run_id))

    threads = [threading.Thread(target=look, args=(ledger,)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken_for_alive == []


def test_ending_gives_back_what_is_claimed_and_holds_what_may_be_on_the_wire(ledger, run, states):
    first, second, third = ledger.claim(run, [targets(1), targets(2), targets(3)])
    ledger.submit(first)
    ledger.submit(second)
    ledger.record(second, BatchState.ACCEPTED)
    assert ledger.holds_lock(run)
    ledger.end_run(run)
    assert not ledger.holds_lock(run)
    assert not ledger.engine.is_alive(run.id)
    assert states(ledger) == ["unknown", "accepted"]
    assert {state for _, state in claimed(ledger, 1).values()} == {"unknown", "accepted"}
    assert third.id not in {record.id for record in ledger.batches(1)}


def test_a_batchs_id_is_never_used_again(ledger, run):
    # It is in the Idempotency-Key: the API could mistake another batch with the same key for this one.
    [first] = ledger.claim(run, [targets(1)])
    ledger.unclaim(first, [targets(1)[0].key])
    [second] = ledger.claim(run, [targets(1)])
    assert second.id > first.id


def test_closing_a_ledger_lets_go_of_its_runs(opened):
    ours, theirs = opened(), opened()
    run = ours.start_run(description())
    assert theirs.engine.is_alive(run.id)
    ours.close()
    assert not theirs.engine.is_alive(run.id)


# ------------------------------------------------------------------------------- contradictions


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"key_column": "email"}, "campaign-other-key", ["no --key", "--key email"]),
        ({"api_origin": "sandbox"}, "campaign-other-origin", ["https://api.xuna.ai", "sandbox"]),
        ({"source_path": "/other/spring.csv"}, "campaign-other-list", ["/lists/spring.csv", "/other/spring.csv"]),
    ],
)  # fmt: skip
def test_a_run_that_contradicts_the_first_is_a_usage_error(ledger, run, fields, code, words):
    for attempt in (ledger.start_run, ledger.check_campaign):
        with pytest.raises(UsageError) as caught:
            attempt(description(**fields))
        assert caught.value.code == code
        assert all(word in caught.value.message for word in words)
        assert "--campaign spring-2" in caught.value.hint
    assert len(ledger.rows("runs_of_campaign", {"campaign_id": run.campaign_id})) == 1


def test_a_key_is_no_more_given_up_than_changed(ledger):
    ledger.start_run(description(key_column="email"))
    with pytest.raises(UsageError, match="--key email, but this run has no --key"):
        ledger.start_run(description())


def test_a_name_that_was_chosen_may_have_any_list(ledger, run):
    chosen = description(named_by_default=False, source_path="/other/autumn.csv")
    assert ledger.start_run(chosen).campaign_id == run.campaign_id
    assert ledger.check_campaign(description(named_by_default=False, source_path=None)) == run.campaign_id


def test_a_default_name_that_a_list_on_stdin_has_taken(ledger):
    ledger.start_run(description(named_by_default=False, source_path=None))
    with pytest.raises(UsageError, match="was made from standard input"):
        ledger.check_campaign(description())


def test_a_suggested_command_can_be_typed_as_it_is(ledger):
    ledger.start_run(description("it's spring"))
    with pytest.raises(UsageError) as caught:
        ledger.check_campaign(description("it's spring", source_path="/x"))
    assert """--campaign 'it'"'"'s spring'""" in caught.value.hint


def test_a_campaign_that_is_new_is_not_made_by_looking(ledger):
    assert ledger.check_campaign(description()) is None
    assert ledger.rows("campaign_by_name", {"name": "spring"}) == []


def test_a_path_and_a_template_that_are_no_utf8_are_kept_readable(ledger):
    odd = description(source_path="/caf\udce9/spring.csv", template="Hi \udcff")
    run = ledger.start_run(odd)
    assert ledger.check_campaign(odd) == run.campaign_id
    assert ledger.start_run(odd).campaign_id == run.campaign_id
    with pytest.raises(UsageError):
        ledger.check_campaign(description(source_path="/caf\udce8/spring.csv"))
