import json
import time

import pytest

from tests.support.scripted import ScriptedServer, answer, read_then_close
from xuna_cli.api.account import agents, own_first_message
from xuna_cli.api.client import Client
from xuna_cli.api.conversations import (
    ConversationList,
    conversation,
    conversation_if_there,
    read_conversation,
)
from xuna_cli.api.pages import Pages as PagesOfApi
from xuna_cli.api.retry import RetryingReader, several
from xuna_cli.errors import ConfigurationError, UnreachableError, XunaError
from xuna_cli.models import Evaluation
from xuna_cli.sandbox.conversations import ConversationOptions
from xuna_cli.sandbox.faults import Pages, RateLimit
from xuna_cli.sandbox.server import SandboxServer

DAY = 86_400.0


class Api:
    """A client of a server that retries without waiting; `waits` has the times it would have waited."""

    def __init__(self, server, key="sandbox"):
        self.waits = []
        self.reader = RetryingReader(Client(server.base_url, key, deadline=10), wait=self.waits.append)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def page(*ids, start=1_800_000_000, apart=1, **more):
    starts = [start - number * apart for number in range(len(ids))]
    records = [
        {"conversation_id": one, "metadata": {"start_time": at}} for one, at in zip(ids, starts, strict=True)
    ]
    return answer(200, json.dumps({"conversations": records} | more).encode())


def listed(script, **options):
    with ScriptedServer(script) as server, Api(server) as api:
        found = ConversationList(api.reader, **options)
        ids = [record.conversation_id for record in found]
        return ids, found.incomplete, [request.target for request in server.requests]


def test_pages_are_followed_to_the_end():
    ids, incomplete, targets = listed(
        [page("a", "b", has_more=True, next_cursor="x y"), page("c", has_more=False, next_cursor=None)]
    )
    assert ids == ["a", "b", "c"]
    assert incomplete is None
    assert "cursor=x%20y" in targets[1] or "cursor=x+y" in targets[1]


def test_a_cursor_is_followed_where_nothing_says_whether_there_is_more():
    ids, incomplete, _ = listed([page("a", next_cursor="1"), page("b")])
    assert (ids, incomplete) == (["a", "b"], None)


def test_more_without_a_cursor_is_said():
    ids, incomplete, _ = listed([page("a", has_more=True)])
    assert ids == ["a"]
    assert "not how to get them" in incomplete


@pytest.mark.parametrize("more", [{}, {"has_more": None}, {"has_more": "no"}, {"next_cursor": {}}], ids=repr)
def test_an_only_page_that_does_not_say_whether_it_is_the_whole_list_is_said(more):
    ids, incomplete, _ = listed([page("a", **more)])
    assert ids == ["a"]
    assert incomplete == "the API does not say whether there are more records"


@pytest.mark.parametrize("more", [{"has_more": False}, {"next_cursor": None}, {"next_cursor": ""}], ids=repr)
def test_a_page_that_says_that_it_is_the_last_one_completes_the_list(more):
    assert listed([page("a", **more)])[:2] == (["a"], None)


def test_a_list_without_any_record_is_complete():
    assert listed([page()])[:2] == ([], None)


def test_cursors_and_ids_may_be_integers():
    ids, incomplete, targets = listed([page(7, 8, has_more=True, next_cursor=30), page(9, has_more=False)])
    assert (ids, incomplete) == (["7", "8", "9"], None)
    assert "cursor=30" in targets[1]


@pytest.mark.parametrize("entry", [None, "conv_1", {}, {"conversation_id": None}, {"id": "conv_1"}], ids=repr)
def test_an_entry_that_cannot_be_read_makes_the_list_incomplete(entry):
    """The person of that record must not look like somebody who had no conversation."""
    readable = {"conversation_id": "a"}
    body = json.dumps({"conversations": [entry, readable], "has_more": False}).encode()
    ids, incomplete, _ = listed([answer(200, body)])
    assert ids == ["a"]
    assert incomplete == "1 of the listed conversations could not be read"


def test_a_page_that_comes_again_ends_the_list_and_is_said():
    ids, incomplete, _ = listed(
        [page("a", has_more=True, next_cursor="1"), page("a", has_more=True, next_cursor="2")]
    )
    assert ids == ["a"]
    assert "twice" in incomplete


