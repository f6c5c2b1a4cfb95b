"""The environment's settings have the same effect as in httpx, and are displayed without secrets."""

import httpx
import pytest

from xuna_cli.api.surroundings import certificates, proxy_for, proxy_of
from xuna_cli.errors import ConfigurationError

URL = "https://api.example.com"
NAMES = (
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSLKEYLOGFILE",
)


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({}, "none"),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128, from HTTPS_PROXY in the environment"),
        ({"https_proxy": "proxy:3128"}, "http://proxy:3128, from https_proxy in the environment"),
        (
            {"HTTPS_PROXY": "http://one", "https_proxy": "http://two"},
            "http://two, from https_proxy in the environment",
        ),
        ({"ALL_PROXY": "https://proxy"}, "https://proxy, from ALL_PROXY in the environment"),
        ({"HTTP_PROXY": "http://proxy"}, "none"),
        (
            {"HTTPS_PROXY": "http://me:s3cret@proxy:1"},
            "http://…@proxy:1, from HTTPS_PROXY in the environment",
        ),
        (
            {"HTTPS_PROXY": "http://me:s3@cret@proxy:1"},
            "http://…@proxy:1, from HTTPS_PROXY in the environment",
        ),
        (
            {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "x.org, example.com"},
            "none for api.example.com, from NO_PROXY in the environment",
        ),
        (
            {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "other.com"},
            "http://proxy, from HTTPS_PROXY in the environment",
        ),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, "none"),
    ],
)
def test_the_proxy_that_is_shown_is_the_one_that_is_used(monkeypatch, variables, shown):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said = proxy_of(URL)
    assert said == shown
    assert "s3" not in said
    used = proxy_for(URL)
    assert (used is None) is said.startswith("none")
    # As httpx interprets them.
    with httpx.Client() as client:
        transport = client._transport_for_url(httpx.URL(URL))
        assert (transport is client._transport) is (used is None)
        if used is not None:
            assert transport._pool._proxy_url.origin == used.origin


def test_this_machine_is_reached_directly(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    monkeypatch.setenv("ALL_PROXY", "http://proxy")
    assert proxy_of("http://127.0.0.1:8000").startswith("none")


def test_what_can_not_be_understood_is_told(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "http://host:port")
    with pytest.raises(ConfigurationError, match="NO_PROXY"):
        proxy_of(URL)


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({}, "certifi"),
        ({"SSL_CERT_FILE": "/a.pem", "SSL_CERT_DIR": "/d"}, "/a.pem, from SSL_CERT_FILE in the environment"),
        ({"SSL_CERT_DIR": "/d"}, "/d, from SSL_CERT_DIR in the environment"),
        ({"SSLKEYLOGFILE": "/tmp/keys"}, "written to /tmp/keys"),
    ],
)
def test_the_authorities_are_named(monkeypatch, variables, shown):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert shown in certificates()
