"""The sandbox's time, which can be moved."""

import pytest

from tests.sandbox.conftest import Client
from xuna_cli.sandbox.conversations import ConversationOptions
from xuna_cli.sandbox.server import SandboxServer

STARTED = 1_800_000_000.0


@pytest.fixture
def client():
    options = ConversationOptions(appear_after=60, in_progress=600)
    with (
        SandboxServer(seed=1, clock=lambda: STARTED, conversations=options) as sandbox,
        Client(sandbox) as client,
    ):
        yield client


def records(client):
    return client.get("/v1/convai/conversations").json()["conversations"]


def test_the_time_moves_forward_over_http(client):
    assert client.get("/sandbox/clock").json() == {"now": STARTED, "iso": "2027-01-15T08:00:00+00:00"}
    assert client.post("/sandbox/clock", json={"advance": 86_400}).json() == {
        "now": STARTED + 86_400,
        "iso": "2027-01-16T08:00:00+00:00",
    }
    client.call(1)
    [call] = client.get("/sandbox/dialled").json()["calls"]
    assert call["at"] == STARTED + 86_400


def test_conversations_appear_and_end_as_the_time_moves(client):
    client.call(2)
    assert records(client) == []
    client.post("/sandbox/clock", json={"advance": 60})
    assert [record["status"] for record in records(client)] == ["in-progress"] * 2
    path = f"/v1/convai/conversations/{records(client)[0]['conversation_id']}"
    assert client.get(path).json()["evaluation_results"] == {}
    client.post("/sandbox/clock", json={"advance": 600})
    assert [record["status"] for record in records(client)] == ["done"] * 2
    ended = client.get(path).json()
    assert ended["evaluation_results"]["goal_reached"]["result"] in {"success", "failure", "unknown"}
    assert ended["metadata"]["start_time"] == int(STARTED)


@pytest.mark.parametrize(
    "body",
    [
        "x",
        7,
        [],
        {},
        {"advance": None},
        {"advance": "1h"},
        {"advance": True},
        {"advance": -1},
        {"advance": 1e12},
    ],
)
def test_a_move_that_makes_no_sense_is_refused_and_moves_nothing(client, body):
    assert client.post("/sandbox/clock", json=body).status_code == 422
    assert client.get("/sandbox/clock").json()["now"] == STARTED
