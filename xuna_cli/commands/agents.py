"""`xuna agents`: what there is to put into XUNA_AGENT_ID."""

from typing import Annotated

import typer

from xuna_cli.commands.options import BaseUrl, EnvFile, Sandbox, TableOrJson

app = typer.Typer(no_args_is_help=True, help="See the account's agents.")


@app.command("list")
def list_agents(
    output: TableOrJson = "table",
    sandbox: Sandbox = False,
    base_url: BaseUrl = None,
    env_file: EnvFile = None,
) -> None:
    """List the account's agents, with what goes into XUNA_AGENT_ID."""
    from xuna_cli.api.account import agents
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.context import api_to_read
    from xuna_cli.output.account import print_agents

    check_output(output, "table", "json")
    with api_to_read(env_file, base_url, sandbox=sandbox) as api:
        found, incomplete = agents(api.reader)
    print_agents(found, incomplete, output)
    if incomplete:
        raise typer.Exit(6)


@app.command()
def show(
    agent_id: Annotated[str, typer.Argument(metavar="ID", help="The agent's id.")],
    output: TableOrJson = "table",
    sandbox: Sandbox = False,
    base_url: BaseUrl = None,
    env_file: EnvFile = None,
) -> None:
    """Show one agent, and whether it has a first message of its own; json gives all of its configuration."""
    from xuna_cli.api.account import agent
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.context import api_to_read
    from xuna_cli.output.account import print_agent

    check_output(output, "table", "json")
    with api_to_read(env_file, base_url, sandbox=sandbox) as api:
        configuration = agent(api.reader, agent_id)
    print_agent(agent_id, configuration, output)
