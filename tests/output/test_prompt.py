"""What a person is told before they are asked."""

from datetime import UTC, datetime, timedelta

import pytest

from xuna_cli.contacts.columns import ListUse
from xuna_cli.dialing.report import COUNTS, Deferral, Report
from xuna_cli.output.prompt import prompt_lines
from xuna_cli.output.screening import OPENINGS_SHOWN, screening_lines


def lines(*, counts=None, later=0, recently=0, days=30):
    report = Report(counts=dict.fromkeys(COUNTS, 0) | {"not_sent": 5} | (counts or {}))
    return list(
        prompt_lines(
            report,
            [],
            caller="+15550100000",
            campaign="spring",
            list_use=ListUse(phone_columns=("phone",)),
            later=later,
            recently=recently,
            days=days,
        )
    )


def test_who_is_called_now_stands_first_and_nothing_is_said_of_what_is_not_so():
    said = lines()
    assert said[0] == "\nAbout to call 5 people from +15550100000, campaign 'spring'."
    assert [line for line in said if "not called" in line or "more" in line or "of them" in line] == []


@pytest.mark.parametrize(("later", "said"), [(1, "  and 1 more"), (1200, "  and 1,200 more")])
def test_who_is_called_as_their_hours_come_is_said(later, said):
    assert lines(later=later)[-1] == f"{said} as their hours come"


def test_who_was_called_lately_elsewhere_is_said():
    (line,) = [line for line in lines(recently=3, days=7) if "of them" in line]
    assert line.startswith("  3 of them were called in other campaigns of this ledger in the last 7 days")


def test_who_is_not_called_is_said_by_what_they_are():
    assert "  not called: 2 already called, 1 rejected" in lines(counts={"already_called": 2, "rejected": 1})


@pytest.mark.parametrize("more", [0, 1, 5])
def test_the_first_openings_are_shown_and_the_rest_are_counted(more):
    opens = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    deferrals = tuple(
        Deferral(("Europe/London",), opens + timedelta(days=day), day + 2)
        for day in range(OPENINGS_SHOWN + more)
    )
    said = list(screening_lines(Report(counts=dict.fromkeys(COUNTS, 0), deferrals=deferrals), []))
    shown = [line for line in said if " on in Europe/London" in line]
    assert shown[0] == "  2 people, from Tue 24 Nov 08:00 on in Europe/London"
    assert len(shown) == OPENINGS_SHOWN == 10
    assert [line for line in said if "more openings" in line] == (
        [f"  … and {more} more openings: --output json"] if more else []
    )
