import httpx
import pytest

from xuna_cli.sandbox.server import SandboxServer

BATCH_CALLS = "/v1/convai/phone-numbers/batch-calls"


def calls(count, start=0):
    return [{"to_phone_number": f"+1555{number:07d}"} for number in range(start, start + count)]


def document(count=3, **fields):
    return {"agent_id": "agent_sandbox", "from_phone_number_id": "pn_sandbox", "calls": calls(count)} | fields


class Client(httpx.Client):
    """A client of a sandbox with its key; it keeps no connections, and loads no authorities, because that is slow."""

    def __init__(self, server, **options):
        options = {
            "headers": {"xi-api-key": "sandbox"},
            "timeout": 5,
            "trust_env": False,
            "verify": False,
        } | options
        super().__init__(
            base_url=server.base_url, limits=httpx.Limits(max_keepalive_connections=0), **options
        )

    def call(self, *args, **fields):
        return self.post(BATCH_CALLS, json=document(*args, **fields))


@pytest.fixture
def sandbox():
    with SandboxServer(seed=1) as server:
        yield server


@pytest.fixture
def client(sandbox):
    with Client(sandbox) as client:
        yield client
