"""What `xuna render` does: the way of a call up to the claim, written down instead of gone on with."""

import contextlib
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xuna_cli.commands.call_options import STDIN, Options, source_of
from xuna_cli.commands.context import read_settings
from xuna_cli.commands.invocation import Invocation
from xuna_cli.errors import ExitStatus
from xuna_cli.models import CallTarget
from xuna_cli.output.campaigns import destination
from xuna_cli.output.files import refuse_inputs, refuse_outputs
from xuna_cli.output.messages import COUNT_LABELS, counted, say
from xuna_cli.output.rejections import rejection_lines
from xuna_cli.output.screening import screening_lines
from xuna_cli.targets.rendered_list import line


def render(options: Options, to: Path | None) -> ExitStatus:
    """Write the call targets that would be called, and say what became of the other rows.

    Raises:
        XunaError: what stopped it; a file of `to` is left as it was then.
    """
    with contextlib.ExitStack() as stack:
        inputs = (Path(options.contacts), *(options.do_not_call or ()))
        refuse_inputs(to, inputs if options.contacts != STDIN else inputs[1:])
        refuse_outputs(to, options.rejects)
        invocation = Invocation(options, read_settings(options.env_file), source_of(options, stack))
        invocation.refuse_as_output(to)
        # Hours are for the POST: a file that depends on the hour of its making would be reviewed in vain.
        invocation.screening = replace(invocation.screening, hours=None, until=None)
        invocation.say_warnings()
        about = invocation.about
        with destination(to) as stream:

            def write(targets: Sequence[CallTarget]) -> None:
                stream.writelines(line(target, about) for target in targets)

            result = invocation.rehearse(write)
            for error in result.report.errors:
                raise error
        report = result.report
        if not options.quiet:
            left_out = {**report.counts, "not_sent": 0}
            others = ", ".join(f"{rows:,} {COUNT_LABELS[one]}" for one, rows in left_out.items() if rows)
            written = counted(report.counts["not_sent"], "call target", "call targets")
            say(f"xuna: {written} of campaign {about.campaign!r}")
            if others:
                say(f"xuna: left out: {others}")
            for words in rejection_lines(report, result.rejects, result.again):
                say(words)
            for words in screening_lines(replace(report, outside=None), result.marks):
                if words:
                    say(words)
            if to is not None:
                say(f"xuna: written to {to}; to call exactly that: xuna batch-call {shlex.quote(str(to))}")
        return result.exit_status
