"""`xuna init`: ask for the settings of a run and write them to `.env`."""

import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import BaseUrl
from xuna_cli.errors import ConfigurationError, UsageError
from xuna_cli.settings import API_KEY, Secret, Settings

if TYPE_CHECKING:
    from xuna_cli.api.client import Client, PhoneNumber

app = typer.Typer()

AGENT, CALLER_NUMBER = "XUNA_AGENT_ID", "XUNA_FROM_PHONE_NUMBER_ID"
NAMES = (API_KEY, AGENT, CALLER_NUMBER)
ATTEMPTS = 3
OF_THE_KEY = frozenset({"key-malformed", "key-refused", "missing-ai-api-key"})
"""Codes of errors about the API key."""
DEADLINE_S = 20.0
REHEARSAL = (
    r"printf 'phone,name\n+15551234567,Ann\n' | "
    "xuna batch-call - --campaign rehearsal -m 'Hi {{ name }}, this is a test.' --dry-run"
)
"""A command that works unchanged in every shell, and calls nobody."""


class InitWhat(StrEnum):
    """What `xuna init` can write besides `.env`."""

    CAMPAIGN = "campaign"


@options_of_command
class InitOptions:
    """The options of `xuna init`."""

    NEEDS: ClassVar[Mapping[str, str]] = {"to": "what"}

    what: Annotated[
        InitWhat | None,
        typer.Argument(metavar="[campaign]", help="Write a campaign file instead of .env."),
    ] = None
    contacts: Annotated[
        Path | None, typer.Argument(metavar="[CONTACTS]", help="With campaign: the list of people.")
    ] = None
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            "-o",
            metavar="FILE",
            help="With campaign: the file to write (default: named like the list, in the current folder).",
        ),
    ] = None
    base_url: BaseUrl = None


@app.command(
    "init",
    cls=Command,
    epilog="""
    Write a .env, and check it.
      xuna init
      xuna doctor

    Write a campaign file for a list.
      xuna init campaign customers.csv --to spring.toml

    More: xuna help campaign-file
    """,
)
@takes(InitOptions)
def init(options: InitOptions) -> None:
    """Ask for the API key, the agent and the caller number, and write them to .env in the current folder.

    The key is not shown, and is checked before anything is written. An existing .env is not changed.

    You can also write .env yourself, or set the three variables in the environment.

    `xuna init campaign CONTACTS` writes a commented campaign file for a list; see `xuna help campaign-file`.
    """
    if options.what is InitWhat.CAMPAIGN:
        from xuna_cli.commands.init_campaign import init_campaign

        if options.contacts is None:
            raise UsageError("the list is missing", hint="run: xuna init campaign CONTACTS", code="usage")
        init_campaign(options.contacts, options.to)
        return
    from xuna_cli.api.account import agents
    from xuna_cli.api.origin import DEFAULT_BASE_URL
    from xuna_cli.commands.account_cache import AGENTS, CALLER_NUMBERS, remember
    from xuna_cli.commands.prompts import is_interactive
    from xuna_cli.output.files import create_private
    from xuna_cli.output.messages import say

    path = Path.cwd() / ".env"
    if os.path.lexists(path):
        raise _exists(path)
    if not is_interactive():
        raise UsageError(
            "`xuna init` asks questions, and needs a terminal",
            hint=f"set {', '.join(NAMES)} in the environment or in .env (see xuna help environment)",
            code="no-terminal",
        )
    key, client, numbers = _ask_for_key(str(options.base_url or DEFAULT_BASE_URL))
    found, _ = agents(client)
    agent_choices = [(one.agent_id, one.name) for one in found]
    number_choices = [(one.phone_number_id, f"{one.phone_number} {one.label}") for one in numbers]
    remember(AGENTS, agent_choices)
    remember(CALLER_NUMBERS, number_choices)
    values = {
        API_KEY: key.reveal(),
        AGENT: _ask_for("agent", agent_choices),
        CALLER_NUMBER: _ask_for("caller number", number_choices),
    }
    create_private(path, "".join(f"{name}={_as_value(value)}\n" for name, value in values.items()))
    say(f"\n{path} was written. Only you can read this file. Keep it out of version control.")
    for name in NAMES:
        if os.environ.get(name):
            say(f"xuna: warning: {name} is also set in the environment, which comes first")
    say(f"\nCheck everything:\n  xuna doctor\nRehearse; nobody is called:\n  {REHEARSAL}")


def _exists(path: Path) -> UsageError:
    """Return the error for an existing file, with the settings that it lacks."""
    there = Settings({}, None, path.parent)
    lacking = [name for name in NAMES if there.of_file(name) is None]
    hint = (
        f"add the lines that are missing: {', '.join(f'{name}=…' for name in lacking)} (see xuna help environment)"
        if lacking
        else "it has all that a run needs. To change the key or another value, edit the file; then run: xuna doctor"
    )
    return UsageError(f"{path} exists already and was not changed", hint=hint, code="env-file-exists")


def _ask_for_key(url: str) -> "tuple[Secret, Client, list[PhoneNumber]]":
    """Ask until the API accepts the key; return the key and the account's caller numbers.

    Raises:
        ConfigurationError: the API accepted no key.
        UnreachableError: the API can't be reached.
    """
    from xuna_cli.api.client import Client
    from xuna_cli.commands.prompts import ask_api_key
    from xuna_cli.output.messages import print_error

    for left in reversed(range(ATTEMPTS)):
        try:
            key = Settings({API_KEY: ask_api_key()}, None, Path.cwd()).api_key()
            client = Client(url, key.reveal(), deadline=DEADLINE_S)
            return key, client, client.phone_numbers()
        except ConfigurationError as error:
            if error.code in OF_THE_KEY:  # the key comes from the person, not from a variable
                error.hint = "copy the key again from your XUNA AI account, and check its permissions there"
            if not left or error.code in {"url", "certificates"}:
                raise
            print_error(error)
    raise AssertionError


def _ask_for(what: str, choices: Sequence[tuple[str, str]]) -> str:
    """Let a person choose; raise ConfigurationError if there are no choices or nothing was chosen."""
    from xuna_cli.commands.prompts import pick
    from xuna_cli.output.messages import say

    if not choices:
        raise ConfigurationError(
            f"the account has no {what}", hint="create one in the account first; nothing was written"
        )
    say(f"\nThe account's {what}s:")
    for _ in range(ATTEMPTS):
        identifier = pick(what, [(one, f"{words} ({one})") for one, words in choices])
        if identifier is not None:
            return identifier
    raise ConfigurationError(
        f"no {what} was chosen, so nothing was written", hint="run xuna init again", code="nothing-chosen"
    )


def _as_value(text: str) -> str:
    """Quote text as a value in `.env`."""
    import re

    if re.fullmatch(r"[A-Za-z0-9_.:@%+/=,-]+", text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
