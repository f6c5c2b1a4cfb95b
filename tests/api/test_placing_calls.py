"""Connect and post to servers that misbehave, over real sockets, with http and TLS."""

import base64
import json
import socket
import time

import pytest

from tests.support import scripted
from tests.support.observing import place_calls
from tests.support.scripted import ACCEPTED, ScriptedServer
from xuna_cli import __version__
from xuna_cli.api.batch_body import encode_batch
from xuna_cli.api.outcomes import NotSent, Refusal, Refused, Taken, Unknown
from xuna_cli.errors import ConfigurationError
from xuna_cli.targets.override import as_json

TAKEN = Taken("batch_scripted", 1, 200)
SLACK = 1.0  # seconds after the deadline in which a call must return
HUGE = b'{"calls": "' + b"x" * 8_000_000 + b'"}'


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def tls(request):
    return request.param


# ------------------------------------------------------------------------------- what is sent


def test_the_request_is_exactly_the_documented_one(placed, tls):
    override = {"agent": {"first_message": "Hi Zoë 👋"}}
    body = encode_batch("agent_1", "pn_1", [("+15559876543", as_json(override)), ("+15557654321", None)])
    with ScriptedServer([scripted.answer(200, ACCEPTED)], tls=tls) as server:
        assert placed(server.base_url, 2, body=body, idempotency_key="xuna-abc-7") == TAKEN
    [request] = server.requests
    assert (request.method, request.target) == ("POST", "/v1/convai/phone-numbers/batch-calls")
    assert request.body == body
    assert request.json() == {
        "agent_id": "agent_1",
        "from_phone_number_id": "pn_1",
        "calls": [
            {"to_phone_number": "+15559876543", "conversation_config_override": override},
            {"to_phone_number": "+15557654321"},
        ],
    }
    headers = {name.lower(): value for name, value in request.headers}
    assert len(headers) == len(request.headers)
    assert headers == {
        "host": f"127.0.0.1:{server.port}",
        "xi-api-key": "sk-not-a-real-key",
        "user-agent": f"xuna/{__version__}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "close",
        "content-type": "application/json",
        "idempotency-key": "xuna-abc-7",
        "content-length": str(len(body)),
    }


def test_each_post_has_a_connection_of_its_own_though_the_server_would_keep_it(client):
    script = [scripted.answer_and_keep_alive()] * 3
    with ScriptedServer(script) as server:
        ours = client(server.base_url)
        for _ in range(3):
            assert place_calls(ours) == TAKEN
    assert [request.connection for request in server.requests] == [1, 2, 3]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(placed, status):
    with (
        ScriptedServer([]) as elsewhere,
        ScriptedServer([scripted.redirect(f"{elsewhere.base_url}/take-the-key", status)]) as server,
    ):
        outcome = placed(server.base_url)
    assert outcome == Refused(Refusal.FOR_GOOD, status, f"HTTP {status}", {})
    assert elsewhere.requests == []


def test_a_redirect_that_says_that_the_post_was_processed_is_not_followed_either(placed):
    with (
        ScriptedServer([]) as elsewhere,
        ScriptedServer([scripted.redirect(f"{elsewhere.base_url}/result", 303)]) as server,
    ):
        outcome = placed(server.base_url)
    assert outcome == Unknown("HTTP 303", 303)
    assert elsewhere.requests == []


def test_a_path_of_the_base_url_goes_before(placed):
    with ScriptedServer([scripted.answer()]) as server:
        assert placed(f"{server.base_url}/tenant/") == TAKEN
    assert server.requests[0].target == "/tenant/v1/convai/phone-numbers/batch-calls"


def test_no_second_try_is_made_of_anything(placed):
    # The server fails the test on a second connection.
    for action in (scripted.read_then_close(), scripted.answer(500), scripted.close_before_reading()):
        with ScriptedServer([action]) as server:
            assert isinstance(placed(server.base_url, deadline=0.5), Unknown)


# ------------------------------------------------------------------------------- what is proven


