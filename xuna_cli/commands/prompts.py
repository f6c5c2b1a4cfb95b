"""Prompts at a terminal."""

import shlex
import sys
from collections.abc import Sequence

from xuna_cli.errors import ConfigurationError, ExitStatus, UsageError, XunaError
from xuna_cli.output.messages import safe, say


def is_interactive() -> bool:
    """Return whether stdin and stderr are terminals, so that a person can be asked."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def is_terminal(stream: object) -> bool:
    """Return whether a standard stream is open and a terminal."""
    try:
        return bool(stream is not None and stream.isatty())  # type: ignore[attr-defined]
    except ValueError:  # closed
        return False


def check_terminal() -> None:
    """Check that a person can be asked.

    Raises:
        UsageError: there is no terminal.
    """
    if not is_interactive():
        raise UsageError(
            "there is no terminal, so xuna can't ask for confirmation", hint="add --yes", code="needs-yes"
        )


def confirmed(question: str) -> bool:
    """Ask a yes/no question; any answer but yes means no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


class DeclinedError(XunaError):
    """The person declined: the command stops without a failure."""

    exit_status = ExitStatus.OK
    default_code = "declined"


def ask_api_key() -> str:
    """Ask for the API key without showing it."""
    from getpass import getpass

    try:
        return getpass("API key (hidden): ", sys.stderr).strip()
    except EOFError:
        return ""


def pick(what: str, choices: Sequence[tuple[str, str]]) -> str | None:
    """Print numbered choices and return the chosen value; None for any other answer.

    Args:
        what: what is to be chosen.
        choices: each value, and words for it.
    """
    for position, (_, words) in enumerate(choices, 1):
        say(f"  {position}. {words}")
    sys.stderr.write(f"Which {what} (1 to {len(choices)})? ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if not (answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(choices)):
        return None
    return choices[int(answer) - 1][0]


def choose(what: str, name: str, option: str, choices: Sequence[tuple[str, str]]) -> str:
    """Let a person choose from a numbered list.

    Args:
        what: what is to be chosen.
        name: environment variable for the choice.
        option: command line option for the choice.
        choices: values with descriptions.

    Raises:
        ConfigurationError: nothing was chosen.
    """
    say(f"\nNo {what} is given. The account has:")
    identifier = pick(what, choices)
    if identifier is None:
        raise ConfigurationError(
            f"no {what} was chosen", hint=f"use {option} or set {name}", code="nothing-chosen"
        )
    say(f"To keep this choice, run: export {name}={shlex.quote(safe(identifier))}")
    return identifier
