"""The API through a proxy set in the environment: a tunnel that only the API can read."""

import base64

import pytest

from tests.support import scripted
from tests.support.observing import place_calls
from tests.support.scripted import ScriptedServer
from tests.support.tunnel_proxy import TunnelProxy
from xuna_cli.api.outcomes import NotSent, Taken

URL = "https://api.example.test"
TAKEN = Taken("batch_scripted", 1, 200)


@pytest.mark.parametrize("tls", [False, True], ids=["http-proxy", "https-proxy"])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_post_goes_through_a_tunnel(client, monkeypatch, variable, tls):
    with (
        ScriptedServer([scripted.answer()], tls=True) as server,
        TunnelProxy(server.port, tls=tls) as proxy,
    ):
        monkeypatch.setenv(variable, proxy.url)
        assert place_calls(client(URL)) == TAKEN
    [head] = proxy.requests
    lines = head.split("\r\n")
    assert lines[0] == "CONNECT api.example.test:443 HTTP/1.1"
    assert {line.partition(":")[0].lower() for line in lines[1:] if line} == {"host", "accept"}
    assert server.requests[0].header("host") == "api.example.test"
    assert server.requests[0].header("xi-api-key") == "sk-not-a-real-key"


def test_what_is_read_goes_through_a_tunnel_too(client, monkeypatch):
    with (
        ScriptedServer([scripted.answer(200, [])], tls=True) as server,
        TunnelProxy(server.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert client(f"{URL}:8443").phone_numbers() == []
    assert proxy.requests[0].startswith("CONNECT api.example.test:8443 ")
    assert server.requests[0].header("host") == "api.example.test:8443"


@pytest.mark.parametrize(
    ("written", "meant"), [("me:s3cret", "me:s3cret"), ("me%40work:p%3Aw", "me@work:p:w"), ("me", "me:")]
)
def test_a_proxy_gets_its_own_credentials(client, monkeypatch, written, meant):
    with ScriptedServer([scripted.answer()], tls=True) as server, TunnelProxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//{written}@"))
        assert place_calls(client(URL)) == TAKEN
    [head] = proxy.requests
    [sent] = [line for line in head.split("\r\n") if line.lower().startswith("proxy-authorization:")]
    scheme, coded = sent.split()[1:]
    assert (scheme, base64.b64decode(coded).decode()) == ("Basic", meant)
    assert server.requests[0].header("proxy-authorization") is None


def test_nothing_is_sent_to_an_impostor_behind_the_proxy(client, monkeypatch):
    with (
        ScriptedServer([scripted.untrusted_certificate()], tls=True) as server,
        TunnelProxy(server.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        outcome = place_calls(client(URL))
    assert isinstance(outcome, NotSent)
    assert outcome.permanent
    assert server.requests == []


def test_who_is_not_to_be_reached_through_a_proxy_is_not(client, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "example.test")
    with ScriptedServer([]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
        outcome = place_calls(client(URL))
    assert isinstance(outcome, NotSent)
    assert "can't be resolved" in outcome.message


def test_an_address_of_ipv6_is_asked_for_in_brackets(client, monkeypatch):
    with ScriptedServer([scripted.refuse_connect()]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
        assert place_calls(client("https://[2001:db8::1]")) == NotSent("the proxy refused the connection")
    assert proxy.requests[0].target == "[2001:db8::1]:443"
