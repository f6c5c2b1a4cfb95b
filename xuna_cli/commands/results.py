"""How the answer of a command gets printed."""

import contextlib
import functools
from collections.abc import Callable
from typing import Protocol, TypeVar

from xuna_cli.errors import ExitStatus, OutputError, XunaError
from xuna_cli.output.result import Result, print_failure, print_result


class WithOutput(Protocol):
    """Options of a command that has `--output`."""

    @property
    def output(self) -> str:
        """The format."""


OptionsT = TypeVar("OptionsT", bound=WithOutput)


def prints(
    command: str,
) -> Callable[[Callable[[OptionsT], Result | None]], Callable[[OptionsT], ExitStatus]]:
    """Print what a command returns in the form of `--output`, and return its exit status.

    With `--output json` there is a document also when the command fails.

    Args:
        command: its name in the document, e.g. `agents list`.
    """

    def decorate(run: Callable[[OptionsT], Result | None]) -> Callable[[OptionsT], ExitStatus]:
        @functools.wraps(run)
        def printed(options: OptionsT) -> ExitStatus:
            try:
                result = run(options)
            except XunaError as error:
                if options.output == "json":
                    with contextlib.suppress(OutputError):  # it must not hide what happened
                        print_failure(command, error)
                raise
            if result is None:  # an export: written already
                return ExitStatus.OK
            print_result(command, result, options.output)
            return result.exit_status

        return printed

    return decorate
