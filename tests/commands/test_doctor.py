"""`xuna doctor`."""

from xuna_cli.sandbox.faults import Answer


def findings(ran):
    return {finding["what"]: finding for finding in ran.document["findings"]}


def test_a_healthy_setup_is_said_to_be_so_and_the_key_is_not_shown(cli, api):
    ran = cli("doctor", "--output", "json")
    found = findings(ran)
    assert all(finding["ok"] for finding in found.values())
    assert found["API key"]["message"] == "7 characters, from XUNA_AI_API_KEY in the environment"
    assert "+15550100000" in found["caller number"]["message"]
    assert "Sandbox agent" in found["agent"]["message"]
    assert "made by the first run" in found["ledger"]["message"]


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
    ran = cli("doctor", exits=4)
    assert "refused the key" in ran.out
    assert "wrong-key-of-somebody" not in ran.out + ran.err


def test_an_api_that_is_away_is_exit_6(cli, api, monkeypatch):
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:9")
    cli("doctor", exits=6)


def test_an_api_in_trouble_is_exit_6(cli, api):
    api.faults.add(Answer(on="phone-numbers", status=500))
    cli("doctor", exits=6)


def test_without_a_key_nothing_is_asked(cli):
    found = findings(cli("doctor", "--output", "json", exits=4))
    assert not found["API key"]["ok"]
    assert "not asked" in found["API"]["message"]


def test_the_way_to_the_api_is_shown_without_the_proxys_password(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("XUNA_AI_API_KEY", "key-of-somebody")
    monkeypatch.setenv("XUNA_BASE_URL", "https://127.0.0.2.invalid")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s3cret@127.0.0.1:9")
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE")
    ran = cli("doctor", "--output", "json", exits=6)
    assert "127.0.0.1:9, from environment (HTTPS_PROXY)" in findings(ran)["proxy"]["message"]
    assert "certifi" in findings(ran)["certificates"]["message"]
    assert "s3cret" not in ran.out + ran.err
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    found = findings(cli("doctor", "--output", "json", exits=4))
    assert "none.pem" in found["certificates"]["message"]
    assert "SSL_CERT_FILE" in found["API"]["message"]
    assert not found["API"]["ok"]
