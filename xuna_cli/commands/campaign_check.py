"""`xuna run --check`: validate a campaign file without the network, and show where each setting comes from."""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from xuna_cli.commands.account import base_url, missing_agent, missing_caller_number
from xuna_cli.commands.calling.batch_call import BatchCall
from xuna_cli.commands.calling.call_inputs import campaign_of
from xuna_cli.commands.calling.run_end import RunEnd
from xuna_cli.commands.campaign_file import FILE, with_line
from xuna_cli.commands.context import location_in
from xuna_cli.commands.results import prints
from xuna_cli.commands.run import RunOptions
from xuna_cli.errors import InputError, XunaError
from xuna_cli.ledger.engines.location import ServerUrl, is_server_url
from xuna_cli.outcomes.opt_outs import parse_rules
from xuna_cli.output.run import CheckedCampaign, Setting
from xuna_cli.settings import API_KEY

_OF_THE_CHECK = frozenset({FILE, "check", "output"})


@prints("run")
def check(options: RunOptions) -> CheckedCampaign:
    """Validate the settings, the head of the list and the ledger; show what is set, and what is missing."""
    errors: list[XunaError] = []

    def tried(do: Callable[[], Any]) -> Any:
        """Do something; record its failure and return None."""
        try:
            return do()
        except XunaError as error:
            errors.append(with_line(error, options))
            return None

    tried(lambda: parse_rules(options.opt_out_when or ()))
    tried(RunEnd("run", options).check)
    for path in (options.rejects, options.report):
        tried(partial(_check_folder, path))
    with contextlib.ExitStack() as stack:
        call = tried(lambda: BatchCall(options, stack))
        if call is not None:
            tried(call.check)
    if not options.sandbox:
        tried(lambda: base_url(options.settings, options.base_url))
        tried(options.settings.api_key)
        errors += [with_line(missing_agent(), options)] if options.agent_id is None else []
        errors += (
            [with_line(missing_caller_number(), options)] if options.from_phone_number_id is None else []
        )
    campaign = call.campaign if call is not None else tried(lambda: campaign_of(options))
    settings = (*_given(options), *_resolved(options, campaign))
    return CheckedCampaign(str(options.campaign_file), campaign, settings, errors)


def _check_folder(file: Path | str | None) -> None:
    """Raise InputError if a file can't be written because of its folder."""
    if file is not None and not os.access(Path(file).parent, os.W_OK | os.X_OK):
        raise InputError(
            f"{file} can't be written: its folder is missing or not writable",
            hint="make the folder, or name another file",
            code="output-unwritable",
        )


def _given(options: RunOptions) -> Iterator[Setting]:
    """Yield the settings that were given, and where."""
    for name, source in options.sources.items():
        if name not in _OF_THE_CHECK:
            value, key = getattr(options, name), "format" if name == "list_format" else name.replace("_", "-")
            yield Setting(key, _shown(value), source.removesuffix(f", {key}"))
    if (secret := options.settings.find(API_KEY)) is not None:
        yield Setting("API key", "(secret)", secret.source)


def _resolved(options: RunOptions, campaign: str | None) -> Iterator[Setting]:
    """Yield what every run has without being set."""
    if "campaign" not in options.sources and campaign is not None:
        yield Setting("campaign", campaign, "name of the file")
    if "ledger" not in options.sources or options.sandbox:
        location = location_in(options, aloud=False)
        yield Setting("ledger", str(location), "--sandbox" if options.sandbox else "default")


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [str(one) for one in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return str(ServerUrl(value)) if is_server_url(str(value)) else str(value)
