"""The examinations of `xuna doctor`."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from xuna_cli.api.client import Client
from xuna_cli.api.origin import origin_of
from xuna_cli.api.surroundings import certificates, proxy_of
from xuna_cli.commands.context import (
    base_url,
    ledger_if_there,
    ledger_is_required,
    ledger_location,
    read_settings,
)
from xuna_cli.errors import ConfigurationError, ExitStatus, XunaError
from xuna_cli.ledger.moved import check_not_moved
from xuna_cli.ledger.opening import check_writable
from xuna_cli.output.findings import Finding
from xuna_cli.phone.zone_rules import OLD_RULES, zone_rules
from xuna_cli.settings import API_KEY, Settings

DEADLINE_S = 20.0


def examine(
    *,
    env_file: Path | None,
    agent_id: str | None,
    from_phone_number_id: str | None,
    ledger: str | None,
    url_flag: str | None,
) -> list[Finding]:
    """Look at everything that a run needs; one thing that is wrong doesn't hide the next."""
    settings = read_settings(env_file)
    agent = settings.get("XUNA_AGENT_ID", agent_id, option="--agent-id")
    number = settings.get("XUNA_FROM_PHONE_NUMBER_ID", from_phone_number_id, option="--from-phone-number-id")
    url = settings.get("XUNA_BASE_URL", url_flag, option="--base-url")
    key = settings.get(API_KEY)
    findings = [
        _attempt("API key", lambda: f"{len(settings.api_key().reveal())} characters, from {key.source}"),
        _attempt("base URL", lambda: f"{origin_of(base_url(settings, url_flag))}, from {url.source}"),
        _zone_rules(),
        _attempt("ledger", lambda: _ledger(settings, ledger)),
    ]
    if any(finding.exit_status for finding in findings[:2]):
        findings += [
            _attempt("caller number", lambda: _wanted_number(settings, from_phone_number_id)),
            _attempt("agent", lambda: _wanted_agent(settings, agent_id)),
        ]
        return [*findings, Finding("API", "not asked: the key or the base URL can't be used", None)]
    address = base_url(settings, url_flag)
    findings += [
        _attempt("proxy", lambda: proxy_of(address)),
        _attempt("certificates", certificates),
    ]
    try:
        client = Client(address, settings.api_key().reveal(), deadline=DEADLINE_S)
    except ConfigurationError as error:
        return [*findings, Finding("API", error.message, error.exit_status, error.hint)]
    with contextlib.closing(client):
        findings += [
            _attempt(
                "caller number",
                lambda: f"{_caller(client, settings, from_phone_number_id)}, from {number.source}",
            ),
            _attempt("agent", lambda: f"{_agent(client, settings, agent_id)}, from {agent.source}"),
        ]
    return findings


def _attempt(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, look(), ExitStatus.OK)
    except XunaError as error:
        return Finding(what, error.message, error.exit_status, error.hint)


def _zone_rules() -> Finding:
    rules = zone_rules()
    if rules.is_old(datetime.now(UTC)):
        return Finding("time zones", str(rules), None, OLD_RULES)
    return Finding("time zones", str(rules), ExitStatus.OK)


def _ledger(settings: Settings, flag: str | None) -> str:
    location = ledger_location(settings, flag, sandbox=False)
    check_writable(location)
    ledger = ledger_if_there(location, required=ledger_is_required(settings, sandbox=False))
    if ledger is None:
        return f"{location}, made by the first run"
    with contextlib.closing(ledger):
        check_not_moved(ledger.location, ledger.moved)
    return str(location)


def _wanted_number(settings: Settings, flag: str | None) -> str:
    return settings.required(
        "XUNA_FROM_PHONE_NUMBER_ID", flag, option="--from-phone-number-id", what="the caller number"
    )


def _wanted_agent(settings: Settings, flag: str | None) -> str:
    return settings.required("XUNA_AGENT_ID", flag, option="--agent-id", what="the agent")


def _caller(client: Client, settings: Settings, flag: str | None) -> str:
    numbers = client.phone_numbers()
    wanted = _wanted_number(settings, flag)
    for number in numbers:
        if number.phone_number_id == wanted:
            return f"{number.phone_number} {number.label} ({wanted})"
    known = ", ".join(number.phone_number_id for number in numbers[:10])
    raise ConfigurationError(
        f"the account has no caller number {wanted!r}", hint=f"it has: {known or 'none'}"
    )


def _agent(client: Client, settings: Settings, flag: str | None) -> str:
    wanted = _wanted_agent(settings, flag)
    return f"{client.agent(wanted).get('name') or 'no name'} ({wanted})"
