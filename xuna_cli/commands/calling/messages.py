"""The messages of a run: the templates that its options give, compiled."""

from pathlib import Path

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.list_options import ListAndMessageOptions
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError, UsageError, reason_of
from xuna_cli.settings import Given
from xuna_cli.targets.override import FIRST_MESSAGE, Override, clash, first_message, parse_override


@dataclass(frozen=True, slots=True)
class Messages:
    """Templates of the first message and of other overrides.

    Attributes:
        first: those of a person's first call.
        again: those of later attempts.
    """

    first: tuple[Override, ...] = ()
    again: tuple[Override, ...] = ()

    @property
    def all(self) -> tuple[Override, ...]:
        """Every template once."""
        return tuple(dict.fromkeys((*self.first, *self.again)))

    def as_typed(self) -> str | None:
        """Return the templates as they are typed, for the ledger; None for the agent's own message."""
        lines = [_as_typed(one) for one in self.first]
        lines += [f"again: {_as_typed(one)}" for one in self.again if one not in self.first]
        return "\n".join(lines) or None


def messages_of(options: ListAndMessageOptions) -> Messages:
    """Compile the message and override templates.

    Raises:
        UsageError: two templates contradict each other.
        InputError: a template doesn't compile, or its file can't be read.
    """
    overrides = [parse_override(text) for text in options.override or ()]
    message = _message_that_counts(
        options, overridden=any(clash(one.path, FIRST_MESSAGE) for one in overrides)
    )
    if isinstance(message, Path):
        overrides.append(first_message(_text_of(message), where="--first-message-file"))
    elif message is not None:
        overrides.append(first_message(message, where=message.source))
    return Messages(tuple(overrides), tuple(overrides))


def with_message_again(messages: Messages, options: BatchCallOptions) -> Messages:
    """Return the messages with that of `--first-message-again`, if it is given, for later attempts."""
    if options.first_message_again is None:
        return messages
    others = [override for override in messages.first if override.path != FIRST_MESSAGE]
    again = first_message(options.first_message_again, where="--first-message-again")
    return Messages(messages.first, (*others, again))


def _message_that_counts(options: ListAndMessageOptions, *, overridden: bool) -> Given | Path | None:
    """Return the first message's template or its file; None for the agent's own message or one from `--override`."""
    typed = options.typed
    agents_own = "agent_message" in typed and options.agent_message
    given = "first_message" in typed or options.first_message_file is not None
    if "first_message" in typed and options.first_message_file is not None:
        raise UsageError("--first-message and --first-message-file can't be used together; choose one")
    if agents_own and (given or overridden):
        raise UsageError("--agent-message and another first message can't be used together; choose one")
    if options.first_message_file is not None:
        return options.first_message_file
    if "first_message" in typed:
        return options.first_message
    if overridden or agents_own:
        return None
    if options.first_message is not None and options.agent_message:
        raise UsageError(
            "XUNA_AGENT_MESSAGE and XUNA_FIRST_MESSAGE can't be used together",
            hint="unset one of the two, or use --agent-message or --first-message",
        )
    return options.first_message


def _as_typed(override: Override) -> str:
    return f"{'.'.join(override.path)}{':=' if override.is_json else '='}{override.template.source}"


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(
            f"--first-message-file {path} can't be read: {reason}",
            hint="name a text file in UTF-8",
            code="template-file",
        ) from None
