"""A campaign's whole way against a real sandbox and a real ledger, with the time given from outside."""

import contextlib
from datetime import UTC, datetime

import pytest

from tests.support.clock import FakeClock
from xuna_cli.api.client import Client, encode_batch, refusal_error
from xuna_cli.dialing.plan import Plan
from xuna_cli.dialing.run import Dialer
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import RunDescription
from xuna_cli.models import Contact
from xuna_cli.sandbox.server import SandboxServer
from xuna_cli.screening.order import Screening
from xuna_cli.targets.builder import TargetBuilder
from xuna_cli.targets.row_phone import PhoneColumns

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
        self, rows, screening=None, *, campaign="c", key=None, stop=lambda: False, prepare=None, **options
    ):
        told = {
            name: options.pop(name)
            for name in ("on_batch", "on_waiting", "on_lists", "on_rejection")
            if name in options
        }
        rows = [
            row
            if not isinstance(row, str | dict)
            else Contact(number, {"phone": row} if isinstance(row, str) else row)
            for number, row in enumerate(rows, 2)
        ]
        columns = tuple({name: None for row in rows if isinstance(row, Contact) for name in row.fields}) or (
            "phone",
        )
        with (
            self.ledger() as ledger,
            contextlib.closing(Client(self.server.base_url, "sandbox", deadline=10)) as api,
        ):
            run = ledger.start_run(
                RunDescription(
                    campaign, False, key, "sandbox", None, "agent_sandbox", "pn_sandbox", None, 10.0
                )
            )
            plan = Plan("agent_sandbox", "pn_sandbox", **{"concurrency": 1, **options})
            return Dialer(
                plan=plan,
                run=run,
                ledger=ledger,
                api=api,
                encode=encode_batch,
                prepare=prepare
                or TargetBuilder(
                    phones=PhoneColumns(("phone",)),
                    columns=columns,
                    region="US",
                    key_column=key,
                    timezone_column="timezone",
                    keep_contact=True,
                ),
                screening=screening or Screening(),
                stop_asked=stop,
                refusal_error=refusal_error,
                clock=self.clock,
                **told,
            ).dial(rows)

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
