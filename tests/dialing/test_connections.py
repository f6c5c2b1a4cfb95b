"""The next connection is opened while a POST is in progress: the time it saves, and when it is not used."""

import contextlib
import json
import sqlite3
import threading
import time

import pytest

from tests.dialing.conftest import ScriptedApi, counts, rows, taken
from tests.support import scripted
from tests.support.scripted import ScriptedServer
from tests.support.waiting import wait_until
from xuna_cli.api.client import Client

PEOPLE = 30  # three batches of ten


class Api(ScriptedApi):
    """The API with real connections; the first one is made when all batches wait for a sender."""

    def __init__(self, server, ledger, people) -> None:
        super().__init__(taken)
        self._client = Client(server.base_url, "sk-test-of-a-key", deadline=10)
        self._ledger = ledger
        self._batches = people // 10

    def connect(self):
        if self._batches:
            wait_until(lambda: number_of(self._ledger, "claimed") == self._batches, "not all are claimed")
            time.sleep(0.2)  # a claim is on disk before its batches are given to the senders
            self._batches = 0
        return self._client.connect()


def number_of(ledger, state):
    with contextlib.closing(sqlite3.connect(ledger.location)) as other:
        return other.execute("SELECT count(*) FROM batches WHERE state = ?", (state,)).fetchone()[0]


class Served:
    """A server that accepts every batch, and waits before each answer.

    Args:
        wait: called with the connection before the answer.
        instead: other actions, by the number of the connection.
    """

    def __init__(self, wait=lambda connection: None, instead=None) -> None:
        self._wait = wait
        self._instead = instead or {}
        self.left = []  # unused connections that the client closed

    def __call__(self, number):
        # Connections may be served in another order than they were accepted; their numbers identify them.
        handshake = number not in self._instead or self._instead[number].handshake
        return scripted.Action("play", self._play, handshake=handshake)

    def _play(self, connection):
        instead = self._instead.get(connection.number)
        if instead is not None:
            instead.play(connection)
            return
        request = connection.read_request()
        if request is None:
            if not connection.server.stopping.is_set():
                self.left.append(connection.number)
            return
        self._wait(connection)
        answer = {"batch_id": f"batch_{connection.number}", "calls_initiated": len(request.json()["calls"])}
        connection.send(scripted.response(200, json.dumps(answer).encode()))


@pytest.fixture(
    params=[pytest.param(False, id="http"), pytest.param(True, id="https", marks=pytest.mark.slow)]
)
def tls(request):
    return request.param


def connections_of_posts(server):
    return [request.connection for request in server.requests]


def dial(scene, server, people=PEOPLE, **plan):
    report = scene.dial(rows(*range(people)), Api(server, scene.ledger, people), **plan)
    assert counts(report) == {"accepted": people}
    assert report.paused == 0
    return report


def test_the_next_connection_is_opened_while_a_post_is_in_progress(scene, tls):
    def until_the_next_is_open(connection):
        if connection.number < 3:
            wait_until(lambda: connection.server.connections > connection.number, "no next connection came")

    with ScriptedServer(Served(until_the_next_is_open), tls=tls) as server:
        dial(scene, server)
    assert connections_of_posts(server) == [1, 2, 3]
    assert server.connections == 3


def test_nothing_is_sent_on_it_before_the_intent_is_on_the_disk(scene, tls):
    submitting = []

    def note(connection):
        submitting.append(number_of(scene.ledger, "submitting"))

    with ScriptedServer(Served(note), tls=tls) as server:
        dial(scene, server)
    assert submitting == [1, 1, 1]


