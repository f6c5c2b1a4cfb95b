"""`xuna run` in simulated time, in this process or in one that is killed at a named point of the program.

python -m tests.support.simulated '{"url": …, "ledger": …, "at": …, "point": …, "nth": 2}' run spring.toml …
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

from tests.support.sandbox_process import ROOT
from xuna_cli.commands import campaign_run
from xuna_cli.commands.simulation import Simulation
from xuna_cli.dialing.clock import SimulatedClock
from xuna_cli.ledger.engines.location import ServerUrl, is_server_url
from xuna_cli.sandbox.account import Account


def simulated_run(simulation):
    """Return what `campaign_run.run` is to be: the run of whatever options, in this time, API and ledger."""
    run = campaign_run.run
    return lambda options: run(replace(options, simulation=simulation))


def start_run(simulation, *argv, point=None, nth=1):
    """Start a command in a process of its own, which is killed when it reaches a point for the nth time."""
    ledger = simulation.ledger
    plan = {
        "url": simulation.server.base_url,
        "ledger": ledger.reveal() if isinstance(ledger, ServerUrl) else str(ledger),
        "at": simulation.clock.now().isoformat(),
        "point": point,
        "nth": nth,
    }
    command = [sys.executable, "-m", "tests.support.simulated", json.dumps(plan), *argv]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def main(plan, argv):
    from xuna_cli import hooks
    from xuna_cli.__main__ import main as xuna

    left = plan["nth"]

    def listen(point):
        nonlocal left
        left -= point == plan["point"]
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    hooks.listener = listen
    server = SimpleNamespace(base_url=plan["url"], account=Account())
    clock = SimulatedClock(datetime.fromisoformat(plan["at"]))
    ledger = plan["ledger"]
    place = ServerUrl(ledger) if is_server_url(ledger) else Path(ledger)
    campaign_run.run = simulated_run(Simulation(clock, server, place))
    return xuna(argv)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
