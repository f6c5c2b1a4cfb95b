"""The scripted server does what the names of its actions say, checked with httpx."""

import gzip
import json
import socket
import ssl
import threading
import time

import httpx
import pytest

from tests.support import scripted
from tests.support.scripted import ScriptedServer

BODY = b'{"calls": [{"to_phone_number": "+15559876543"}]}'
HUGE = b"x" * 24_000_000
SEEN_BY_HTTPX = {"accept-encoding": "gzip", "xi-api-key": "k"}
# Python's ssl reports a reset like an end of file, which httpx reports as a protocol error.
RESET_OVER_TLS = {False: set(), True: {"RemoteProtocolError"}}
pytestmark = pytest.mark.slow  # it waits for events that never come, and rarely changes

BOTH = pytest.mark.parametrize("tls", [False, True], ids=["http", "tls"])


def post(server, body=BODY, *, tls=False, timeout=0.3, **options):
    verify = ssl.create_default_context(cafile=server.ca_file) if tls else False
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(verify=verify, timeout=timeout, limits=limits, trust_env=False, **options) as client:
        return client.post(f"{server.base_url}/calls", content=body, headers=SEEN_BY_HTTPX)


def trace_of(server, body=BODY, *, tls=False, timeout=0.3, **options):
    """Return what httpx raised, and whether its trace shows that the headers of a POST were started."""
    begun = []

    def trace(event, info):
        request = info.get("request")
        if event.endswith("send_request_headers.started") and request.method == b"POST":
            begun.append(event)

    verify = ssl.create_default_context(cafile=server.ca_file) if tls else False
    with (
        httpx.Client(verify=verify, timeout=timeout, trust_env=False, **options) as client,
        pytest.raises(httpx.TransportError) as raised,
    ):
        client.post(f"{server.base_url}/calls", content=body, extensions={"trace": trace})
    return raised.type, bool(begun)


# ------------------------------------------------------------------------- no complete request


@BOTH
@pytest.mark.parametrize(
    ("action", "body", "seen"),
    [
        (scripted.close_before_reading(), BODY, {"ReadError", "RemoteProtocolError"}),
        (scripted.reset_before_reading(), BODY, {"ReadError"}),
        (scripted.reset_in_upload(65536), HUGE, {"RemoteProtocolError", "ReadError"}),
        (scripted.read_nothing(), HUGE, {"WriteTimeout"}),
    ],
    ids=lambda value: value.name if isinstance(value, scripted.Action) else None,
)
def test_the_server_has_nothing_whole_and_the_client_can_not_know(tls, action, body, seen):
    with ScriptedServer([action], tls=tls, receive_buffer=65536) as server:
        kind, begun = trace_of(server, body, tls=tls, timeout=0.5)
        assert kind.__name__ in seen | RESET_OVER_TLS[tls]
        assert begun
    assert server.whole_requests == 0


@BOTH
def test_an_early_413_is_read_although_the_upload_was_cut(tls):
    with ScriptedServer([scripted.early_answer_then_reset(413, b"{}")], tls=tls) as server:
        assert post(server, HUGE, tls=tls, timeout=2).status_code == 413
    assert server.whole_requests == 0


# ----------------------------------------------------------------------- the trace proves that nothing was sent


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        (scripted.stall_tls_handshake(), httpx.ConnectTimeout),
        (scripted.break_tls_handshake(), httpx.ConnectError),
        (scripted.untrusted_certificate(), httpx.ConnectError),
    ],
    ids=["stall", "break", "untrusted"],
)
def test_a_handshake_that_fails_sends_nothing(action, seen):
    with ScriptedServer([action], tls=True) as server:
        assert trace_of(server, tls=True) == (seen, False)
    assert server.whole_requests == 0


def test_a_client_that_trusts_anybody_fails_the_test_of_the_untrusted_certificate():
    with (
        pytest.raises(AssertionError, match="can't trust"),
        ScriptedServer([scripted.untrusted_certificate()], tls=True) as server,
        pytest.raises(httpx.TransportError),
    ):
        post(server)


def test_a_proxy_that_refuses_connect_sends_nothing():
    with ScriptedServer([scripted.refuse_connect(407)]) as proxy, ScriptedServer([], tls=True) as server:
        assert trace_of(server, tls=True, proxy=proxy.base_url) == (httpx.ProxyError, False)
        assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert proxy.whole_requests == server.whole_requests == 0


