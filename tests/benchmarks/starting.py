"""Start-up time: the cost of a command before it does anything, compared with the minimum."""

import sys

from tests.benchmarks.results import Row
from tests.benchmarks.stage import Server, alternate, middle, run

# All modules of other packages that calling ten people needs, and none of ours.
NEEDED = (
    "import typer, typer.rich_utils, rich.table, rich.console, dotenv, sqlite3, phonenumbers, "
    "phonenumbers.shortnumberinfo, jinja2.sandbox, jinja2.meta, httpx; httpx.Client().close()"
)
MINIMAL_APP = """
import typer
app = typer.Typer()
@app.command()
def one(name: str = "x"): "One."
@app.command()
def two(name: str = "x"): "Two."
app(["--help"])
"""


def starting(stage):
    """`--version`, `--help` and ten contacts."""
    python, env = sys.executable, stage.environment()
    xuna = [python, "-m", "xuna_cli"]
    runs = alternate(
        stage.short,
        bare=lambda: run([python, "-c", "pass"], env=env),
        typer=lambda: run([python, "-c", "import typer"], env=env),
        version=lambda: run([*xuna, "--version"], env=env),
        minimal=lambda: run([python, "-c", MINIMAL_APP], env=env),
        help=lambda: run([*xuna, "--help"], env=env),
    )
    contacts = stage.list("e164.csv", 10)

    def ten():
        argv = [argument for argument in stage.command(contacts, server.base_url) if argument != "--quiet"]
        ran = run(argv, env=env)  # with its table, as people see it
        if server.taken() != (10, 1):
            raise AssertionError(ran.out)
        return ran

    with Server() as server:
        runs |= alternate(
            stage.short,
            needed=lambda: run([python, "-c", NEEDED], env=env),
            ten=ten,
            script=lambda: stage.script(contacts, server, expect=10),
        )
    ledger = stage.fresh_ledger()
    list_campaigns = [*xuna, "campaigns", "list", "--ledger", str(ledger)]
    with Server() as server:
        stage.batch_call(contacts, server, ledger=ledger, expect={"accepted": 10})
    runs |= alternate(stage.short, list=lambda: run(list_campaigns, env=env))
    took = {name: middle(each, "wall") for name, each in runs.items()}
    figures = {name: [ran.wall for ran in each] for name, each in runs.items()}

    def row(what, ours, theirs, goal=None):
        made_of = f"{took[ours] * 1000:.0f} ms against {took[theirs] * 1000:.0f} ms"
        measured = {name: figures[name] for name in (ours, theirs)}
        return Row("starting", what, took[ours] / took[theirs], goal, beside=made_of, runs=measured)

    yield row("--version against `python -c pass`", "version", "bare", 1.5)
    yield row("--version against `import typer`", "version", "typer")
    yield row("--help against a minimal Typer app's help with rich", "help", "minimal", 1.2)
    yield row("--help against `python -c pass`", "help", "bare")

    def cpu_row(what, ours, theirs, goal):
        middles = [middle(runs[name], "cpu") for name in (ours, theirs)]
        made_of = f"{middles[0] * 1000:.0f} ms against {middles[1] * 1000:.0f} ms of CPU"
        measured = {name: [ran.cpu for ran in runs[name]] for name in (ours, theirs)}
        return Row("starting", what, middles[0] / middles[1], goal, beside=made_of, runs=measured)

    yield cpu_row("CPU of calling ten against the script", "ten", "script", 1.15)
    yield cpu_row("CPU of --help against `import typer`", "help", "typer", 1.2)
    yield cpu_row("CPU of campaigns list against `import typer`", "list", "typer", 1.5)
    yield row("calling ten against the script", "ten", "script", 1.15)
    yield row("calling ten against importing what that needs", "ten", "needed", 2)
    yield row("calling ten against `import typer`", "ten", "typer")
