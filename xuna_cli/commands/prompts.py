"""Questions to a person at a terminal: yes or no, which agent, which caller number."""

import shlex
import sys
from collections.abc import Sequence

from xuna_cli.api.account import agents
from xuna_cli.api.client import Client
from xuna_cli.errors import ConfigurationError, ExitStatus, XunaError
from xuna_cli.output.messages import safe, say
from xuna_cli.settings import Settings

AGENT = "XUNA_AGENT_ID"
NUMBER = "XUNA_FROM_PHONE_NUMBER_ID"


def is_interactive() -> bool:
    """Return whether there is a person to ask: stdin and stderr are terminals."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def is_terminal(stream: object) -> bool:
    """Return whether a standard stream is there, open, and a terminal."""
    try:
        return bool(stream is not None and stream.isatty())  # type: ignore[attr-defined]
    except ValueError:  # closed
        return False


def confirmed(question: str) -> bool:
    """Ask a person; anything but yes is no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


class DeclinedError(XunaError):
    """The person who was asked said no."""

    exit_status = ExitStatus.INTERRUPTED


def agent_of(client: Client, settings: Settings, flag: str | None, *, ask: bool) -> str:
    """Return the agent's id.

    Raises:
        ConfigurationError: if none is given, and nobody chooses one.
    """
    given = settings.get(AGENT, flag).value
    if given is not None:
        return given
    if not ask:
        raise _missing("the agent", "--agent-id", AGENT, "xuna agents list")
    found, _ = agents(client)
    return _chosen(
        "agent", "--agent-id", AGENT, [(one.agent_id, f"{one.name} ({one.agent_id})") for one in found]
    )


def caller_number_of(client: Client, settings: Settings, flag: str | None, *, ask: bool) -> str:
    """Return the caller number's id; raises as `agent_of` does."""
    given = settings.get(NUMBER, flag).value
    if given is not None:
        return given
    if not ask:
        raise _missing("the caller number", "--from-phone-number-id", NUMBER, "xuna phone-numbers list")
    choices = [
        (one.phone_number_id, f"{one.phone_number} {one.label} ({one.phone_number_id})")
        for one in client.phone_numbers()
    ]
    return _chosen("caller number", "--from-phone-number-id", NUMBER, choices)


def _missing(what: str, option: str, name: str, command: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} is missing",
        hint=f"give {option} or set {name}; to see what there is: {command}",
        code=f"missing-{name.removeprefix('XUNA_').lower().replace('_', '-')}",
    )


def _chosen(what: str, option: str, name: str, choices: Sequence[tuple[str, str]]) -> str:
    """Let the person at the terminal choose; anything but a number of the list is no choice."""
    if not choices:
        raise ConfigurationError(
            f"the {what} is missing, and the account has none",
            hint="make one in the account first",
            code="caller-unknown" if name == NUMBER else "agent-unknown",
        )
    say(f"\nNo {what} is given. The account has:")
    for position, (_, words) in enumerate(choices, 1):
        say(f"  {position}. {words}")
    sys.stderr.write(f"Which {what} (1 to {len(choices)})? ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if not (answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(choices)):
        raise ConfigurationError(
            f"no {what} was chosen", hint=f"give {option} or set {name}", code="nothing-chosen"
        )
    identifier = choices[int(answer) - 1][0]
    say(f"To keep the choice: export {name}={shlex.quote(safe(identifier))}")
    return identifier
