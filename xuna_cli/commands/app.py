"""The root command, and the module of each command."""

from typing import Annotated, Any, ClassVar

import typer
import typer.main

from xuna_cli import __version__
from xuna_cli.commands.command_class import Group, LazyGroup
from xuna_cli.commands.shell_completion import use_scripts

COMMANDS = {
    "batch-call": ("call_commands", "Call everybody on a list, once."),
    "run": ("run", "Do what is due in a campaign that a file describes."),
    "render": (
        "call_commands",
        "Write the finished calls to a file for review. Place them with `xuna batch-call FILE`.",
    ),
    "test-call": ("test_call", "Call your own phone with the message of one row."),
    "init": (
        "init",
        "Ask for the API key, the agent and the caller number, and write them to .env in the current folder.",
    ),
    "doctor": (
        "doctor",
        "Check settings, ledger, API key, agent and caller number. This calls nobody and changes nothing.",
    ),
    "campaigns": ("campaigns", "List, inspect, export and resolve campaigns."),
    "do-not-call": ("do_not_call", "Manage the numbers that no campaign of this ledger calls."),
    "conversations": ("conversations", "List, inspect and export conversations."),
    "agents": ("agents", "List and inspect the account's agents."),
    "phone-numbers": ("phone_numbers", "List the account's caller numbers."),
    "ledger": ("ledger", "Inspect or move the record of who was called."),
    "sandbox": ("sandbox", "Run a simulated API that calls nobody."),
    "help": ("help", "Explain a topic or a command, e.g. `xuna help templates`."),
}
"""By name: the module, whose `app` is the group or has the command, and the line in the help."""

MEANT = {
    **dict.fromkeys(("call", "dial", "send", "start"), "batch-call CONTACTS"),
    **dict.fromkeys(("dnc", "block", "optout", "opt-out"), "do-not-call"),
    "check": "doctor",
    **dict.fromkeys(("config", "configure", "login", "setup"), "init"),
    **dict.fromkeys(("list", "status", "history"), "campaigns list"),
    **dict.fromkeys(("docs", "man", "manual", "topics"), "help"),
    **dict.fromkeys(("numbers", "phones"), "phone-numbers list"),
    "preview": "render CONTACTS",
    "resume": "batch-call CONTACTS",
    "retry": "campaigns retry-list NAME",
    "test": "test-call CONTACTS",
    "version": "--version",
}
"""What people type, and what they mean by it; a part of a campaign's command means that command."""
MEANT |= {
    name: f"campaigns {name} NAME"
    for name in ("export", "forget", "outcomes", "report", "resolve", "retry-list", "runs", "show")
}


class Commands(LazyGroup):
    """The root group."""

    MODULES: ClassVar = {
        name: (f"xuna_cli.commands.{module}", line) for name, (module, line) in COMMANDS.items()
    }

    def format_epilog(self, _ctx: Any, formatter: Any) -> None:
        """Write a pointer to the manual."""
        formatter.write("\nRead more: `xuna help` lists the topics of the manual.\n")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the called command and its arguments."""
        if args[0] in MEANT:
            ctx.fail(f"No such command {args[0]!r}. Did you mean `xuna {MEANT[args[0]]}`?")
        return super().resolve_command(ctx, args)


use_scripts()
app = typer.Typer(
    name="xuna",
    cls=Commands,
    help="Call everybody on a list with a XUNA AI voice agent: nobody twice, nobody lost silently.",
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Call everybody on a list with a XUNA AI voice agent: nobody twice, nobody lost silently."""
    if version:
        from xuna_cli.output.messages import emit

        emit(f"xuna {__version__}\n")
        raise typer.Exit


def all_commands() -> dict[str, Any]:
    """Import every command; return them by their full names, e.g. `campaigns list`."""
    found: dict[str, Any] = {}
    for name, one in typer.main.get_command(app).all_commands().items():  # type: ignore[attr-defined]
        inner = one.all_commands() if isinstance(one, Group) else {"": one}
        found |= {f"{name} {each}".rstrip(): command for each, command in inner.items()}
    return found
