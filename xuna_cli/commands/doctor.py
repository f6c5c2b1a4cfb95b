"""`xuna doctor`: checks everything that a run needs."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.completion import agent_ids, caller_number_ids
from xuna_cli.commands.option_types import Command, takes, text
from xuna_cli.commands.options import BaseUrl, Ledger, RequireLedger, ResultOptions
from xuna_cli.commands.results import prints
from xuna_cli.errors import ConfigurationError, XunaError
from xuna_cli.output.result import Result
from xuna_cli.settings import API_KEY, Given

if TYPE_CHECKING:
    from xuna_cli.api.client import Client
    from xuna_cli.output.findings import Finding

app = typer.Typer()

DEADLINE_S = 20.0


@dataclass(frozen=True, kw_only=True)
class DoctorOptions(ResultOptions):
    """The options of `xuna doctor`."""

    agent_id: Annotated[
        Given | None,
        text(
            autocompletion=agent_ids,
            metavar="ID",
            envvar="XUNA_AGENT_ID",
            help="Agent to look up; see `xuna agents list`.",
        ),
    ] = None
    from_phone_number_id: Annotated[
        Given | None,
        text(
            autocompletion=caller_number_ids,
            metavar="ID",
            envvar="XUNA_FROM_PHONE_NUMBER_ID",
            help="Caller number to look up; see `xuna phone-numbers list`.",
        ),
    ] = None
    ledger: Ledger = None
    base_url: BaseUrl = None
    require_ledger: RequireLedger = False


@app.command(
    cls=Command,
    epilog="""
    Check everything that a run needs.
      xuna doctor

    The same in a script.
      xuna doctor --output json

    More: xuna help environment
    """,
)
@takes(DoctorOptions)
@prints("doctor")
def doctor(options: DoctorOptions) -> Result:
    """Check settings, ledger, key, agent and caller number; calls nobody, changes nothing."""
    from xuna_cli.api.client import Client
    from xuna_cli.api.origin import origin_of
    from xuna_cli.api.surroundings import certificates, proxy_of
    from xuna_cli.commands.account import base_url
    from xuna_cli.output.findings import Diagnosis, Finding

    settings = options.settings
    # One thing that is wrong doesn't hide the next.
    key = _check(
        "API key",
        lambda: f"{len(settings.api_key().reveal())} characters, from {_source(settings.find(API_KEY))}",
    )
    url = _check(
        "base URL",
        lambda: f"{origin_of(base_url(settings, options.base_url))}, from {_source(options.base_url)}",
    )
    findings = [key, url, _zone_rules(), _check("ledger", lambda: _ledger(options))]
    if key.error or url.error:
        findings += [
            _check("caller number", lambda: _wanted_number(options)),
            _check("agent", lambda: _wanted_agent(options)),
            Finding("API", "not asked: the key or the base URL can't be used", checked=False),
        ]
        return Diagnosis(findings)
    address = base_url(settings, options.base_url)
    findings += [_check("proxy", lambda: proxy_of(address)), _check("certificates", certificates)]
    try:
        client = Client(address, settings.api_key().reveal(), deadline=DEADLINE_S)
    except ConfigurationError as error:
        return Diagnosis([*findings, Finding("API", error.message, error)])
    findings += [
        _check("caller number", lambda: _caller(client, options)),
        _check("agent", lambda: _agent(client, options)),
    ]
    return Diagnosis(findings)


def _check(what: str, look: Callable[[], str]) -> "Finding":
    from xuna_cli.output.findings import Finding

    try:
        return Finding(what, look())
    except XunaError as error:
        return Finding(what, error.message, error)


def _source(given: Given | None) -> str:
    return "default" if given is None else given.source


def _zone_rules() -> "Finding":
    from datetime import UTC, datetime

    from xuna_cli.output.findings import Finding
    from xuna_cli.phone.zone_rules import OLD_RULES, zone_rules

    rules = zone_rules()
    if rules.is_old(datetime.now(UTC)):
        return Finding("time zones", str(rules), checked=False, advice=OLD_RULES)
    return Finding("time zones", str(rules))


def _ledger(options: DoctorOptions) -> str:
    from xuna_cli.commands.context import ledger_if_there, ledger_location
    from xuna_cli.ledger.moved import check_not_moved
    from xuna_cli.ledger.opening import check_writable

    location = ledger_location(options.ledger, sandbox=False)
    check_writable(location)
    ledger = ledger_if_there(location, required=options.require_ledger)
    if ledger is None:
        return f"{location}, made by the first run"
    with contextlib.closing(ledger):
        check_not_moved(ledger.location, ledger.moved)
    return str(location)


def _wanted_number(options: DoctorOptions) -> str:
    from xuna_cli.commands.account import missing_caller_number

    if not options.from_phone_number_id:  # an empty option, too: a variable that a script forgot to set
        raise missing_caller_number()
    return options.from_phone_number_id


def _wanted_agent(options: DoctorOptions) -> str:
    from xuna_cli.commands.account import missing_agent

    if not options.agent_id:
        raise missing_agent()
    return options.agent_id


def _caller(client: "Client", options: DoctorOptions) -> str:
    numbers = client.phone_numbers()
    wanted = _wanted_number(options)
    for number in numbers:
        if number.phone_number_id == wanted:
            source = _source(options.from_phone_number_id)
            return f"{number.phone_number} {number.label} ({wanted}), from {source}"
    known = ", ".join(number.phone_number_id for number in numbers[:10])
    raise ConfigurationError(
        f"the account has no caller number {wanted!r}", hint=f"it has: {known or 'none'}"
    )


def _agent(client: "Client", options: DoctorOptions) -> str:
    wanted = _wanted_agent(options)
    return f"{client.agent(wanted).get('name') or 'no name'} ({wanted}), from {_source(options.agent_id)}"
