"""The options of `xuna batch-call`, and what each of them means."""

import contextlib
import shlex
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import BinaryIO

from xuna_cli.commands.prompts import is_terminal
from xuna_cli.commands.screening import ScreeningOptions
from xuna_cli.contacts.options import HiddenRows, ListOptions
from xuna_cli.errors import (
    InputError,
    UsageError,
)
from xuna_cli.output.files import is_ordinary
from xuna_cli.settings import Settings
from xuna_cli.targets.override import FIRST_MESSAGE, Override, clash, first_message, parse_override
from xuna_cli.targets.rendered_list import RenderedList

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, as it was typed; None where nothing was."""

    contacts: str
    agent_id: str | None = None
    from_phone_number_id: str | None = None
    first_message: str | None = None
    first_message_file: Path | None = None
    override: Sequence[str] | None = None
    list_format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    hidden_rows: HiddenRows | None = None
    phone_column: Sequence[str] | None = None
    region: str | None = None
    region_column: str | None = None
    do_not_call_column: Sequence[str] | None = None
    strict_numbers: bool = False
    key: str | None = None
    limit: int | None = None
    campaign: str | None = None
    ledger: str | None = None
    require_ledger: bool = False
    batch_size: int | None = None
    concurrency: int | None = None
    rate: str | None = None
    timeout: float | None = None
    give_up_after: float | None = None
    max_unknown: int | None = None
    base_url: str | None = None
    sandbox: bool = False
    dry_run: bool = False
    yes: bool = False
    output: str | None = None
    rejects: Path | None = None
    quiet: bool = False
    verbose: bool = False
    env_file: Path | None = None
    do_not_call: Sequence[Path] | None = None
    max_list_age: str | None = None
    hours: str | None = None
    days: str | None = None
    close_early: str | None = None
    timezone_column: str | None = None
    default_timezone: str | None = None
    until: str | None = None
    country: str | None = None
    allow_premium: bool = False
    consent_column: str | None = None
    consent_values: str | None = None
    quiet_days: float | None = None
    max_calls: int | None = None
    wait: bool = False
    retry_refused: bool = False
    strict_messages: bool = False
    allow_odd_messages: bool = False
    agent_message: bool = False

    @property
    def list_options(self) -> ListOptions:
        """How to read the list."""
        return ListOptions(
            format=self.list_format,
            delimiter=self.delimiter,
            encoding=self.encoding,
            phone_columns=tuple(self.phone_column or ()),
            sheet=self.sheet,
            hidden_rows=self.hidden_rows,
        )

    @property
    def screening(self) -> ScreeningOptions:
        """The options that screen."""
        return ScreeningOptions(**{each.name: getattr(self, each.name) for each in fields(ScreeningOptions)})


# What is about the file that was read, or about one run of it.
_OF_THE_RUN = frozenset(
    "contacts list_format delimiter encoding sheet hidden_rows limit dry_run yes rejects max_calls until".split()
)
_FLAGS = {"first_message": "-m"}


def again(options: Options, campaign: str) -> str:
    """Return the command that feeds the rejected rows back, for a shell; empty where no file was asked for."""
    if options.rejects is None or not is_ordinary(options.rejects):
        return ""
    words = ["xuna", "batch-call", str(options.rejects), "--campaign", campaign]
    for each in fields(options):
        value = getattr(options, each.name)
        if each.name in _OF_THE_RUN or each.name == "campaign" or value is None or value is False:
            continue
        flag = _FLAGS.get(each.name, f"--{each.name.replace('_', '-')}")
        if value is True:
            words.append(flag)
            continue
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        words += [word for one in values for word in (flag, str(one))]
    return shlex.join(words)


def source_of(options: Options, stack: contextlib.ExitStack) -> Path | BinaryIO:
    """Return the list; what comes through stdin is kept in a file that has no name, since it is read twice."""
    if options.contacts != STDIN:
        return Path(options.contacts)
    if sys.stdin is None or is_terminal(sys.stdin):
        raise UsageError("there is no list on stdin", hint="name a file, or pipe one in", code="stdin-empty")
    spool = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - 0600, and unlinked at once
    try:
        shutil.copyfileobj(sys.stdin.buffer, spool)
    except OSError as error:
        raise InputError(
            f"the list on stdin can't be read to its end: {error.strerror}", code="stdin"
        ) from None
    spool.seek(0)
    return spool


def campaign_of(options: Options) -> str:
    """Return the campaign's name; raise UsageError if there is none, or it is no name."""
    if options.campaign is None and options.contacts == STDIN:
        raise UsageError(
            "a list on stdin has no name to call the campaign by",
            hint="add --campaign NAME",
            code="campaign-missing",
        )
    name = Path(options.contacts).absolute().stem if options.campaign is None else options.campaign.strip()
    name = unicodedata.normalize("NFC", name)  # one name, however its accents are typed
    if not name or not name.isprintable():
        raise UsageError(
            f"{name!r} is no name for a campaign", hint="add --campaign NAME", code="campaign-name"
        )
    return name


