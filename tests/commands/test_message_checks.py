"""Problems in messages are reported before the first call, even with --quiet; a run without options still works."""

import json
from pathlib import Path

import pytest

CASES = Path(__file__).parent.parent / "cases"
NONE_GIVEN = "there is no first message, so everybody hears the agent's own message"


def write(tmp_path, text, name="list.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def messages(api):
    overrides = [call.conversation_config_override or {} for call in api.state.calls()]
    return [override.get("agent", {}).get("first_message") for override in overrides]


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_without_any_message_the_run_says_so_unless_it_is_meant(cli, api, tmp_path, monkeypatch, quiet):
    path = write(tmp_path, "phone,name\n+15551230001,Ann\n")
    assert NONE_GIVEN in cli("batch-call", path, *quiet).err
    assert messages(api) == [None]
    assert NONE_GIVEN in cli("batch-call", path, "--override", "agent.language=es", "--dry-run", *quiet).err
    assert NONE_GIVEN not in cli("batch-call", path, "--agent-message", *quiet).err
    monkeypatch.setenv("XUNA_AGENT_MESSAGE", "1")
    assert NONE_GIVEN not in cli("batch-call", path, *quiet).err


def test_rows_without_a_message_are_counted_before_anybody_is_called(cli, api, tmp_path):
    text = "first_message is given there; give"
    told = cli("batch-call", CASES / "some-rows-without-words.csv", "--quiet").err
    assert "1 of 2 rows have no first message" in told, text
    rows = [
        {"phone": "+15551230001"},
        {"phone": "+15551230002", "First Message": "Hi"},
        {"phone": "+15551230003"},
    ]
    path = write(tmp_path, json.dumps(rows), "list.json")
    assert "2 of 3 rows have no first message" in cli("batch-call", path, "--dry-run", "--quiet").err
    assert "no first message" not in cli("batch-call", path, "--dry-run", "-m", "Hi").err
    assert "no first message" not in cli("batch-call", path, "--dry-run", "--agent-message").err


def test_a_header_in_another_spelling_is_the_row_s_own_message(cli, api):
    cli("batch-call", CASES / "header-First-Message-ignored.csv", "-m", "Hi {{ name }}.")
    assert messages(api) == ["Hello from the row"]


def test_a_template_with_single_braces_stops_before_the_first_call(cli, api):
    ran = cli("batch-call", CASES / "template-single-braces.csv", "-m", "Hi {name}.", "--quiet", exits=5)
    assert "--first-message 'Hi {{ name }}.'" in ran.err
    assert api.state.calls() == []
    ran = cli(
        "batch-call",
        CASES / "template-single-braces.csv",
        "-m",
        "Hi {name}.",
        "--quiet",
        "--allow-odd-messages",
    )
    assert "everybody would hear" in ran.err
    assert messages(api) == ["Hi {name}."] * 2


def test_a_row_of_odd_words_is_rejected_or_warned_of_before_its_call(cli, api, tmp_path):
    path = write(tmp_path, "phone,name\n+15551230001,Ann\n+15551230002,null\n+15551230003,Null\n")
    cli("batch-call", path, "-m", "Hi {{ name }}.", "--quiet", exits=3)
    assert messages(api) == ["Hi Ann.", "Hi Null."]
    ran = cli("batch-call", path, "-m", "Hi {{ name }}.", "--quiet", "--allow-odd-messages")
    assert "row 3: 'name' contains \"null\"" in ran.err
    assert messages(api)[-1] == "Hi null."


def test_contradicting_options_stop(cli, tmp_path, monkeypatch):
    path = write(tmp_path, "phone,name\n+15551230001,Ann\n")
    assert "can't be used together" in cli("batch-call", path, "-m", "Hi", "--agent-message", exits=2).err
    assert (
        "can't be used together"
        in cli("batch-call", path, "--strict-messages", "--allow-odd-messages", exits=2).err
    )
    monkeypatch.setenv("XUNA_FIRST_MESSAGE", "Hi")
    assert NONE_GIVEN not in cli("batch-call", path, "--agent-message", "--dry-run").err
    monkeypatch.setenv("XUNA_AGENT_MESSAGE", "yes")
    assert "can't be used together" in cli("batch-call", path, "--dry-run", exits=2).err
    monkeypatch.setenv("XUNA_AGENT_MESSAGE", "perhaps")
    assert (
        "XUNA_AGENT_MESSAGE in the environment: 'perhaps' is neither yes nor no"
        in cli("batch-call", path, "--dry-run", exits=2).err
    )


def test_a_placeholder_finds_its_column_and_the_column_is_not_called_unused(cli, api, tmp_path):
    path = write(tmp_path, "phone,First Name,Order ID,language\n+15551230001,Ann,7,es\n")
    cli(
        "batch-call",
        path,
        "-m",
        "Hi {{ first_name }}.",
        "--key",
        "order_id",
        "--override",
        "agent.language={{ Language }}",
    )
    assert messages(api) == ["Hi Ann."]
