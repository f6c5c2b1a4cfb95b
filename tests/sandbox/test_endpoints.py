"""The sandbox's answers without faults."""

import json

import httpx
import pytest

from tests.sandbox.conftest import BATCH_CALLS, Client, calls, document
from xuna_cli.sandbox.account import Account, Agent, PhoneNumber
from xuna_cli.sandbox.conversations import ConversationOptions
from xuna_cli.sandbox.server import SandboxServer

DOCUMENTED_EXAMPLE = """{
  "agent_id": "agent_7101k5zvyjhmfg983brhmhkd98n6",
  "from_phone_number_id": "pn_xxxxxxxx",
  "calls": [
    {"to_phone_number": "+15559876543",
     "conversation_config_override": {"agent": {"first_message": "Hi, this is a follow-up call for John."}}},
    {"to_phone_number": "+15557654321",
     "conversation_config_override": {"agent": {"first_message": "Hi, this is a follow-up call for Maria."}}}
  ]
}"""


def test_the_documented_example_gets_the_documented_answer(sandbox, client):
    answer = client.post(BATCH_CALLS, content=DOCUMENTED_EXAMPLE)
    assert answer.status_code == 200
    assert set(answer.json()) == {"batch_id", "calls_initiated"}
    assert answer.json()["batch_id"].startswith("batch_")
    assert answer.json()["calls_initiated"] == 2
    john, maria = sandbox.state.calls()
    assert john.to_phone_number == "+15559876543"
    assert maria.conversation_config_override == {
        "agent": {"first_message": "Hi, this is a follow-up call for Maria."}
    }


@pytest.mark.parametrize("headers", [{}, {"xi-api-key": "wrong"}, {"xi-api-key": ""}])
@pytest.mark.parametrize("path", ["agents", "agents/agent_sandbox", "phone-numbers", "conversations"])
def test_without_the_right_key_nothing_is_read(sandbox, headers, path):
    answer = httpx.get(f"{sandbox.base_url}/v1/convai/{path}", headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert answer.json() == {"detail": {"status": "invalid_api_key", "message": "Invalid API key"}}


def test_without_the_right_key_nobody_is_dialled(sandbox):
    answer = httpx.post(f"{sandbox.base_url}{BATCH_CALLS}", json=document(), trust_env=False)
    assert answer.status_code == 401
    assert sandbox.state.total == 0
    assert [seen.authorised for seen in sandbox.state.requests()] == [False]


def test_a_key_of_ones_own_replaces_the_default():
    with SandboxServer(api_key="mine") as sandbox, Client(sandbox) as client:
        assert client.call().status_code == 401
        assert client.post(BATCH_CALLS, json=document(), headers={"xi-api-key": "mine"}).status_code == 200
        assert "mine" not in repr(sandbox.account)


def without(name):
    return {key: value for key, value in document().items() if key != name}


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        (b"{", ["body", 1], "json_invalid"),
        (b"\xff", ["body", 0], "json_invalid"),
        (b"[" * 200_000, ["body", 0], "json_invalid"),
        (b'{"calls": NaN}', ["body", 0], "json_invalid"),
        ([], ["body"], "dict_type"),
        (without("agent_id"), ["body", "agent_id"], "missing"),
        (without("from_phone_number_id"), ["body", "from_phone_number_id"], "missing"),
        (without("calls"), ["body", "calls"], "missing"),
        (document(agent_id=7), ["body", "agent_id"], "string_type"),
        (document(calls={}), ["body", "calls"], "list_type"),
        (document(calls=[]), ["body", "calls"], "too_short"),
        (document(calls=[*calls(3), "+15551234567"]), ["body", "calls", 3], "dict_type"),
        (document(calls=[*calls(2), {}]), ["body", "calls", 2, "to_phone_number"], "missing"),
        (
            document(calls=[{"to_phone_number": 15551234567}]),
            ["body", "calls", 0, "to_phone_number"],
            "string_type",
        ),
        (
            document(
                calls=[*calls(1), {"to_phone_number": "+15551234567", "conversation_config_override": "hi"}]
            ),
            ["body", "calls", 1, "conversation_config_override"],
            "dict_type",
        ),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_its_location(sandbox, client, body, loc, kind):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post(BATCH_CALLS, content=content)
    assert answer.status_code == 422
    [complaint] = answer.json()["detail"]
    assert (complaint["loc"], complaint["type"]) == (loc, kind)
    assert complaint["msg"]
    assert sandbox.state.total == 0


@pytest.mark.parametrize(
    "number",
    [
        "15551234567",
        "+05551234567",
        "+123456",
        "+1234567890123456",
        "+1555123456x",
        "+1555123\uff14567",
        "+15551234567\n",
    ],
)
def test_a_number_that_is_not_e164_is_refused_with_its_position(client, number):
    answer = client.call(calls=[*calls(3), {"to_phone_number": number}, *calls(1)])
    assert answer.status_code == 422
    assert [complaint["loc"] for complaint in answer.json()["detail"]] == [
        ["body", "calls", 3, "to_phone_number"]
    ]


def test_everything_that_is_wrong_is_named_at_once(client):
    answer = client.call(agent_id=None, calls=[{}, *calls(1), {"to_phone_number": "x"}])
    assert [complaint["loc"][1:] for complaint in answer.json()["detail"]] == [
        ["agent_id"],
        ["calls", 0, "to_phone_number"],
        ["calls", 2, "to_phone_number"],
    ]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"agent_id": "agent_unknown"}, "agent_not_found"),
        ({"from_phone_number_id": "pn_unknown"}, "phone_number_not_found"),
    ],
)
def test_an_agent_or_number_of_nobody_is_not_found(sandbox, client, fields, status):
    answer = client.call(**fields)
    assert answer.status_code == 404
    assert answer.json()["detail"]["status"] == status
    assert sandbox.state.total == 0


