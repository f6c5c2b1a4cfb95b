"""`xuna conversations`: what was said, and what came of it."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.commands.options import BaseUrl, EnvFile, Sandbox, TableOrJson

app = typer.Typer(no_args_is_help=True, help="See and export what was said.")

AgentFilter = Annotated[str | None, typer.Option("--agent-id", help="Of this agent alone.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Begun since then: 2026-11-01, 2026-11-01T14:30 or 3d.")
]


@app.command("list")
def list_conversations(
    agent_id: AgentFilter = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    output: TableOrJson = "table",
    sandbox: Sandbox = False,
    base_url: BaseUrl = None,
    env_file: EnvFile = None,
) -> None:
    """List conversations, in the API's order."""
    from itertools import islice

    from xuna_cli.api.conversations import ConversationList
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.context import api_to_read
    from xuna_cli.commands.durations import parse_since
    from xuna_cli.output.conversations import print_conversations

    check_output(output, "table", "json")
    begun = parse_since(since)
    with api_to_read(env_file, base_url, sandbox=sandbox) as api:
        listed = ConversationList(api.reader, agent_id=agent_id, since=begun)
        found = list(islice(listed, limit + 1))
    print_conversations(found[:limit], listed.incomplete, output, limited=len(found) > limit)
    if listed.incomplete:
        raise typer.Exit(6)


@app.command()
def show(
    conversation_id: Annotated[str, typer.Argument(metavar="ID", help="The conversation's id.")],
    output: TableOrJson = "table",
    sandbox: Sandbox = False,
    base_url: BaseUrl = None,
    env_file: EnvFile = None,
) -> None:
    """Show one conversation: what was said, how it was judged, what was collected."""
    from xuna_cli.api.conversations import raw_conversation, read_conversation_strictly
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.context import api_to_read
    from xuna_cli.errors import ConfigurationError
    from xuna_cli.output.conversations import print_conversation

    check_output(output, "table", "json")
    with api_to_read(env_file, base_url, sandbox=sandbox) as api:
        try:
            document = raw_conversation(api.reader, conversation_id)
        except ConfigurationError as error:
            if error.code == "not-found":
                error.hint = f"see which there are: xuna conversations list{' --sandbox' if sandbox else ''}"
            raise
    print_conversation(read_conversation_strictly(document, conversation_id), document, output)


@app.command()
def export(
    to: Annotated[
        Path | None,
        typer.Option(
            help="Write this file (0600), not stdout. If it is there, what it lacks is added: the same command goes "
            "on where an interruption, or yesterday's export, left off."
        ),
    ] = None,
    agent_id: AgentFilter = None,
    since: Since = None,
    output: Annotated[str, typer.Option(help="jsonl or csv.")] = "jsonl",
    with_transcript: Annotated[
        bool, typer.Option("--with-transcript", help="With every word that was said.")
    ] = False,
    sandbox: Sandbox = False,
    base_url: BaseUrl = None,
    env_file: EnvFile = None,
) -> None:
    """Write a line for every conversation that has ended, with verdicts and collected data."""
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.context import api_to_read
    from xuna_cli.commands.durations import parse_since
    from xuna_cli.commands.exporting import export_conversations

    check_output(output, "jsonl", "csv")
    begun = parse_since(since)
    with api_to_read(env_file, base_url, sandbox=sandbox) as api:
        incomplete = export_conversations(
            api.reader, to, agent_id=agent_id, since=begun, form=output, with_transcript=with_transcript
        )
    if incomplete:
        raise typer.Exit(6)