@pytest.mark.slow
def test_one_that_is_too_old_is_closed_and_another_one_made(scene, tls, monkeypatch):
    monkeypatch.setattr("xuna_cli.api.client.LONGEST_AHEAD_S", 0.1)
    served = Served(lambda connection: time.sleep(0.5 if connection.number == 1 else 0))
    with ScriptedServer(served, tls=tls) as server:
        dial(scene, server, PEOPLE // 3 * 2)
        assert connections_of_posts(server) == [1, 3]
        wait_until(lambda: served.left == [2], "the old connection was not closed")


def test_no_connection_that_is_too_old_is_used_even_where_it_was_taken_up(scene, tls, monkeypatch):
    # Time spent waiting for the ledger between taking over the connection and sending counts, too.
    monkeypatch.setattr("xuna_cli.api.client.LONGEST_PAUSE_S", 0.3)
    served = Served(lambda connection: time.sleep(0.5 if connection.number == 1 else 0))
    with ScriptedServer(served, tls=tls) as server:
        report = scene.dial(rows(*range(PEOPLE // 3 * 2)), Api(server, scene.ledger, PEOPLE // 3 * 2))
    assert counts(report) == {"accepted": PEOPLE // 3 * 2}
    assert 2 not in connections_of_posts(server)


ENDS = {
    "closed": lambda connection: connection.socket.close(),
    "reset": lambda connection: connection.reset(),
    "spoken on": lambda connection: connection.send(b"HTTP/1.1 408 Request Timeout\r\n\r\n"),
}


@pytest.mark.parametrize("play", ENDS.values(), ids=ENDS)
def test_one_that_the_server_has_closed_or_spoken_on_is_not_used(scene, tls, play):
    done = threading.Event()

    def end(connection):
        play(connection)
        connection.server.stopping.wait(0.1)
        done.set()

    served = Served(
        lambda connection: connection.number > 1 or done.wait(5), {2: scripted.Action("end", end)}
    )
    with ScriptedServer(served, tls=tls) as server:
        dial(scene, server, PEOPLE // 3 * 2)
    assert connections_of_posts(server) == [1, 3]


@pytest.mark.parametrize("play", ENDS.values(), ids=ENDS)
def test_one_that_the_server_closes_while_the_intent_is_written_is_not_used(scene, tls, play, monkeypatch):
    """A batch on it would be unknown; this happens often with servers that close idle connections early."""
    committed, ended = threading.Event(), threading.Event()
    submitted = []

    def listen(point):
        if point == "submit:committed":
            submitted.append(point)
            if len(submitted) == 2:
                committed.set()
                assert ended.wait(5)

    def end(connection):
        committed.wait(5)
        play(connection)
        connection.server.stopping.wait(0.1)
        ended.set()

    monkeypatch.setattr("xuna_cli.hooks.listener", listen)

    def until_the_next_is_open(connection):
        if connection.number == 1:
            wait_until(lambda: connection.server.connections > 1, "no next connection came")

    served = Served(until_the_next_is_open, {2: scripted.Action("end", end)})
    with ScriptedServer(served, tls=tls) as server:
        report = scene.dial(rows(*range(PEOPLE // 3 * 2)), Api(server, scene.ledger, PEOPLE // 3 * 2))
    assert counts(report) == {"accepted": PEOPLE // 3 * 2}
    assert connections_of_posts(server) == [1, 3]


def test_one_that_fails_is_made_anew_and_is_no_failure_of_the_run(scene, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(scripted.certificates()[0]))
    done = threading.Event()
    broken = scripted.Action("no handshake", lambda _: done.set(), handshake=False)
    served = Served(lambda connection: connection.number > 1 or done.wait(5), {2: broken})
    with ScriptedServer(served, tls=True) as server:
        dial(scene, server, PEOPLE // 3 * 2)
    assert connections_of_posts(server) == [1, 3]


@pytest.mark.parametrize(("people", "plan"), [(10, {}), (PEOPLE, {"rate": 10**6})], ids=["last", "rate"])
def test_none_is_opened_where_no_batch_can_be_sent_at_once(scene, people, plan):
    with ScriptedServer(Served(lambda _: time.sleep(0.1))) as server:
        dial(scene, server, people, **plan)
    assert server.connections == people // 10


def test_those_that_are_left_over_are_closed_at_the_end_of_the_run(scene, tls):
    def wait(connection):
        time.sleep(0.1)
        scene.stop = True  # so that the next batch is not sent

    served = Served(wait)
    with ScriptedServer(served, tls=tls) as server:
        report = scene.dial(rows(*range(PEOPLE)), Api(server, scene.ledger, PEOPLE))
        wait_until(lambda: served.left == [2], "the connection was not closed")
    assert report.counts["accepted"] == 10
    assert connections_of_posts(server) == [1]
