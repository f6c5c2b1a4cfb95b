"""Every row of the table of faults as the client sees them, over http and TLS."""

import socket
import time
import tracemalloc

import pytest

from tests.support import scripted
from tests.support.observing import place_calls
from tests.support.scripted import ScriptedServer
from xuna_cli.api.client import Client
from xuna_cli.api.outcomes import NotSent, Refusal, Refused, Taken, Unknown

DEADLINE_S = 1.0
TOLERANCE_S = 2.0
SMALL = b'{"calls": []}'
LARGE = b'{"calls": [' + b" " * 4_000_000 + b"]}"

# name, action, body, complete requests at the server, outcome
LEFT_OPEN = [
    ("closed-before-reading", scripted.close_before_reading, SMALL, 0),
    ("read-in-full-then-reset", scripted.read_then_reset, SMALL, 1),
    ("read-in-full-then-closed", scripted.read_then_close, SMALL, 1),
    ("reset-in-a-large-upload", scripted.reset_in_upload, LARGE, 0),
    ("server-reads-nothing", scripted.read_nothing, LARGE, 0),
    ("silence-after-reading", scripted.silence, SMALL, 1),
    ("headers-then-silence", scripted.headers_then_silence, SMALL, 1),
    ("garbage-status-line", scripted.garbage_status_line, SMALL, 1),
    ("partial-status-line", scripted.partial_status_line, SMALL, 1),
    ("body-shorter-than-announced", scripted.body_shorter_than_announced, SMALL, 1),
    ("cut-json-without-length", scripted.cut_json_without_length, SMALL, 1),
    ("html", scripted.html, SMALL, 1),
    ("empty", scripted.empty_body, SMALL, 1),
    ("invalid-utf8", scripted.invalid_utf8, SMALL, 1),
    ("bad-gzip", scripted.bad_gzip, SMALL, 1),
    ("gzip-bomb", lambda: scripted.gzip_bomb(200_000_000), SMALL, 1),
    ("dripping-headers", lambda: scripted.drip_headers(interval=0.1), SMALL, 1),
    ("dripping-body", lambda: scripted.drip_body(interval=0.1), SMALL, 1),
    ("endless-headers", scripted.endless_headers, SMALL, 1),
    ("endless-body", scripted.endless_body, SMALL, 1),
    ("endless-slow-body", lambda: scripted.endless_body(chunk=b" ", interval=0.05), SMALL, 1),
    ("502", lambda: scripted.html(502), SMALL, 1),
    ("500", lambda: scripted.answer(500), SMALL, 1),
    ("504", lambda: scripted.answer(504, b""), SMALL, 1),
    ("bare-503", lambda: scripted.answer(503, b""), SMALL, 1),
    ("503-of-varnish", lambda: scripted.answer(503, b"<html>", {"Retry-After": "5"}), SMALL, 1),
    ("408", lambda: scripted.answer(408, b""), SMALL, 1),
    ("409", lambda: scripted.answer(409, b""), SMALL, 1),
    ("303", lambda: scripted.redirect("http://127.0.0.1:9/", 303), SMALL, 1),
    ("206", lambda: scripted.answer(206), SMALL, 1),
    ("207", lambda: scripted.answer(207), SMALL, 1),
    ("accepted-with-an-error", lambda: scripted.answer(200, {**scripted.ACCEPTED, "error": "quota"}), SMALL, 1),
    ("accepted-without-a-count", lambda: scripted.answer(200, {"batch_id": "batch_1"}), SMALL, 1),
    ("accepted-without-an-id", lambda: scripted.answer(200, {"calls_initiated": 1}), SMALL, 1),
    ("count-is-true", lambda: scripted.answer(200, {"batch_id": "batch_1", "calls_initiated": True}), SMALL, 1),
    ("count-is-text", lambda: scripted.answer(200, {"batch_id": "batch_1", "calls_initiated": "1"}), SMALL, 1),
]  # fmt: skip

REFUSED = [
    ("429", lambda: scripted.answer(429, b""), Refusal.FOR_NOW),
    ("503-with-retry-after", lambda: scripted.answer(503, b"", {"Retry-After": "3"}), Refusal.FOR_NOW),
    ("413", lambda: scripted.answer(413, b""), Refusal.TOO_LARGE),
    ("400", lambda: scripted.answer(400, b""), Refusal.BAD_CALLS),
    ("422", lambda: scripted.answer(422, {"detail": []}), Refusal.BAD_CALLS),
    *((str(status), lambda status=status: scripted.answer(status, b""), Refusal.FOR_GOOD) for status in (401, 402, 403, 404, 405, 410)),
    *((str(status), lambda status=status: scripted.redirect("http://127.0.0.1:9/", status), Refusal.FOR_GOOD) for status in (301, 302, 307, 308)),
]  # fmt: skip


@pytest.fixture(params=["http", "tls"])
def tls(request):
    return request.param == "tls"


