"""Information before the question."""

from datetime import UTC, datetime, timedelta

import pytest

from xuna_cli.contacts.columns import ListUse
from xuna_cli.dialing.preview import Estimate, Preview, Sample
from xuna_cli.dialing.report import COUNTS, Deferral, Report
from xuna_cli.ledger.brakes import Braked, Brakes, Canary, Figures, brake
from xuna_cli.ledger.experience import Experience
from xuna_cli.ledger.last_calls import RecentlyCalled
from xuna_cli.output.prompt import prompt_lines
from xuna_cli.output.screening import OPENINGS_SHOWN, screening_lines


def lines(*, counts=None, wait=False, deferrals=(), recently=0, days=30, samples=(), braked=None):
    preview = Preview(
        5,
        samples,
        None,
        {"US": 3, "GB": 2},
        {"Europe/London": 5},
        Estimate(1, None, None, None, Experience()),
    )
    all_counts = dict.fromkeys(COUNTS, 0) | {"not_sent": 5} | (counts or {})
    report = Report(counts=all_counts, deferrals=deferrals, braked=braked)
    return list(
        prompt_lines(
            report,
            [],
            caller="+15550100000",
            campaign="spring",
            list_use=ListUse(phone_columns=("phone",)),
            wait=wait,
            preview=preview,
            recently=RecentlyCalled(days, recently, {"winter": recently} if recently else {}),
        )
    )


def test_who_is_called_now_stands_first_and_nothing_is_said_of_what_is_not_so():
    said = lines()
    assert said[0] == "\nAbout to call 5 people from +15550100000, campaign 'spring'."
    assert [line for line in said if "not called" in line or "more" in line or "of them" in line] == []


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (True, "  1,200 more will be called later:"),
        (False, "  Not now, but by a later run: 1,200 people"),
    ],
)
def test_who_has_to_wait_for_calling_hours_is_said_and_when_they_begin(wait, said):
    opens = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    deferrals = (Deferral(("Europe/London",), opens, 1200),)
    assert lines(counts={"deferred": 1200}, wait=wait, deferrals=deferrals)[-2:] == [
        said,
        "    1,200 people, from Tue 24 Nov 2026 08:00, in Europe/London",
    ]


def test_the_people_and_the_requests_are_shown_before_the_question():
    said = lines()
    assert "  People by country: 3 in US; 2 in GB" in said
    assert "  People by time zone: 5 in Europe/London" in said
    assert "  1 request, time unknown, because this ledger has no earlier requests" in said


def test_who_was_called_lately_elsewhere_is_said():
    (line,) = [line for line in lines(recently=3, days=7) if "other campaigns" in line]
    assert line.startswith("  WARNING: 3 people were already called in other campaigns in the last 7 days")
    assert line.endswith("days: 3 in 'winter'. To skip people who were called recently, add --quiet-days 7")


def test_what_is_said_to_different_people_is_shown():
    samples = (
        Sample(2, "+15550100001", '{"agent":{"first_message":"Hi Ann."}}'),
        Sample(3, "+15550100002", None),
    )
    said = lines(samples=samples)
    assert "    row 2: “Hi Ann.”" in said
    assert "    row 3: the agent's own message" in said


def test_who_is_not_called_is_said_by_what_they_are():
    assert "  Not called: 2 already called, 1 rejected" in lines(counts={"already_called": 2, "rejected": 1})


@pytest.mark.parametrize("more", [0, 1, 5])
def test_the_first_openings_are_shown_and_the_rest_are_counted(more):
    opens = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    deferrals = tuple(
        Deferral(("Europe/London",), opens + timedelta(days=day), day + 2)
        for day in range(OPENINGS_SHOWN + more)
    )
    said = list(screening_lines(Report(counts=dict.fromkeys(COUNTS, 0), deferrals=deferrals), []))
    shown = [line for line in said if " in Europe/London" in line]
    assert shown[0] == "  2 people, from Tue 24 Nov 2026 08:00, in Europe/London"
    assert len(shown) == OPENINGS_SHOWN + (more if more == 1 else 0)
    assert [line for line in said if "more time" in line] == (
        [f"  … and {more} more times; to see all, add --output json"] if more > 1 else []
    )


def test_what_the_brakes_allow_is_said_before_the_question():
    brakes = Brakes(Canary(20, 6, "30%"), 5)
    said = lines(braked=Braked(brakes, brake(brakes, Figures()), Figures()))
    assert said[1:3] == [
        "  canary waiting: 0 of 20 people called, 0 with a proven outcome; 0 successes, 6 needed (30%)",
        "  0 of 5 successes (--stop-after)",
    ]