def test_each_entry_is_a_call_even_if_the_number_repeats(sandbox, client):
    assert client.call(calls=calls(1) * 2).json()["calls_initiated"] == 2
    client.call(calls=calls(1))
    assert sandbox.state.counts() == {"+15550000000": 3}
    assert sandbox.state.called_twice() == ["+15550000000"]
    assert [call.nth for call in sandbox.state.calls()] == [1, 2, 3]


def test_a_batch_id_is_never_given_twice():
    seen = set()
    for _ in range(2):
        with SandboxServer() as sandbox, Client(sandbox) as client:
            seen |= {client.call().json()["batch_id"] for _ in range(3)}
    assert len(seen) == 6


def test_the_account_is_listed(client):
    numbers = client.get("/v1/convai/phone-numbers").json()
    assert numbers[0] == {
        "phone_number_id": "pn_sandbox",
        "phone_number": "+15550100000",
        "label": "Sandbox",
        "agent_id": "agent_sandbox",
    }
    assert "agent_id" not in numbers[1]
    agents = client.get("/v1/convai/agents").json()
    assert agents["has_more"] is False
    assert [agent["agent_id"] for agent in agents["agents"]] == [
        "agent_sandbox",
        "agent_7101k5zvyjhmfg983brhmhkd98n6",
    ]
    agent = client.get("/v1/convai/agents/agent_sandbox").json()
    assert agent["conversation_config"]["agent"]["first_message"] == "Hello, this is the sandbox."
    assert client.get("/v1/convai/agents/agent_unknown").status_code == 404


