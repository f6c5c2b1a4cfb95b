"""A whole campaign with a real sandbox and a real ledger, and with time controlled by the test."""

import contextlib
from datetime import UTC, datetime

import pytest

from tests.support.builders import target_builder
from tests.support.clock import FakeClock
from tests.support.observing import Told
from xuna_cli.api.client import Client
from xuna_cli.dialing.context import Plan, RunContext, Stop
from xuna_cli.dialing.pipeline import targets_of
from xuna_cli.dialing.run import Dialer
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import RunDescription
from xuna_cli.models import Contact
from xuna_cli.sandbox.server import SandboxServer
from xuna_cli.screening.order import Screening
from xuna_cli.targets.call_window import WindowColumns

NOON_UTC = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Way:
    """Everything between a list and the people it calls."""

    def __init__(self, folder, server) -> None:
        self.path = folder / "ledger.db"
        self.server = server
        self.clock = FakeClock(NOON_UTC)

    @contextlib.contextmanager
    def ledger(self):
        with contextlib.closing(open_ledger(self.path, now=self.clock.now)) as ledger:
            yield ledger

    def dial(
        self,
        rows,
        screening=None,
        *,
        campaign="c",
        key=None,
        stop=lambda: False,
        prepare=None,
        read_outcomes=None,
        look_back=lambda: None,
        **options,
    ):
        names = {
            "on_batch": "batch",
            "on_waiting": "waiting",
            "on_lists": "lists_read_again",
            "on_rejection": "rejection",
            "on_waiting_for_outcomes": "waiting_for_outcomes",
            "on_outcomes_not_read": "outcomes_not_read",
        }
        observer = Told(**{names[name]: options.pop(name) for name in names if name in options})
        rows = [
            row
            if not isinstance(row, str | dict)
            else Contact(number, {"phone": row} if isinstance(row, str) else row)
            for number, row in enumerate(rows, 2)
        ]
        columns = tuple({name: None for row in rows if isinstance(row, Contact) for name in row.fields}) or (
            "phone",
        )
        builder = target_builder(
            columns,
            region="US",
            key=key,
            timezone="timezone",
            windows=WindowColumns("call_after", "call_before"),
            keep_contact=True,
        )
        with self.ledger() as ledger:
            run = ledger.start_run(
                RunDescription(
                    campaign, False, key, "sandbox", None, "agent_sandbox", "pn_sandbox", None, 10.0
                )
            )
            context = RunContext(
                Plan("agent_sandbox", "pn_sandbox", address=campaign, **{"concurrency": 1, **options}),
                run,
                ledger,
                Client(self.server.base_url, "sandbox", deadline=10),
                Stop(stop),
                observer,
                self.clock,
                None if read_outcomes is None else lambda: read_outcomes(ledger),
                look_back,
            )
            return Dialer(context, screening or Screening()).dial(targets_of(rows, prepare or builder))

    @property
    def called(self):
        return [call.to_phone_number for call in self.server.state.calls()]


@pytest.fixture
def server():
    with SandboxServer(seed=1) as server:
        yield server


@pytest.fixture
def way(tmp_path, server, unsynced):
    return Way(tmp_path, server)
