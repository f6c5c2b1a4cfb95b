"""`xuna doctor`."""

import re

from xuna_cli.sandbox.faults import Answer

NEED_THE_API = ("API", "caller number", "agent")


def findings(ran):
    return {finding["what"]: finding for finding in ran.document["findings"]}


def wrong(ran):
    """Return the wrong rows; each has its own error, and at most one hint."""
    said = tuple(error["message"] for error in ran.document["errors"])
    rows = {what for what, finding in findings(ran).items() if said and finding["message"].endswith(said)}
    assert len(ran.document["errors"]) == len(rows)
    return rows


def test_a_healthy_setup_is_said_to_be_so_and_the_key_is_not_shown(cli, api):
    ran = cli("doctor", "--output", "json")
    found = findings(ran)
    assert all(finding["ok"] for finding in found.values())
    assert found["API key"]["message"] == "7 characters, from XUNA_AI_API_KEY in the environment"
    assert "+15550100000" in found["caller number"]["message"]
    assert "Sandbox agent" in found["agent"]["message"]
    assert "which the first run creates" in found["ledger"]["message"]


def test_everything_that_is_wrong_is_named_at_once(cli, api, monkeypatch):
    monkeypatch.setenv("XUNA_AGENT_ID", "agent_nobody")
    monkeypatch.setenv("XUNA_FROM_PHONE_NUMBER_ID", "pn_nobody")
    monkeypatch.setenv("XUNA_LEDGER", "/proc/nowhere/l.db")
    found = findings(cli("doctor", "--output", "json", exits=4))
    assert {what for what, finding in found.items() if not finding["ok"]} == {
        "agent",
        "caller number",
        "ledger",
    }
    assert "pn_sandbox" in found["caller number"]["hint"]


def test_a_wrong_key_is_said_to_be_refused(cli, api, monkeypatch):
    monkeypatch.setenv("XUNA_AI_API_KEY", "wrong-key-of-somebody")
    ran = cli("doctor", "--output", "json", exits=4)
    assert wrong(ran) == {"API key"}
    assert [found["ok"] for what, found in findings(ran).items() if what in NEED_THE_API] == [False] * 3
    assert re.match(
        "21 characters, from XUNA_AI_API_KEY in the environment: the API refused the key",
        findings(ran)["API key"]["message"],
    )
    assert "wrong-key-of-somebody" not in ran.out + ran.err
    drawn = cli("doctor", exits=4)
    assert "wrong-key-of-somebody" not in drawn.out + drawn.err
    assert drawn.out.count("check XUNA_AI_API_KEY") == 1
    assert re.search(r"!! +│ API key", drawn.out)
    assert re.search(r"-- +│ agent", drawn.out)


def test_an_api_that_is_away_is_exit_6(cli, api, monkeypatch):
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:9")
    ran = cli("doctor", "--output", "json", exits=6)
    assert wrong(ran) == {"API"}
    assert not findings(ran)["API key"]["ok"]
    assert "agent_sandbox, not checked" in findings(ran)["agent"]["message"]


def test_an_api_in_trouble_is_exit_6(cli, api):
    api.faults.add(Answer(on="phone-numbers", status=500))
    assert wrong(cli("doctor", "--output", "json", exits=6)) == {"API"}


def test_what_has_to_be_fixed_counts_more_than_an_api_that_is_away(cli, api, monkeypatch):
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("XUNA_AGENT_ID")
    assert wrong(cli("doctor", "--output", "json", exits=4)) == {"API", "agent"}


def test_a_base_url_without_the_api_is_the_row_that_is_wrong(cli, api, monkeypatch):
    monkeypatch.setenv("XUNA_BASE_URL", f"{api.base_url}/elsewhere")
    ran = cli("doctor", "--output", "json", exits=4)
    assert wrong(ran) == {"base URL"}
    assert findings(ran)["base URL"]["hint"] == "check --base-url or XUNA_BASE_URL"


def test_a_base_url_of_a_file_that_nobody_named_is_one_fault(cli, api, monkeypatch):
    monkeypatch.delenv("XUNA_BASE_URL")
    cli.write(".env", f"XUNA_BASE_URL={api.base_url}\n")
    ran = cli("doctor", "--output", "json", exits=4)
    assert wrong(ran) == {"base URL"}
    assert not findings(ran)["proxy"]["ok"]


def test_an_unknown_agent_is_named(cli, api):
    ran = cli("doctor", "--agent-id", "agent_nobody", "--output", "json", exits=4)
    assert wrong(ran) == {"agent"}
    assert findings(ran)["agent"]["message"] == "agent agent_nobody was not found"
    assert findings(ran)["agent"]["hint"] == "see: xuna agents list"


def test_a_key_without_the_right_to_read_agents_is_said_where_it_matters(cli, api):
    api.faults.add(Answer(on="agents", status=403))
    assert wrong(cli("doctor", "--output", "json", exits=4)) == {"agent"}


def test_without_a_key_nothing_is_asked(cli):
    ran = cli("doctor", "--output", "json", exits=4)
    assert wrong(ran) == {"API key", "caller number", "agent"}
    assert findings(ran)["API"]["message"] == "not asked: first, fix the API key"


def test_the_sandbox_needs_no_key_and_has_a_ledger_of_its_own(cli, monkeypatch):
    monkeypatch.setenv("XUNA_REQUIRE_LEDGER", "1")
    ran = cli("doctor", "--sandbox", "--output", "json")
    assert all(one["ok"] for one in findings(ran).values())
    assert "sandbox.db" in findings(ran)["ledger"]["message"]
    assert "(agent_sandbox), from the sandbox" in findings(ran)["agent"]["message"]
    monkeypatch.setenv("XUNA_AGENT_ID", "agent_mine")
    ran = cli("doctor", "--sandbox", "--output", "json")
    assert "(agent_mine), from XUNA_AGENT_ID in the environment" in findings(ran)["agent"]["message"]


def test_a_sandbox_ledger_that_cant_be_used_is_exit_4(cli):
    (cli.folder / "home/data/xuna/sandbox.db").mkdir(parents=True)
    assert wrong(cli("doctor", "--sandbox", "--output", "json", exits=4)) == {"ledger"}


def test_the_way_to_the_api_is_shown_without_the_proxys_password(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("XUNA_AI_API_KEY", "key-of-somebody")
    monkeypatch.setenv("XUNA_BASE_URL", "https://127.0.0.2.invalid")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s3cret@127.0.0.1:9")
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE")
    ids = ("--agent-id", "agent_1", "--from-phone-number-id", "pn_1")
    ran = cli("doctor", *ids, "--output", "json", exits=6)
    assert "127.0.0.1:9, from HTTPS_PROXY in the environment" in findings(ran)["proxy"]["message"]
    assert "certifi" in findings(ran)["certificates"]["message"]
    assert "s3cret" not in ran.out + ran.err
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    ran = cli("doctor", *ids, "--output", "json", exits=4)
    assert wrong(ran) == {"certificates"}
    assert "SSL_CERT_FILE" in findings(ran)["certificates"]["message"]
    assert "none.pem" in findings(ran)["certificates"]["message"]
    assert not findings(ran)["API"]["ok"]
