"""A failover to a standby that lagged behind, or a restored backup, during a run: committed changes are lost."""

import shutil
import subprocess

import pytest

from tests.support.builders import described, people
from tests.support.postgres_server import PostgresServer
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.engines.location import ServerUrl
from xuna_cli.ledger.engines.postgres import PostgresEngine
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import BatchState


@pytest.fixture(scope="module")
def server():
    with PostgresServer() as own:
        yield own


@pytest.fixture
def ledger(server):
    ledger = Ledger(PostgresEngine(ServerUrl(server.new_database()), create=True, reconnect=60.0))
    yield ledger
    ledger.close()


@pytest.fixture
def copied(server, tmp_path):
    """Copy the server's files, or put the copy in their place: `copied()`, `copied(back=True)`."""

    def copy(*, back=False):
        server.stop()
        if back:
            shutil.rmtree(server.data)
        source, target = (tmp_path / "copy", server.data) if back else (server.data, tmp_path / "copy")
        subprocess.run(["cp", "-a", source, target], check=True)
        server.start()

    return copy


def call(ledger, run, number):
    [batch] = ledger.claim(run, [people(number)])
    ledger.submit(batch)
    ledger.record(batch, BatchState.ACCEPTED, batch_id=f"batch_{number}", calls_initiated=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda ledger, run: ledger.claim(run, [people(4)]),
        lambda ledger, run: ledger.claim_statuses(run.campaign_id, ["+12120000001"]),
        lambda ledger, run: ledger.end_run(run),
    ],
    ids=["claim", "read", "end"],
)
def test_a_run_notices_that_its_calls_are_forgotten_and_stops(ledger, copied, change):
    run = ledger.start_run(described())
    call(ledger, run, 1)
    copied()
    call(ledger, run, 2)  # the copy is not newer than what the run knows
    copied(back=True)
    for _ in range(2):
        with pytest.raises(LedgerError) as caught:
            change(ledger, run)
        assert caught.value.code == "ledger-set-back"
    assert not ledger.holds_lock(run)


def test_a_run_goes_on_after_a_restart_and_after_a_change_that_was_not_committed(ledger, copied, server):
    run = ledger.start_run(described())
    call(ledger, run, 1)
    with pytest.raises(RuntimeError), ledger.transaction():
        raise RuntimeError
    for mode in ("fast", "immediate"):
        server.restart(mode)
        call(ledger, run, 2 if mode == "fast" else 3)
    copied()
    copied(back=True)
    call(ledger, run, 4)
    assert ledger.query("SELECT COUNT(*) FROM calls") == [(4,)]