def overrides_of(options: Options, settings: Settings) -> list[Override]:
    """Return the templates of what is said.

    Raises:
        UsageError: two of them contradict each other.
        InputError: one doesn't compile, or its file can't be read.
    """
    overrides = [parse_override(text) for text in options.override or ()]
    if options.first_message is not None and options.first_message_file is not None:
        raise UsageError("--first-message and --first-message-file are two ways to say the same: give one")
    given = options.first_message is not None or options.first_message_file is not None
    if options.agent_message and (
        given or any(clash(override.path, FIRST_MESSAGE) for override in overrides)
    ):
        raise UsageError("--agent-message and another first message contradict each other: give one")
    if options.first_message is not None:
        overrides.append(first_message(options.first_message))
    elif options.first_message_file is not None:
        overrides.append(first_message(_text_of(options.first_message_file), where="--first-message-file"))
    elif not options.agent_message and not any(clash(override.path, FIRST_MESSAGE) for override in overrides):
        setting = settings.get("XUNA_FIRST_MESSAGE")
        if setting.value is not None and settings.switch("XUNA_AGENT_MESSAGE", on=False):
            raise UsageError(
                "XUNA_AGENT_MESSAGE and XUNA_FIRST_MESSAGE contradict each other",
                hint="Unset one of them, or give --agent-message or --first-message.",
            )
        if setting.value is not None:
            overrides.append(first_message(setting.value, where=f"XUNA_FIRST_MESSAGE ({setting.source})"))
    return overrides


def as_typed(override: Override) -> str:
    """Return an override as the command line has it."""
    return f"{'.'.join(override.path)}{':=' if override.is_json else '='}{override.template.source}"


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(
            f"--first-message-file {path}: {reason}", hint="name a text file in UTF-8", code="template-file"
        ) from None


def rate_of(text: str | None) -> float | None:
    """Return calls per second for `N/s` or `N/m`; raise UsageError if it is neither."""
    if text is None:
        return None
    number, _, unit = text.partition("/")
    try:
        rate = float(number) / {"s": 1, "m": 60}[unit.strip()]
    except (ValueError, KeyError):
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise UsageError(f"--rate {text}: it has to be like 10/s or 300/m", code="rate")
    return rate


def check_rendered_options(options: Options, about: RenderedList) -> None:
    """Raise UsageError where an option contradicts what a rendered list says of itself."""
    wrong = {
        "--campaign": options.campaign is not None and options.campaign.strip() != about.campaign,
        "--key": options.key is not None and options.key != about.key_column,
        "--first-message": options.first_message is not None or options.first_message_file is not None,
        "--override": bool(options.override),
    }
    for option, contradicts in wrong.items():
        if contradicts:
            raise UsageError(
                f"{options.contacts} is a rendered list of campaign {about.campaign!r}: {option} can't change it",
                hint=f"leave {option} out, or render the list anew with it",
                code="ready-contradicted",
            )
