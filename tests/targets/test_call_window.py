"""`call_after` and `call_before` have only one meaning, or the row is rejected."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tests.support.builders import target_builder
from xuna_cli.models import CallWindow, CellFault, Contact, Rejection, TypedText
from xuna_cli.targets.call_window import WindowColumns

ANN = "+13035550100"
EAST = timezone(timedelta(hours=1))


def build(fields, where=None, **options):
    builder = target_builder(
        columns=("phone", "call_after", "call_before"),
        windows=where or WindowColumns("call_after", "call_before"),
        **options,
    )
    return builder(Contact(7, {"phone": ANN, **fields}))


def local(*parts):
    return datetime(*parts)


@pytest.mark.parametrize(
    ("cell", "after", "before"),
    [
        ("2026-12-24T09:00", local(2026, 12, 24, 9), None),
        ("2026-12-24 09:00:30", local(2026, 12, 24, 9, 0, 30), None),
        ("24 Dec 2026, 9:30 pm", local(2026, 12, 24, 21, 30), None),
        ("2026-12-24T09:00+01:00", datetime(2026, 12, 24, 9, tzinfo=EAST), None),
        ("2026-12-24T09:00:00.250Z", datetime(2026, 12, 24, 9, tzinfo=UTC), None),
        # A date without a time: from its start, or until its end.
        ("2026-12-24", local(2026, 12, 24), local(2026, 12, 25)),
        ("24 December 2026", local(2026, 12, 24), local(2026, 12, 25)),
        (TypedText("24/12/2026", date(2026, 12, 24)), local(2026, 12, 24), local(2026, 12, 25)),
        (TypedText("03/04/2026 08:00", local(2026, 4, 3, 8)), local(2026, 4, 3, 8), None),
        # Values that lists have for "ever" and "never".
        ("0001-01-01", local(2, 1, 1), local(2, 1, 1)),
        ("9999-12-31", local(9998, 12, 31), local(9998, 12, 31)),
        ("9999-12-31T23:59:59-12:00", datetime(9998, 12, 31, tzinfo=timezone(-timedelta(hours=12))), None),
    ],
)
def test_a_time_is_read_as_it_is_written(cell, after, before):
    assert build({"call_after": cell}).window == CallWindow(after, None)
    assert build({"call_before": cell}).window == CallWindow(None, before or after)


def test_no_time_is_no_window():
    assert build({"call_after": " ", "call_before": None}).window is None
    assert build({}).window is None


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("03/04/2026", "can mean more than one date"),
        ("03.04.26 10:00", "can mean more than one date"),
        ("11/30/2026 9:00", "does not begin with its year; write a date and a time like"),
        ("tomorrow", "is not a date or time"),
        ("N/A", "is not a date or time"),
        ("14:00", "has a time, but no date"),
        ("2026-02-30", "is not valid"),
        ("2026-12-24T25:00", "is not valid"),
        ("2026-12-24T09:00+99:00", "is not valid"),
        ("Friday, 24 December 2026", "that day is a Thursday"),
        (1_766_566_800, "is a number"),
        (True, "is not a date or time"),
        ({"at": "2026-12-24"}, "is not a date or time"),
        (TypedText("03/04/2026", 46_115.0), "is a number"),
    ],
)
@pytest.mark.parametrize("column", ["call_after", "call_before"])
def test_what_can_not_be_read_rejects_its_row(column, cell, words):
    rejection = build({column: cell})
    assert isinstance(rejection, Rejection)
    assert (rejection.row_number, rejection.code, rejection.field) == (7, "call-time", column)
    assert words in rejection.message
    assert "2026-12-24T09:00" in rejection.message  # how to write it


def test_a_date_of_a_workbook_is_not_taken_for_the_same_text_elsewhere():
    """A typed cell doesn't decide what a text that looks the same means."""
    assert build({"call_after": TypedText("03/04/2026", date(2026, 4, 3))}).window.after == local(2026, 4, 3)
    assert build({"call_after": "03/04/2026"}).code == "call-time"
    assert build({"call_after": TypedText("03/04/2026", date(2026, 3, 4))}).window.after == local(2026, 3, 4)


def test_an_error_of_the_workbook_rejects_the_row():
    fault = CellFault("#REF!", "cell-error", "C7")
    assert build({"call_before": fault}, of_workbook=True).code == "cell-error"


@pytest.mark.parametrize(
    ("after", "before", "never"),
    [
        ("2026-12-24T09:00", "2026-12-24T09:00", True),
        ("2026-12-25", "2026-12-24", True),
        ("2026-12-24T10:00Z", "2026-12-24T10:30+01:00", True),
        ("2026-12-24", "2026-12-24", False),  # that day
        ("2026-12-24T10:00Z", "2026-12-24T11:30+01:00", False),
        ("2026-12-24T10:00Z", "2026-12-24T09:00", False),  # the person's time zone decides
    ],
)
def test_times_that_exclude_each_other_reject_the_row(after, before, never):
    made = build({"call_after": after, "call_before": before})
    if never:
        assert (made.code, made.field) == ("call-time-never", "call_before")
    else:
        assert made.window is not None


def test_a_json_contact_may_spell_the_names_otherwise():
    options = {"are_complete": False}
    expected = CallWindow(local(2026, 12, 24), None)
    assert build({"Call After": "2026-12-24"}, **options).window == expected
    assert build({"callAfter": "2026-12-24", "call_after": ""}, **options).window == expected
    twice = build({"Call After": "2026-12-24", "callAfter": "2026-12-25"}, **options)
    assert (twice.code, twice.field) == ("call-time-ambiguous", "callAfter")
    assert "--call-after-column" in twice.message
    chosen = WindowColumns("not before", None)
    assert build({"Call After": "2026-12-24"}, chosen, **options).window is None
