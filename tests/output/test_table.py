"""The table: short, plain if nobody watches, and never cut at any width."""

import contextlib
import io
import os
import pty
import re
import sys
from datetime import UTC, datetime

import pytest

from xuna_cli.dialing.report import COUNTS, Cause, Deferral, Report
from xuna_cli.errors import ExitStatus, HeldError
from xuna_cli.ledger.records import BatchRecord, BatchState
from xuna_cli.models import Rejection
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.drawing import console, print_parts
from xuna_cli.times import for_people

LONG_ID = "batch_" + "".join(f"{number:04d}" for number in range(30))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def accepted(number, batch_id=None, size=100):
    return BatchRecord(number, 1, None, BatchState.ACCEPTED, size, batch_id or f"batch_{number}", size, 200)


def shown(stream=None, **fields):
    stream = io.StringIO() if stream is None else stream
    counts = dict.fromkeys(COUNTS, 0) | fields.pop("counts", {})
    made = {
        name: fields.pop(name)
        for name in ("campaign", "held", "sandbox", "dry_run", "address")
        if name in fields
    }
    made = {"campaign": "spring", "dry_run": False, "sandbox": False, "address": "spring"} | made
    result = BatchCallResult(
        exit_status=ExitStatus.OK,
        run_id=1,
        ledger="/l.db",
        ledger_created=False,
        report=Report(counts=counts, **fields),
        **made,
    )
    print_parts(result, stream)
    return stream.getvalue()


def joined(text):
    """Return the texts of a table's first column, with wrapped lines joined."""
    cells = [re.split("[│┃]", line)[1].strip() for line in text.splitlines() if line[:1] in {"│", "┃"}]
    return "".join(cells)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"FORCE_COLOR": "1"},
        {"GITHUB_ACTIONS": "true"},
        {
            "FORCE_COLOR": "3",
            "CLICOLOR_FORCE": "1",
            "TTY_COMPATIBLE": "1",
            "TERM": "xterm-256color",
            "CI": "1",
        },
    ],
    ids=str,
)
def test_where_nobody_watches_there_is_no_colour_and_no_control_character(monkeypatch, environ):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    text = shown(
        batches=(accepted(1), BatchRecord(2, 1, None, BatchState.UNKNOWN, 5, error="lost")),
        held=(BatchRecord(2, 1, None, BatchState.UNKNOWN, 5),),
        counts={"accepted": 100, "held": 5},
    )
    assert text.replace("\n", "").isprintable()


