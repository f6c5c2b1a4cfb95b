"""Open the ledger, and check output files."""

import contextlib
import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from xuna_cli.commands.option_types import Options
from xuna_cli.commands.options import LedgerOptions
from xuna_cli.errors import ConfigurationError, LedgerError, UsageError, reason_of
from xuna_cli.ledger.engines.location import Location, ServerUrl, is_server_url
from xuna_cli.ledger.engines.place import cautions
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.output.files import beside_ledger, is_within, refuse_inputs, refuse_ledger
from xuna_cli.output.messages import say
from xuna_cli.settings import Given, Settings, data_folder, expanded
from xuna_cli.times import for_people

if TYPE_CHECKING:
    from xuna_cli.commands.list_options import ListAndMessageOptions
    from xuna_cli.commands.simulation import Simulation


class ChoosesLedger(Protocol):
    """Options that choose a ledger."""

    @property
    def ledger(self) -> Given | None:
        """The ledger."""

    @property
    def sandbox(self) -> bool:
        """Whether to use the sandbox's ledger."""

    @property
    def require_ledger(self) -> bool:
        """Whether the ledger must exist."""

    @property
    def simulation(self) -> "Simulation | None":
        """The simulation that the command is part of."""


SANDBOX_RECORD_LIMIT = 32 * 2**20  # bytes; reading it back takes time at every start


def ledger_location(
    given: Given | None, *, sandbox: bool, simulation: "Simulation | None" = None, aloud: bool = True
) -> Location:
    """Return the ledger's location. The sandbox always uses its own ledger.

    Args:
        given: the value of --ledger or XUNA_LEDGER, with its source.
        sandbox: whether to use the sandbox's ledger.
        simulation: the simulation that the command is part of; it has its own ledger.
        aloud: whether to report that an unnamed `.env` chose the ledger.
    """
    if simulation is not None:
        return simulation.ledger
    if sandbox:
        return data_folder(os.environ) / "sandbox.db"
    if given is None:
        return data_folder(os.environ) / "ledger.db"
    location = location_of(given, source=given.source, folder=given.folder)
    if given.unasked and isinstance(location, ServerUrl):
        # A `.env` that happens to be in this folder must not choose the server that gets the list of people.
        raise ConfigurationError(
            f"{given.source} can't choose a database server for the ledger, because the file was not "
            "named with --env-file",
            hint="name the file with --env-file, or set XUNA_LEDGER in the environment",
            code="ledger-unasked",
        )
    if given.unasked and aloud:
        say(f"xuna: ledger: {location} (chosen by {given.source})")
    return location


def location_in(options: ChoosesLedger, *, aloud: bool = True) -> Location:
    """Return the location of the ledger that a command's options choose; as `ledger_location`."""
    return ledger_location(
        options.ledger, sandbox=options.sandbox, simulation=options.simulation, aloud=aloud
    )


def ledger_required(options: ChoosesLedger) -> bool:
    """Return whether the ledger must exist; the sandbox's need not."""
    return options.require_ledger and not options.sandbox


def location_of(text: str, *, source: str, folder: Path | None = None) -> Location:
    """Parse the path or URL of a ledger.

    Args:
        text: the name.
        source: where the text was given, for messages; the text itself may hold a password.
        folder: base of a relative path (default: the current folder).

    Raises:
        LedgerError: if it is a URL of something else, or a file in a folder that is not there.
    """
    if is_server_url(text):
        return ServerUrl(text)
    if "://" in text:
        raise LedgerError(
            f"{source} is not a URL that a ledger can have",
            hint="name a file, or a database: postgresql://…",
            code="ledger-url",
        )
    path = (folder or Path.cwd()) / expanded(Path(text))
    place = Path(os.path.realpath(path)).parent
    # A disk that is not mounted, or a mistyped name: no folder to be made.
    if not place.exists() and path.parent != data_folder(os.environ):
        raise LedgerError(
            f"{source}: the folder of the ledger, {place}, does not exist",
            hint="mount the disk, or correct the path. For a new ledger there, first run: "
            f"mkdir -p {shlex.quote(str(place))}",
            code="ledger-folder-missing",
        )
    return path


def address(campaign: str, ledger_flag: str | None, *, sandbox: bool) -> str:
    """Format the arguments that select a campaign and its ledger in a suggested command."""
    return shlex.quote(campaign) + _which_ledger(ledger_flag, sandbox=sandbox)


def address_in(options: "LedgerOptions | ListAndMessageOptions", campaign: str) -> str:
    """Format the arguments that select this campaign in a suggested command."""
    return shlex.quote(campaign) + which_ledger(options)


def which_ledger(options: "LedgerOptions | ListAndMessageOptions") -> str:
    """Format the options that select this ledger in a suggested command: a space and an option, or nothing."""
    return _which_ledger(options.ledger if "ledger" in options.typed else None, sandbox=options.sandbox)


