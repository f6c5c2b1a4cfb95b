"""Progress for people: what is done, how fast, and why nothing is sent, at every width."""

import pytest

from xuna_cli.dialing.report import Pause, Progress
from xuna_cli.output.progress import BETWEEN, Expected, PausesSaid, RecentRate, pause_words, progress_lines

LIMITED = Pause("rate-limited", "rate limited by the API", 8.2)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            60,
            ["396 of 1,200 called (33%) · 240/min · 3 min left", "4 requests in progress"],
        ),
        (80, ["396 of 1,200 called (33%) · 240/min · 3 min left · 4 requests in progress"]),
        (120, ["396 of 1,200 called (33%) · 240/min · 3 min left · 4 requests in progress"]),
    ],
)
def test_what_is_done_of_how_much_how_fast_and_how_long_still(width, lines):
    assert progress_lines(Progress(1300, 396, 1200, True, 4), 4.0, width) == lines


@pytest.mark.parametrize("width", [20, 60, 80, 120])
@pytest.mark.parametrize(
    "pause", [None, LIMITED, Pause("unreachable", "can't reach the API: " + "x" * 70, 3)]
)
def test_no_line_is_wider_than_the_terminal_and_no_part_is_broken_where_it_fits(width, pause):
    progress = Progress(10_000_000, 1_234_567, 9_876_543, True, 64, pause)
    whole = progress_lines(progress, 1234.5, 10_000)
    lines = progress_lines(progress, 1234.5, width)
    assert all(len(line) <= width or BETWEEN not in line for line in lines)
    parts = [part for line in lines for part in line.split(BETWEEN)]
    assert parts[:4] == whole[0].split(BETWEEN)
    assert "".join(parts[4:]).replace(" ", "") == "".join(whole[1:]).replace(" ", "")


@pytest.mark.parametrize(
    ("progress", "per_second", "line"),
    [
        (Progress(500), None, "500 rows read"),
        (Progress(1), 7.0, "1 row read"),
        (
            Progress(500, 100, 400, False, 1),
            2.0,
            "100 called · 500 rows read · 120/min · 1 request in progress",
        ),
        (Progress(500, 0, 500, True, 0), None, "0 of 500 called (0%) · 0 requests in progress"),
        (Progress(500, 499, 500, True, 1), 0.0, "499 of 500 called (99%) · 0/min · 1 request in progress"),
        (
            Progress(500, 500, 500, True, 0),
            5.0,
            "500 of 500 called (100%) · 300/min · 0 requests in progress",
        ),
        (Progress(0, 0, 0, True, 0), None, "nobody to call"),
        (
            Progress(9, 0, 7200, True, 1),
            1.0,
            "0 of 7,200 called (0%) · 60/min · 2 h left · 1 request in progress",
        ),
        (
            Progress(9, 1, 7200, True, 9),
            205.7,
            "1 of 7,200 called (0%) · 12,000/min · 35 s left · 9 requests in progress",
        ),
    ],
)
def test_of_how_many_is_only_said_where_it_is_known(progress, per_second, line):
    assert progress_lines(progress, per_second, 200) == [line]


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        (Expected(people=800), "100 of 800 called (12%) · 60/min · 12 min left · 4 requests in progress"),
        (Expected(people=50), "100 of 100 called (100%) · 60/min · 4 requests in progress"),
        # Half of the rows so far were people to call, so assume the same for the rest: 500 - 100.
        (
            Expected(rows=1000),
            "100 called · 500 of 1,000 rows read (50%) · 60/min · 7 min left · 4 requests in progress",
        ),
        (
            Expected(rows=400),
            "100 called · 500 of 400 rows read (100%) · 60/min · 2 min left · 4 requests in progress",
        ),
    ],
)
def test_what_was_counted_before_is_used_until_the_list_was_read(expected, line):
    progress = Progress(500, 100, 250, False, 4)
    assert progress_lines(progress, 1.0, 200, expected) == [line]


def test_a_pause_is_said_once_a_minute(capsys):
    now = [0.0]
    said = PausesSaid(lambda: now[0])
    for second in range(0, 130, 10):
        now[0] = float(second)
        said.pause(LIMITED)
    assert capsys.readouterr().err == 3 * "xuna: Rate limited by the API. Retrying in 8 s.\n"


def test_the_reason_of_a_pause_is_said_and_what_comes_next():
    assert progress_lines(Progress(5, 1, 5, True, 0, LIMITED), None, 80) == [
        "1 of 5 called (20%) · 0 requests in progress",
        "Rate limited by the API. Retrying in 8 s.",
    ]
    dead = Pause("unreachable", "can't reach the API (connection refused)", 2.4, 20.0)
    assert pause_words(dead) == (
        "Can't reach the API (connection refused). Retrying in 2 s; the run stops after at most 20 s without an "
        "answer."
    )


def test_the_rate_is_that_of_the_last_minute():
    rate = RecentRate()
    assert rate.per_second is None
    rate.note(100.0, 0)
    rate.note(101.0, 50)
    assert rate.per_second is None  # too short a time for a rate
    for second in range(2, 200):
        rate.note(100.0 + second, 1000 if second < 100 else 1000 + 3 * (second - 100))
    assert rate.per_second == pytest.approx(3.0)
    for second in range(200, 270):
        rate.note(100.0 + second, 1297)
    assert rate.per_second == 0.0