def test_cursors_that_lead_in_a_circle_are_said():
    script = [page(name, has_more=True, next_cursor=cursor) for name, cursor in ("a1", "b2", "c1")]
    ids, incomplete, _ = listed(script)
    assert ids == ["a", "b", "c"]
    assert "circle" in incomplete


def test_a_list_without_an_end_is_left_and_said():
    script = [page(f"c{number}", has_more=True, next_cursor=str(number)) for number in range(3)]
    with ScriptedServer(script) as server, Api(server) as api:
        pages = PagesOfApi(api.reader, "/v1/convai/conversations", "conversations", most=3)
        assert [entry["conversation_id"] for entries in pages for entry in entries] == ["c0", "c1", "c2"]
        assert pages.incomplete == "reading stopped after 3 pages"


def test_empty_pages_without_end_are_said():
    script = [page(has_more=True, next_cursor=str(number)) for number in range(5)]
    ids, incomplete, _ = listed(script)
    assert ids == []
    assert "5 empty pages" in incomplete


def test_what_a_page_or_two_pages_have_twice_is_given_once():
    script = [page("a", "b", "a", has_more=True, next_cursor="1"), page("b", "c", "c", has_more=False)]
    assert listed(script)[0] == ["a", "b", "c"]


def test_a_page_size_that_is_refused_is_left_out():
    ids, _, targets = listed([answer(422, b'{"detail": "no page_size"}'), page("a")])
    assert ids == ["a"]
    assert "page_size" in targets[0]
    assert "page_size" not in targets[1]


def test_records_before_since_are_left_out_and_those_without_a_time_are_not():
    records = [
        {"conversation_id": "old", "metadata": {"start_time": 1000}},
        {"conversation_id": "new", "metadata": {"start_time": "2030-01-01T00:00:00Z"}},
        {"conversation_id": "timeless"},
    ]
    body = json.dumps({"conversations": records}).encode()
    ids, _, _ = listed([answer(200, body)], since=1_700_000_000)
    assert ids == ["new", "timeless"]


def test_a_list_that_is_newest_first_is_left_where_the_past_begins():
    since = 1_800_000_000
    script = [
        page("a", start=since + 10, has_more=True, next_cursor="1"),
        page("b", start=since - 2 * DAY, has_more=True, next_cursor="2"),
        page("c", start=since - 3 * DAY, has_more=True, next_cursor="3"),
    ]
    ids, incomplete, targets = listed(script, since=since)
    assert (ids, incomplete, len(targets)) == (["a"], None, 3)


def test_a_list_in_another_order_is_read_to_its_end():
    since = 1_800_000_000
    script = [
        page("b", start=since - 3 * DAY, has_more=True, next_cursor="1"),
        page("c", start=since - 2 * DAY, has_more=True, next_cursor="2"),
        page("d", start=since - 4 * DAY, has_more=True, next_cursor="3"),
        page("a", start=since + 10, has_more=False),
    ]
    assert listed(script, since=since)[0] == ["a"]


def test_a_list_that_begins_with_a_large_old_batch_is_read_to_its_end():
    """Its records have one time, so they don't show that the list is newest first."""
    since = 1_800_000_000
    script = [
        page("a", "b", start=since - 3 * DAY, apart=0, has_more=True, next_cursor="1"),
        page("c", "d", start=since - 3 * DAY, apart=0, has_more=True, next_cursor="2"),
        page("e", start=since + 10, has_more=False),
    ]
    assert listed(script, since=since)[:2] == (["e"], None)


def test_records_of_another_agent_are_left_out_where_the_filter_is_ignored():
    records = [{"conversation_id": "a", "agent_id": "me"}, {"conversation_id": "b", "agent_id": "you"}]
    ids, _, targets = listed([answer(200, json.dumps({"conversations": records}).encode())], agent_id="me")
    assert ids == ["a"]
    assert "agent_id=me" in targets[0]


@pytest.mark.parametrize("how", ["repeat", "loop", "no-cursor", "empty", "malformed"])
def test_whatever_the_pages_of_the_sandbox_do_reading_ends_and_a_cut_off_list_is_said(how):
    with SandboxServer(seed=1, conversations=ConversationOptions(page_size=2)) as server, Api(server) as api:
        server.state.take(
            "agent_sandbox", "pn_sandbox", [{"to_phone_number": f"+1555200000{n}"} for n in range(5)]
        )
        server.faults.add(Pages(how=how))
        found = ConversationList(api.reader)
        list(found)
        assert found.incomplete


