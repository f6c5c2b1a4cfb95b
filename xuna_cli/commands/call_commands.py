"""`xuna batch-call` and `xuna render`: their options and help. What they do is in `batch_call` and `render`."""

import typer

from xuna_cli.commands.call_options import BatchCallOptions, RenderOptions
from xuna_cli.commands.option_types import Command, takes
from xuna_cli.errors import ExitStatus

app = typer.Typer()


@app.command("batch-call", cls=Command)
@takes(BatchCallOptions)
def batch_call(options: BatchCallOptions) -> ExitStatus:
    """Call everybody on a list, once.

    Every row becomes a call with its own first message. The calls go to the API in batches.
    Running the same command again only calls people who have not been called yet.
    """
    from xuna_cli.commands.batch_call import batch_call

    return batch_call(options)


@app.command("render", cls=Command)
@takes(RenderOptions)
def render(options: RenderOptions) -> ExitStatus:
    """Write the finished calls to a file for review. Place them with `xuna batch-call FILE`.

    The options are those of batch-call. Calling hours (--hours, --until) are checked when the calls are placed,
    not here.
    """
    from xuna_cli.commands.render import render

    return render(options)
