import pytest

from tests.support.observing import place_calls
from xuna_cli.api.batch_body import encode_batch
from xuna_cli.api.client import Client

KEY = "sk-not-a-real-key"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Remove the machine's proxy settings for the tests."""
    for name in (*PROXIES, *(name.lower() for name in PROXIES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client():
    """Create clients."""

    def make(base_url, *, deadline=5.0, key=KEY):
        return Client(base_url, key, deadline=deadline)

    return make


@pytest.fixture
def placed(client):
    """Place a batch with a new client; return what is proven."""

    def place(base_url, count=1, *, deadline=5.0, body=None, **options):
        body = body or encode_batch("a", "pn", ((f"+1555000{number:04d}", None) for number in range(count)))
        options = {"calls": count, "idempotency_key": "xuna-1"} | options
        return place_calls(client(base_url, deadline=deadline), body, **options)

    return place
