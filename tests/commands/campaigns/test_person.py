"""`xuna campaigns person`: the answer to "you called me"."""

import sqlite3

import pytest

from tests.commands.conftest import number
from tests.support.terminal import Terminal

ANN, BO = "+13035550100", "+13125550100"
HELLO = ("-m", "Hi {{ name }}.")


@pytest.fixture
def two_campaigns(cli, api, people):
    """Ann was called twice, and a third time not; Bo was called once."""
    people(rows=[(ANN, "Ann"), (BO, "Bo")], name="spring.csv")
    people(rows=[(number(0), "X"), (ANN, "Ann")], name="summer.csv")
    cli("batch-call", "spring.csv", *HELLO)
    cli("batch-call", "summer.csv", "-m", "Hello again, {{ name }}.")
    cli("campaigns", "outcomes", "spring")
    cli("do-not-call", "add", ANN, "--reason", "asked on the phone")
    cli("batch-call", "spring.csv", *HELLO, "--campaign", "autumn")


def known(cli, *numbers):
    return cli("campaigns", "person", *numbers, "--output", "json").document


def test_every_call_is_there_with_its_local_time_words_and_outcome(cli, two_campaigns, tmp_path):
    with sqlite3.connect(cli.ledger) as ledger:
        ledger.execute("UPDATE batches SET submitted_at = '2026-07-01T12:30:00.000Z' WHERE id = 1")
    document = known(cli, ANN)
    calls = [(one["campaign"], one["template"], one["row"], one["list"]) for one in document["calls"]]
    assert calls == [
        ("spring", "agent.first_message=Hi {{ name }}.", 2, str(tmp_path / "spring.csv")),
        ("summer", "agent.first_message=Hello again, {{ name }}.", 3, str(tmp_path / "summer.csv")),
    ]
    first, second = document["calls"]
    assert first["local_times"] == [{"time_zone": "America/Denver", "at": "2026-07-01T06:30:00-06:00"}]
    assert (first["state"], first["to_phone_number"], first["attempt"]) == ("accepted", ANN, 1)
    assert first["conversation_id"].startswith("conv_")
    assert (second["outcome"], second["conversation_id"]) == ("not-read", None)
    assert [(one["campaign"], one["rule"], one["row"]) for one in document["not_called"]] == [
        ("autumn", "do-not-call", 2)
    ]
    assert [(one["action"], one["reason"]) for one in document["do_not_call"]] == [
        ("added", "asked on the phone")
    ]
    shown = cli("campaigns", "person", "(303) 555-0100", "--region", "US").out
    assert f"2 calls to {ANN} in the ledger {cli.ledger}" in shown
    assert "Wed 01 Jul 2026 06:30, in America/Denver" in shown
    assert f"xuna conversations show {first['conversation_id']}" in shown
    assert BO not in shown


def test_a_call_of_another_key_and_of_another_form_of_the_number_counts(cli, api):
    """A Brazilian mobile number has two forms."""
    cli.write("orders.csv", "phone,order\n+551187654321,A\n+5511987654321,B\n")
    cli("batch-call", "orders.csv", "-m", "Hi.", "--key", "order", "--hours", "00:00-24:00")
    for form in ("+551187654321", "+5511987654321"):
        assert [one["row"] for one in known(cli, form)["calls"]] == [2, 3]


def test_nobody_else_and_nothing_forgotten_is_shown(cli, two_campaigns):
    cli("campaigns", "forget", "spring", "--yes")
    document = known(cli, ANN)
    assert [one["campaign"] for one in document["calls"]] == ["summer"]
    assert document["forgotten_campaigns"] == 1
    assert "1 campaign was forgotten" in cli("campaigns", "person", ANN).out
    assert known(cli, number(999))["calls"] == known(cli, number(999))["not_called"] == []
    assert "0 calls to " in cli("campaigns", "person", number(999)).out


def test_a_number_that_is_none_is_an_error(cli, two_campaigns):
    ran = cli("campaigns", "person", "12", exits=2)
    assert "nothing was changed" not in ran.err


def test_numbers_are_masked_where_more_people_read(cli, two_campaigns, monkeypatch):
    monkeypatch.setenv("CI", "1")
    assert ANN not in cli("campaigns", "person", ANN).out


@pytest.mark.slow
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_tables_fit_the_terminal(cli, two_campaigns, width):
    terminal = Terminal("campaigns", "person", ANN, columns=width)
    assert terminal.end() == 0
    drawn = [line for line in terminal.seen.replace("\r", "").split("\n") if "│" in line]
    assert max(map(len, drawn)) <= width
