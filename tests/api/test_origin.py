"""Servers to which the key may be sent."""

import httpx
import pytest

from xuna_cli.api.connection import host_header, parse_url
from xuna_cli.api.origin import is_loopback, origin_of
from xuna_cli.errors import ConfigurationError


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.xuna.ai", "https://api.xuna.ai"),
        ("https://API.XUNA.ai/", "https://api.xuna.ai"),
        ("HTTPS://api.xuna.ai:443/v1", "https://api.xuna.ai"),
        ("https://api.xuna.ai:8443/tenant", "https://api.xuna.ai:8443"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://LOCALHOST", "http://localhost"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.8.9.10:1234/path", "http://127.8.9.10:1234"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://bücher.example", "https://bücher.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_https_anywhere_and_http_to_loopback(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://api.xuna.ai",
        "http://127.evil.com",
        "http://127.0.0.1.evil.com",
        "http://localhost.evil.com",
        "http://evil.com/127.0.0.1",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://192.168.0.1",
        "http://[::2]",
        "http://[fe80::1]",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.0.0.1",
        "http://①②⑦.0.0.1",
        "http://127。0。0。1",
        "http://localhost。evil.com",
        "http://xn--lcalhost-54a",
    ],
)
def test_http_to_anywhere_else_would_show_the_key(url):
    with pytest.raises(ConfigurationError) as caught:
        origin_of(url)
    assert caught.value.code == "url-not-https"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.xuna.ai",
        "//api.xuna.ai",
        "ftp://api.xuna.ai",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://host:port",
        "https://host:99999",
        "https://[::1",
        "https://user@host",
        "https://user:pass@host",
        "https://127.0.0.1:80@evil.com",
        "https://evil.com\\@api.xuna.ai",
        "https://host?x=1",
        "https://host#x",
        "https://ho st",
        "https://host\n.evil.com",
        "https://host\t",
        "https://host/\x00",
        "https://host\u202e",
        " https://host",
        "https://a\uff0fb",
    ],
    ids=repr,
)
def test_what_is_no_url_for_a_key(url):
    with pytest.raises(ConfigurationError) as caught:
        origin_of(url)
    assert caught.value.code == "url"


def test_a_password_in_the_url_is_not_said():
    with pytest.raises(ConfigurationError) as caught:
        origin_of("https://user:hunter2@host")
    assert "hunter2" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.255.254", "::1"])
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "localhost.", "127.evil.com", "0.0.0.0", "::", "128.0.0.1", "127.0.0.256"]
)
def test_not_surely_this_machine(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("base_url", "host", "port", "path", "header"),
    [
        ("https://api.xuna.ai", b"api.xuna.ai", 443, b"", b"api.xuna.ai"),
        ("https://API.xuna.ai:443/", b"api.xuna.ai", 443, b"", b"api.xuna.ai"),
        ("https://api.xuna.ai:8443/a/b/", b"api.xuna.ai", 8443, b"/a/b", b"api.xuna.ai:8443"),
        ("http://[::1]:8000", b"::1", 8000, b"", b"[::1]:8000"),
        ("https://[2001:db8::1]", b"2001:db8::1", 443, b"", b"[2001:db8::1]"),
        ("https://b\u00fccher.example/\u00e9%20", b"xn--bcher-kva.example", 443, b"/%C3%A9%20", b"xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_a_base_url_in_its_parts(base_url, host, port, path, header):
    url = parse_url(base_url)
    assert (url.host, url.port, url.target) == (host, port, path)
    assert host_header(url) == header
    # As httpx interprets it.
    theirs = httpx.URL(base_url)
    assert (theirs.raw_host, theirs.netloc, theirs.raw_path.rstrip(b"/")) == (host, header, path)


@pytest.mark.parametrize(
    "base_url", ["", "https://", "ftp://host", "https://host:port", "https://\u2260.example"]
)
def test_what_has_no_parts(base_url):
    with pytest.raises(ValueError):
        parse_url(base_url)
