"""Places for ledgers on both engines, and people to put into them."""

import pytest

from tests.support.postgres_server import PostgresServer
from xuna_cli.ledger.location import ServerUrl
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import RunDescription
from xuna_cli.models import CallTarget

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


def described(campaign="spring", **changes) -> RunDescription:
    fields = {
        "campaign": campaign,
        "named_by_default": False,
        "key_column": None,
        "api_origin": "https://api.example",
        "source_path": "/lists/spring.csv",
        "agent_id": "agent_1",
        "from_phone_number_id": "pn_1",
        "template": "Hi {{ name }}",
        "deadline": 180.0,
    }
    return RunDescription(**(fields | changes))


def person(number: int, key: str | None = None) -> CallTarget:
    phone = f"+1212{number:07}"
    return CallTarget(number, key or phone, phone)


def people(*numbers: int) -> list[CallTarget]:
    return [person(number) for number in numbers]


def numbers_of(batches) -> list[list[int]]:
    return [[target.row_number for target in batch.targets] for batch in batches]
