"""Read the options of `xuna run` from a campaign file.

A campaign file is TOML. Its keys are the long names of the options without the dashes, so no option is declared a
second time. `[defaults]` in a file `xuna.toml` of the same folder has values for all campaign files of the folder.

A value of the file takes the place of the option on the command line, and is converted and checked like it. Its
source, for messages, is file, line and key.
"""

import datetime as dt
import functools
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.error_sources import ErrorT, with_source
from xuna_cli.commands.option_types import FROM_FILE, Options, key_of
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError, UsageError, reason_of
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.ledger.engines.location import is_server_url
from xuna_cli.settings import Given, expanded
from xuna_cli.targets.template import nearest

FILE = "campaign_file"
"""The parameter that names the campaign file."""

DEFAULTS = "xuna.toml"
"""The file with the defaults of a folder."""

LISTS = frozenset({".csv", ".json", ".jsonl", ".tsv", ".txt"})
"""Endings of files that are lists, and are sometimes named in place of a campaign file."""

LARGEST_FILE = 64 * 1024
"""Bytes of a campaign file."""

OF_ONE_RUN = frozenset(
    "check debug dry-run fast-forward fault max-days opt-out sandbox seed start-at unanswered yes".split()
)
"""Options that say how to run, not what the campaign is: they are only given on the command line."""

ONLY_IN_CAMPAIGN_FILE = frozenset("base-url campaign env-file metrics on-end rejects report".split())
"""Not allowed in `xuna.toml`. Nobody names that file, so it must not choose where the key goes or what is run. Two
campaigns under one name would leave out whom the other has called, and would overwrite each other's files."""

ADDED = frozenset({"do-not-call"})
"""Keys whose values of all sources count together: a do-not-call list is never given up by naming another one."""

WITHOUT_PASSWORD = {
    "base-url": "remove it; the API key comes from XUNA_AI_API_KEY in the environment or in .env",
    "ledger": "set XUNA_LEDGER in the environment or in .env, or use a password file (.pgpass)",
}
"""Keys whose value may be a URL, and what to do with a password in it."""

ONE_OF = frozenset({"agent-message", "first-message", "first-message-file"})
"""Keys that say the same thing in several ways: a stronger source replaces all of them."""

