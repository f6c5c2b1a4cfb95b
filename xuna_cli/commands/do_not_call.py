"""`xuna do-not-call`: the ledger's do-not-call list, for all campaigns."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.command_class import Command, Group
from xuna_cli.commands.completion import list_columns, list_sheets
from xuna_cli.commands.opt_outs import OptOutWhen
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import (
    CampaignName,
    ExportFileOptions,
    LedgerOptions,
    LedgerResultOptions,
    ListFormat,
    Region,
    RequireLedger,
    ResultOptions,
)
from xuna_cli.commands.results import prints
from xuna_cli.commands.typed_numbers import typed_numbers
from xuna_cli.output.result import Result

if TYPE_CHECKING:
    from xuna_cli.ledger.ledger import Ledger

app = typer.Typer(cls=Group)

LISTED = 1_000  # numbers shown on a terminal
UNCHANGED = "nothing was changed"

Reason = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="Reason to keep with the number, e.g. asked on 2026-11-03."),
]


@options_of_command
class ListedOptions(LedgerOptions):
    """Ledger that holds the list."""

    require_ledger: RequireLedger = False


@options_of_command
class NumberOptions(ListedOptions):
    """Numbers that were typed."""

    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Phone numbers.")]
    region: Region = None


@options_of_command
class AddOptions(NumberOptions):
    """The options of `xuna do-not-call add`."""

    reason: Reason = None


@options_of_command
class RemoveOptions(NumberOptions):
    """The options of `xuna do-not-call remove`."""

    reason: Reason = None


@options_of_command
class ImportOptions(ListedOptions):
    """The options of `xuna do-not-call import`."""

    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Any list, or a file with one number per line.")
    ]
    reason: Reason = None
    phone_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns,
            metavar="COLUMN",
            help="Only read this column (default: every column that may hold numbers).",
        ),
    ] = None
    region: Region = None
    list_format: Annotated[
        ListFormat | None, typer.Option("--format", help="Format of the list (default: detected).")
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(metavar="CHARACTER", help="Character between the cells of a CSV (default: detected)."),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Text encoding of the list (default: UTF-8, or UTF-16 with a BOM)."
        ),
    ] = None
    sheet: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_sheets, metavar="NAME", help="Worksheet to read (default: all of them)."
        ),
    ] = None


@options_of_command
class HarvestOptions(LedgerResultOptions):
    """The options of `xuna do-not-call harvest`."""

    name: CampaignName
    opt_out_when: OptOutWhen = None


@options_of_command
class DismissOptions(LedgerOptions):
    """The options of `xuna do-not-call dismiss`."""

    conversations: Annotated[
        list[str], typer.Argument(metavar="CONVERSATION...", help="IDs of the conversations.")
    ]
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Reason to keep with the conversations.")
    ] = None


@options_of_command
class ListOptions(ListedOptions, ResultOptions):
    """The options of `xuna do-not-call list`."""


@options_of_command
class CheckOptions(NumberOptions, ResultOptions):
    """The options of `xuna do-not-call check`."""


@options_of_command
class ExportOptions(ListedOptions, ExportFileOptions):
    """The options of `xuna do-not-call export`."""


@app.command(
    cls=Command,
    epilog="""
    Never call a number again.
      xuna do-not-call add +15551234567 --reason 'asked on the phone'

    More: xuna help do-not-call
    """,
)
@takes(AddOptions)
def add(options: AddOptions) -> None:
    """Add numbers. They are not called again, not even by runs in progress."""
    from xuna_cli.ledger.do_not_call import add as add_numbers
    from xuna_cli.output.messages import say

    numbers = typed_numbers(options.numbers, region=options.region, hint=UNCHANGED)
    with _ledger_to_change(options) as opened:
        new = add_numbers(opened, numbers, options.reason)
        runs = _runs_in_progress(opened)
    say(f"On the do-not-call list: {', '.join(numbers)} ({new:,} new, {len(numbers) - new:,} there before)")
    say(_where(opened))
    say(runs) if runs else None


@app.command(
    "import",
    cls=Command,
    epilog="""
    Add all numbers of a file.
      xuna do-not-call import optouts.csv --reason 'web form'
    """,
)
@takes(ImportOptions)
def import_file(options: ImportOptions) -> None:
    """Add every number of a file, with what its column `reason` says. If a row has no number, nothing is added."""
    from xuna_cli.commands.calling.suppression_list import read_numbers, warning_of
    from xuna_cli.contacts.options import ListOptions as FileOptions
    from xuna_cli.ledger.do_not_call import add as add_numbers
    from xuna_cli.ledger.do_not_call import add_for_reasons, count
    from xuna_cli.output.messages import counted, say

    reasons: dict[str, str] = {}
    found = read_numbers(
        options.file,
        region=_region(options.region),
        options=FileOptions(
            options.list_format,
            options.delimiter,
            options.encoding,
            () if options.phone_column is None else (options.phone_column,),
            options.sheet,
            first_phone_column=options.phone_column is None,
        ),
        reasons=reasons,
    )
    command = f"do-not-call import {options.file.name}"
    with _ledger_to_change(options) as opened:
        new = add_for_reasons(opened, reasons, command)  # first: a number that is listed keeps its reason
        new += add_numbers(opened, iter(found.numbers), options.reason, command)
        total, runs = count(opened), _runs_in_progress(opened)
    numbers = counted(len(found.numbers), "number", "numbers")
    for line in (
        f"xuna: warning: {warning}" if (warning := warning_of(found)) else "",
        f"On the do-not-call list: {numbers} of {options.file} ({new:,} new); {total:,} in all",
        _where(opened),
        runs,
    ):
        if line:
            say(line)


@app.command(
    cls=Command,
    epilog="""
    Add everybody who opted out in a conversation that was read before.
      xuna do-not-call harvest contacts --opt-out-when opt_out=true

    More: xuna help do-not-call
    """,
)
@takes(HarvestOptions)
@prints("do-not-call harvest")
def harvest(options: HarvestOptions) -> Result:
    """Add the people of a campaign who opted out, from the records that `campaigns outcomes` has read."""
    from xuna_cli.commands.context import address_in, ledger_for_reading
    from xuna_cli.commands.opt_outs import harvester_of
    from xuna_cli.errors import UsageError
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.ledger.conversations import sync_of
    from xuna_cli.output.opt_outs import OptOutsHarvested

    with ledger_for_reading(options) as opened:
        found = campaign(opened, options.name)
        harvested = harvester_of(
            options, opened, found, command="do-not-call harvest", given=options.opt_out_when
        ).harvest()
        if harvested is None and options.opt_out_when is not None:  # none: the rules have ended
            return OptOutsHarvested(found.name, None, "")
        if harvested is None:
            raise UsageError(
                "there is no rule for what counts as an opt-out",
                hint="add --opt-out-when FIELD=VALUE, e.g. --opt-out-when opt_out=true",
                code="opt-out-when",
            )
        if sync_of(opened, found.id) is None and not harvested.finished:
            raise UsageError(
                f"the conversation records of campaign {found.name!r} were never read",
                hint=f"first run: xuna campaigns outcomes {address_in(options, options.name)}",
                code="not-read",
            )
        return OptOutsHarvested(found.name, harvested, _runs_in_progress(opened) if harvested.added else "")


@app.command(
    cls=Command,
    epilog="""
    A conversation with an opt-out was no phone call.
      xuna do-not-call dismiss conv_01abc --reason 'our own test on the website'

    More: xuna help do-not-call
    """,
)
@takes(DismissOptions)
def dismiss(options: DismissOptions) -> None:
    """Decide that nobody has to be added because of conversations with an opt-out and without a number."""
    from xuna_cli.commands.context import ledger_for_reading
    from xuna_cli.ledger.opt_out_rules import dismiss as dismiss_opt_outs
    from xuna_cli.output.messages import counted, say

    with ledger_for_reading(options) as opened:
        new = dismiss_opt_outs(opened, options.conversations, options.reason)
    said = counted(len(set(options.conversations)), "conversation", "conversations")
    say(f"Nobody is added to the do-not-call list because of {said} ({new:,} new).")


@app.command(
    "list",
    cls=Command,
    epilog="""
    List the numbers.
      xuna do-not-call list
    """,
)
@takes(ListOptions)
@prints("do-not-call list")
def list_numbers(options: ListOptions) -> Result:
    """Show the numbers with their reasons and dates."""
    from itertools import islice

    from xuna_cli.ledger.do_not_call import count, entries
    from xuna_cli.output.do_not_call import EntryList

    with _ledger_if_there(options) as opened:
        if opened is None:
            return EntryList((), 0)
        most = LISTED if options.output == "table" else None
        return EntryList(list(islice(entries(opened), most)), count(opened))


@app.command(
    cls=Command,
    epilog="""
    Allow calls to a number again.
      xuna do-not-call remove +15551234567
    """,
)
@takes(RemoveOptions)
def remove(options: RemoveOptions) -> None:
    """Remove numbers, so that they can be called again. Their history is kept."""
    from xuna_cli.commands.context import ledger_for_reading, which_ledger
    from xuna_cli.errors import UsageError
    from xuna_cli.ledger.do_not_call import remove as remove_numbers
    from xuna_cli.output.messages import counted, say
    from xuna_cli.phone.same_person import with_other_forms

    numbers = typed_numbers(options.numbers, region=options.region, hint=UNCHANGED)
    with ledger_for_reading(options) as opened:
        # In every form of the number; otherwise it would still be on the list.
        removed = remove_numbers(opened, [*numbers, *with_other_forms(numbers)], options.reason)
    if not removed:
        raise UsageError(
            f"not on the do-not-call list: {', '.join(numbers)}",
            hint=f"to see the list, run: xuna do-not-call list{which_ledger(options)}",
            code="do-not-call-unknown",
        )
    say(f"Removed from the do-not-call list: {removed:,} of {counted(len(numbers), 'number', 'numbers')}")
    say(_where(opened))


@app.command(
    cls=Command,
    epilog="""
    Is this number on the list? If it is, the exit code is 3.
      xuna do-not-call check +15551234567
    """,
)
@takes(CheckOptions)
@prints("do-not-call check")
def check(options: CheckOptions) -> Result:
    """Check whether numbers are on the list (exit code 0: none; 3: at least one)."""
    from xuna_cli.output.do_not_call import CheckedNumbers

    numbers = typed_numbers(options.numbers, region=options.region)
    with _ledger_if_there(options) as opened:
        listed = opened.on_do_not_call_list(numbers) if opened is not None else {}
    checks = [(number, listed.get(number)) for number in numbers]
    return CheckedNumbers(checks, ledger=None if opened is None else opened.location)


@app.command(
    cls=Command,
    epilog="""
    Show who put a number on the list, who removed it, and why.
      xuna do-not-call history +15551234567
    """,
)
@takes(CheckOptions)
@prints("do-not-call history")
def history(options: CheckOptions) -> Result:
    """Show when numbers were added and removed, by which command, by whom and why."""
    from xuna_cli.ledger.do_not_call import history as history_of
    from xuna_cli.output.do_not_call import NumberHistory
    from xuna_cli.phone.same_person import with_other_forms

    numbers = typed_numbers(options.numbers, region=options.region)
    with _ledger_if_there(options) as opened:
        return NumberHistory(
            [] if opened is None else history_of(opened, [*numbers, *with_other_forms(numbers)]), numbers
        )


@app.command(
    cls=Command,
    epilog="""
    Write the list to a file.
      xuna do-not-call export --to do-not-call.csv
    """,
)
@takes(ExportOptions)
@prints("do-not-call export")
def export(options: ExportOptions) -> None:
    """Write the whole list in a format that --do-not-call and import accept."""
    from xuna_cli.commands.context import check_output_of_ledger
    from xuna_cli.ledger.do_not_call import entries
    from xuna_cli.output.do_not_call import write_entries

    with _ledger_if_there(options) as opened:
        if opened is not None:
            check_output_of_ledger(options, options.to, opened)
        write_entries(() if opened is None else entries(opened), options.output, options.to)


def _where(ledger: "Ledger") -> str:
    """Say for which campaigns a change holds: with the ledger of another folder's `.env`, it holds for no other."""
    return f"This holds for all campaigns of the ledger {ledger.location}."


