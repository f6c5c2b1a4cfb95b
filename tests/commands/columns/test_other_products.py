"""Columns that other products would use."""

import json
from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "cases"
HELLO = ("-m", "Hello.")


def test_language_voice_and_prompt_of_other_products_are_said_not_to_be_used(cli, plan):
    path = CASES / "elevenlabs-template-language-voice-prompt.csv"
    assert plan(path)["list"]["unused_columns"] == ["language", "voice_id", "prompt"]
    for quiet in ((), ("--quiet",)):
        ran = cli("batch-call", path, *HELLO, "--dry-run", *quiet)
        assert "not used: language, voice_id, prompt; `override.agent.language`" in ran.err
    assert "not used: language" in cli("render", path, *HELLO, "--quiet").err


@pytest.mark.parametrize(
    ("header", "path"),
    [
        ("agent.first_message", "agent.first_message"),
        ("conversation_config_override.agent.language", "agent.language"),
        ("tts.voice_id", "tts.voice_id"),
    ],
)
def test_an_override_without_its_prefix_is_said_not_to_be_used(cli, plan, table, header, path):
    ran = cli("batch-call", table([{"phone": "+13035550100", header: "x"}]), *HELLO, "--dry-run", "--quiet")
    assert f"not used: {header}; `override.{path}` would be" in ran.err


def test_a_column_that_a_template_uses_is_used(plan, written):
    path = written([{"phone": "+13035550100", "language": "es"}])
    assert plan(path, "--override", "agent.language={{ language }}")["list"]["unused_columns"] == []


def test_a_column_with_nothing_in_it_is_not_named(plan, written):
    rows = [{"phone": "+13035550100", "voice_id": "", "Email Opt Out": "", "Shipping Country": ""}]
    assert plan(written(rows))["list"]["unused_columns"] == []


@pytest.mark.parametrize(
    "contact",
    [
        {
            "conversation_initiation_client_data": {
                "conversation_config_override": {"agent": {"language": "es"}}
            }
        },
        {"agent": {"first_message": "Hola"}},
        {"assistantOverrides": {"firstMessage": "Hola"}},
        {"data": [{"conversation_config_override": {}}]},
    ],
)
def test_an_override_that_is_not_where_the_api_has_it_is_an_error(cli, tmp_path, contact):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"phone": "+13035550100"}, {"phone": "+13035550101", **contact}]))
    ran = cli("batch-call", path, *HELLO, "--dry-run", exits=5)
    assert "row 2: " in ran.err
    assert "is not where the API expects an override" in ran.err


def test_the_case_of_a_recipient_of_another_product(cli):
    cli("batch-call", CASES / "elevenlabs-recipient-json.json", "--dry-run", exits=5)


def test_a_request_of_the_api_is_called_as_it_says_or_not_at_all(cli, api):
    path = CASES / "api-body-other-agent.json"
    for options in ((), ("--dry-run",), ("--agent-id", "agent_x"), ("--sandbox", "--yes")):
        ran = cli("batch-call", path, *options, exits=2)
        assert "add `--agent-id agent_x --from-phone-number-id pn_x`" in ran.err
    assert not api.state.calls()
    cli("batch-call", path, "--agent-id", "agent_x", "--from-phone-number-id", "pn_x", "--sandbox", "--yes")


def test_who_calls_may_stand_behind_the_calls(cli, tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"calls": [{"to_phone_number": "+13035550100"}], "agent_id": "agent_y"}')
    cli("batch-call", path, *HELLO, "--dry-run", "--agent-id", "agent_x", exits=2)
    cli("batch-call", path, *HELLO, "--dry-run", "--agent-id", "agent_y")
