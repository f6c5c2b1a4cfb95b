"""What `xuna do-not-call` does with the ledger's list."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from xuna_cli.commands.context import (
    check_output_of_ledger,
    ledger_for_reading,
    ledger_for_writing,
    ledger_if_there,
    ledger_is_required,
    ledger_location,
    read_settings,
    tell_moved,
)
from xuna_cli.commands.suppression_list import read_numbers, warning_of
from xuna_cli.contacts.options import ListOptions
from xuna_cli.errors import ExitStatus, UsageError
from xuna_cli.ledger.do_not_call import Entry, InProgress, add, count, entries, in_progress, remove
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.output.do_not_call import print_checks, print_entries, write_entries
from xuna_cli.output.messages import counted, say
from xuna_cli.phone.cells import PhoneProblem
from xuna_cli.phone.reader import check_region
from xuna_cli.phone.same_person import with_other_forms
from xuna_cli.phone.suppression import SuppressionReader
from xuna_cli.settings import Settings

LISTED = 1_000  # on a terminal nobody reads more


def add_numbers(
    numbers: Sequence[str],
    reason: str | None,
    *,
    region: str | None,
    ledger: str | None,
    sandbox: bool,
    env_file: Path | None,
) -> None:
    """Add numbers that were typed; said only when they are on the disk.

    Raises:
        UsageError: one of them is no number; nothing is added then.
    """
    settings = read_settings(env_file)
    wanted = _read(numbers, settings, region)
    with _writing(settings, ledger, sandbox=sandbox) as opened:
        new = add(opened, wanted, reason)
        now = in_progress(opened)
        say(
            f"on the do-not-call list: {', '.join(wanted)} ({new:,} new, {len(set(wanted)) - new:,} there before)"
        )
        _say_in_progress(now)


def import_numbers(
    file: Path,
    reason: str | None,
    options: ListOptions,
    *,
    region: str | None,
    ledger: str | None,
    sandbox: bool,
    env_file: Path | None,
) -> None:
    """Add the numbers of a file.

    Raises:
        InputError: it can't be read, or a row of it is no number; nothing is added then.
    """
    settings = read_settings(env_file)
    found = read_numbers(file, region=_region(settings, region), options=options)
    whole = found.numbers
    with _writing(settings, ledger, sandbox=sandbox) as opened:
        new = add(opened, iter(whole), reason)
        if warning := warning_of(found):
            say(f"xuna: warning: {warning}")
        now = in_progress(opened)
        say(
            f"on the do-not-call list: {counted(len(whole), 'number', 'numbers')} of {file} ({new:,} new); "
            f"{count(opened):,} in all"
        )
        _say_in_progress(now)


def show_numbers(output: str, *, ledger: str | None, sandbox: bool, env_file: Path | None) -> None:
    """Print the list."""
    with _reading(ledger, sandbox=sandbox, env_file=env_file) as opened:
        if opened is None:
            print_entries((), 0, output)
        else:
            print_entries(entries(opened), count(opened), output, most=LISTED)


def remove_numbers(
    numbers: Sequence[str], *, region: str | None, ledger: str | None, sandbox: bool, env_file: Path | None
) -> None:
    """Remove numbers that were typed.

    Raises:
        UsageError: one of them is no number, or none of them is on the list.
    """
    settings = read_settings(env_file)
    wanted = _read(numbers, settings, region)
    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        # In whichever form it stands there, or it would still not be called.
        removed = remove(opened, [*wanted, *with_other_forms(wanted)])
        if not removed:
            raise UsageError(
                f"not on the do-not-call list: {', '.join(wanted)}",
                hint="see: xuna do-not-call list",
                code="do-not-call-unknown",
            )
        say(
            f"taken from the do-not-call list: {removed:,} of {counted(len(set(wanted)), 'number', 'numbers')}"
        )


def check_numbers(
    numbers: Sequence[str],
    output: str,
    *,
    region: str | None,
    ledger: str | None,
    sandbox: bool,
    env_file: Path | None,
) -> ExitStatus:
    """Print whether each number is on the list; `REJECTED` where one is."""
    wanted = _read(numbers, read_settings(env_file), region)
    with _reading(ledger, sandbox=sandbox, env_file=env_file) as opened:
        listed = opened.on_do_not_call_list(wanted) if opened is not None else {}
    print_checks([(number, listed.get(number)) for number in dict.fromkeys(wanted)], output)
    return ExitStatus.REJECTED if listed else ExitStatus.OK


def export_numbers(
    output: str, to: Path | None, *, ledger: str | None, sandbox: bool, env_file: Path | None
) -> None:
    """Write the list to a file or stdout."""
    with _reading(ledger, sandbox=sandbox, env_file=env_file) as opened:
        if opened is not None:
            check_output_of_ledger(to, opened, env_file=env_file)
        none: Iterator[Entry] = iter(())
        write_entries(entries(opened) if opened is not None else none, output, to)


def _say_in_progress(now: InProgress) -> None:
    """Say what a run that is alive may still do: requests that it has begun can't be taken back."""
    if now.runs:
        may = (
            f"up to {counted(now.requests, 'request', 'requests')} in progress may still be sent, and no later one"
            if now.requests
            else "no request is in progress, and no later one will call these numbers"
        )
        say(f"{counted(now.runs, 'run is', 'runs are')} in progress: {may}")


def _region(settings: Settings, flag: str | None) -> str | None:
    region = settings.get("XUNA_REGION", flag, option="--region").value
    return check_region(region) if region else None


def _read(numbers: Sequence[str], settings: Settings, region: str | None) -> list[str]:
    """Return every number that the typed ones may mean, each once."""
    reader = SuppressionReader(_region(settings, region))
    found: list[str] = []
    for number in numbers:
        try:
            found += [reading.number for reading in reader.read(number)]
        except PhoneProblem as problem:
            raise UsageError(
                problem.message,
                hint="write it with + and the country code, or give --region; nothing was changed",
                code=problem.code,
            ) from None
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def _writing(settings: Settings, flag: str | None, *, sandbox: bool) -> Iterator[Ledger]:
    required = ledger_is_required(settings, sandbox=sandbox)
    location = ledger_location(settings, flag, sandbox=sandbox)
    with contextlib.closing(ledger_for_writing(location, required=required)) as ledger:
        yield ledger


@contextlib.contextmanager
def _reading(flag: str | None, *, sandbox: bool, env_file: Path | None) -> Iterator[Ledger | None]:
    """Open the ledger, or say that there is none yet: then nobody is on its list."""
    settings = read_settings(env_file)
    required = ledger_is_required(settings, sandbox=sandbox)
    location = ledger_location(settings, flag, sandbox=sandbox)
    ledger = ledger_if_there(location, required=required)
    if ledger is None:
        say(f"xuna: there is no ledger at {location} yet")
        yield None
        return
    with contextlib.closing(ledger):
        tell_moved(ledger)
        yield ledger
