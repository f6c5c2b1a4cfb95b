"""Fixtures for ledgers on both engines."""

import pytest

from tests.support.postgres_server import PostgresServer
from xuna_cli.ledger.engines.location import ServerUrl
from xuna_cli.ledger.opening import open_ledger

ENGINES = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres_server():
    """A server for each worker."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def database(postgres_server):
    """The URL of a new database without a ledger."""
    return postgres_server.new_database()


@pytest.fixture(params=ENGINES)
def place(request, tmp_path):
    """The place of a new ledger, on each engine."""
    if request.param == "sqlite":
        return tmp_path / "ledger.db"
    return ServerUrl(request.getfixturevalue("database"))


@pytest.fixture
def opened(place):
    """Open the ledger of this test: `opened()`, once for each machine."""
    ledgers = []

    def open_(**options):
        ledgers.append(open_ledger(place, **options))
        return ledgers[-1]

    yield open_
    for ledger in ledgers:
        ledger.close()