# --------------------------------------------------------------- one complete request without a usable answer


@BOTH
@pytest.mark.parametrize(
    ("action", "seen"),
    [
        (scripted.read_then_reset(), {"ReadError"}),
        (scripted.read_then_close(), {"RemoteProtocolError"}),
        (scripted.silence(), {"ReadTimeout"}),
        (scripted.headers_then_silence(), {"ReadTimeout"}),
        (scripted.garbage_status_line(), {"RemoteProtocolError"}),
        (scripted.partial_status_line(), {"RemoteProtocolError"}),
        (scripted.body_shorter_than_announced(), {"RemoteProtocolError"}),
        (scripted.bad_gzip(), {"DecodingError"}),
        (scripted.slow_answer(9), {"ReadTimeout"}),
        (scripted.endless_headers(), {"RemoteProtocolError"}),
    ],
    ids=lambda value: value.name if isinstance(value, scripted.Action) else None,
)
def test_the_server_has_the_whole_request_and_the_client_an_exception(tls, action, seen):
    with ScriptedServer([action], tls=tls) as server:
        with pytest.raises(httpx.RequestError) as raised:
            post(server, tls=tls)
        assert raised.type.__name__ in seen | RESET_OVER_TLS[tls]
    assert server.whole_requests == 1
    assert server.requests[0].body == BODY


@BOTH
@pytest.mark.parametrize(
    ("action", "failure"),
    [
        (scripted.cut_json_without_length(), json.JSONDecodeError),
        (scripted.html(), json.JSONDecodeError),
        (scripted.empty_body(), json.JSONDecodeError),
        (scripted.invalid_utf8(), UnicodeDecodeError),
    ],
    ids=lambda value: value.name if isinstance(value, scripted.Action) else None,
)
def test_the_server_has_the_whole_request_and_the_client_a_200_that_is_no_json(tls, action, failure):
    with ScriptedServer([action], tls=tls) as server:
        answer = post(server, tls=tls)
        assert answer.status_code == 200
        with pytest.raises(failure):
            answer.json()
    assert server.whole_requests == 1


@pytest.mark.parametrize("drip", [scripted.drip_headers, scripted.drip_body])
def test_what_drips_never_meets_the_read_timeout(drip):
    with ScriptedServer([drip(0.006)]) as server:
        began = time.monotonic()
        assert post(server, timeout=0.25).json() == scripted.ACCEPTED
        assert time.monotonic() - began > 0.3
    assert server.whole_requests == 1


def test_a_gzip_bomb_of_194_kb_unpacks_to_200_mb():
    packed = scripted.bomb(200_000_000)
    assert 190_000 < len(packed) < 210_000
    small = scripted.bomb(3_000_000)
    assert gzip.decompress(small) == bytes(3_000_000)
    with ScriptedServer([scripted.gzip_bomb(3_000_000)]) as server:
        assert post(server).content == bytes(3_000_000)


def test_an_endless_body_goes_on_until_the_client_leaves():
    with ScriptedServer([scripted.endless_body()]) as server:
        received = 0
        with (
            httpx.Client(trust_env=False) as client,
            client.stream("POST", server.base_url, content=BODY) as answer,
        ):
            for chunk in answer.iter_raw():
                received += len(chunk)
                if received > 5_000_000:
                    break
    assert server.whole_requests == 1


# ------------------------------------------------------------------------------------------ answers


def test_an_answer_has_any_status_headers_and_body():
    script = [
        scripted.answer(418, {"error": "no"}, {"Retry-After": "7"}),
        scripted.answer(503, "later", [("X-Same", "1"), ("X-Same", "2")]),
        scripted.answer(),
    ]
    with ScriptedServer(script) as server:
        first, second, third = (post(server) for _ in range(3))
    assert (first.status_code, first.json(), first.headers["retry-after"]) == (418, {"error": "no"}, "7")
    assert (second.text, second.headers.get_list("x-same")) == ("later", ["1", "2"])
    assert (third.status_code, third.json()) == (200, scripted.ACCEPTED)


def test_a_redirect_names_another_origin_which_hears_nothing_of_a_client_that_stays():
    with ScriptedServer([]) as other, ScriptedServer([scripted.redirect(other.base_url)]) as server:
        answer = post(server)
        assert (answer.status_code, answer.headers["location"]) == (307, other.base_url)


