"""The account's agents. Unknown or missing fields of the API's answers are tolerated."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from xuna_cli.api.client import AGENTS
from xuna_cli.api.pages import Pages
from xuna_cli.api.retry import Reader
from xuna_cli.errors import ConfigurationError, UnreachableError
from xuna_cli.models import Agent
from xuna_cli.times import for_machines

BEHAVIOUR = ("conversation_config", "platform_settings", "workflow")
"""The parts of an agent's configuration that change what people hear."""

CREATED = ("created_at_unix_secs", "created_at", "creation_timestamp")


def has_agent(reader: Reader, agent_id: str) -> bool:
    """Return whether the account has an agent. If not, an empty list of the agent's conversations proves nothing.

    Raises:
        ConfigurationError: the API refused the key.
        UnreachableError: the agent can't be read.
    """
    try:
        reader.get(f"{AGENTS}/{quote(agent_id, safe='')}")
    except ConfigurationError as error:
        if error.code != "not-found":
            raise
        return False
    return True


def agents(reader: Reader) -> tuple[list[Agent], str | None]:
    """Return the account's agents, and the reason if the list is incomplete (otherwise None).

    Raises:
        ConfigurationError: the API refused the key.
        UnreachableError: the list can't be read.
    """
    pages = Pages(reader, AGENTS, "agents")
    found = {
        entry["agent_id"]: Agent(
            entry["agent_id"],
            name if isinstance(name := entry.get("name"), str) else "",
            tuple(tag for tag in _list(entry.get("tags")) if isinstance(tag, str)),
            next((at for name in CREATED if (at := _time(entry.get(name)))), None),
        )
        for page in pages
        for entry in page
        if isinstance(entry.get("agent_id"), str)
    }
    return list(found.values()), pages.incomplete


def agent(reader: Reader, agent_id: str) -> Mapping[str, Any]:
    """Return an agent's configuration as the API returns it.

    Raises:
        ConfigurationError: the API doesn't know the agent, or refuses the request.
        UnreachableError: the configuration can't be read.
    """
    try:
        document = reader.get(f"{AGENTS}/{quote(agent_id, safe='')}")
    except ConfigurationError as error:
        if error.code == "not-found":
            error.message, error.hint = f"agent {agent_id} was not found", "see: xuna agents list"
        raise
    if not isinstance(document, dict):
        raise UnreachableError("the API's answer about the agent can't be read", code="answer-unreadable")
    return document


def configuration_hash(configuration: Mapping[str, Any]) -> str:
    """Return a hash of what an agent says and does. Its name, creation time and access rights don't change the hash."""
    spoken = {name: configuration.get(name) for name in BEHAVIOUR}
    return sha256(json.dumps(spoken, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def own_first_message(configuration: Mapping[str, Any]) -> str | None:
    """Return the agent's own first message, for calls without an override; None if it has none."""
    config = configuration.get("conversation_config")
    spoken = config.get("agent") if isinstance(config, dict) else None
    message = spoken.get("first_message") if isinstance(spoken, dict) else None
    return message if isinstance(message, str) and message.strip() else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _time(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return for_machines(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        return None
