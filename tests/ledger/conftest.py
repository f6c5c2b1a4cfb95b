from contextlib import ExitStack

import pytest

from tests.support.builders import description
from tests.support.clock import FakeClock
from xuna_cli.ledger.opening import open_ledger


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def opened(tmp_path, clock):
    """Open ledgers that are closed at the end; by default all on the same file."""
    with ExitStack() as stack:

        def opened(path=None, **options):
            ledger = open_ledger(path or tmp_path / "ledger.db", now=clock.now, **options)
            stack.callback(ledger.close)
            return ledger

        yield opened


@pytest.fixture
def ledger(opened):
    return opened()


@pytest.fixture
def run(ledger):
    return ledger.start_run(description())
