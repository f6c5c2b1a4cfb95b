"""Requests for caller numbers and agents, and their failures."""

import time

import pytest

from tests.support import scripted
from tests.support.scripted import ScriptedServer
from xuna_cli.api.account import agent
from xuna_cli.api.client import PhoneNumber
from xuna_cli.errors import ConfigurationError, UnreachableError


def test_caller_numbers_are_read_and_what_is_none_is_left_out(client):
    body = [
        {"phone_number_id": "pn_1", "phone_number": "+1555", "label": "Main", "agent_id": "a"},
        {"phone_number_id": "pn_2"},
        {"phone_number": "+1"},
        {"phone_number_id": 7},
        "text",
    ]
    with ScriptedServer([scripted.answer(200, body)]) as server:
        numbers = client(server.base_url).phone_numbers()
    assert numbers == [PhoneNumber("pn_1", "+1555", "Main"), PhoneNumber("pn_2", "", "")]
    assert server.requests[0].target == "/v1/convai/phone-numbers"
    assert server.requests[0].header("xi-api-key") == "sk-not-a-real-key"


def test_an_agent_is_read(client):
    with ScriptedServer([scripted.answer(200, {"agent_id": "agent_1", "name": "A"})]) as server:
        assert agent(client(server.base_url), "agent_1")["name"] == "A"
    assert server.requests[0].target == "/v1/convai/agents/agent_1"


@pytest.mark.parametrize(
    ("agent_id", "target"),
    [
        ("../phone-numbers", "..%2Fphone-numbers"),
        ("a?b#c", "a%3Fb%23c"),
        ("a b\n", "a%20b%0A"),
        ("é", "%C3%A9"),
    ],
)
def test_an_agent_id_stays_one_part_of_the_path(client, agent_id, target):
    with ScriptedServer([scripted.answer(200, {})]) as server:
        agent(client(server.base_url), agent_id)
    assert server.requests[0].target == f"/v1/convai/agents/{target}"


@pytest.mark.parametrize("body", [{"detail": "x"}, '"text"', 5, {"phone_numbers": []}])
def test_a_list_of_numbers_that_is_none_is_unreadable(client, body):
    with ScriptedServer([scripted.answer(200, body)]) as server, pytest.raises(UnreachableError) as caught:
        client(server.base_url).phone_numbers()
    assert caught.value.code == "answer-unreadable"


def test_an_agent_that_is_none_is_unreadable(client):
    with ScriptedServer([scripted.answer(200, [])]) as server, pytest.raises(UnreachableError) as caught:
        agent(client(server.base_url), "a")
    assert caught.value.code == "answer-unreadable"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (301, ConfigurationError, "refused"),
        (400, ConfigurationError, "refused"),
        (401, ConfigurationError, "key-refused"),
        (402, ConfigurationError, "refused"),
        (403, ConfigurationError, "key-refused"),
        (404, ConfigurationError, "not-found"),
        (422, ConfigurationError, "refused"),
        (408, UnreachableError, "unreachable"),
        (409, UnreachableError, "unreachable"),
        (429, UnreachableError, "unreachable"),
        (500, UnreachableError, "unreachable"),
        (503, UnreachableError, "unreachable"),
    ],
)
def test_a_refusal_says_what_to_do(client, status, kind, code):
    action = scripted.answer(status, {"detail": "the API's words"})
    with ScriptedServer([action]) as server, pytest.raises(kind) as caught:
        client(server.base_url).get("/v1/anything", {"page": 2})
    assert caught.value.code == code
    assert f"HTTP {status}: the API's words" in caught.value.message
    assert caught.value.hint
    assert server.requests[0].target == "/v1/anything?page=2"


@pytest.mark.parametrize(
    "action",
    [
        scripted.html(200),
        scripted.empty_body(200),
        scripted.read_then_close(),
        scripted.drip_headers(),
        scripted.drip_body(),
        scripted.silence(),
        scripted.garbage_status_line(),
        scripted.raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000),
    ],
    ids=lambda action: action.name[:30],
)
def test_what_is_no_readable_answer_is_unreachable_within_the_deadline(client, action):
    with ScriptedServer([action]) as server:
        ours = client(server.base_url, deadline=0.4)
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            ours.get("/v1/anything")
        assert time.monotonic() - began < 1.4
