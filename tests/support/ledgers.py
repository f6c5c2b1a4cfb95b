"""Places for ledgers on both engines."""

import pytest

from tests.support.postgres_server import PostgresServer
from xuna_cli.ledger.location import ServerUrl
from xuna_cli.ledger.opening import open_ledger

ENGINES = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres_server():
    """One server for each worker; a fresh database for each test."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def database(postgres_server):
    """The URL of a database without a ledger."""
    return postgres_server.new_database()


@pytest.fixture(params=ENGINES)
def place(request, tmp_path):
    """Where a ledger can be made, on each engine."""
    if request.param == "sqlite":
        return tmp_path / "ledger.db"
    return ServerUrl(request.getfixturevalue("database"))


@pytest.fixture
def opened(place):
    """Open the ledger of this test: `opened()`, as often as there are machines."""
    ledgers = []

    def open_(**options):
        ledgers.append(open_ledger(place, **options))
        return ledgers[-1]

    yield open_
    for ledger in ledgers:
        ledger.close()
