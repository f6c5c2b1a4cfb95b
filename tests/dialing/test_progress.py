"""What a run reports about its progress and pauses."""

import pytest

from tests.dialing.conftest import bad, for_now, rows, taken
from xuna_cli.api.outcomes import NotSent
from xuna_cli.dialing.decide import pause_of
from xuna_cli.dialing.report import Progress


def test_every_person_is_done_in_the_end_and_there_were_no_more(scene):
    refused = {"+15550000004": "bad"}

    def answer(numbers, post):
        if named := {index: refused[number] for index, number in enumerate(numbers) if number in refused}:
            return bad(offending=named)
        return taken(numbers)

    scene.dial(rows(*range(25), None), answer)
    last = scene.progress[-1]
    assert (last.rows, last.done, last.people, last.pause) == (26, 25, 25, None)
    assert all(one.people <= 25 and one.done <= one.people for one in scene.progress)


def test_whom_an_earlier_run_called_is_neither_done_nor_to_be_done(scene):
    scene.dial(rows(*range(10)), taken)
    scene.progress.clear()
    scene.dial(rows(*range(15)), taken)
    assert (scene.progress[-1].done, scene.progress[-1].people) == (5, 5)


def test_people_whom_the_api_refused_earlier_are_in_the_total_from_the_start(scene):
    refuse = {"+15550000003"}

    def answer(numbers, post):
        return (
            bad(offending={0: "x"})
            if refuse & set(numbers) and len(numbers) == 1
            else (bad() if refuse & set(numbers) else taken(numbers))
        )

    scene.dial(rows(*range(8)), answer)
    scene.progress.clear()
    scene.dial(rows(*range(3, 20)), taken)
    totals = [one.people for one in scene.progress if one.complete]
    assert set(totals) == {13}
    assert scene.progress[-1].done == 13


def test_a_limit_is_the_total(scene):
    scene.dial(rows(*range(50)), taken, limit=20)
    assert (scene.progress[-1].done, scene.progress[-1].people) == (20, 20)


def test_the_total_is_not_known_while_the_list_is_read(scene):
    scene.dial(rows(*range(1_000)), taken)
    assert not scene.progress[0].complete
    assert scene.progress[-1] == Progress(1_000, 1_000, 1_000, True, 0)


def test_a_pause_is_told_with_its_reason(scene):
    scene.dial(rows(*range(5)), lambda numbers, post: for_now(7.0) if post == 1 else taken(numbers))
    assert [(one.code, one.reason, one.seconds, one.gives_up_in) for one in scene.pauses] == [
        ("rate-limited", "rate limited by the API", 7.0, None)
    ]


@pytest.mark.parametrize(
    ("connected", "code", "reason"),
    [
        (False, "unreachable", "can't reach the API (connection refused)"),
        (True, "not-sent", "connection refused"),
    ],
)
def test_the_reason_is_what_the_system_says(connected, code, reason):
    pause = pause_of(NotSent("connection refused"), connected=connected)
    assert (pause.code, pause.reason) == (code, reason)