@pytest.mark.parametrize(
    ("action", "whole"),
    [
        (scripted.close_before_reading(), 0),
        (scripted.reset_before_reading(), 0),
        (scripted.read_then_reset(), 1),
        (scripted.read_then_close(), 1),
        (scripted.silence(), 1),
        pytest.param(scripted.headers_then_silence(), 1, marks=pytest.mark.slow),
        (scripted.garbage_status_line(), 1),
        (scripted.partial_status_line(), 1),
        (scripted.body_shorter_than_announced(), 1),
        (scripted.cut_json_without_length(), 1),
        (scripted.html(200), 1),
        (scripted.html(502), 1),
        (scripted.empty_body(200), 1),
        (scripted.empty_body(503), 1),
        (scripted.invalid_utf8(), 1),
        (scripted.bad_gzip(), 1),
        (scripted.gzip_bomb(), 1),
        pytest.param(scripted.drip_headers(), 1, marks=pytest.mark.slow),
        pytest.param(scripted.drip_body(), 1, marks=pytest.mark.slow),
        (scripted.endless_headers(), 1),
        (scripted.endless_body(), 1),
        pytest.param(scripted.endless_body(b" ", 0.05), 1, marks=pytest.mark.slow),
        pytest.param(scripted.slow_answer(0.6), 1, marks=pytest.mark.slow),
        (scripted.answer(408), 1),
        (scripted.answer(409), 1),
        (scripted.answer(500), 1),
        (scripted.answer(200, {"batch_id": "b"}), 1),
        (scripted.answer(200, b"x" * 2_000_000), 1),
        (scripted.raw(scripted.response(200, b"{}", {"Transfer-Encoding": "chunked"})), 1),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_proves_nothing_is_unknown_within_the_deadline(placed, tls, action, whole):
    with ScriptedServer([action], tls=tls) as server:
        began = time.monotonic()
        outcome = placed(server.base_url, deadline=0.4)
        took = time.monotonic() - began
        assert isinstance(outcome, Unknown), outcome
        assert took < 0.4 + SLACK
        assert outcome.message
        assert outcome.message.isprintable()
        server.wait_for_requests(whole)
    assert server.whole_requests == whole


@pytest.mark.parametrize(
    "action", [scripted.read_nothing(), scripted.reset_in_upload()], ids=lambda action: action.name
)
def test_a_request_that_is_not_read_is_unknown(placed, tls, action):
    with ScriptedServer([action], tls=tls, receive_buffer=65536) as server:
        outcome = placed(server.base_url, deadline=0.4, body=HUGE)
    assert isinstance(outcome, Unknown), outcome
    assert server.whole_requests == 0


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        (scripted.answer(), TAKEN),
        (scripted.answer(201), Taken("batch_scripted", 1, 201)),
        (scripted.slow_answer(0.1), TAKEN),
        (scripted.drip_body(0.001), TAKEN),
        (scripted.answer(200, {"batch_id": "b", "calls_initiated": 0}), Taken("b", 0, 200)),
        (scripted.answer(401, {"detail": "bad key"}), Refused(Refusal.FOR_GOOD, 401, "HTTP 401: bad key", {})),
        (scripted.answer(404), Refused(Refusal.FOR_GOOD, 404, "HTTP 404", {})),
        (scripted.answer(413, b""), Refused(Refusal.TOO_LARGE, 413, "HTTP 413", {})),
        (scripted.answer(429, b"", {"Retry-After": "3"}), Refused(Refusal.FOR_NOW, 429, "HTTP 429", {}, 3.0)),
        (scripted.answer(429, b"", {"RETRY-AFTER": "3"}), Refused(Refusal.FOR_NOW, 429, "HTTP 429", {}, 3.0)),
        (scripted.answer(503, b"", {"Retry-After": "0"}), Refused(Refusal.FOR_NOW, 503, "HTTP 503", {}, 0.0)),
        # Nothing is decompressed: a refusal needs no body.
        (
            scripted.answer(401, b"no gzip", {"Content-Encoding": "gzip"}),
            Refused(Refusal.FOR_GOOD, 401, "HTTP 401: no gzip", {}),
        ),
        (
            scripted.answer(422, {"detail": [{"loc": ["body", "calls", 0, "x"], "msg": "bad"}]}),
            Refused(Refusal.BAD_CALLS, 422, "HTTP 422: body.calls.0.x: bad", {0: "bad"}),
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)  # fmt: skip
def test_what_is_read_in_full_is_believed(placed, tls, action, outcome):
    with ScriptedServer([action], tls=tls) as server:
        assert placed(server.base_url) == outcome


def test_an_early_refusal_is_believed_although_the_connection_is_reset_behind_it(placed):
    with ScriptedServer([scripted.early_answer_then_reset(413)]) as server:
        outcome = placed(server.base_url, body=HUGE)
    # Whether the kernel delivers an answer before a reset is chance; the outcome is never *not sent*.
    assert isinstance(outcome, Unknown) or outcome == Refused(Refusal.TOO_LARGE, 413, "HTTP 413", {})


def test_a_refusal_that_the_deadline_cut_short_proves_nothing(placed):
    head = b"HTTP/1.1 422 No\r\nContent-Type: application/json\r\n\r\n" + b" " * 10

    def play(connection):
        if connection.read_request() is not None:
            connection.send(head)  # no length: the answer ends with the connection
            connection.drip(b" " * 1000, 0.03)  # so that no single read takes too long

    action = scripted.Action("a refusal without an end", play)
    with ScriptedServer([action]) as server:
        outcome = placed(server.base_url, deadline=0.3)
    assert outcome == Unknown("no complete answer within 0.3 s", 422)


# ------------------------------------------------------------------------------- not sent


def refused_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_a_refused_connection_is_proof_that_nothing_was_sent(placed):
    outcome = placed(f"http://127.0.0.1:{refused_port()}")
    assert outcome == NotSent("connection refused")


def test_a_name_that_nobody_has_is_proof_that_nothing_was_sent(placed):
    outcome = placed("https://api.does-not-exist.invalid", deadline=5)
    assert isinstance(outcome, NotSent)
    assert not outcome.permanent
    assert "can't be resolved" in outcome.message


def test_an_untrusted_certificate_is_proof_and_trying_again_is_pointless(placed, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(scripted.certificates()[0]))
    with ScriptedServer([scripted.untrusted_certificate()], tls=True) as server:
        outcome = placed(server.base_url)
    assert isinstance(outcome, NotSent)
    assert outcome.permanent
    assert "certificate is not trusted" in outcome.message


def test_a_broken_handshake_is_proof_that_nothing_was_sent(placed):
    with ScriptedServer([scripted.break_tls_handshake()], tls=True) as server:
        outcome = placed(server.base_url)
    assert isinstance(outcome, NotSent)
    assert not outcome.permanent
    assert "TLS failed" in outcome.message


def test_a_stalled_handshake_is_proof_that_nothing_was_sent(placed):
    with ScriptedServer([scripted.stall_tls_handshake()], tls=True) as server:
        began = time.monotonic()
        outcome = placed(server.base_url, deadline=0.3)
        assert time.monotonic() - began < 0.3 + SLACK
    assert isinstance(outcome, NotSent)
    assert not outcome.permanent


def test_a_proxy_that_refuses_the_tunnel_is_proof_that_nothing_was_sent(placed, monkeypatch):
    with ScriptedServer([scripted.refuse_connect(502)]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
        outcome = placed("https://api.example.invalid")
    assert isinstance(outcome, NotSent)
    assert not outcome.permanent
    [request] = proxy.requests
    assert request.method == "CONNECT"
    assert request.header("xi-api-key") is None


@pytest.mark.slow
def test_a_proxy_that_drips_its_consent_is_left_at_the_deadline(placed, monkeypatch):
    def play(connection):
        connection.read_request()
        connection.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000, 0.05)

    with ScriptedServer([scripted.Action("drip the tunnel", play)]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
        began = time.monotonic()
        outcome = placed("https://api.example.invalid", deadline=0.4)
        assert time.monotonic() - began < 0.4 + SLACK
    assert isinstance(outcome, NotSent)


def test_connecting_sends_nothing(client, tls):
    with ScriptedServer([scripted.nothing_comes()], tls=tls) as server, client(server.base_url).connect():
        pass
    assert (server.connections, server.requests) == (1, [])


def test_a_connection_that_waited_for_us_is_not_used(placed, monkeypatch):
    """The server may have closed it, and a write to a closed connection proves nothing."""
    monkeypatch.setattr("xuna_cli.api.client.LONGEST_PAUSE_S", 0.0)
    with ScriptedServer([scripted.nothing_comes()]) as server:
        outcome = placed(server.base_url)
    assert outcome == NotSent("writing to the ledger took so long that the connection may be closed")


def test_a_key_that_http_cannot_carry_is_never_sent_nor_said(client):
    with ScriptedServer([scripted.Action("nothing", lambda connection: None)]) as server:
        ours = client(server.base_url, key="sk-secret\r\nX-Evil: 1")
        outcome = place_calls(ours)
    assert not isinstance(outcome, Taken)
    assert "sk-secret" not in repr(outcome)
    assert server.whole_requests == 0


# ------------------------------------------------------------------------------- proxies


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
def test_proxies_have_no_business_with_loopback(placed, monkeypatch, variable):
    with ScriptedServer([]) as proxy, ScriptedServer([scripted.answer()]) as server:
        monkeypatch.setenv(variable, proxy.base_url)
        assert placed(server.base_url) == TAKEN


def test_a_socks_proxy_without_its_library_is_a_matter_of_configuration(client, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(ConfigurationError) as caught:
        client("https://api.xuna.ai")
    assert caught.value.code == "url"
    assert "ALL_PROXY" in caught.value.hint


def test_a_malformed_proxy_is_a_matter_of_configuration_and_its_password_is_not_said(client, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:hunter2@127.0.0.1:9")
    with pytest.raises(ConfigurationError) as caught:
        client("https://api.xuna.ai")
    assert "hunter2" not in caught.value.message + caught.value.hint + repr(caught.value)


@pytest.mark.slow
def test_a_server_that_speaks_late_at_every_step_is_left_at_the_deadline(placed):
    """No single step takes too long, only all steps together."""

    def play(connection):
        connection.read_request()
        for part in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 50\r\n", b"\r\n", b"{", b"}"):
            connection.server.stopping.wait(0.4)
            connection.send(part)

    with ScriptedServer([scripted.Action("late at every step", play)]) as server:
        began = time.monotonic()
        outcome = placed(server.base_url, deadline=0.5)
        assert time.monotonic() - began < 0.5 + SLACK
    assert outcome == Unknown("no complete answer within 0.5 s", None) or outcome.http_status == 200


SECRET = "sk_S3cret/+key=\"of-tests\\'=="


def escaped(key, write):
    return "".join(character if character.isalnum() else write(ord(character)) for character in key)


@pytest.mark.parametrize(
    "quoted",
    [
        json.dumps(SECRET)[1:-1],
        escaped(SECRET, "\\u{:04x}".format),
        escaped(SECRET, "\\u{:04X}".format),
        json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
        escaped(SECRET, "\\\\u{:04x}".format),
        SECRET.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/"),
        escaped(SECRET, "%{:02x}".format),
        escaped(SECRET, "&#{};".format),
        escaped(SECRET, "&#x{:X};".format),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
@pytest.mark.parametrize("room", [0, 480])  # messages are shortened to 500 characters
def test_a_server_that_quotes_the_key_is_not_repeated(client, quoted, room):
    words = "x" * room
    said = f'{{"detail": "{words}: {quoted}!"}}'
    at_a_call = f'{{"detail": [{{"loc": ["body", "calls", 0], "msg": "{quoted}!"}}]}}'
    with ScriptedServer(
        [scripted.answer(401, said), scripted.answer(500, said), scripted.answer(422, at_a_call)]
    ) as server:
        ours = client(server.base_url, key=SECRET)
        refused, unknown, blamed = (place_calls(ours) for _ in range(3))
    for message in (refused.message, unknown.message):
        assert message == f"HTTP {message[5:8]}: {words}: [the key]!"
    assert blamed.offending == {0: "[the key]!"}


def test_a_key_in_utf_16_is_not_repeated(client):
    said = json.dumps({"detail": f"bad key {SECRET}"}).encode("utf-16")
    with ScriptedServer([scripted.answer(401, said)]) as server:
        outcome = place_calls(client(server.base_url, key=SECRET))
    assert outcome.message == "HTTP 401: bad key [the key]"


def test_a_batch_id_with_the_key_in_it_is_kept_without(client):
    said = {"batch_id": f"batch_{SECRET}_7", "calls_initiated": 1}
    with ScriptedServer([scripted.answer(200, said)]) as server:
        outcome = place_calls(client(server.base_url, key=SECRET))
    assert outcome == Taken("batch_[the key]_7", 1, 200)


def test_reading_does_not_repeat_the_key_either(client):
    quoted = escaped(SECRET, "\\u{:04x}".format)
    said = f'{{"detail": "bad key {quoted}"}}'
    with ScriptedServer([scripted.answer(401, said)]) as server, pytest.raises(ConfigurationError) as caught:
        client(server.base_url, key=SECRET).get("/v1")
    assert "bad key [the key]" in caught.value.message


@pytest.mark.slow
def test_a_server_that_reads_drop_by_drop_is_left_at_the_deadline(placed, tls):
    """Each write makes progress, so none of them alone takes too long."""

    def play(connection):
        while not connection.server.stopping.wait(0.02) and connection.receive():
            pass

    action = scripted.Action("read drop by drop", play)
    with ScriptedServer([action], tls=tls, receive_buffer=4096) as server:
        began = time.monotonic()
        outcome = placed(server.base_url, deadline=0.4, body=HUGE)
        assert time.monotonic() - began < 0.4 + SLACK
    assert isinstance(outcome, Unknown)
    assert server.whole_requests == 0
