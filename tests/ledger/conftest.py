from contextlib import ExitStack

import pytest

from tests.support.builders import SetClock, description
from xuna_cli.ledger.opening import open_ledger


@pytest.fixture
def now():
    return SetClock()


@pytest.fixture
def opened(tmp_path, now):
    """Open ledgers that are closed at the end; by default all of them on one file."""
    with ExitStack() as stack:

        def opened(path=None, **options):
            ledger = open_ledger(path or tmp_path / "ledger.db", now=now, **options)
            stack.callback(ledger.close)
            return ledger

        yield opened


@pytest.fixture
def ledger(opened):
    return opened()


@pytest.fixture
def run(ledger):
    return ledger.start_run(description())
