"""Whole runs with a server that misbehaves below HTTP: unproven batches are held, and never sent again."""

import pytest

from tests.faults.harness import Rig, numbers
from tests.support import scripted
from tests.support.scripted import ACCOUNT, ScriptedServer, answer

ONE_BY_ONE = ("--batch-size", 1, "--concurrency", 1, "--timeout", 1)


def taken(times):
    return [answer(200, {"batch_id": f"batch_{number}", "calls_initiated": 1}) for number in range(times)]


OPEN = [
    ("reset-after-reading", scripted.read_then_reset),
    ("closed-after-reading", scripted.read_then_close),
    ("closed-before-reading", scripted.close_before_reading),
    ("silence", scripted.silence),
    ("headers-then-silence", scripted.headers_then_silence),
    ("garbage", scripted.garbage_status_line),
    ("cut-json", scripted.cut_json_without_length),
    ("500", lambda: answer(500, b"")),
    ("503", lambda: answer(503, b"")),
    ("504", lambda: scripted.html(504)),
    ("409", lambda: answer(409, b"")),
    ("empty", scripted.empty_body),
    ("endless", scripted.endless_body),
    ("303", lambda: answer(303, b"", {"Location": "http://127.0.0.1:9/"})),
    ("207", lambda: answer(207, {"batch_id": "batch_x", "calls_initiated": 1})),
    ("error-beside", lambda: answer(200, {"batch_id": "batch_x", "calls_initiated": 1, "error": "quota"})),
]


def rig_for(server, folder, people=3):
    return Rig(folder, server.base_url, numbers(people), SSL_CERT_FILE=server.ca_file)


def posted(server):
    """Return the number in each complete POST."""
    return [
        request.json()["calls"][0]["to_phone_number"]
        for request in server.requests
        if request.method == "POST"
    ]


OVER_TLS = ("reset-after-reading", "closed-before-reading", "silence", "504")
CASES = [(name, tls) for name, _ in OPEN for tls in (False, True) if not tls or name in OVER_TLS]


@pytest.mark.parametrize(
    ("fault", "tls"),
    [(dict(OPEN)[name], tls) for name, tls in CASES],
    ids=[f"{name}-{'tls' if tls else 'http'}" for name, tls in CASES],
)
def test_what_is_left_open_is_held_and_never_sent_again(tmp_path, fault, tls):
    with ScriptedServer([*ACCOUNT, fault(), *ACCOUNT, *taken(2)], tls=tls, unused=False) as server:
        rig = rig_for(server, tmp_path)
        first = rig.call(*ONE_BY_ONE, exits=7)
        assert {name: count for name, count in first.document["counts"].items() if count} == {
            "rows": 3,
            "held": 1,
            "not_sent": 2,
        }
        second = rig.call(*ONE_BY_ONE, exits=7)
        assert second.document["counts"]["held"] == 1
        assert second.document["counts"]["accepted"] == 2
        assert len(second.document["held_batches"]) == 1
    sent = posted(server)
    assert len(sent) == len(set(sent))
    assert set(sent) >= set(rig.people[1:])
    assert "Traceback" not in first.err + second.err


def test_a_short_batch_is_held_whole_and_can_only_be_placed(tmp_path):
    short = answer(200, {"batch_id": "batch_1", "calls_initiated": 2})
    with ScriptedServer([*ACCOUNT, short, *ACCOUNT], unused=False) as server:
        rig = rig_for(server, tmp_path)
        first = rig.call(exits=7)
        assert first.document["counts"]["held"] == 3
        assert [batch["state"] for batch in first.document["batches"]] == ["short"]
        assert rig.call(exits=7).document["counts"]["held"] == 3
        batch = first.document["batches"][0]["id"]
        assert rig.xuna("campaigns", "resolve", "people", batch, "--not-placed").code == 2
        assert {row["state"] for row in rig.export()} == {"short"}


