from tests.support.ledgers import database, opened, place, postgres_server  # noqa: F401 - fixtures
