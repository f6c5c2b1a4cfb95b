"""Each fault: what the client sees, and what the server accepted."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.sandbox.conftest import Client, calls
from tests.support.waiting import wait_until
from xuna_cli.sandbox.faults import (
    ANY,
    BATCH_CALLS,
    KINDS,
    Answer,
    Cut,
    Drip,
    Faults,
    Garbage,
    Hang,
    Latency,
    MaxBatch,
    Pages,
    RateLimit,
    Refuse,
    Short,
    any_fault,
    from_json,
    to_json,
)
from xuna_cli.sandbox.server import SandboxServer


def statuses(client, count):
    seen = []
    for _ in range(count):
        try:
            seen.append(client.call(1).status_code)
        except httpx.TransportError as error:
            seen.append(type(error).__name__)
    return seen


# ------------------------------------------------------------------------------ when it strikes


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 3}, [3, 6]),
        ({"every": 2, "times": 1}, [2]),
        ({"skip": 2}, [3, 4, 5, 6]),
        ({"skip": 1, "every": 2, "times": 2}, [3, 5]),
        ({"share": 0.0}, []),
    ],
)
def test_a_fault_strikes_when_it_is_told(sandbox, client, when, struck):
    sandbox.faults.add(Answer(**when))
    assert [number for number, status in enumerate(statuses(client, 6), 1) if status == 500] == struck


def test_a_share_is_drawn_from_the_seed(sandbox, client):
    sandbox.faults.add(Answer(share=0.5))
    seen = statuses(client, 40)
    assert 8 < seen.count(500) < 32


@pytest.mark.slow
def test_a_share_strikes_the_same_requests_in_whatever_order_they_come():
    def struck(seed, order):
        with SandboxServer(seed=seed, faults=[Answer(share=0.3)]) as sandbox, Client(sandbox) as client:
            return {(turn, start) for turn in (1, 2) for start in order if refuses(client, start)}

    def refuses(client, start):
        return client.call(calls=calls(2, start)).status_code == 500

    first = struck(1, range(40))
    assert first == struck(1, range(39, -1, -1))
    assert first != struck(2, range(40))
    assert {start for turn, start in first if turn == 1} != {start for turn, start in first if turn == 2}


def test_which_calls_are_left_out_is_drawn_from_the_request():
    def taken(starts):
        with SandboxServer(seed=1, faults=[Short()]) as sandbox, Client(sandbox) as client:
            for start in starts:
                client.call(calls=calls(5, start))
            return sorted(sandbox.state.counts())

    assert taken([0, 10, 20]) == taken([20, 0, 10])


@pytest.mark.parametrize("kind", sorted(ANY))
def test_of_each_kind_there_is_a_fault_for_any_request(kind):
    fault = any_fault(kind, 0.25)
    assert fault.share == 0.25
    assert from_json(to_json(fault)) == fault


def test_any_batch_can_be_refused_for_its_first_number_or_its_size(sandbox, client):
    sandbox.faults.add(
        replace(any_fault("refuse", 1.0), times=1), replace(any_fault("max-batch", 1.0), skip=1)
    )
    refused, too_large, small = client.call(3), client.call(3), client.call(1)
    assert [one["loc"] for one in refused.json()["detail"]] == [["body", "calls", 0, "to_phone_number"]]
    assert (too_large.status_code, small.status_code) == (413, 200)


def test_a_fault_strikes_its_own_endpoint_alone(sandbox, client):
    sandbox.faults.add(Answer(on="agents"), Cut(on="conversations"))
    assert client.call().status_code == 200
    assert client.get("/v1/convai/agents").status_code == 500
    assert client.get("/v1/convai/phone-numbers").status_code == 200
    with pytest.raises(httpx.ReadError):
        client.get("/v1/convai/conversations")


def test_without_the_key_no_fault_is_spent(sandbox, client):
    sandbox.faults.add(Answer(times=1))
    assert client.get("/v1/convai/agents", headers={"xi-api-key": "wrong"}).status_code == 401
    assert statuses(client, 2) == [500, 200]


def test_faults_can_be_cleared(sandbox, client):
    sandbox.faults.add(Answer())
    assert statuses(client, 1) == [500]
    assert [struck for _, struck in sandbox.faults.armed()] == [1]
    sandbox.faults.clear()
    assert statuses(client, 1) == [200]


# ------------------------------------------------------------------------------ provably not accepted


def test_an_answer_of_any_status_and_body_comes_instead(sandbox, client):
    sandbox.faults.add(
        Answer(status=400, body={"error": "no"}, times=1),
        Answer(status=502, body="<h1>Bad</h1>", headers={"content-type": "text/html"}, skip=1, times=1),
        Answer(status=307, body="", headers={"location": "http://127.0.0.1:9/"}, skip=2),
    )
    first, second, third = client.call(), client.call(), client.call()
    assert (first.status_code, first.json()) == (400, {"error": "no"})
    assert (second.status_code, second.text, second.headers["content-type"]) == (
        502,
        "<h1>Bad</h1>",
        "text/html",
    )
    assert (third.status_code, third.headers["location"]) == (307, "http://127.0.0.1:9/")
    assert sandbox.state.total == 0


def test_a_rate_limit_says_nothing_seconds_or_a_date(sandbox, client):
    sandbox.faults.add(
        RateLimit(times=1),
        RateLimit(skip=1, times=1, retry_after=2),
        RateLimit(skip=2, times=1, retry_after=60, as_date=True, status=503),
    )
    bare, seconds, date = client.call(), client.call(), client.call()
    assert bare.status_code == seconds.status_code == 429
    assert date.status_code == 503
    assert "retry-after" not in bare.headers
    assert seconds.headers["retry-after"] == "2"
    wait = parsedate_to_datetime(date.headers["retry-after"]) - datetime.now(UTC)
    assert 55 < wait.total_seconds() <= 60
    assert sandbox.state.total == 0
    assert client.call().status_code == 200


def test_a_rate_limit_lets_so_many_pass_in_each_window(sandbox, client):
    sandbox.faults.add(RateLimit(posts=2, per=60))
    assert statuses(client, 4) == [200, 200, 429, 429]
    assert sandbox.state.batches == 2


def test_the_window_of_a_rate_limit_slides():
    now = [100.0]
    faults = Faults([RateLimit(posts=2, per=1.0)], clock=lambda: now[0])
    refused = []
    for _ in range(8):
        with faults.striking(BATCH_CALLS) as due:
            refused.append(bool(due))
        now[0] += 0.3
    assert refused == [False, False, True, True, False, False, True, True]


@pytest.mark.slow
def test_a_rate_limit_lets_so_many_in_at_the_same_time(sandbox, client):
    sandbox.faults.add(Latency(seconds=1.5, times=2), RateLimit(in_flight=2))
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(client.call, 1) for _ in range(2)]
        wait_until(lambda: sandbox.state.requests_total == 2)
        assert statuses(client, 2) == [429, 429]
        assert [answer.result().status_code for answer in slow] == [200, 200]
    assert statuses(client, 1) == [200]


def test_latency_delays_the_answer(sandbox, client):
    sandbox.faults.add(Latency(seconds=0.2, times=1))
    began = time.monotonic()
    assert client.call().status_code == 200
    assert 0.2 <= time.monotonic() - began < 2
    assert client.call().status_code == 200


def test_numbers_are_refused_with_their_positions(sandbox, client):
    sandbox.faults.add(Refuse(numbers=["+15550000001", "+15550000003"], message="landline"))
    answer = client.call(5)
    assert answer.status_code == 422
    assert [(entry["loc"], entry["msg"]) for entry in answer.json()["detail"]] == [
        (["body", "calls", 1, "to_phone_number"], "landline"),
        (["body", "calls", 3, "to_phone_number"], "landline"),
    ]
    assert sandbox.state.total == 0
    assert client.call(1).status_code == 200


def test_the_first_of_the_refused_numbers_can_be_named_alone(sandbox, client):
    sandbox.faults.add(Refuse(pattern="[13]$", only_first=True))
    [entry] = client.call(5).json()["detail"]
    assert entry["loc"] == ["body", "calls", 1, "to_phone_number"]


def test_numbers_are_refused_without_their_positions(sandbox, client):
    sandbox.faults.add(Refuse(numbers=["+15550000001"], loc=False, message="one is bad"))
    answer = client.call(5)
    assert (answer.status_code, answer.json()["detail"]["message"]) == (400, "one is bad")
    assert client.call(1).status_code == 200
    assert sandbox.state.total == 1


def test_overrides_can_be_refused(sandbox, client):
    sandbox.faults.add(Refuse(overrides=True))
    override = {"conversation_config_override": {"agent": {"first_message": "Hi"}}}
    assert client.call(calls=[calls(1)[0] | override]).status_code == 422
    assert client.call(1).status_code == 200


def test_a_batch_above_the_maximum_is_too_large(sandbox, client):
    sandbox.faults.add(MaxBatch(size=3))
    assert [client.call(count).status_code for count in (3, 4, 2)] == [200, 413, 200]
    assert sandbox.state.total == 5


# --------------------------------------------------------------------- accepted, and the client can't know


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Cut(), httpx.ReadError),
        (Cut(reset=False), httpx.RemoteProtocolError),
        (Hang(), httpx.ReadTimeout),
        (Garbage(), httpx.RemoteProtocolError),
        (Garbage(text="HTTP/1.1 20"), httpx.RemoteProtocolError),
    ],
)
def test_the_batch_is_taken_and_no_answer_comes(sandbox, fault, seen):
    sandbox.faults.add(fault)
    with Client(sandbox, timeout=0.5) as client, pytest.raises(seen):
        client.call(3)
    assert sandbox.state.total == 3
    assert [request.answer for request in sandbox.state.requests()] == [fault.kind]


@pytest.mark.parametrize(
    "fault", [Cut(taken=False), Cut(taken=False, reset=False), Hang(taken=False), Garbage(taken=False)]
)
def test_the_same_can_happen_before_the_batch_is_taken(sandbox, fault):
    sandbox.faults.add(fault)
    with Client(sandbox, timeout=0.3) as client, pytest.raises(httpx.TransportError):
        client.call(3)
    assert sandbox.state.total == 0
    assert sandbox.state.requests_total == 1


def test_an_answer_can_lie_about_a_batch_that_was_taken(sandbox, client):
    sandbox.faults.add(Answer(status=504, body="upstream", taken=True))
    assert client.call(3).status_code == 504
    assert sandbox.state.total == 3


def test_latency_after_taking_outlasts_the_client(sandbox):
    sandbox.faults.add(Latency(seconds=30, taken=True))
    with Client(sandbox, timeout=0.2) as client, pytest.raises(httpx.ReadTimeout):
        client.call(3)
    assert sandbox.state.total == 3


@pytest.mark.slow
def test_an_answer_that_drips_outlasts_the_read_timeout(sandbox):
    sandbox.faults.add(Drip(interval=0.005))
    with Client(sandbox, timeout=0.3) as client:
        began = time.monotonic()
        answer = client.call(3)
    assert time.monotonic() - began > 0.6
    assert answer.json()["calls_initiated"] == 3
    assert sandbox.state.total == 3


def test_a_client_that_leaves_while_it_drips_is_let_go(sandbox, client):
    sandbox.faults.add(Drip(interval=0.01, times=1))
    with pytest.raises(httpx.ReadTimeout), Client(sandbox, timeout=0.005) as hasty:
        hasty.call(1)
    assert client.call(1).status_code == 200


def test_fewer_are_taken_than_were_sent_and_which_is_random(sandbox, client):
    sandbox.faults.add(Short(missing=2))
    left_out = set()
    for _ in range(10):
        before = sandbox.state.total
        assert client.call(6).json()["calls_initiated"] == 4
        taken = {call.to_phone_number for call in sandbox.state.calls()[before:]}
        assert len(taken) == 4
        left_out.add(frozenset(call["to_phone_number"] for call in calls(6)) - taken)
    assert len(left_out) > 1


def test_a_batch_can_be_left_out_altogether(sandbox, client):
    sandbox.faults.add(Short(missing=100))
    answer = client.call(3)
    assert (answer.status_code, answer.json()["calls_initiated"]) == (200, 0)
    assert answer.json()["batch_id"].startswith("batch_")
    assert sandbox.state.total == 0


# ----------------------------------------------------------------------------------- pages


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (
            "repeat",
            lambda first, second: first["conversations"] == second["conversations"] and second["has_more"],
        ),
        ("loop", lambda first, second: first["next_cursor"] == second["next_cursor"] and second["has_more"]),
        ("no-cursor", lambda first, second: first["has_more"] and first["next_cursor"] is None),
        ("empty", lambda first, second: first["conversations"] == [] and first["has_more"]),
        ("twice", lambda first, second: first["conversations"][0] == first["conversations"][1]),
        ("malformed", lambda first, second: first["conversations"][:2] == [None, 7]),
    ],
)
def test_pages_misbehave(sandbox, client, how, says):
    client.call(5)
    sandbox.faults.add(Pages(how=how))
    first = client.get("/v1/convai/conversations", params={"page_size": 2}).json()
    params = {"page_size": 2} | ({"cursor": first["next_cursor"]} if first["next_cursor"] else {})
    assert says(first, client.get("/v1/convai/conversations", params=params).json())


def test_a_list_can_break_in_the_middle(sandbox, client):
    client.call(5)
    sandbox.faults.add(Answer(on="conversations", status=401, skip=1, times=1))
    assert [client.get("/v1/convai/conversations").status_code for _ in range(3)] == [200, 401, 200]


# ---------------------------------------------------------------------------------- over HTTP


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_has_a_json_form(kind):
    fault = kind(times=2, skip=1)
    assert from_json(to_json(fault)) == fault


def test_faults_are_armed_and_cleared_over_http(sandbox, client):
    answer = client.post(
        "/sandbox/faults", json=[{"kind": "cut", "times": 1}, {"kind": "latency", "seconds": 0}]
    )
    assert [(fault["kind"], fault["struck"]) for fault in answer.json()["faults"]] == [
        ("cut", 0),
        ("latency", 0),
    ]
    assert statuses(client, 2) == ["ReadError", 200]
    assert [fault["struck"] for fault in client.get("/sandbox/faults").json()["faults"]] == [1, 2]
    assert client.delete("/sandbox/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    "body",
    [
        "x",
        7,
        {},
        {"kind": "x"},
        {"kind": "cut", "often": 1},
        {"kind": "cut", "every": 0},
        [{"kind": "cut"}, 7],
    ],
)
def test_a_fault_that_is_none_is_refused_and_arms_nothing(client, body):
    assert client.post("/sandbox/faults", json=body).status_code == 422
    assert client.get("/sandbox/faults").json() == {"faults": []}