def test_an_account_can_be_given():
    account = Account(agents=(Agent("a", "A"),), phone_numbers=(PhoneNumber("p", "+15550001111", "P"),))
    with SandboxServer(account=account) as sandbox, Client(sandbox) as client:
        assert client.call(agent_id="a", from_phone_number_id="p").status_code == 200
        assert client.call().status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", BATCH_CALLS, 405), ("GET", "/v1/nothing", 404)]
)
def test_other_paths_and_methods_are_refused_as_json(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert "detail" in answer.json()


def pages(client, **params):
    """Follow next_cursor, and return the pages."""
    found = []
    while True:
        page = client.get("/v1/convai/conversations", params=params).json()
        found.append(page["conversations"])
        if not page["has_more"]:
            assert page["next_cursor"] is None
            return found
        params["cursor"] = page["next_cursor"]


def test_every_call_has_one_conversation_in_pages_newest_first(sandbox, client):
    client.call(25)
    found = pages(client, page_size=10)
    assert [len(page) for page in found] == [10, 10, 5]
    numbers = [record["metadata"]["phone_call"]["external_number"] for page in found for record in page]
    assert numbers == [call["to_phone_number"] for call in reversed(calls(25))]


def test_calls_taken_while_paging_shift_no_page(client):
    client.call(4)
    first = client.get("/v1/convai/conversations", params={"page_size": 2}).json()
    client.call(3)
    second = client.get(
        "/v1/convai/conversations", params={"page_size": 2, "cursor": first["next_cursor"]}
    ).json()
    numbers = [
        record["metadata"]["phone_call"]["external_number"]
        for record in first["conversations"] + second["conversations"]
    ]
    assert numbers == [call["to_phone_number"] for call in reversed(calls(4))]
    assert second["has_more"] is False


def test_conversations_are_filtered_by_agent(client):
    client.call(2)
    client.call(3, agent_id="agent_7101k5zvyjhmfg983brhmhkd98n6")
    assert [len(page) for page in pages(client, agent_id="agent_sandbox")] == [2]
    assert pages(client, agent_id="nobody") == [[]]


@pytest.mark.parametrize(
    "params", [{"page_size": "x"}, {"page_size": 0}, {"page_size": 101}, {"cursor": "x"}]
)
def test_a_page_that_makes_no_sense_is_refused(client, params):
    assert client.get("/v1/convai/conversations", params=params).status_code in {400, 422}


def test_a_conversation_tells_what_was_said_and_what_came_of_it(client):
    batch = client.post(BATCH_CALLS, content=DOCUMENTED_EXAMPLE).json()
    [[maria, _]] = pages(client)
    record = client.get(f"/v1/convai/conversations/{maria['conversation_id']}").json()
    assert record["transcript"][0] == {
        "speaker": "agent",
        "timestamp": 0,
        "message": "Hi, this is a follow-up call for Maria.",
    }
    metadata = record["metadata"]
    assert metadata["end_time"] - metadata["start_time"] == metadata["duration"] > 0
    assert metadata["batch_call"] == {"batch_call_id": batch["batch_id"]}
    assert metadata["phone_call"] == {"external_number": "+15557654321"}
    assert record["audio"].startswith("https://")
    assert record["evaluation_results"]["goal_reached"]["result"] in {"success", "failure", "unknown"}
    assert record["evaluation_results"]["goal_reached"]["rationale"]
    assert set(record["collected_data"]) == {"wants_callback", "best_time"}
    assert client.get("/v1/convai/conversations/conv_unknown").status_code == 404


def stories(seed):
    with SandboxServer(seed=seed, clock=lambda: 1_800_000_000.0) as sandbox, Client(sandbox) as client:
        client.call(20)
        [records] = pages(client)
        return [
            client.get(f"/v1/convai/conversations/{record['conversation_id']}").json() for record in records
        ]


def test_the_same_seed_tells_the_same_stories_and_another_seed_others():
    first = stories(1)
    assert first == stories(1)
    assert first != stories(2)
    assert len({story["evaluation_results"]["goal_reached"]["result"] for story in first}) > 1


def answers(seed, people=200, attempts=2, **options):
    """Return each person's answer about opting out, for each attempt; None if there is no record."""
    conversations = ConversationOptions(page_size=100, **options)
    with SandboxServer(seed=seed, conversations=conversations) as sandbox, Client(sandbox) as client:
        said = []
        for _ in range(attempts):
            before = sandbox.state.total
            client.call(people)
            records = {
                record["metadata"]["phone_call"]["external_number"]: record["conversation_id"]
                for page in pages(client)
                for record in page
                if int(record["conversation_id"][-8:], 16) > before
            }
            paths = {number: f"/v1/convai/conversations/{id_}" for number, id_ in records.items()}
            data = {number: client.get(path).json()["collected_data"] for number, path in paths.items()}
            said.append({number: collected.get("opt_out") for number, collected in data.items()})
        return said


@pytest.mark.slow
def test_a_share_of_people_opt_out_in_each_of_their_records():
    first, second = answers(1, unanswered=0.4, opt_out=0.2)
    assert first.keys() != second.keys()  # other people answer the second attempt
    assert {number: first[number] for number in first.keys() & second.keys()} == {
        number: second[number] for number in first.keys() & second.keys()
    }
    assert 90 <= len(first) <= 150
    assert 0.1 < list(first.values()).count(True) / len(first) < 0.3
    assert set(first.values()) == {True, False}


@pytest.mark.slow
def test_answers_are_the_same_for_the_same_seed():
    told = answers(1, 40, unanswered=0.4, opt_out=0.2)
    assert told == answers(1, 40, unanswered=0.4, opt_out=0.2)
    assert told != answers(2, 40, unanswered=0.4, opt_out=0.2)


@pytest.mark.slow
def test_calling_again_who_did_not_answer_reaches_nearly_everybody():
    """A person's behavior depends on the seed, the number and which call it is, not on who else is called."""
    everybody = answers(1, 100, 5, unanswered=0.4)
    reached = set()
    conversations = ConversationOptions(page_size=100, unanswered=0.4)
    left = [100]
    with SandboxServer(seed=1, conversations=conversations) as sandbox, Client(sandbox) as client:
        for attempt in range(5):
            before = sandbox.state.total
            called = [call for call in calls(100) if call["to_phone_number"] not in reached]
            client.call(calls=called)
            answered = {
                record["metadata"]["phone_call"]["external_number"]
                for page in pages(client)
                for record in page
                if int(record["conversation_id"][-8:], 16) > before
            }
            assert answered == everybody[attempt].keys() & {call["to_phone_number"] for call in called}
            reached |= answered
            left.append(100 - len(reached))
    assert left == sorted(left, reverse=True)
    assert 25 <= left[1] <= 55
    assert left[-1] <= 5


@pytest.mark.parametrize(("share", "said"), [(None, {None}), (0.0, {False}), (1.0, {True})])
def test_nobody_opts_out_or_everybody(share, said):
    assert set(answers(1, 5, 1, opt_out=share)[0].values()) == said


def test_a_sandbox_that_starts_again_with_its_seed_gives_new_batch_ids():
    def batch_id():
        with SandboxServer(seed=1) as sandbox, Client(sandbox) as client:
            return client.call(1).json()["batch_id"]

    assert batch_id() != batch_id()


def test_conversations_appear_when_their_time_has_come():
    now = [1_800_000_000.0]
    options = ConversationOptions(appear_after=10, spread=10)
    with (
        SandboxServer(seed=1, clock=lambda: now[0], conversations=options) as sandbox,
        Client(sandbox) as client,
    ):
        client.call(20)
        counts = []
        for _ in range(5):
            counts.append(len(pages(client)[0]))
            now[0] += 5
        assert counts[0] == counts[1] == 0
        assert 0 < counts[3] < 20
        assert counts[4] == 20


def test_a_conversation_that_has_not_appeared_is_not_found():
    now = [0.0]
    options = ConversationOptions(appear_after=10)
    with SandboxServer(clock=lambda: now[0], conversations=options) as sandbox, Client(sandbox) as client:
        client.call(1)
        now[0] = 10
        [[record]] = pages(client)
        path = f"/v1/convai/conversations/{record['conversation_id']}"
        assert client.get(path).status_code == 200
        now[0] = 9
        assert client.get(path).status_code == 404


def test_the_optional_metadata_can_be_left_out_and_calls_unanswered():
    options = ConversationOptions(optional_metadata=False, unanswered=0.5)
    with SandboxServer(seed=1, conversations=options) as sandbox, Client(sandbox) as client:
        client.call(40)
        records = [record for page in pages(client, page_size=100) for record in page]
        assert 5 < len(records) < 35
        assert set(records[0]) == {"conversation_id", "metadata"}
        assert set(records[0]["metadata"]) == {"start_time", "end_time", "duration", "agent_id"}
