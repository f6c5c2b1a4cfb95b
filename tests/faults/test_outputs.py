"""The reader of the result may leave, or not exist at all; the calls still count."""

import os
from pathlib import Path

import pytest

from tests.faults.harness import Rig, numbers

PEOPLE = 60  # one per batch, for a document that is larger than any buffer


@pytest.fixture
def big(sandbox, tmp_path):
    return Rig(tmp_path, sandbox.base_url, numbers(PEOPLE))


def everybody_once(big, sandbox):
    assert len(sandbox.recorded_counts()) == PEOPLE
    assert big.xuna(*big.call_argv()).document["counts"]["already_called"] == PEOPLE
    verdict = big.judge(sandbox.record)
    assert not verdict.guilty, verdict


@pytest.mark.parametrize("output", ["json", "csv", "table"])
def test_a_reader_who_leaves_early_is_no_failure(big, sandbox, output):
    reading, writing = os.pipe()
    running = big.start("batch-call", big.list, "--output", output, "--batch-size", 1, stdout=writing)
    os.close(writing)
    os.close(reading)
    done = running.finish()
    assert done.code == 0, done
    assert "bug" not in done.err
    assert "Broken" not in done.err
    everybody_once(big, sandbox)


@pytest.mark.parametrize("output", ["json", "csv", "table"])
def test_a_closed_stdout_is_no_failure(big, sandbox, output):
    done = big.xuna(
        "batch-call",
        big.list,
        "--output",
        output,
        "--batch-size",
        1,
        stdout=None,
        preexec_fn=lambda: os.close(1),
    )
    assert done.code == 0, done
    everybody_once(big, sandbox)


@pytest.mark.parametrize("output", ["json", "csv", "table"])
def test_an_output_that_can_not_be_written_is_said_and_is_exit_4(big, sandbox, output):
    with Path("/dev/full").open("w") as full:
        done = big.xuna("batch-call", big.list, "--output", output, "--batch-size", 1, stdout=full)
    assert done.code == 4, done
    assert "can't be written" in done.err
    assert "bug" not in done.err
    everybody_once(big, sandbox)


@pytest.mark.parametrize(
    ("argv", "stream", "code"),
    [(("--help",), "stdout", 0), (("campaigns", "--help"), "stdout", 0), (("nope",), "stderr", 2)],
)
def test_a_reader_of_help_who_leaves_early_is_no_failure(big, argv, stream, code):
    reading, writing = os.pipe()
    os.close(reading)
    done = big.xuna(*argv, **{stream: writing})
    os.close(writing)
    assert done.code == code, done


@pytest.mark.parametrize("argv", [("--help",), ("--version",)])
def test_help_that_can_not_be_written_is_no_bug(big, argv):
    with Path("/dev/full").open("w") as full:
        done = big.xuna(*argv, stdout=full)
    assert done.code == 4, done
    assert "can't be written" in done.err
    assert "bug" not in done.err


@pytest.mark.parametrize("descriptors", [(0,), (2,), (1, 2), (0, 1, 2)], ids=str)
def test_closed_descriptors_are_no_failure(big, sandbox, descriptors):
    """Later files get these descriptors: the ledger or a socket must not be used as stderr."""

    def close():
        for descriptor in descriptors:
            os.close(descriptor)

    done = big.xuna(*big.call_argv("--rejects", big.folder / "rejects.csv"), preexec_fn=close)
    assert done.code == 0, done
    everybody_once(big, sandbox)


@pytest.mark.parametrize(
    "command",
    [("campaigns", "list"), ("campaigns", "show", "people"), ("campaigns", "export", "people")],
    ids=" ".join,
)
def test_reading_the_ledger_into_a_pipe_that_closes(big, sandbox, command):
    big.call("--batch-size", 1, exits=0)
    reading, writing = os.pipe()
    running = big.start(*command, stdout=writing)
    os.close(writing)
    os.close(reading)
    done = running.finish()
    assert (done.code, done.err) == (0, "")


def test_a_ledger_is_never_overwritten_by_an_output(sandbox, tmp_path):
    rig = Rig(tmp_path, sandbox.base_url, numbers(3), also=("nonsense",))
    rig.call(exits=3)
    for argv in (
        ("batch-call", "people.csv", "--rejects", "ledger.db"),
        ("render", "people.csv", "--to", "ledger.db"),
        ("campaigns", "export", "people", "--to", "ledger.db"),
        ("campaigns", "report", "people", "--to", "ledger.db"),
        ("do-not-call", "export", "--to", "ledger.db"),
    ):
        done = rig.xuna(*argv)
        assert done.code in {2, 4, 5}, (argv, done)
        assert "ledger" in done.err, (argv, done)
        assert rig.ledger.read_bytes()[:16] == b"SQLite format 3\0", argv
    assert rig.call(exits=3).document["counts"]["already_called"] == 3
