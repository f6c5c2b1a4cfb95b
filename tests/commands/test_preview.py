"""What a dry run shows before anybody is called, and who was recently called in other campaigns."""

import sqlite3
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

HELLO = ("-m", "Hi {{ name }}.")
PEOPLE = [
    ("+13035550100", "Ann"),
    ("+13035550101", "Ann"),
    ("+442079460018", "Bartholomew"),
    ("+33142685300", "Éloïse"),
    ("+13125550100", "Bob"),
]


def hours_in_london(from_now):
    """Return options with calling hours around a time in London."""
    then = datetime.now(ZoneInfo("Europe/London")) + from_now
    begin, end = (f"{then + timedelta(hours=hours):%H:%M}" for hours in (-1, 1))
    return ("--hours", f"{begin}-{end}", "--close-early", "0")


def preview(cli, path, *more):
    hello = () if "-m" in more else HELLO
    return cli("batch-call", path, *hello, "--dry-run", "--output", "json", *more, exits=(0, 3)).document[
        "preview"
    ]


def test_a_dry_run_shows_words_countries_zones_and_requests(cli, api, people):
    path = people(rows=PEOPLE)
    shown = preview(cli, path, "--batch-size", "2")
    assert [(one["row"], one["first_message"]) for one in shown["samples"]] == [
        (2, "Hi Ann."),
        (4, "Hi Bartholomew."),
        (5, "Hi Éloïse."),
    ]
    assert (shown["longest"]["row"], shown["people"], shown["requests"]) == (4, 5, 3)
    assert shown["countries"] == {"US": 3, "GB": 1, "FR": 1}
    assert shown["time_zones"]["America/Denver"] == 2
    assert shown["seconds"] is shown["cost"] is None
    table = cli("batch-call", path, *HELLO, "--dry-run", "--samples", "1", "--price-per-minute", "0.1").out
    assert "row 2: “Hi Ann.”" in table
    assert "row 4, the longest: “Hi Bartholomew.” (15 characters)" in table
    assert "3 in US; 1 in GB; 1 in FR" in table
    assert "Cost: unknown" in table
    assert api.state.calls() == []


def test_the_longest_message_is_marked_also_among_the_samples(cli, api, people):
    said = cli("batch-call", people(rows=PEOPLE), *HELLO, "--dry-run").out
    assert "row 2: “Hi Ann.”" in said
    assert "row 4, the longest: “Hi Bartholomew.” (15 characters)" in said
    assert "longest" not in cli("batch-call", people(rows=PEOPLE[:2]), *HELLO, "--dry-run").out


def test_the_time_is_that_of_the_rate_or_of_earlier_requests(cli, api, people):
    path = people(rows=PEOPLE)
    assert preview(cli, path, "--rate", "30/m")["seconds"] == 10.0
    cli("batch-call", people(2, name="first.csv"), *HELLO, "--yes")
    shown = preview(cli, path, "--batch-size", "1", "--concurrency", "2")
    assert shown["based_on"]["requests"] == 1
    assert shown["seconds"] == pytest.approx(3 * shown["based_on"]["request_seconds"], abs=0.06)
    assert "about 1 second" in cli("batch-call", path, *HELLO, "--dry-run").out


def test_the_cost_is_that_of_the_calls_that_the_ledger_knows(cli, api, people, monkeypatch, tmp_path):
    ledger = tmp_path / "a.db"
    monkeypatch.setenv("XUNA_LEDGER", str(ledger))
    cli("batch-call", people(4, name="first.csv"), *HELLO, "--yes")
    with sqlite3.connect(
        ledger
    ) as database:  # outcomes as `campaigns outcomes` keeps them: one of four answered
        key = database.execute("SELECT key FROM calls").fetchone()[0]
        database.execute(
            "INSERT INTO outcomes (campaign_id, key, attempt, conversation_id, outcome, joined_by, final, duration, evaluation, "
            "collected) VALUES (1, ?, 1, 'c', 'success', 'batch', 1, 120.0, '{}', '{}')",
            (key,),
        )
    database.close()
    shown = preview(cli, people(rows=PEOPLE), "--price-per-minute", "0.2")
    assert shown["cost"] == pytest.approx(5 * 0.25 * 2 * 0.2)
    table = cli("batch-call", people(rows=PEOPLE), *HELLO, "--dry-run", "--price-per-minute", "0.2").out
    assert (
        "Cost: about 0.50 at 0.2 a minute (in this ledger 25% of 4 calls answered, for 120 s on average)"
        in table
    )