def _runs_in_progress(ledger: "Ledger") -> str:
    """Describe the calls that runs in progress may still place."""
    from xuna_cli.ledger.do_not_call import in_progress
    from xuna_cli.output.messages import counted

    now = in_progress(ledger)
    if not now.runs:
        return ""
    may = (
        f"up to {counted(now.requests, 'request', 'requests')} in progress may still call these "
        "numbers; later requests will not"
        if now.requests
        else "no request is in progress, and later requests will not call these numbers"
    )
    return f"{counted(now.runs, 'run is', 'runs are')} in progress: {may}"


def _region(given: str | None) -> str | None:
    from xuna_cli.phone.regions import check_region

    return check_region(given) if given else None


@contextlib.contextmanager
def _ledger_to_change(options: ListedOptions) -> "Iterator[Ledger]":
    from xuna_cli.commands.context import ledger_for_writing, ledger_required, location_in

    location, required = location_in(options), ledger_required(options)
    with contextlib.closing(ledger_for_writing(location, required=required, now=options.clock.now)) as ledger:
        yield ledger


@contextlib.contextmanager
def _ledger_if_there(options: ListedOptions) -> "Iterator[Ledger | None]":
    """Open the ledger, or report that there is none yet (its list is then empty)."""
    from xuna_cli.commands.context import ledger_if_there, ledger_required, location_in, tell_moved
    from xuna_cli.output.messages import say

    location = location_in(options)
    ledger = ledger_if_there(location, now=options.clock.now, required=ledger_required(options))
    if ledger is None:
        say(f"xuna: There is no ledger at {location} yet.")
        yield None
        return
    with contextlib.closing(ledger):
        tell_moved(ledger)
        yield ledger