def test_a_429_in_the_middle_of_a_list_is_waited_for():
    script = [
        page("a", has_more=True, next_cursor="1"),
        answer(429, b"{}", headers={"Retry-After": "7"}),
        answer(503, b"busy"),
        read_then_close(),
        page("b"),
    ]
    with ScriptedServer(script) as server, Api(server) as api:
        assert [record.conversation_id for record in ConversationList(api.reader)] == ["a", "b"]
        assert len(api.waits) == 3
        assert api.waits[0] >= 7
        assert all(wait < 5 for wait in api.waits[1:])


def test_a_429_that_never_ends_is_given_up_within_bounds():
    with SandboxServer() as server, Api(server) as api:
        server.faults.add(RateLimit(on="conversations"))
        with pytest.raises(UnreachableError):
            list(ConversationList(api.reader))
        assert len(api.waits) == 7
        assert sum(api.waits) < 180


def test_a_wait_that_nobody_wants_is_not_waited():
    script = [answer(429, b"{}", headers={"Retry-After": "86400"})]
    with ScriptedServer(script) as server, Api(server) as api:
        with pytest.raises(UnreachableError, match="86,400 s"):
            list(ConversationList(api.reader))
        assert api.waits == []


def test_a_key_that_is_refused_in_the_middle_of_a_list_stops_it():
    script = [page("a", has_more=True, next_cursor="1"), answer(401, b"{}")]
    with ScriptedServer(script) as server, Api(server) as api:
        found = iter(ConversationList(api.reader))
        assert next(found).conversation_id == "a"
        with pytest.raises(ConfigurationError) as refused:
            next(found)
        assert refused.value.code == "key-refused"


WHOLE = {
    "conversation_id": "conv_1",
    "agent_id": "agent_1",
    "status": "done",
    "transcript": [{"speaker": "agent", "timestamp": 1.5, "message": "Hi"}],
    "audio": "https://example.test/a.mp3",
    "metadata": {
        "start_time": 1_800_000_000,
        "end_time": 1_800_000_060,
        "phone_call": {"external_number": "+15552000001", "direction": "outbound"},
        "batch_call": {"batch_call_id": "batch_1"},
    },
    "evaluation_results": {"goal": {"result": "success", "rationale": "yes"}},
    "collected_data": {"city": "Bonn", "wrapped": {"value": 3, "rationale": "said so"}},
}


def test_a_whole_record_is_read():
    read = read_conversation(WHOLE)
    assert read.started_at == 1_800_000_000
    assert read.duration == 60
    assert (read.external_number, read.batch_call_id, read.direction) == (
        "+15552000001",
        "batch_1",
        "outbound",
    )
    assert read.evaluation == {"goal": Evaluation("success", "yes")}
    assert read.collected == {"city": "Bonn", "wrapped": 3}
    assert read.transcript[0].message == "Hi"


def test_the_other_names_of_the_family_are_read():
    read = read_conversation(
        {
            "conversation_id": "c",
            "start_time_unix_secs": 1_800_000_000,
            "call_duration_secs": 12,
            "transcript": [{"role": "user", "time_in_call_secs": 3, "message": "Yes"}],
            "analysis": {
                "evaluation_criteria_results": {"goal": {"criteria_id": "goal", "result": "failure"}},
                "data_collection_results": {"city": {"value": "Bonn"}},
            },
        }
    )
    assert (read.started_at, read.duration) == (1_800_000_000, 12)
    assert read.transcript[0].speaker == "user"
    assert read.evaluation["goal"].result == "failure"
    assert read.collected == {"city": "Bonn"}


@pytest.mark.parametrize("name", ["data_collection_id", "name", "field"])
def test_collected_data_may_be_a_list_of_named_values(name):
    read = read_conversation({"conversation_id": "c", "collected_data": [{name: "opt_out", "value": True}]})
    assert read.collected == {"opt_out": True}


def test_collected_data_is_read_from_both_places():
    read = read_conversation(
        {
            "conversation_id": "c",
            "collected_data": {"city": "Bonn"},
            "analysis": {"data_collection_results": {"opt_out": {"value": True}, "city": {"value": "?"}}},
        }
    )
    assert read.collected == {"opt_out": True, "city": "Bonn"}


