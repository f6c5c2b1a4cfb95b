"""A run calls no more people than were confirmed, even if the list has changed since."""

from tests.dialing.conftest import counts, rows


def test_who_comes_on_top_of_what_was_agreed_to_is_not_called_and_the_run_says_so(scene):
    report = scene.dial(rows(*range(9)), agreed=4)
    assert counts(report) == {"accepted": 4, "not_sent": 5}
    assert [error.code for error in report.errors] == ["more-than-agreed"]
    assert len(scene.api.dialled) == 4


def test_rows_that_call_nobody_anew_need_no_agreement(scene):
    scene.dial(rows(1, 2, 3))
    report = scene.dial(rows(1, 2, 3, 4, 4, 5), agreed=2)
    assert counts(report) == {"already_called": 3, "duplicates": 1, "accepted": 2}
    assert report.errors == ()
