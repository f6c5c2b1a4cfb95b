"""What a file that a command writes must not be: an input, a setting, or a part of the ledger."""

from collections.abc import Iterable
from pathlib import Path

from xuna_cli.commands.opening import read_settings
from xuna_cli.commands.suppressing import listed_in
from xuna_cli.errors import UsageError
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.output.files import beside_ledger, is_within, refuse_inputs, refuse_ledger
from xuna_cli.settings import Settings


def check_output_file(
    to: Path, inputs: Iterable[Path | None], *, settings: Settings, env_file: Path | None, ledger: Path | None
) -> None:
    """Do nothing where a file may be written.

    Args:
        to: the file.
        inputs: what the command reads, and the lists that it is about.
        settings: of this invocation; the do-not-call lists that they name are needed, too.
        env_file: the one that was named; else the current folder's is needed.
        ledger: its file, if it is one.

    Raises:
        InputError: it is a ledger.
        UsageError: it is one of those that are needed.
    """
    refuse_ledger(to)
    of_ledger = [] if ledger is None else beside_ledger(ledger)
    refuse_inputs(to, [*inputs, env_file or Path(".env"), *listed_in(settings), *of_ledger])
    if any(is_within(to, path) for path in of_ledger):
        raise UsageError(
            f"{to} would be among the locks of the ledger {ledger}",
            hint="name a file in another folder",
            code="output-is-input",
        )


def check_output_of_ledger(
    to: Path | None, opened: Ledger, *inputs: Path | str | None, env_file: Path | None
) -> None:
    """Do nothing where what is read from a ledger may be written to a file; raises as `check_output_file`.

    Args:
        to: the file; None: stdout.
        opened: the ledger.
        inputs: what else the command reads, and the lists that it is about.
        env_file: the one that was named.
    """
    if to is not None:
        needed = [None if path is None else Path(path) for path in inputs]
        file = None if "://" in opened.location else Path(opened.location)
        check_output_file(to, needed, settings=read_settings(env_file), env_file=env_file, ledger=file)