WRONG = [
    None,
    True,
    7,
    -1,
    1.5,
    float("inf"),
    10**400,
    "",
    "x",
    "\x00\ud800\x1b[31m",
    [],
    [None],
    {},
    {"a": []},
]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", [*WHOLE, *(f"metadata.{name}" for name in WHOLE["metadata"])])
def test_a_field_of_a_wrong_type_is_no_failure(field, wrong):
    document = json.loads(json.dumps(WHOLE))
    *path, last = field.split(".")
    where = document
    for name in path:
        where = where[name]
    where[last] = wrong
    read = read_conversation(document)
    assert read is None or read.conversation_id.isprintable()
    del where[last]
    assert (read_conversation(document) is None) == (field == "conversation_id")


@pytest.mark.parametrize("result", ["SUCCESS", "Success"])
def test_a_verdict_is_read_in_any_case(result):
    read = read_conversation({"conversation_id": "c", "evaluation_results": {"goal": result}})
    assert read.evaluation["goal"].result == "success"


@pytest.mark.parametrize("result", ["maybe", 1, True, None, "successful", [], {}])
def test_what_is_no_verdict_is_unknown_and_never_a_success(result):
    read = read_conversation({"conversation_id": "c", "evaluation_results": {"goal": {"result": result}}})
    assert read.evaluation["goal"].result == "unknown"


def test_a_transcript_of_ten_megabytes_is_read():
    words = "<b>\x1b[2J[red]" * 700_000
    body = json.dumps(WHOLE | {"transcript": [{"speaker": "user", "message": words}]}).encode()
    with ScriptedServer([answer(200, body)]) as server, Api(server) as api:
        assert conversation(api.reader, "conv_1").transcript[0].message == words


def test_one_record_that_cannot_be_had_is_none_and_a_refused_key_is_an_error():
    script = [answer(404, b"{}"), answer(200, b"[]"), answer(200, b"no JSON"), answer(403, b"{}")]
    with ScriptedServer(script) as server, Api(server) as api:
        assert conversation_if_there(api.reader, "a") is None
        assert conversation_if_there(api.reader, "b") is None
        assert conversation_if_there(api.reader, "c") is None
        with pytest.raises(ConfigurationError):
            conversation_if_there(api.reader, "d")


def test_an_id_cannot_leave_its_place_in_the_path():
    with ScriptedServer([answer(404, b"{}")]) as server, Api(server) as api:
        conversation_if_there(api.reader, "../agents?x=1#y")
        assert server.requests[0].target.startswith("/v1/convai/conversations/..%2Fagents%3Fx%3D1%23y")


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'{"agents": 1}', b"{}", b"[" * 100_000, b"\xff"])
def test_a_list_of_agents_that_is_none_is_an_error_for_people(body):
    with ScriptedServer(lambda _: answer(200, body)) as server, Api(server) as api, pytest.raises(XunaError):
        agents(api.reader)


def test_agents_are_read_tolerantly():
    entries = [
        {"agent_id": "a", "name": "Ann", "tags": ["x", 1], "created_at_unix_secs": 0.5},
        {"agent_id": 7},
        None,
        {"agent_id": "b", "name": None, "tags": "no", "created_at_unix_secs": 1e300},
    ]
    body = json.dumps({"agents": entries, "has_more": True}).encode()
    with ScriptedServer([answer(200, body)]) as server, Api(server) as api:
        found, incomplete = agents(api.reader)
    assert [(one.agent_id, one.name, one.tags) for one in found] == [("a", "Ann", ("x",)), ("b", "", ())]
    assert incomplete


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"conversation_config": {"agent": {"first_message": "Hi"}}}, "Hi"),
        ({"conversation_config": {"agent": {"first_message": " "}}}, None),
        ({"conversation_config": {"agent": []}}, None),
        ({"conversation_config": None}, None),
        ({}, None),
    ],
)
def test_an_agent_has_a_first_message_of_its_own_or_none(configuration, message):
    assert own_first_message(configuration) == message


def test_several_gives_results_in_order_and_raises_in_place():
    assert list(several(lambda n: (time.sleep((n % 3) / 500), n)[1], range(50))) == list(range(50))

    def fail(number):
        if number == 5:
            raise UnreachableError("gone")
        return number

    found = several(fail, range(50))
    assert [next(found) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(UnreachableError):
        next(found)
