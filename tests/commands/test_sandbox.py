"""`xuna sandbox serve`."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

DOCUMENTED = {
    "agent_id": "agent_7101k5zvyjhmfg983brhmhkd98n6",
    "from_phone_number_id": "pn_xxxxxxxx",
    "calls": [
        {
            "to_phone_number": "+15559876543",
            "conversation_config_override": {
                "agent": {"first_message": "Hi, this is a follow-up call for John."}
            },
        },
        {
            "to_phone_number": "+15557654321",
            "conversation_config_override": {
                "agent": {"first_message": "Hi, this is a follow-up call for Maria."}
            },
        },
    ],
}


@pytest.fixture
def standalone(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "xuna_cli", "sandbox", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.PIPE,
    )
    exports = [process.stdout.readline() for _ in range(5)]
    yield process, dict(re.findall(r"export (\w+)=(\S+)", "".join(exports)))
    process.kill()
    process.communicate()


def test_the_lines_that_serve_prints_are_all_that_a_run_needs(standalone, cli, monkeypatch, tmp_path):
    _, exports = standalone
    assert exports.keys() == {
        "XUNA_BASE_URL",
        "XUNA_AI_API_KEY",
        "XUNA_AGENT_ID",
        "XUNA_FROM_PHONE_NUMBER_ID",
        "XUNA_LEDGER",
    }
    for name, value in exports.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "people.csv"
    path.write_text("phone\n+15551234567\n")
    document = cli("batch-call", path, "--output", "json").document
    assert document["counts"]["accepted"] == 1
    assert document["ledger"]["path"] == exports["XUNA_LEDGER"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_the_documented_request_sent_with_curl_gets_the_documented_answer(standalone):
    _, exports = standalone
    url = exports["XUNA_BASE_URL"] + "/v1/convai/phone-numbers/batch-calls"
    headers = ["-H", "xi-api-key: sandbox", "-H", "Content-Type: application/json"]
    done = subprocess.run(
        ["curl", "-s", "--noproxy", "*", "-X", "POST", url, *headers, "-d", json.dumps(DOCUMENTED)],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["batch_id"].startswith("batch_")
    assert answer["calls_initiated"] == 2


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_sandbox_quietly(standalone, signum):
    process, _ = standalone
    os.kill(process.pid, signum)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err