_SECRETS = lazy_pattern(r"(xuna-?ai-?)?api-?key|key|password|secret|token", re.IGNORECASE)
_OPTION = lazy_pattern(r"--([a-z][a-z-]*)")
_COMMAND = lazy_pattern(r"\bxuna [^`\n]*")
"""A command in a message; its options are not those of a campaign file."""
_PLACE = lazy_pattern(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_IN_PLAIN_WORDS = {
    "Cannot overwrite a value": "this key is already in the file; remove one of the two",
    "Expected '=' after a key in a key/value pair": "= is missing after the key",
    "Expected newline or end of document after a statement": "the value can't be read",
    "Invalid date or datetime": "the date can't be read",
    "Invalid value": "the value can't be read",
    r"Illegal character '\n'": "a quote is missing at the end of the text",
    "Unterminated string": "a quote is missing at the end of the text",
    'Expected "\'"': "a quote is missing at the end of the text",
    r"Unescaped '\' in a string": "a backslash in double quotes has to be doubled; or use single quotes",
}
"""Messages of `tomllib`, and what they mean for somebody who writes a campaign file."""
_MEANT = {
    "agent": "agent-id",
    "caller-number": "from-phone-number-id",
    "file": "contacts",
    "list": "contacts",
    "message": "first-message",
    "name": "campaign",
    "phone": "phone-column",
    "timezone": "default-timezone",
}
"""Words for an option that people try, and its key."""
_UNQUOTED = ("Expected newline", "Invalid value", "Invalid date", "Expected '=' after a key")


@dataclass(frozen=True, slots=True)
class FileValue:
    """A value in a campaign file.

    Attributes:
        key: its key.
        value: as TOML has it.
        path: the file.
        line: number of the line with the key.
    """

    key: str
    value: Any
    path: Path
    line: int

    @property
    def source(self) -> str:
        """Where the value was given, for messages."""
        return f"{self.path}, line {self.line}, {self.key}"

    def wrong(self, problem: str, *, hint: str = "") -> UsageError:
        """Return the error for a wrong value."""
        return UsageError(f"{self.source}: {problem}", hint=hint, code="campaign-file")


class CampaignCommand(Command):
    """A command whose options may be in a campaign file."""

    def make_parser(self, ctx: Any) -> Any:
        """Return a parser that adds the values of the campaign file to those of the command line."""
        parser: Any = super().make_parser(ctx)
        parser.parse_args = functools.partial(_parse_both, ctx, parser.parse_args)
        return parser


def _parse_both(ctx: Any, parse: Callable[..., Any], args: list[str]) -> Any:
    values, rest, order = parse(args=args)
    path = values.get(FILE)
    if ctx.resilient_parsing and rest:  # a shell completes the value of an option: arguments are left over
        path = rest[0]
    if path is not None and not values.get("help"):
        try:
            _add_file(ctx, Path(path), values)
        except (InputError, UsageError):
            if not ctx.resilient_parsing:  # whoever presses Tab wants no error
                raise
    return values, rest, order


def _add_file(ctx: Any, path: Path, values: dict[str, Any]) -> None:
    """Add the values of a campaign file and of its folder's defaults; what was typed wins."""
    options = {key_of(one): one for one in ctx.command.params if one.param_type_name == "option"}
    found = ctx.meta[FROM_FILE] = {}
    for file in (campaign_file(path, options), folder_defaults(path.parent, options)):
        stronger = {key for key, option in options.items() if values.get(option.name) is not None}
        for key, one in file.items():
            option = options[key]
            if key in ONE_OF and stronger & ONE_OF:
                continue
            value = option_value(option, one)
            if values.get(option.name) is None:
                values[option.name] = value
                found[option.name] = one.source
            elif key in ADDED:
                values[option.name] = [*values[option.name], *value]
    if values.get("contacts") is None:
        raise UsageError(
            f"{path}: the list is missing",
            hint='add a line with the file of the people to call, e.g.: contacts = "people.csv"',
            code="campaign-file",
        )


def with_line(error: ErrorT, options: Options) -> ErrorT:
    """Add the line of the campaign file to the message of an error about an option that is set there.

    The hint gets the keys of the options that it names.

    Args:
        error: an error whose message may begin with an option, e.g. `--attempts 3 needs …`, or name an option's value,
            e.g. `people.csv does not exist`.
        options: the command's options.
    """
    key = error.code.removeprefix("missing-")
    if key in ("agent-id", "from-phone-number-id"):
        error.hint = f"set {key} in {getattr(options, FILE)}, or {error.hint}"
    elif note := note_of_keys(error.hint, options):
        error.hint += f"; {note}"
    return with_source(error, options)


def note_of_keys(text: str, options: Options) -> str:
    """Return how to write the options that a text advises as keys of the campaign file; "" if it names none.

    Args:
        text: messages, which name options as they are typed, e.g. `add --region US`.
        options: the options of a command with a campaign file.
    """
    known = {
        "format" if field.name == "list_format" else field.name.replace("_", "-") for field in fields(options)
    }
    named = dict.fromkeys(_OPTION.findall(_COMMAND.sub("", text)))
    if keys := [key for key in named if key in known - OF_ONE_RUN]:
        return f"in {getattr(options, FILE)}, the {'key is' if len(keys) == 1 else 'keys are'}: {', '.join(keys)}"
    return ""


def campaign_file(path: Path, options: Mapping[str, Any]) -> dict[str, FileValue]:
    """Read a campaign file.

    Args:
        path: the file.
        options: the options that it can have, by key.

    Raises:
        InputError: the file can't be read.
        UsageError: the file is not TOML, or has a key that is not an option.
    """
    text = _text(path)
    return _checked(path, _parsed(path, text), lines_of_keys(text), options)


def folder_defaults(folder: Path, options: Mapping[str, Any]) -> dict[str, FileValue]:
    """Read the defaults of a folder, if it has any; raises as `campaign_file`."""
    path = folder / DEFAULTS
    if not path.is_file():
        return {}
    text = _text(path)
    tables, lines = _parsed(path, text), lines_of_keys(text)
    for name, value in tables.items():
        if name != "defaults" or not isinstance(value, dict):
            raise FileValue(name, value, path, lines[name]).wrong(
                f"{DEFAULTS} only has the table [defaults]",
                hint="write [defaults] on a line before the first key",
            )
    found = _checked(path, tables.get("defaults", {}), lines, options)
    for one in found.values():
        if one.key in ONLY_IN_CAMPAIGN_FILE or (one.key == "ledger" and is_server_url(str(one.value))):
            raise one.wrong(
                f"{one.key} can't be set for all campaigns of a folder", hint="set it in the campaign file"
            )
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise InputError(
                f"{path} has more than {LARGEST_FILE // 1024} KiB, so it is not a campaign file",
                hint="to call a list without a campaign file, use xuna batch-call",
                code="campaign-file",
            )
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(
            f"{path} can't be read: {reason}",
            hint="to write a campaign file for a list, run: xuna init campaign CONTACTS",
            code="campaign-file",
        ) from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if path.suffix.lower() in LISTS:
            raise UsageError(
                f"{path} is a list, not a campaign file",
                hint=f"to write a campaign file for the list, run: xuna init campaign {shlex.quote(str(path))}",
                code="campaign-file",
            ) from None
        message = str(error)
        place = _PLACE.search(message)
        reason = _PLACE.sub("", message)
        hint = 'text has to be in quotes, e.g. hours = "09:00-18:00"' if reason.startswith(_UNQUOTED) else ""
        reason = _IN_PLAIN_WORDS.get(reason, reason)
        line = place[1] if place and place[1] else str(text.rstrip("\n").count("\n") + 1)
        raise UsageError(
            f"{path}, line {line}: {reason[:1].lower()}{reason[1:]}", hint=hint, code="campaign-file"
        ) from None


def lines_of_keys(text: str) -> dict[str, int]:
    """Return the line of each key in a valid TOML file; a table counts as a key.

    `tomllib` does not report lines. A statement ends with the first line at which it can be parsed separately.
    """
    lines: dict[str, int] = {}
    statement: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        statement.append(line)
        try:
            keys = tomllib.loads("\n".join(statement))
        except tomllib.TOMLDecodeError:
            continue
        for key in keys:
            lines.setdefault(key, number - len(statement) + 1)
        statement = []
    return lines


def _checked(
    path: Path, values: Mapping[str, Any], lines: Mapping[str, int], options: Mapping[str, Any]
) -> dict[str, FileValue]:
    """Return the values; raise UsageError for a key that a campaign file can't have."""
    found = {key: FileValue(key, value, path, lines[key]) for key, value in values.items()}
    for key, one in found.items():
        where = f"{path}, line {one.line}"
        hint = ""
        if key in OF_ONE_RUN:
            problem = f"{key} can't be set in a file, because it belongs to a single run"
            hint = f"remove the line, and type --{key} when you mean it"
        elif key in options:
            if key in WITHOUT_PASSWORD and _has_password(str(one.value)):
                problem = "a password can't be in a file that others may read"
                hint = WITHOUT_PASSWORD[key]
            else:
                continue
        elif _SECRETS.fullmatch(key.replace("_", "-")):
            problem = f"{key}: the API key can't be in a file that others may read"
            hint = "set XUNA_AI_API_KEY in the environment or in .env"
        else:
            near = _MEANT.get(key) or nearest(key, options.keys() - OF_ONE_RUN)
            problem = f"unknown key {key!r}"
            hint = f"did you mean {near}?" if near else "see all keys: xuna help campaign-file"
        raise UsageError(f"{where}: {problem}", hint=hint, code="campaign-file")
    return found


def _has_password(url: str) -> bool:
    in_url = re.match(r"[^/]*//[^/]*:[^/]*@", url)
    return bool(in_url) or (is_server_url(url) and "password=" in url)


def option_value(option: Any, one: FileValue) -> Any:
    """Return a value as the option's parser would have it from the command line.

    Raises:
        UsageError: the value is of the wrong type.
    """
    if option.is_flag:
        return _of_type(one, bool, "true or false, without quotes")
    if option.type.name.startswith(("int", "float")):
        whole = option.type.name.startswith("int")
        value = _of_type(one, int if whole else (int, float), "a number, without quotes")
        if isinstance(value, bool):
            raise one.wrong("must be a number, without quotes")
        return str(value)
    if option.multiple:
        parts = one.value if isinstance(one.value, list) else [one.value]
        return [_text_value(option, one, part) for part in parts]
    if isinstance(one.value, list):
        return _joined(option, one)
    return _text_value(option, one, one.value)


def _of_type(one: FileValue, kinds: type | tuple[type, ...], expected: str) -> Any:
    if not isinstance(one.value, kinds):
        raise one.wrong(f"must be {expected}")
    return one.value


def _joined(option: Any, one: FileValue) -> Given:
    """Return a list as the comma-separated text that some options take."""
    if "," not in (option.metavar or ""):
        raise one.wrong("can only have one value, so it can't be a list")
    parts = [str(_text_value(option, one, part)) for part in one.value]
    if any("," in part for part in parts):
        raise one.wrong("a value in a list can't have a comma")
    return Given(",".join(parts), one.source, one.path.parent)


def _text_value(option: Any, one: FileValue, value: Any) -> Given:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        value = value.isoformat()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise one.wrong('must be text in quotes, e.g. "…"')
    folder, value = one.path.parent, value.rstrip("\r\n")  # a text of several lines ends with a line break
    if _is_path(option) and not value.strip():
        raise one.wrong("must name a file")
    if _is_path(option) and value != "-" and "://" not in value:
        return Given(str(folder / expanded(Path(value))), one.source)
    return Given(value, one.source, folder)


def _is_path(option: Any) -> bool:
    return str(option.metavar).startswith("FILE")
