"""`xuna batch-call` and `xuna render`: options and help. The code is in `batch_call` and `render`."""

import typer

from xuna_cli.commands.call_options import BatchCallOptions, RenderOptions
from xuna_cli.commands.command_class import Command
from xuna_cli.commands.option_types import takes
from xuna_cli.errors import ExitStatus
from xuna_cli.gc_paused import GcPaused

app = typer.Typer()


@app.command(
    "batch-call",
    cls=Command,
    epilog="""
    Rehearse: read the whole list and call nobody.
      xuna batch-call contacts.csv -m 'Hi {{ name }}.' --dry-run

    Call five people, then all others. Nobody is called twice.
      xuna batch-call contacts.csv -m 'Hi {{ name }}.' --limit 5
      xuna batch-call contacts.csv -m 'Hi {{ name }}.'

    In a crontab: every hour, call the people who were added and are within calling hours.
      0 * * * * cd ~/calls && ~/.local/bin/xuna batch-call contacts.csv -m 'Hi {{ name }}.' --hours 09:00-18:00 -q

    More: xuna help lists, xuna help templates, xuna help automation
    """,
)
@takes(BatchCallOptions)
def batch_call(options: BatchCallOptions) -> ExitStatus:
    """Call everybody on a list, once.

    Every row becomes a call with its own first message. The calls go to the API in batches.
    Running the same command again only calls people who have not been called yet.
    """
    with GcPaused():
        from xuna_cli.commands.calling.batch_call import batch_call

    return batch_call(options)


@app.command(
    "render",
    cls=Command,
    epilog="""
    Write the calls to a file, review it, and make exactly these calls.
      xuna render contacts.csv -m 'Hi {{ name }}.' --to targets.jsonl
      xuna batch-call targets.jsonl
    """,
)
@takes(RenderOptions)
def render(options: RenderOptions) -> ExitStatus:
    """Write the finished calls to a file for review. Place them with `xuna batch-call FILE`.

    The options are those of batch-call. Calling hours (--hours, --until) are checked when the calls are placed,
    not here.
    """
    with GcPaused():
        from xuna_cli.commands.calling.render import render

    return render(options)
