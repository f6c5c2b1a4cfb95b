"""`xuna agents`: list and show the account's agents."""

from typing import Annotated

import typer

from xuna_cli.commands.command_class import Command, Group
from xuna_cli.commands.completion import agent_ids
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import ApiResultOptions
from xuna_cli.commands.results import prints
from xuna_cli.output.result import Result

app = typer.Typer(cls=Group)


@options_of_command
class ShowOptions(ApiResultOptions):
    """The options of `xuna agents show`."""

    agent_id: Annotated[str, typer.Argument(autocompletion=agent_ids, metavar="ID", help="ID of the agent.")]


@app.command(
    "list",
    cls=Command,
    epilog="""
    List the agents of the account.
      xuna agents list

    Only their IDs, for a script.
      xuna agents list --output json | jq -r '.agents[].agent_id'
    """,
)
@takes(ApiResultOptions)
@prints("agents list")
def list_agents(options: ApiResultOptions) -> Result:
    """List the account's agents with the IDs to use as XUNA_AGENT_ID."""
    from xuna_cli.api.account import agents
    from xuna_cli.commands.account import api_to_read
    from xuna_cli.commands.account_cache import AGENTS, remember
    from xuna_cli.output.account import AgentList

    with api_to_read(options) as reader:
        found, incomplete = agents(reader)
    if not options.sandbox:
        remember(AGENTS, ((one.agent_id, one.name) for one in found))
    return AgentList(found, incomplete=incomplete)


@app.command(
    "show",
    cls=Command,
    epilog="""
    Show an agent and its own first message.
      xuna agents show agent_7de9
    """,
)
@takes(ShowOptions)
@prints("agents show")
def show(options: ShowOptions) -> Result:
    """Show one agent and its first message. `--output json` prints its whole configuration."""
    from xuna_cli.api.account import agent
    from xuna_cli.commands.account import api_to_read, hint_for_sandbox
    from xuna_cli.output.account import AgentFound

    with api_to_read(options) as reader, hint_for_sandbox(options):
        return AgentFound(options.agent_id, agent(reader, options.agent_id))