@pytest.mark.parametrize("status", [301, 307, 401, 402, 403, 404, 405, 410])
def test_a_refusal_for_good_stops_the_run_and_leaves_everybody_free(tmp_path, status):
    refusal = answer(status, b"", {"Location": "http://127.0.0.1:9/"})
    with ScriptedServer([*ACCOUNT, refusal, *ACCOUNT, *taken(3)], unused=False) as server:
        rig = rig_for(server, tmp_path)
        first = rig.call(*ONE_BY_ONE, exits=4)
        assert first.document["counts"]["not_sent"] == 3
        assert rig.export() == []
        assert rig.call(*ONE_BY_ONE, exits=0).document["counts"]["accepted"] == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_for_now_is_waited_out(tmp_path, status):
    busy = answer(status, b"", {"Retry-After": "0"})
    one, two, three = taken(3)
    with ScriptedServer([*ACCOUNT, busy, busy, one, busy, two, three], unused=False) as server:
        rig = rig_for(server, tmp_path)
        done = rig.call(*ONE_BY_ONE, exits=0)
    assert done.document["counts"]["accepted"] == 3
    assert done.document["pacing"]["refusals"] == 3
    keys = [request.header("idempotency-key") for request in server.requests if request.method == "POST"]
    assert len(set(keys)) == 3
    assert keys[0] == keys[1] == keys[2]  # the API sees the same batch


def test_an_api_that_is_away_is_exit_6_and_everybody_is_free(tmp_path):
    with ScriptedServer([]) as server:
        rig = rig_for(server, tmp_path)
    done = rig.call(*ONE_BY_ONE, plan={"backoff": 0.001}, exits=6)
    assert done.document["counts"]["not_sent"] == 3
    assert rig.export() == []


def test_three_refused_alone_in_the_same_words_stop_the_run(tmp_path):
    words = answer(400, {"detail": {"message": "overrides are not allowed for this agent"}})
    with ScriptedServer([*ACCOUNT, words, words, words], unused=False) as server:
        rig = rig_for(server, tmp_path, people=8)
        done = rig.call(*ONE_BY_ONE, exits=4)
    assert done.document["counts"]["rejected"] == 3
    assert done.document["counts"]["not_sent"] == 5
    assert "overrides are not allowed for this agent" in done.err


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_an_ambiguous_answer_at_any_depth_of_a_split_makes_that_part_alone_unknown(tmp_path, depth):
    vague = answer(400, b"")
    sizes = [8, 4, 2, 1]
    answers = [vague] * depth + [answer(500, b"")]
    with ScriptedServer([*ACCOUNT, *answers], unused=False) as server:
        rig = rig_for(server, tmp_path, people=8)
        done = rig.call("--batch-size", 8, "--concurrency", 1, exits=7)
    assert done.document["counts"]["held"] == sizes[depth]
    assert done.document["counts"]["not_sent"] == 8 - sizes[depth]
    assert {row["state"] for row in rig.export()} == {"unknown"}
    assert len(rig.export()) == sizes[depth]


# ---------------------------------------------------------------------------- isolating bad rows

BAD = {1: [50], 2: [10, 77], 5: [3, 20, 41, 66, 98]}


@pytest.mark.parametrize(
    ("k", "loc", "requests"),
    [(1, True, 2), (2, True, 2), (5, True, 2), (1, False, 15), (2, False, 27), (5, False, 55)],
)
def test_requests_that_isolating_bad_rows_takes(sandbox, tmp_path, k, loc, requests):
    """For a batch of 100; one request if no row is bad."""
    people = numbers(100)
    sandbox.add_fault("refuse", numbers=[people[row] for row in BAD[k]], loc=loc)
    rig = Rig(tmp_path, sandbox.base_url, people)
    done = rig.call("--batch-size", 100, exits=3)
    assert done.document["counts"]["accepted"] == 100 - k
    assert sorted(rejection["row"] for rejection in done.document["rejections"]) == [
        row + 2 for row in BAD[k]
    ]
    posts = [request for request in sandbox.requests() if request["method"] == "POST"]
    print("isolating", k, "of 100", "with loc" if loc else "without loc", len(posts) - 1, "extra requests")
    assert len(posts) == requests
    assert not rig.judge(sandbox.record).guilty


def test_isolating_takes_no_more_than_twice_the_batch(sandbox, tmp_path):
    """Every other row is bad, the worst case for halving; it only stops early if nothing was accepted before."""
    people = numbers(16)
    sandbox.add_fault("refuse", numbers=people[1::2], loc=False)
    rig = Rig(tmp_path, sandbox.base_url, people)
    rig.call("--batch-size", 16, "--concurrency", 1, exits=3)
    posts = [request for request in sandbox.requests() if request["method"] == "POST"]
    assert len(posts) == 2 * 16 - 1
    assert not rig.judge(sandbox.record).guilty