def _which_ledger(ledger_flag: str | None, *, sandbox: bool) -> str:
    if sandbox:
        return " --sandbox"
    if ledger_flag and is_server_url(ledger_flag):
        ledger_flag = str(ServerUrl(ledger_flag))  # without the password
    return f" --ledger {shlex.quote(ledger_flag)}" if ledger_flag else ""


def ledger_for_writing(location: Location, *, now: Callable[[], datetime], required: bool = False) -> Ledger:
    """Open the ledger, or create and report it.

    Args:
        location: where it is.
        now: the clock, in UTC.
        required: whether the ledger must exist.

    Raises:
        LedgerError: if it can't be used, or is required and not there.
    """
    try:
        ledger = open_ledger(location, create=not required, now=now)
    except LedgerError as error:
        raise _required(error) if error.code == "ledger-missing" else error from None
    if ledger.created:
        say(f"xuna: new ledger: {ledger.location}")
        if ledger.is_local and os.environ.get("CI"):
            say(
                "xuna: warning: this looks like CI; if the disk is deleted after the job, the next run calls "
                "everybody again; keep the ledger on a disk or a database that stays, with --ledger"
            )
    if isinstance(location, Path):
        for caution in cautions(location, created=ledger.created):
            say(f"xuna: warning: {caution}")
    return ledger


def ledger_if_there(
    location: Location, *, now: Callable[[], datetime], required: bool = False
) -> Ledger | None:
    """Open a ledger read-only; None if it does not exist and is not required.

    Raises:
        LedgerError: if it can't be used, or is required and not there.
    """
    try:
        return open_ledger(location, create=False, read_only=True, now=now)
    except LedgerError as error:
        if error.code != "ledger-missing":
            raise
        if required:
            raise _required(error) from None
        return None


def _required(error: LedgerError) -> LedgerError:
    return LedgerError(
        f"{error.message}, but --require-ledger (XUNA_REQUIRE_LEDGER) needs one",
        hint="check that the disk of the ledger is mounted, and that --ledger, XUNA_LEDGER, HOME and XDG_DATA_HOME "
        "have not changed; for the first run, leave out --require-ledger",
        code=error.code,
    )


@contextlib.contextmanager
def ledger_for_reading(options: LedgerOptions) -> Iterator[Ledger]:
    """Open an existing ledger read-only."""
    try:
        opened = open_ledger(location_in(options), create=False, now=options.clock.now)
    except LedgerError as error:
        if error.code == "ledger-missing":
            error.hint = "the first run creates it; if there is one in another place, name it with --ledger"
        raise
    with contextlib.closing(opened) as ledger:
        tell_moved(ledger)
        yield ledger


def tell_moved(ledger: Ledger) -> None:
    """Warn if a ledger that is only read was moved."""
    if moved := ledger.moved:
        say(
            f"xuna: warning: the ledger {ledger.location} was moved to {moved.to} at {for_people(moved.at)}; "
            "later calls are only recorded there"
        )


def sandbox_record() -> Path:
    """Return the file in which `--sandbox` keeps the numbers of its calls between invocations."""
    record = data_folder(os.environ) / "sandbox-calls.jsonl"
    try:
        record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if record.exists() and record.stat().st_size > SANDBOX_RECORD_LIMIT:
            record.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"{record.parent} can't be written: {reason_of(error, writing=True)}",
            hint="the sandbox keeps its ledger there; choose another folder with XDG_DATA_HOME",
            code="data-folder",
        ) from None
    return record


def do_not_call_files(settings: Settings) -> list[Path]:
    """Return the do-not-call files in XUNA_DO_NOT_CALL."""
    given = settings.find("XUNA_DO_NOT_CALL")
    return [] if given is None else given.paths


def check_output_file(options: Options, to: Path, inputs: Iterable[Path | None], ledger: Location) -> None:
    """Check that an output file overwrites nothing that is needed, such as the do-not-call lists of the settings.

    Args:
        options: the command's options.
        to: the output file.
        inputs: files that the command reads, and the lists of its campaign.
        ledger: the ledger's location.

    Raises:
        InputError: the output file is a ledger.
        UsageError: the output file is one of the others.
    """
    refuse_ledger(to)
    of_ledger = beside_ledger(ledger) if isinstance(ledger, Path) else []
    refuse_inputs(
        to, [*inputs, options.env_file or Path(".env"), *do_not_call_files(options.settings), *of_ledger]
    )
    if any(is_within(to, path) for path in of_ledger):
        raise UsageError(
            f"{to} would be in the folder of the locks of the ledger {ledger}",
            hint="name a file in another folder",
            code="output-is-input",
        )


def check_output_of_ledger(
    options: Options, to: Path | None, opened: Ledger, *inputs: Path | str | None
) -> None:
    """Check the output file of a command that reads a ledger; raises as `check_output_file`.

    Args:
        options: the command's options.
        to: the output file; None for stdout.
        opened: the open ledger.
        inputs: other files that the command reads, and the lists of its campaign.
    """
    if to is not None:
        needed = [None if path is None else Path(path) for path in inputs]
        location = opened.location
        check_output_file(options, to, needed, ServerUrl(location) if "://" in location else Path(location))
