"""`xuna conversations`: list, show and export conversation records."""

from enum import StrEnum
from typing import Annotated

import typer

from xuna_cli.commands.command_class import Command, Group
from xuna_cli.commands.completion import agent_ids
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import OUTPUT, ApiOptions, ResultOptions, To
from xuna_cli.commands.results import prints
from xuna_cli.errors import ExitStatus
from xuna_cli.output.result import Result

app = typer.Typer(cls=Group)


class LineFormat(StrEnum):
    """Formats of an export that a later export can continue."""

    JSONL = "jsonl"
    CSV = "csv"


@options_of_command
class FilterOptions(ApiOptions):
    """Filters for conversations."""

    agent_id: Annotated[
        str | None,
        typer.Option(autocompletion=agent_ids, metavar="ID", help="Only conversations of this agent."),
    ] = None
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Only conversations that began at or after this time: 2026-11-01, 2026-11-01T14:30, or 3d for the "
            "last three days.",
        ),
    ] = None


@options_of_command
class ListOptions(FilterOptions, ResultOptions):
    """The options of `xuna conversations list`."""

    limit: Annotated[int, typer.Option(min=1, metavar="N", help="List at most N conversations.")] = 50


@options_of_command
class ShowOptions(ApiOptions, ResultOptions):
    """The options of `xuna conversations show`."""

    conversation_id: Annotated[str, typer.Argument(metavar="ID", help="ID of the conversation.")]


@options_of_command
class ExportOptions(FilterOptions):
    """The options of `xuna conversations export`."""

    output: Annotated[LineFormat, typer.Option(help="Format of the export.", rich_help_panel=OUTPUT)] = (
        LineFormat.JSONL
    )
    to: To = None
    with_transcript: Annotated[
        bool, typer.Option("--with-transcript", help="Also export the transcripts.")
    ] = False


@app.command(
    "list",
    cls=Command,
    epilog="""
    List the conversations of the last three days.
      xuna conversations list --since 3d
    """,
)
@takes(ListOptions)
@prints("conversations list")
def list_conversations(options: ListOptions) -> Result:
    """List conversations in the API's order."""
    from itertools import islice

    from xuna_cli.api.conversations import ConversationList
    from xuna_cli.commands.account import api_to_read
    from xuna_cli.commands.durations import parse_since
    from xuna_cli.output.conversations import ConversationsFound

    since = parse_since(options.since)
    with api_to_read(options) as reader:
        listed = ConversationList(reader, agent_id=options.agent_id, since=since)
        found = list(islice(listed, options.limit + 1))
    return ConversationsFound(
        found[: options.limit], limited=len(found) > options.limit, incomplete=listed.incomplete
    )


@app.command(
    cls=Command,
    epilog="""
    Show one conversation.
      xuna conversations show conv_46be
    """,
)
@takes(ShowOptions)
@prints("conversations show")
def show(options: ShowOptions) -> Result:
    """Show one conversation: transcript, evaluation and collected data."""
    from xuna_cli.api.conversations import raw_conversation, read_conversation_strictly
    from xuna_cli.commands.account import api_to_read, hint_for_sandbox
    from xuna_cli.output.conversations import ConversationFound

    with api_to_read(options) as reader, hint_for_sandbox(options):
        raw = raw_conversation(reader, options.conversation_id)
    return ConversationFound(read_conversation_strictly(raw, options.conversation_id), raw)


@app.command(
    cls=Command,
    epilog="""
    Write all conversations of a month. The same command later adds new ones.
      xuna conversations export --since 30d --to all.jsonl

    As a CSV with the transcripts.
      xuna conversations export --output csv --with-transcript --to all.csv
    """,
)
@takes(ExportOptions)
def export(options: ExportOptions) -> ExitStatus:
    """Write one line for every finished conversation, with evaluation and collected data.

    If the file exists, missing conversations are added. So the same command continues after an interruption, or
    after yesterday's export.
    """
    import contextlib

    from xuna_cli.api.conversations import ConversationList, conversation_if_there
    from xuna_cli.api.retry import several
    from xuna_cli.commands.account import api_to_read
    from xuna_cli.commands.durations import parse_since
    from xuna_cli.ledger.conversations import is_final, verdict
    from xuna_cli.ledger.queries import in_parts
    from xuna_cli.ledger.records import CallOutcome
    from xuna_cli.ledger.seen_keys import SeenKeys
    from xuna_cli.outcomes.sync import RECORDS_AT_ONCE, unseen
    from xuna_cli.output.conversation_file import ConversationFile
    from xuna_cli.output.messages import counted, say

    since = parse_since(options.since)
    in_progress = unreadable = 0
    with (
        api_to_read(options) as reader,
        contextlib.closing(SeenKeys()) as seen,
        ConversationFile(options.to, options.output, with_transcript=options.with_transcript) as file,
    ):
        for group in in_parts(file.ids(), RECORDS_AT_ONCE):
            seen.add(list(dict.fromkeys(group)))
        there = file.found
        listed = ConversationList(reader, agent_id=options.agent_id, since=since)
        for whole in several(
            lambda one: conversation_if_there(reader, one.conversation_id), unseen(listed, seen)
        ):
            if whole is None:
                unreadable += 1
            elif verdict(whole) is CallOutcome.IN_PROGRESS and not is_final(whole):
                in_progress += 1
            else:
                file.write(whole)
    written = f"xuna: {counted(file.written, 'conversation', 'conversations')} written"
    written += f" to {options.to}" if options.to else ""
    say(f"{written}." + (f" {there:,} were there already." if there else ""))
    if in_progress:
        say(
            f"xuna: {counted(in_progress, 'conversation is', 'conversations are')} still in progress and left out. To "
            "add them later, run the same command again."
        )
    incomplete = listed.incomplete or (
        f"{unreadable:,} of the listed records could not be read" if unreadable else None
    )
    if incomplete:
        say(f"xuna: warning: the list is incomplete: {incomplete}")
        return ExitStatus.UNREACHABLE
    return ExitStatus.OK
