"""A machine whose clock is wrong calls nobody: calling hours, and the time since a call, would be wrong."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.support.builders import write_list
from tests.support.scripted import ACCOUNT, ScriptedServer, answer

NUMBERS = [{"phone_number_id": "pn_sandbox", "phone_number": "+15550100000", "label": "Test"}]
AGENT = {"agent_id": "agent_sandbox", "name": "A", "conversation_config": {}}


def account_at(ahead):
    """Return the account's answers, with the time of a server that this machine is ahead of."""
    date = {"Date": format_datetime(datetime.now(UTC) - ahead, usegmt=True)}
    return [answer(200, NUMBERS, date), answer(200, AGENT, date)]


@pytest.fixture
def contacts(tmp_path):
    return write_list(tmp_path / "people.csv", [("+15550100001", "Ann")])


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(timedelta(minutes=119.4), "119 minutes ahead of"), (timedelta(minutes=-119.9), "119 minutes behind")],
)
@pytest.mark.parametrize("quiet", [(), ("--quiet",)], ids=["said", "quiet"])
def test_nobody_is_called_by_a_wrong_clock(cli, point_at, contacts, ahead, words, quiet, monkeypatch):
    with ScriptedServer(account_at(ahead), unused=False, tls=True) as server:
        point_at(server)
        monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
        ran = cli("batch-call", contacts, "-m", "Hi.", *quiet, exits=4)
        assert [request.method for request in server.requests] == ["GET", "GET"]
    assert words in ran.err
    assert "set the clock" in ran.err


def test_a_server_on_this_machine_may_have_another_clock(cli, point_at, contacts):
    accepted = answer(200, {"batch_id": "batch_1", "calls_initiated": 1})
    with ScriptedServer([*account_at(timedelta(minutes=119.4)), accepted], unused=False) as server:
        point_at(server)
        ran = cli("batch-call", contacts, "-m", "Hi.", "--quiet")
    assert "warning: this machine's clock is 119 minutes ahead of" in ran.err


def test_a_clock_that_is_nearly_right_is_used(cli, point_at, contacts):
    accepted = answer(200, {"batch_id": "batch_1", "calls_initiated": 1})
    with ScriptedServer([*account_at(timedelta(minutes=4)), accepted], unused=False) as server:
        point_at(server)
        cli("batch-call", contacts, "-m", "Hi.")


def test_a_server_that_does_not_tell_the_time_is_believed(cli, point_at, contacts):
    accepted = answer(200, {"batch_id": "batch_1", "calls_initiated": 1})
    with ScriptedServer([*ACCOUNT, accepted], unused=False) as server:
        point_at(server)
        cli("batch-call", contacts, "-m", "Hi.")


@pytest.mark.parametrize(("minutes", "is_right"), [(119.4, False), (0, True)])
def test_doctor_tells_whether_the_clock_is_wrong(cli, point_at, minutes, is_right):
    with ScriptedServer(account_at(timedelta(minutes=minutes)), unused=False) as server:
        point_at(server)
        ran = cli("doctor", "--output", "json", exits=0 if is_right else 4)
    [found] = [one for one in ran.document["findings"] if one["what"] == "clock"]
    assert found["ok"] is is_right
    assert ("119 minutes ahead" in found["message"]) is not is_right
