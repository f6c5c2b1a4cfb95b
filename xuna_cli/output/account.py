"""The account's agents and caller numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from xuna_cli.api.account import own_first_message
from xuna_cli.api.client import PhoneNumber
from xuna_cli.models import Agent
from xuna_cli.output.document import VERSION, dump
from xuna_cli.output.messages import emit, say


def print_agents(agents: Sequence[Agent], incomplete: str | None, output: str) -> None:
    """Print the account's agents, and say where the list was cut off."""
    if output == "json":
        rows = [
            {"agent_id": one.agent_id, "name": one.name, "tags": one.tags, "created_at": one.created_at}
            for one in agents
        ]
        emit(dump({"xuna_result_version": VERSION, "agents": rows, "incomplete": incomplete}))
    else:
        from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

        table = plain_table(None, ("XUNA_AGENT_ID", "Name", "Tags", "Since"))
        for one in agents:
            table.add_row(
                cell(one.agent_id), cell(one.name), cell(", ".join(one.tags)), cell(one.created_at or "-")
            )
        console().print(table)
    if incomplete:
        say(f"xuna: warning: the list is cut off: {incomplete}")


def print_agent(agent_id: str, configuration: Mapping[str, Any], output: str) -> None:
    """Print one agent."""
    if output == "json":
        emit(dump({"xuna_result_version": VERSION, "agent": configuration}))
        return
    from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

    name, tags = configuration.get("name"), configuration.get("tags")
    config = configuration.get("conversation_config")
    spoken = config.get("agent") if isinstance(config, dict) else None
    language = spoken.get("language") if isinstance(spoken, dict) else None
    message = own_first_message(configuration)
    table = plain_table(None, ("Agent", ""))
    table.add_row(cell("XUNA_AGENT_ID"), cell(agent_id))
    table.add_row(cell("Name"), cell(name if isinstance(name, str) else "-"))
    if isinstance(language, str):
        table.add_row(cell("Language"), cell(language))
    if isinstance(tags, list) and tags:
        table.add_row(cell("Tags"), cell(", ".join(map(str, tags))))
    if message is None:
        table.add_row(
            cell("First message"),
            cell("none of its own: give one with --first-message, or a first_message column", "yellow"),
        )
    else:
        table.add_row(cell("First message"), cell(f"“{message}”"))
    out = console()
    out.print(table)
    if message is not None:
        out.print(cell("It says that where a call brings no first message."), soft_wrap=True)


def print_phone_numbers(numbers: Sequence[PhoneNumber], output: str) -> None:
    """Print the account's caller numbers."""
    if output == "json":
        rows = [
            {
                "phone_number_id": one.phone_number_id,
                "phone_number": one.phone_number,
                "label": one.label,
            }
            for one in numbers
        ]
        emit(dump({"xuna_result_version": VERSION, "phone_numbers": rows}))
        return
    from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

    table = plain_table(None, ("XUNA_FROM_PHONE_NUMBER_ID", "Number", "Label"))
    for one in numbers:
        table.add_row(cell(one.phone_number_id), cell(one.phone_number), cell(one.label))
    console().print(table)
    if not numbers:
        say("The account has no caller number: import one first.")
