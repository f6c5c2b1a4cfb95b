"""`--sandbox` calls nobody: the connections of its commands are traced."""

import re
import shutil
import subprocess
import sys
from ipaddress import ip_address

import pytest

from tests.support.builders import write_list

STRACE = shutil.which("strace")
ADDRESS = re.compile(r'AF_INET6?,.*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")')
ELSEWHERE = {  # addresses for documentation, which no machine has
    "XUNA_BASE_URL": "https://192.0.2.1",
    "XUNA_LEDGER": "postgresql://somebody@192.0.2.2/xuna",
    "XUNA_AI_API_KEY": "a-real-key",
    "HTTP_PROXY": "http://192.0.2.3:3128",
    "HTTPS_PROXY": "http://192.0.2.3:3128",
    "ALL_PROXY": "http://192.0.2.3:3128",
}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or STRACE is None,
    reason="needs Linux and strace (apt-get install strace)",
)

CALL = ("batch-call", "people.csv", "-m", "Hi {{ name }}.", "--sandbox")


@pytest.fixture
def connected(tmp_path, monkeypatch):
    """Run a command in an environment that names other machines; return the addresses that it connects to."""
    monkeypatch.chdir(tmp_path)
    write_list(tmp_path / "people.csv", [("+12125550101", "Ann"), ("+12125550102", "Bob")])
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "spring.toml").write_text('contacts = "people.csv"\nbase-url = "https://192.0.2.6"\n')
    (tmp_path / "named.env").write_text("XUNA_BASE_URL=https://192.0.2.4\nXUNA_AI_API_KEY=a-real-key\n")

    def run(*argv, exits=0):
        trace = tmp_path / "trace"
        command = [STRACE, "-f", "-s", "256", "-o", str(trace), "-e", "trace=connect,sendto,sendmsg,sendmmsg"]
        done = subprocess.run(
            [*command, sys.executable, "-m", "xuna_cli", *argv], check=False, capture_output=True, text=True
        )
        assert done.returncode == exits, done.stderr
        seen = trace.read_text()
        assert ELSEWHERE["XUNA_AI_API_KEY"] not in seen
        return {one or other for one, other in ADDRESS.findall(seen)}

    return run


@pytest.mark.parametrize(
    "argv",
    [
        CALL,
        (*CALL, "--env-file", "named.env"),
        (*CALL, "--base-url", "https://192.0.2.5"),
        ("test-call", "people.csv", "-m", "Hi.", "--row", "2", "--to", "+12125550199", "--sandbox"),
        ("doctor", "--sandbox"),
        ("agents", "list", "--sandbox"),
        ("phone-numbers", "list", "--sandbox"),
        ("conversations", "list", "--sandbox"),
        ("run", "spring.toml", "--sandbox"),
        ("run", "spring.toml", "--sandbox", "--fast-forward"),
    ],
    ids=" ".join,
)
def test_a_command_with_sandbox_talks_only_to_this_machine(connected, argv):
    addresses = connected(*argv)
    assert addresses
    assert all(ip_address(address).is_loopback for address in addresses)


def test_outcomes_of_the_sandbox_are_read_only_from_this_machine(connected):
    connected(*CALL)
    addresses = connected("campaigns", "outcomes", "people", "--sandbox")
    assert addresses
    assert all(ip_address(address).is_loopback for address in addresses)


def test_the_trace_shows_other_machines_if_there_are_any(connected, monkeypatch):
    """Without --sandbox, the environment leads to the proxy, here at an address that refuses at once."""
    monkeypatch.setenv("HTTPS_PROXY", "http://255.255.255.255:3128")
    assert connected("agents", "list", exits=6) == {"255.255.255.255"}
