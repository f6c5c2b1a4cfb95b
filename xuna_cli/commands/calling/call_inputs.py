"""Derive the list, the campaign and the rate from the options of `xuna batch-call` and `xuna render`."""

import contextlib
import dataclasses
import shlex
import shutil
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import BinaryIO

from xuna_cli.commands.calling.list_plan import NONE
from xuna_cli.commands.list_options import STDIN, ListAndMessageOptions
from xuna_cli.commands.option_types import declaration
from xuna_cli.commands.prompts import is_terminal
from xuna_cli.contacts.options import ListOptions
from xuna_cli.errors import InputError, UsageError, reason_of
from xuna_cli.output.files import is_ordinary
from xuna_cli.settings import Given
from xuna_cli.targets.rendered_list import RenderedList

# Options about the file that was read or about a single run: not repeated for the rejects.
_OF_THE_RUN = frozenset(
    "contacts list_format delimiter encoding sheet hidden_rows limit dry_run yes rejects max_calls to campaign "
    "require_seal signed_by campaign_file report".split()
)


def list_options(options: ListAndMessageOptions) -> ListOptions:
    """Return the options for reading the list."""
    return ListOptions(
        format=options.list_format,
        delimiter=options.delimiter,
        encoding=options.encoding,
        phone_columns=tuple(options.phone_column or ()),
        sheet=options.sheet,
        hidden_rows=options.hidden_rows,
        as_calls=True,
    )


def again(options: ListAndMessageOptions, campaign: str) -> str:
    """Return the shell command that calls the fixed rejects; "" without `--rejects`."""
    if options.rejects is None or not is_ordinary(options.rejects):
        return ""
    words = ["xuna", "batch-call", str(options.rejects), "--campaign", campaign]
    for field in dataclasses.fields(options):
        if field.name in options.typed and field.name not in _OF_THE_RUN:
            flag, value = _flag(field), getattr(options, field.name)
            if isinstance(value, bool):
                on, _, off = flag.partition("/")
                words += filter(None, [on if value else off])
                continue
            values = value if isinstance(value, list) else [value]
            words += [word for one in values for word in (flag, str(one))]
    return shlex.join(words)


def _flag(field: dataclasses.Field[object]) -> str:
    """Return the shortest name of an option; a switch may have one for on and one for off, as `--on/--off`."""
    info = declaration(field)
    # Typer keeps the first name as a default until it makes the option.
    declared = () if info is None else (info.default, *(info.param_decls or ()))
    names = [name for name in declared if isinstance(name, str) and name.startswith("-")]
    return min(names, key=len, default=f"--{field.name.replace('_', '-')}")


def source_of(options: ListAndMessageOptions, stack: contextlib.ExitStack) -> Path | BinaryIO:
    """Return the list. Standard input is copied to an unnamed file, since it is read twice."""
    if options.contacts != STDIN:
        return Path(options.contacts)
    if sys.stdin is None or is_terminal(sys.stdin):
        raise UsageError(
            "stdin is empty, so there is no list",
            hint="name a file, or pipe a list into xuna",
            code="stdin-empty",
        )
    spool = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - 0600, and unlinked at once
    try:
        shutil.copyfileobj(sys.stdin.buffer, spool)
    except OSError as error:
        raise InputError(
            f"the list on stdin can't be read to its end: {reason_of(error)}", code="stdin"
        ) from None
    spool.seek(0)
    return spool


def campaign_of(options: ListAndMessageOptions) -> str:
    """Return the campaign's name; raise UsageError if it is missing or invalid."""
    name = options.default_campaign if options.campaign is None else options.campaign.strip()
    if options.campaign is None and not name:
        raise UsageError(
            "a list on stdin needs a campaign name",
            hint="add --campaign NAME",
            code="campaign-missing",
        )
    name = unicodedata.normalize("NFC", name)  # the same name for composed and decomposed accents
    if not name or not name.isprintable():
        raise UsageError(
            f"{name!r} can't be the name of a campaign, because it "
            + ("has characters that can't be printed" if name else "is empty"),
            hint="give another name with --campaign",
            code="campaign-name",
        )
    return name


SLOWEST_RATE = 1 / 86_400
"""Calls per second. At one call in a day, a run is as good as stopped; at far less, it can't wait that long."""


def rate_of(rate: Given | None) -> float | None:
    """Return calls per second for `N/s` or `N/m`; raise UsageError for anything else."""
    if rate is None:
        return None
    number, _, unit = rate.partition("/")
    try:
        per_second = float(number) / {"s": 1, "m": 60}[unit.strip().lower()]
    except (ValueError, KeyError):
        per_second = 0.0
    if not SLOWEST_RATE <= per_second < float("inf"):
        raise UsageError(
            f"{rate.source}: {str(rate)!r} is not a valid rate; use e.g. 10/s or 300/m", code="rate"
        )
    return per_second


def check_rendered_options(options: ListAndMessageOptions, about: RenderedList) -> None:
    """Raise UsageError if an option contradicts the settings in a rendered list."""
    wrong = {
        "--campaign": options.campaign is not None and options.campaign.strip() != about.campaign,
        "--key": options.key is not None and options.key != about.key_column,
        "--first-message": "first_message" in options.typed or options.first_message_file is not None,
        "--override": bool(options.override),
        "--do-not-call-column": bool(set(options.do_not_call_column or ()) - {NONE}),
        "--region-column": options.region_column not in {None, NONE},
        "--state-column": options.state_column is not None,
        "--call-after-column": options.call_after_column is not None,
        "--call-before-column": options.call_before_column is not None,
        "--attempts": getattr(options, "attempts", None) not in {None, 1},
    }
    for option, contradicts in wrong.items():
        if contradicts:
            raise UsageError(
                f"{options.contacts} is a rendered list of campaign {about.campaign!r}: {option} can't change it",
                hint=f"remove {option}, or render the list again with {option}",
                code="ready-contradicted",
            )