def test_on_a_terminal_there_is_colour(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in shown(Terminal(), batches=(accepted(1),))


NAMES = [
    "[bold]Anna[/bold]",
    "[/foo]",
    "[link=http://evil]x[/link]",
    ":smile:",
    "Zoë 👋",
    "\\[x]",
    "[red",
]


def test_the_console_itself_knows_no_markup_either():
    stream = io.StringIO()
    console(stream).print("[bold]x[/bold] [/foo] :smile:")
    assert stream.getvalue() == "[bold]x[/bold] [/foo] :smile:\n"


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_names_are_printed_literally(monkeypatch, name, terminal):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")
    text = shown(
        Terminal() if terminal else io.StringIO(),
        campaign=name,
        batches=(accepted(1, f"batch {name}"),),
        rejections=(Rejection(7, "c", "f", f"{name} is no number"),),
        causes=(Cause("c", "f", 1, (7,), f"{name} is no number"),),
        counts={"rejected": 1, "accepted": 100},
    )
    assert f"Campaign {name}: 101 rows" in text
    assert f"batch {name}" in text
    assert f"row 7: {name} is no number [c]" in text


def test_what_a_terminal_would_obey_is_shown_as_a_dot():
    evil = "\x1b]0;title\x07\x1b[2J\r\u202e"
    text = shown(
        campaign=evil,
        batches=(accepted(1, f"b{evil}"),),
        rejections=(Rejection(7, "c", "f", evil),),
        causes=(Cause("c", "f", 1, (7,), evil),),
        counts={"rejected": 1},
    )
    assert text.replace("\n", "").isprintable()
    assert "·]0;title··[2J··" in text


# ------------------------------------------------------------------------------- length


@pytest.mark.parametrize("count", [1, 49, 50])
def test_up_to_fifty_batches_are_all_shown(count):
    text = shown(batches=tuple(accepted(number) for number in range(1, count + 1)))
    assert all(f"batch_{number} " in text for number in range(1, count + 1))
    assert "not shown" not in text
    assert "All batches" not in text


def test_of_five_thousand_batches_the_last_ones_are_shown():
    text = shown(batches=tuple(accepted(number) for number in range(1, 5001)), counts={"accepted": 500_000})
    assert len(text.splitlines()) < 65
    assert "batch_5000 " in text
    assert "batch_4951 " in text
    assert "batch_4950 " not in text
    assert re.search(r"4,950 others +│ +495,000 │ +495,000 │ not shown", text)
    assert "500,000 rows, 500,000 accepted" in text
    assert "All batches: xuna campaigns show spring" in text


def test_what_is_held_is_shown_before_what_went_well():
    held = BatchRecord(3, 1, None, BatchState.UNKNOWN, 100, error="lost")
    batches = [accepted(1), accepted(2), held, *(accepted(number) for number in range(4, 5000))]
    text = shown(batches=tuple(batches), held=(held,))
    assert "unknown (ledger batch 3)" in text
    assert len(text.splitlines()) < 70
    many = tuple(
        BatchRecord(number, 1, None, BatchState.SHORT, 1, f"b{number}", 0) for number in range(1, 5001)
    )
    assert len(shown(batches=many, held=many).splitlines()) < 70


def test_rejections_are_shown_by_their_causes():
    causes = tuple(Cause(f"c{row}", "f", 1, (row,), f"message {row}") for row in range(1, 12))
    text = shown(causes=(Cause("many", "f", 321, (2, 3, 4), "no country"), *causes), counts={"rejected": 332})
    assert "  321 rows (2, 3, 4, …), e.g. row 2: no country [many]" in text
    assert "  row 9: message 9 [c9]" in text
    assert "message 10" not in text
    assert "  and 2 other causes" in text
    assert "--rejects FILE" in text


# ------------------------------------------------------------------------------- width


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_a_narrow_terminal_folds_and_loses_nothing(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    message = "a message of the API that is much longer than a narrow terminal is wide, " * 2
    unknown = BatchRecord(12345, 1, None, BatchState.UNKNOWN, 100)
    text = re.sub(
        r"\x1b\[[0-9;]*m",
        "",
        shown(
            Terminal(),
            batches=(accepted(1, LONG_ID, size=1_234_567), unknown),
            held=(unknown,),
            rejections=(Rejection(7, "code", "f", message),),
            causes=(Cause("code", "f", 1, (7,), message),),
            counts={"rejected": 1, "accepted": 1_234_567, "held": 100},
        ),
    )
    table = [line for line in text.splitlines() if line and line[0] in "┏┃┡│└"]
    assert all(len(line) <= columns for line in table)
    assert LONG_ID in text
    assert "1234567" in text
    assert "unknown (ledger batch 12345)" in " ".join(text.split())
    assert message.strip() in " ".join(text.split())
    assert "…" not in text


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_an_id_is_never_broken(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    copied, unknown = "batch_" + "0123456789" * 3, BatchRecord(51, 1, None, BatchState.UNKNOWN, 7)
    text = re.sub(
        r"\x1b\[[0-9;]*m", "", shown(Terminal(), batches=(accepted(50, copied), unknown), held=(unknown,))
    )
    assert copied in text
    assert ("┏" in text) == (columns == 80)
    if columns == 60:
        assert f"Batch ID: {copied}\n  Calls: 100 · Initiated: 100 · State: accepted\n" in text
    for line in text.splitlines():
        assert len(line.rstrip()) <= max(columns, len(f"Batch ID: {copied}"))


@pytest.mark.parametrize("count", [50, 51, 52])
def test_no_single_batch_is_left_out(count):
    text = shown(batches=tuple(accepted(number) for number in range(1, count + 1)))
    assert text.count("batch_") == (count if count <= 51 else 50)
    assert ("2 others" in text) == (count == 52)
    assert ("All batches: " in text) == (count == 52)


def test_a_pipe_gets_a_batch_id_on_one_line():
    assert LONG_ID in shown(batches=(accepted(1, LONG_ID),))


# ------------------------------------------------------------------------------- what to do next


def test_what_needs_attention_comes_with_the_command_to_type():
    held = (BatchRecord(2, 1, None, BatchState.UNKNOWN, 100), BatchRecord(3, 1, None, BatchState.SHORT, 50))
    text = shown(
        held=held,
        counts={"held": 150, "not_sent": 7},
        refusals=3,
        paused=12.34,
        list_complete=False,
        address="'it is' --sandbox",
    )
    assert "Held: 150 people in 2 batches" in text
    assert "xuna campaigns show 'it is' --sandbox" in text
    assert "xuna campaigns resolve 'it is' --sandbox" in text
    assert "asked to slow down 3 times, so the run waited 12.3 s" in text
    assert "Not called yet: 7 people" in text
    assert "The rest of the list was not read." in text


def test_the_command_that_resolves_is_printed_once():
    held = (BatchRecord(2, 1, None, BatchState.UNKNOWN, 100),)
    error = HeldError(
        "stopped", hint="look for it in the dashboard of XUNA AI, then run: xuna campaigns resolve spring"
    )
    text = shown(held=held, counts={"held": 100}, errors=(error,))
    assert "Held: 100 people" in text
    assert "xuna campaigns show spring" in text
    assert "campaigns resolve" not in text


def test_a_person_reads_one_kind_of_time():
    at = datetime(2026, 11, 28, 3, 57, tzinfo=UTC)
    text = shown(counts={"deferred": 2}, deferrals=(Deferral((), at, 2),), reasons={"next-attempt": 2})
    assert f"  2 people, from {for_people(at)}\n" in text


def test_a_dry_run_says_whom_it_would_call_and_asks_for_nothing():
    text = shown(dry_run=True, counts={"not_sent": 7})
    assert text == "Dry run: 7 rows, 7 would be called\n"


def test_a_rehearsal_in_the_sandbox_says_that_nobody_was_called():
    assert "(sandbox: nobody was called)" in shown(sandbox=True, counts={"accepted": 1})


def test_progress_is_quiet_where_nobody_watches(capsys):
    from xuna_cli.dialing.report import Pause, Progress
    from xuna_cli.output.progress import Expected, ProgressLine

    with ProgressLine(watched=False) as line:
        line.show(Progress(1, 1, 1, True, 1))
    assert capsys.readouterr() == ("", "")
    with ProgressLine(watched=True, expected=Expected(people=5)) as line:
        line.show(Progress(1234, 3, 3, False, 2, Pause("rate-limited", "rate limited by the API", 7.4)))
    said = capsys.readouterr().err
    assert "3 of 5 called (60%)" in said
    assert "2 requests in progress" in said
    assert "Rate limited by the API. Retrying in 7 s." in said


def test_a_terminal_that_is_closed_ends_the_progress_and_not_the_run(monkeypatch):
    from xuna_cli.dialing.report import Progress
    from xuna_cli.output.progress import Expected, ProgressLine

    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with ProgressLine(watched=True, expected=Expected(people=5)) as line:
            os.close(ours)
            line.show(Progress(1, 1, 1, True, 1))
            sys.stderr.write("a warning meanwhile\n")
        with ProgressLine(watched=True, expected=Expected(people=5)):  # begun where nobody watches any more
            pass
        with contextlib.suppress(OSError):  # what was left in the buffer
            terminal.close()


def test_people_whom_the_api_refused_are_counted():
    text = shown(counts={"rejected": 2}, refused_calls=2, refused_earlier=1)
    assert (
        "Refused by the API: 2 people. Later runs call these people after everybody else, or, with --retry-refused"
        in text
    )
    assert (
        "Refused by the API in an earlier run: 1 person. These people are called after everybody else" in text
    )
