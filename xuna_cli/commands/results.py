"""Print the results of commands."""

import contextlib
import functools
from collections.abc import Callable
from typing import Protocol, TypeVar

from xuna_cli.commands.error_sources import with_source
from xuna_cli.errors import ExitStatus, OutputError, XunaError
from xuna_cli.output.result import Result, print_failure, print_result


class WithOutput(Protocol):
    """Options that include `--output`."""

    @property
    def output(self) -> str:
        """The format."""


OptionsT = TypeVar("OptionsT", bound=WithOutput)


def prints(
    command: str,
) -> Callable[[Callable[[OptionsT], Result | None]], Callable[[OptionsT], ExitStatus]]:
    """Wrap a command so that its result is printed as `--output` says, and return its exit status.

    With `--output json`, a document is printed even if the command fails.

    Args:
        command: name of the command in the document, e.g. `agents list`.
    """

    def decorate(run: Callable[[OptionsT], Result | None]) -> Callable[[OptionsT], ExitStatus]:
        @functools.wraps(run)
        def printed(options: OptionsT) -> ExitStatus:
            try:
                result = run(options)
            except XunaError as error:
                with_source(error, options)
                if options.output == "json":
                    with contextlib.suppress(OutputError):  # a failure here must not hide the error
                        print_failure(command, error)
                raise
            if result is None:  # an export has already been written
                return ExitStatus.OK
            print_result(command, result, options.output)
            return result.exit_status

        return printed

    return decorate