def test_who_was_called_lately_elsewhere_is_counted_by_campaign(cli, api, people):
    path = people(rows=PEOPLE)
    cli("batch-call", path, *HELLO, "--yes", "--campaign", "spring", "--limit", "3")
    cli("batch-call", path, *HELLO, "--yes", "--campaign", "summer", "--limit", "2")
    planned = cli("batch-call", path, *HELLO, "--dry-run", "--campaign", "autumn", "--output", "json")
    found = {
        "days": 30,
        "people": 3,
        "campaigns": [{"campaign": "spring", "people": 3}, {"campaign": "summer", "people": 2}],
    }
    assert planned.document["recently_called"] == found
    ran = cli("batch-call", path, *HELLO, "--yes", "--campaign", "autumn", "--output", "json", "--quiet")
    assert ran.document["recently_called"] == found
    said = "3 people called now were already called in other campaigns in the last 30 days"
    assert said in ran.err
    assert (
        said
        in cli("batch-call", path, *HELLO, "--yes", "--campaign", "winter", "--limit", "3", "--quiet").err
    )
    again = cli("batch-call", path, *HELLO, "--yes", "--campaign", "autumn", "--output", "json")
    assert again.document["recently_called"]["people"] == 0  # nobody is called


def test_where_nobody_was_called_nobody_is_said_to_be_called_now(cli, api, people, monkeypatch):
    path = people(rows=PEOPLE)
    cli("batch-call", path, *HELLO, "--yes", "--campaign", "spring")
    monkeypatch.setenv("XUNA_AI_API_KEY", "wrong")
    ran = cli("batch-call", path, *HELLO, "--yes", "--campaign", "autumn", exits=4)
    assert f"{len(PEOPLE)} people were already called in other campaigns in the last 30 days" in ran.err


@pytest.mark.parametrize("from_now", [timedelta(0), timedelta(hours=4)])
def test_a_dry_run_with_rejected_rows_is_partial_whether_or_not_anybody_may_be_called_now(
    cli, api, people, from_now
):
    path = people(rows=[("+442079460018", "Bea"), ("12", "Zoe")])
    hours = hours_in_london(from_now)
    document = cli("batch-call", path, *HELLO, "--dry-run", "--output", "json", *hours, exits=3).document
    assert document["counts"]["deferred"] == bool(from_now)
    assert document["status"] == "partial"


def test_people_who_are_called_later_are_previewed_after_those_who_are_called_now(cli, api, people):
    path = people(rows=[("+12125550100", "Ann"), ("+442079460018", "Bea"), ("+12125550101", "Christopher")])
    hours = hours_in_london(timedelta(0))  # four or five hours later than in New York
    shown = preview(cli, path, *hours, "--batch-size", "1")
    limited = preview(cli, path, *hours, "--batch-size", "1", "--limit", "2")
    assert (limited["people"], limited["requests"]) == (3, 2)
    assert [one["row"] for one in shown["samples"]] == [3, 2, 4]
    assert shown["longest"]["row"] == 4
    assert (shown["people"], shown["callable_now"]) == (3, 1)
    assert shown["requests"] == 3
    assert shown["countries"] == {"US": 2, "GB": 1}
    assert shown["time_zones"] == {"America/New_York": 2, "Europe/London": 1}
    assert "Callable now: 1 of 3 people" in cli("batch-call", path, *HELLO, "--dry-run", *hours).out


def test_the_time_zones_are_those_that_the_calling_hours_see(cli, api, people):
    path = people(rows=[("+15559876543", "Ann")])  # without a place
    assert len(preview(cli, path)["time_zones"]) == 1
    zones = preview(cli, path, "--default-timezone", "America/Chicago")["time_zones"]
    assert zones == {"America/Chicago": 1}


AGAIN = ("--attempts", "2", "--again-after", "1d", "--again", "failure")


@pytest.mark.parametrize(
    ("more", "second"),
    [
        ((*AGAIN, "--first-message-again", "Hi {{ name }}, once more."), "Hi Ann, once more."),
        ((*AGAIN, "-m", "Call {{ attempt }}."), "Call 2."),
        (AGAIN, None),
        ((), None),
    ],
)
def test_the_message_of_a_second_call_is_shown_if_it_is_another_one(cli, api, people, more, second):
    path = people(rows=[("12", "rejected"), *PEOPLE])
    shown = preview(cli, path, *more)["second_call"]
    assert (shown and shown["first_message"]) == second
    line = f"row 3, the second call: “{second}”"
    hello = () if "-m" in more else HELLO
    assert (line in cli("batch-call", path, *hello, "--dry-run", *more, exits=3).out) is (second is not None)