@pytest.fixture
def place(monkeypatch):
    """POST a batch of one call to a server; check that this returns in time and with little memory."""

    def placing(url, body=SMALL, ca_file=None, deadline=DEADLINE_S):
        if ca_file is not None:
            monkeypatch.setenv("SSL_CERT_FILE", ca_file)
        client = Client(url, "a-key", deadline=deadline)
        tracemalloc.start()
        started = time.monotonic()
        try:
            outcome = place_calls(client, body)
        finally:
            took = time.monotonic() - started
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert took < deadline + TOLERANCE_S
        assert peak < 50_000_000
        return outcome

    return placing


@pytest.mark.parametrize(
    ("fault", "body", "whole"), [row[1:] for row in LEFT_OPEN], ids=[row[0] for row in LEFT_OPEN]
)
def test_what_proves_nothing_is_unknown(place, tls, fault, body, whole):
    with ScriptedServer([fault()], tls=tls, receive_buffer=65536) as server:
        outcome = place(server.base_url, body, server.ca_file)
    assert isinstance(outcome, Unknown), outcome
    assert server.whole_requests == whole
    assert outcome.message
    assert "Error" not in outcome.message  # a message for people, without class names


@pytest.mark.parametrize(("fault", "kind"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_proves_a_refusal_is_refused(place, tls, fault, kind):
    with ScriptedServer([fault()], tls=tls) as server:
        outcome = place(server.base_url, ca_file=server.ca_file)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind


def test_an_early_413_before_the_body_was_read(place, tls):
    """The answer may be lost with the reset that follows it; then nothing is proven, and nothing is sent again."""
    with ScriptedServer([scripted.early_answer_then_reset()], tls=tls) as server:
        outcome = place(server.base_url, LARGE, server.ca_file)
    assert server.whole_requests == 0
    assert isinstance(outcome, Unknown) or outcome.kind is Refusal.TOO_LARGE


def test_a_reset_before_reading_leaves_nothing_at_the_server(place, tls):
    """The reset may come before the first byte is written; then that is proven."""
    with ScriptedServer([scripted.reset_before_reading()], tls=tls) as server:
        outcome = place(server.base_url, ca_file=server.ca_file)
    assert server.whole_requests == 0
    assert isinstance(outcome, Unknown | NotSent)


def test_a_whole_answer_is_taken(place, tls):
    with ScriptedServer([scripted.answer()], tls=tls) as server:
        assert place(server.base_url, ca_file=server.ca_file) == Taken("batch_scripted", 1, 200)


# ------------------------------------------------------------------- nothing was sent, because there was no
# connection


def test_a_refused_connection_is_not_sent(place):
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        outcome = place(f"http://127.0.0.1:{unheard.getsockname()[1]}")
    assert outcome == NotSent("connection refused")


def test_a_name_that_does_not_resolve_is_not_sent(place):
    outcome = place("https://nobody.invalid", deadline=5.0)
    assert isinstance(outcome, NotSent)
    assert not outcome.permanent


def test_a_connection_that_nobody_accepts_is_not_sent(place):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            outcome = place(f"http://127.0.0.1:{full.getsockname()[1]}")
    assert outcome == NotSent("connecting took too long")


@pytest.mark.parametrize(
    ("action", "permanent"),
    [
        (scripted.stall_tls_handshake, False),
        (scripted.break_tls_handshake, False),
        (scripted.untrusted_certificate, True),
    ],
    ids=["stalls", "breaks", "untrusted"],
)
def test_a_failing_handshake_is_not_sent(place, action, permanent):
    with ScriptedServer([action()], tls=True) as server:
        outcome = place(server.base_url, ca_file=server.ca_file)
    assert isinstance(outcome, NotSent)
    assert outcome.permanent is permanent
    assert server.whole_requests == 0


@pytest.mark.parametrize("status", [403, 407, 502, 503])
def test_a_proxy_that_refuses_the_tunnel_is_not_sent(place, monkeypatch, status):
    with ScriptedServer([scripted.refuse_connect(status)]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
        outcome = place("https://api.nowhere.example")
    assert isinstance(outcome, NotSent)
    assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert all(request.header("xi-api-key") is None for request in proxy.requests)


def test_a_proxy_that_stalls_is_not_sent(place, monkeypatch):
    with ScriptedServer([scripted.silence()]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
        outcome = place("https://api.nowhere.example")
    assert isinstance(outcome, NotSent)


@pytest.mark.parametrize("kept", range(3))
def test_each_post_has_a_connection_of_its_own(place, tls, kept):
    del kept
    with ScriptedServer(
        [scripted.answer_and_keep_alive(), scripted.answer_and_keep_alive()], tls=tls
    ) as server:
        for _ in range(2):
            assert isinstance(place(server.base_url, ca_file=server.ca_file), Taken)
    assert [request.connection for request in server.requests] == [1, 2]
    assert {request.header("connection") for request in server.requests} == {"close"}
