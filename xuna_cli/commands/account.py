"""Access to the account: the API for placing calls, and the API for reading."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from xuna_cli.api.account import agents
from xuna_cli.api.client import BusyError, Client
from xuna_cli.api.origin import DEFAULT_BASE_URL, origin_of
from xuna_cli.api.retry import RetryingReader
from xuna_cli.commands.account_cache import AGENTS, CALLER_NUMBERS, remember
from xuna_cli.commands.context import sandbox_record
from xuna_cli.commands.options import ApiOptions
from xuna_cli.commands.prompts import choose, is_interactive
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import ConfigurationError
from xuna_cli.output.messages import say, sentence
from xuna_cli.settings import Settings

if TYPE_CHECKING:
    from xuna_cli.commands.call_options import CallerOptions
    from xuna_cli.sandbox.server import SandboxServer

SANDBOX_ORIGIN = "sandbox"
SANDBOX_UNANSWERED = 0.1  # share of sandbox calls without a conversation record, as in practice

READING_DEADLINE_S = 30.0
WORTH_SAYING_S = 3.0


@dataclass(frozen=True, slots=True)
class Account:
    """The API client, the agent and the caller number."""

    client: Client
    agent_id: str
    from_phone_number_id: str
    origin: str


def base_url(settings: Settings, given: str | None) -> str:
    """Return the base URL of the API.

    Raises:
        ConfigurationError: if only a `.env` that was not named with --env-file sets the base URL.
    """
    if given is None and settings.warnings:
        # The author of that file did not mean the real API: stop instead of using it.
        raise ConfigurationError(
            settings.warnings[0], hint="name the file with --env-file, or use --base-url", code="url-unasked"
        )
    return DEFAULT_BASE_URL if given is None else str(given)


@contextlib.contextmanager
def open_account(options: "CallerOptions") -> Iterator[Account]:
    """Open the API, or a sandbox in this process that has the agent and the number.

    If no agent or no number is given, a person at a terminal chooses one, unless `--yes` is given.

    Raises:
        ConfigurationError: if a setting is missing or malformed.
    """
    agent, number = options.agent_id, options.from_phone_number_id
    if options.simulation is not None:
        yield _account_of(options.simulation.server, deadline=options.timeout)
        return
    if options.sandbox:
        with sandbox_account(agent, number, deadline=options.timeout) as account:
            yield account
        return
    url = base_url(options.settings, options.base_url)
    origin = origin_of(url)
    client = Client(url, options.settings.api_key().reveal(), deadline=options.timeout)
    ask = is_interactive() and not options.yes
    agent_id = _chosen_agent(client, ask=ask) if agent is None else str(agent)
    number_id = _chosen_caller_number(client, ask=ask) if number is None else str(number)
    yield Account(client, agent_id, number_id, origin)


@contextlib.contextmanager
def sandbox_account(agent: str | None, number: str | None, *, deadline: float) -> Iterator[Account]:
    """Open a sandbox in this process that accepts any id of an agent or a caller number."""
    from xuna_cli.sandbox.account import account_with
    from xuna_cli.sandbox.server import SandboxServer

    known = account_with(agent, number)
    with SandboxServer(account=known, record=sandbox_record(), record_words=False) as server:
        yield _account_of(server, deadline=deadline)


def _account_of(server: "SandboxServer", *, deadline: float) -> Account:
    """Return a client of a sandbox, with the sandbox's first agent and caller number."""
    [agent, *_], [number, *_] = server.account.agents, server.account.phone_numbers
    client = Client(server.base_url, server.account.api_key, deadline=deadline)
    return Account(client, agent.agent_id, number.phone_number_id, SANDBOX_ORIGIN)


def origin_to_read(options: "ApiOptions | CallerOptions") -> str:
    """Return the origin of the API, as stored with campaigns: scheme, host and port, or `sandbox`.

    Raises:
        ConfigurationError: as `base_url`.
    """
    if options.sandbox or options.simulation is not None:
        return SANDBOX_ORIGIN
    return origin_of(base_url(options.settings, options.base_url))