def test_a_redirect_that_is_followed_hands_the_key_over():
    with (
        ScriptedServer([scripted.answer()]) as other,
        ScriptedServer([scripted.redirect(other.base_url)]) as server,
    ):
        assert post(server, follow_redirects=True).status_code == 200
    assert other.requests[0].header("xi-api-key") == "k"
    assert other.requests[0].body == BODY


@BOTH
def test_requests_are_recorded_whole(tls):
    with ScriptedServer([scripted.answer(), scripted.answer()], tls=tls) as server:
        post(server, tls=tls)
        post(server, iter([b"ab", b"", b"cde"]), tls=tls)
    first, second = server.requests
    assert (first.method, first.target, first.header("XI-API-KEY"), first.body) == (
        "POST",
        "/calls",
        "k",
        BODY,
    )
    assert first.json() == json.loads(BODY)
    assert first.header("idempotency-key") is None
    assert second.body == b"abcde"
    assert [request.connection for request in server.requests] == [1, 2]


def test_a_connection_that_is_kept_alive_plays_the_next_action():
    script = [scripted.answer_and_keep_alive(), scripted.answer_and_keep_alive(), scripted.read_then_reset()]
    with ScriptedServer(script) as server, httpx.Client(trust_env=False) as client:
        assert [client.post(server.base_url).status_code for _ in range(2)] == [200, 200]
        with pytest.raises(httpx.ReadError):
            client.post(server.base_url)
    assert server.connections == 1
    assert server.whole_requests == 3


def test_a_script_may_be_a_function_of_the_connection():
    def script(number):
        return scripted.read_then_reset() if number % 3 == 0 else scripted.answer()

    with ScriptedServer(script) as server:
        seen = []
        for _ in range(6):
            try:
                seen.append(post(server).status_code)
            except httpx.ReadError:
                seen.append("cut")
    assert seen == [200, 200, "cut", 200, 200, "cut"]
    assert server.whole_requests == 6


def test_it_serves_many_at_once():
    seen = []
    with ScriptedServer([scripted.slow_answer(0.1)] * 8) as server:
        threads = [
            threading.Thread(target=lambda: seen.append(post(server, timeout=5).status_code))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [200] * 8


def test_a_request_that_is_still_in_the_kernel_when_the_test_ends_is_counted():
    def script(number):
        time.sleep(0.1)
        return scripted.read_then_close()

    with ScriptedServer(script) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    assert server.whole_requests == 1


# ------------------------------------------------------------------------- it fails the test itself


def test_an_action_that_nothing_has_played_fails_the_test():
    with (
        pytest.raises(AssertionError, match=r"nothing has played: answer\(503\), silence\(\)"),
        ScriptedServer([scripted.answer(), scripted.answer(503), scripted.silence()]) as server,
    ):
        post(server)


@BOTH
def test_a_request_that_the_script_does_not_have_fails_the_test(tls):
    def talk():
        with ScriptedServer([scripted.answer()], tls=tls) as server:
            assert post(server, tls=tls).status_code == 200
            assert post(server, tls=tls).status_code == 500

    with pytest.raises(AssertionError, match="unexpected on connection 2: POST /calls"):
        talk()


def test_a_connection_that_says_nothing_is_unexpected_too():
    with (
        pytest.raises(AssertionError, match="unexpected on connection 1: no whole request"),
        ScriptedServer([]) as server,
    ):
        socket.create_connection(("127.0.0.1", server.port)).close()


def test_a_mistake_in_a_script_fails_the_test():
    def play(connection):
        raise KeyError("typo")

    with (
        pytest.raises(AssertionError, match="typo"),
        ScriptedServer([scripted.Action("mistake", play)]) as server,
        pytest.raises(httpx.TransportError),
    ):
        post(server)


def test_a_failure_inside_is_not_covered_by_what_is_left_of_the_script():
    with pytest.raises(ZeroDivisionError), ScriptedServer([scripted.answer()]):
        raise ZeroDivisionError


@pytest.mark.parametrize("action", [scripted.silence(), scripted.endless_body(), scripted.drip_headers(5.0)])
def test_the_end_of_the_test_ends_what_is_still_playing(action):
    with ScriptedServer([action]) as server:
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        server.wait_for_requests(1)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    client.close()
