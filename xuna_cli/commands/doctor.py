"""`xuna doctor`: check everything that a run needs."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import AgentId, BaseUrl, CallerNumberId, Ledger, RequireLedger, ResultOptions
from xuna_cli.commands.results import prints
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import ConfigurationError, XunaError
from xuna_cli.output.result import Result
from xuna_cli.settings import API_KEY, Given, Settings

if TYPE_CHECKING:
    from xuna_cli.api.client import Client, PhoneNumber
    from xuna_cli.output.findings import Finding

app = typer.Typer()

DEADLINE_S = 20.0
BLAMED = {
    "key-refused": "API key",
    "not-found": "base URL",
    "url": "base URL",
    "certificates": "certificates",
}
"""Which check is wrong where the API's first request fails with an error; of all others it is the API."""


@options_of_command
class DoctorOptions(ResultOptions):
    """The options of `xuna doctor`."""

    SHOWS_NAMES = True

    agent_id: AgentId = None
    from_phone_number_id: CallerNumberId = None
    ledger: Ledger = None
    base_url: BaseUrl = None
    require_ledger: RequireLedger = False
    sandbox: Annotated[
        bool,
        typer.Option("--sandbox", help="Check the local sandbox and its ledger instead of the real account."),
    ] = False


@app.command(
    "doctor",
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
    """Check settings, ledger, API key, agent and caller number. This calls nobody and changes nothing."""
    from xuna_cli.output.findings import Diagnosis

    findings = _of_sandbox(options) if options.sandbox else _of_account(options)
    names = _names(options.settings)
    return Diagnosis([*findings, *names, _zone_rules(), _check("ledger", lambda: _ledger(options))])


@dataclass(frozen=True, slots=True)
class _Api:
    """An API that answers and accepts the key."""

    client: "Client"
    numbers: "Sequence[PhoneNumber]"


class _NotCheckedError(Exception):
    """The check was skipped because an earlier one failed."""


def _of_sandbox(options: DoctorOptions) -> "Iterator[Finding]":
    from xuna_cli.commands.account import sandbox_account
    from xuna_cli.output.findings import Finding

    agent, number = options.agent_id, options.from_phone_number_id
    with sandbox_account(agent, number, deadline=DEADLINE_S) as account:
        yield Finding("API", "the sandbox on this machine: it needs no key, and calls nobody")
        known = replace(
            options,
            agent_id=agent or Given(account.agent_id, "the sandbox"),
            from_phone_number_id=number or Given(account.from_phone_number_id, "the sandbox"),
        )
        yield from _who_calls(_Api(account.client, account.client.phone_numbers()), known)


def _of_account(options: DoctorOptions) -> "Iterator[Finding]":
    """Check the connection, the agent and the caller number; a failed check doesn't stop the others."""
    from xuna_cli.api.client import Client
    from xuna_cli.api.origin import origin_of
    from xuna_cli.api.surroundings import certificates, proxy_of
    from xuna_cli.commands.account import base_url

    settings = options.settings
    rows = {
        "API key": lambda: _key(settings),
        "base URL": lambda: (
            f"{origin_of(base_url(settings, options.base_url))}, from {_source(options.base_url)}"
        ),
        "certificates": certificates,
    }
    found = {what: _check(what, look) for what, look in rows.items()}
    api: _Api | None = None

    def proxy() -> str:
        if found["base URL"].error:
            raise _NotCheckedError("not checked: first, fix the base URL")
        return proxy_of(base_url(settings, options.base_url))

    def ask() -> str:
        nonlocal api
        if wrong := [what for what, one in found.items() if one.error]:
            raise _NotCheckedError(f"not asked: first, fix the {wrong[0]}")
        client = Client(
            base_url(settings, options.base_url), settings.api_key().reveal(), deadline=DEADLINE_S
        )
        api = _Api(client, client.phone_numbers())
        return "it answers, and takes the key"

    found["proxy"] = _check("proxy", proxy)
    found["API"] = _check("API", ask)
    if error := found["API"].error:
        _blame(error, found)
    yield from found.values()
    yield from _who_calls(api, options)


def _blame(error: XunaError, found: "dict[str, Finding]") -> None:
    """Assign the error of the first request to the check that failed."""
    from xuna_cli.output.findings import Finding

    what = BLAMED.get(error.code, "API")
    if error.code == "not-found":
        error.message = f"this URL is not the API of XUNA AI: {error.message}"
        error.hint = "check --base-url or XUNA_BASE_URL"
    if what != "API":
        found["API"] = Finding("API", f"not usable: first, fix the {what}", checked=False)
    if what != "API key":
        key = found["API key"]
        found["API key"] = replace(key, message=f"{key.message}, not checked", checked=False)
    before = f"{found[what].message}: " if what != "API" else ""
    found[what] = Finding(what, before + error.message, error)


def _who_calls(api: _Api | None, options: DoctorOptions) -> "Iterator[Finding]":
    yield _check("clock", lambda: _clock(api))
    yield _check("caller number", lambda: _caller(api, options))
    yield _check("agent", lambda: _agent(api, options))


def _check(what: str, look: Callable[[], str]) -> "Finding":
    from xuna_cli.output.findings import Finding

    try:
        return Finding(what, look())
    except XunaError as error:
        return Finding(what, error.message, error)
    except _NotCheckedError as reason:
        return Finding(what, str(reason), checked=False)


def _names(settings: Settings) -> "Iterator[Finding]":
    """Report variables that look like settings and are unknown, if there are any."""
    if unknown := [f"{name} in {source}" for name, source in settings.unknown_names()]:
        finding = _check("variables", lambda: " ".join(settings.check_names()))
        if finding.error is None:
            finding = replace(finding, message=f"not used: {', '.join(unknown)}", checked=False)
        yield finding


def _key(settings: Settings) -> str:
    from xuna_cli.output.messages import counted

    length = counted(len(settings.api_key().reveal()), "character", "characters")
    return f"{length}, from {_source(settings.find(API_KEY))}"


def _source(given: Given | None) -> str:
    return "the default" if given is None else given.source


def _zone_rules() -> "Finding":
    from datetime import UTC, datetime

    from xuna_cli.output.findings import Finding
    from xuna_cli.phone.zone_rules import old_rules, zone_rules

    rules = zone_rules()
    if rules.is_old(datetime.now(UTC)):
        return Finding("time zones", str(rules), checked=False, advice=old_rules())
    return Finding("time zones", str(rules))


def _ledger(options: DoctorOptions) -> str:
    from xuna_cli.commands.context import ledger_if_there, ledger_required, location_in
    from xuna_cli.ledger.moved import check_not_moved
    from xuna_cli.ledger.opening import check_writable

    location = location_in(options)
    check_writable(location)
    ledger = ledger_if_there(location, now=options.clock.now, required=ledger_required(options))
    if ledger is None:
        return f"{location}, which the first run creates"
    with contextlib.closing(ledger):
        check_not_moved(ledger.location, ledger.moved)
    return str(location)


def _wanted_number(options: DoctorOptions) -> str:
    from xuna_cli.commands.account import missing_caller_number

    # An empty option, too: a script may have forgotten to set a variable.
    if not options.from_phone_number_id:
        raise missing_caller_number()
    return options.from_phone_number_id


def _wanted_agent(options: DoctorOptions) -> str:
    from xuna_cli.commands.account import missing_agent

    if not options.agent_id:
        raise missing_agent()
    return options.agent_id


def _clock(api: _Api | None) -> str:
    if api is None:
        raise _NotCheckedError("not checked")
    api.client.check_clock()
    return "no difference from the API's was found"


def _caller(api: _Api | None, options: DoctorOptions) -> str:
    wanted = _wanted_number(options)
    if api is None:
        raise _NotCheckedError(f"{wanted}, not checked")
    for number in api.numbers:
        if number.phone_number_id == wanted:
            source = _source(options.from_phone_number_id)
            return f"{number.phone_number} {number.label} ({wanted}), from {source}"
    known = ", ".join(number.phone_number_id for number in api.numbers[:10])
    raise ConfigurationError(
        f"caller number {wanted} was not found", hint=f"the account has: {known or 'none'}"
    )


def _agent(api: _Api | None, options: DoctorOptions) -> str:
    from xuna_cli.api.account import agent

    wanted = _wanted_agent(options)
    if api is None:
        raise _NotCheckedError(f"{wanted}, not checked")
    name = agent(api.client, wanted).get("name") or "no name"
    return f"{name} ({wanted}), from {_source(options.agent_id)}"