@contextlib.contextmanager
def api_to_read(options: ApiOptions) -> Iterator[RetryingReader]:
    """Print the settings' warnings, and open the API for reading; raises as `opened_api`."""
    for warning in options.settings.warnings:
        say(f"xuna: warning: {warning}")
    with opened_api(options) as reader:
        yield reader


@contextlib.contextmanager
def opened_api(options: "ApiOptions | CallerOptions") -> Iterator[RetryingReader]:
    """Open the API for reading, or a sandbox that remembers the calls of earlier `--sandbox` runs.

    Raises:
        ConfigurationError: if a setting is missing or malformed.
    """
    settings = options.settings
    with contextlib.ExitStack() as stack:
        if options.simulation is not None:
            client = _account_of(options.simulation.server, deadline=READING_DEADLINE_S).client
        elif options.sandbox:
            from xuna_cli.sandbox.conversations import ConversationOptions
            from xuna_cli.sandbox.server import SandboxServer

            conversations = ConversationOptions(unanswered=SANDBOX_UNANSWERED)
            server = stack.enter_context(
                SandboxServer(record=sandbox_record(), record_words=False, conversations=conversations)
            )
            client = Client(server.base_url, server.account.api_key, deadline=READING_DEADLINE_S)
        else:
            url = base_url(settings, options.base_url)
            client = Client(url, settings.api_key().reveal(), deadline=READING_DEADLINE_S)
        reader = RetryingReader(client, on_wait=_say_wait)
        stack.callback(reader.stop)
        yield reader


@contextlib.contextmanager
def hint_for_sandbox(options: ApiOptions) -> Iterator[None]:
    """Add `--sandbox` to the command in the hint of a "not found" error, if this command has it."""
    try:
        yield
    except ConfigurationError as error:
        if error.code == "not-found" and options.sandbox:
            error.hint += " --sandbox"
        raise


def _chosen_agent(client: Client, *, ask: bool) -> str:
    """Let a person choose an agent and return its id; raise ConfigurationError if none is chosen."""
    if not ask:
        raise missing_agent()
    found, _ = agents(client)
    remember(AGENTS, ((one.agent_id, one.name) for one in found))
    choices = [(one.agent_id, f"{one.name} ({one.agent_id})") for one in found]
    if not choices:
        raise _none("agent", "agent-unknown")
    return choose("agent", "XUNA_AGENT_ID", "--agent-id", choices)


def _chosen_caller_number(client: Client, *, ask: bool) -> str:
    """Let a person choose a caller number and return its id; raise ConfigurationError if none is chosen."""
    if not ask:
        raise missing_caller_number()
    numbers = client.phone_numbers()
    remember(CALLER_NUMBERS, ((one.phone_number_id, f"{one.phone_number} {one.label}") for one in numbers))
    choices = [
        (one.phone_number_id, f"{one.phone_number} {one.label} ({one.phone_number_id})") for one in numbers
    ]
    if not choices:
        raise _none("caller number", "caller-unknown")
    return choose("caller number", "XUNA_FROM_PHONE_NUMBER_ID", "--from-phone-number-id", choices)


def missing_agent() -> ConfigurationError:
    """Return the error for a missing agent id."""
    return _missing("agent", "--agent-id", "XUNA_AGENT_ID", "xuna agents list")


def missing_caller_number() -> ConfigurationError:
    """Return the error for a missing caller number id."""
    return _missing(
        "caller number", "--from-phone-number-id", "XUNA_FROM_PHONE_NUMBER_ID", "xuna phone-numbers list"
    )


def _missing(what: str, option: str, name: str, command: str) -> ConfigurationError:
    return ConfigurationError(
        f"the {what} is missing",
        hint=f"use {option} or set {name}; to see the choices, run: {command}",
        code=f"missing-{name.removeprefix('XUNA_').lower().replace('_', '-')}",
    )


def _none(what: str, code: str) -> ConfigurationError:
    return ConfigurationError(f"the account has no {what}", hint="create one in the account first", code=code)


def _say_wait(seconds: float, why: BusyError) -> None:
    if seconds >= WORTH_SAYING_S:
        say(f"xuna: {sentence(why.message)} Retrying in {seconds:.0f} s.")
