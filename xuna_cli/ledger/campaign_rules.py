"""Settings that a run must share with its campaign's first run."""

import shlex
from dataclasses import asdict, replace
from typing import Any

from xuna_cli.errors import UsageError
from xuna_cli.ledger.records import RunDescription
from xuna_cli.times import for_people


def storable(description: RunDescription) -> RunDescription:
    """Replace text that a database can't store: paths and arguments may hold bytes that are not UTF-8."""
    texts: dict[str, Any] = {
        name: value.encode("utf-8", "backslashreplace").decode()
        for name, value in asdict(description).items()
        if isinstance(value, str)
    }
    return replace(description, **texts)


def check_same_campaign(
    description: RunDescription,
    forgotten_at: str | None,
    key_column: str | None,
    api_origin: str,
    source_path: str | None,
) -> None:
    """Raise UsageError if the campaign was forgotten, or this run contradicts the campaign's first run."""
    name = description.campaign
    flag = f"--campaign {shlex.quote(name + '-2')}"
    other = f"use another campaign with {flag}"
    if forgotten_at is not None:
        raise UsageError(
            f"campaign {name!r} was forgotten at {for_people(forgotten_at)} and is closed, so it is unknown who was "
            "called",
            hint=f"to call everybody on the list again, use another campaign with {flag}",
            code="campaign-forgotten",
        )
    if api_origin != description.api_origin:
        raise UsageError(
            f"campaign {name!r} belongs to {api_origin}, but this run would call through "
            f"{description.api_origin}",
            hint=other,
            code="campaign-other-origin",
        )
    if description.named_by_default and source_path != description.source_path:
        raise UsageError(
            f"campaign {name!r} was made from {source_path or 'standard input'}, but this list is "
            f"{description.source_path}",
            hint=f"if this is the same campaign, add --campaign {shlex.quote(name)}; if not, {other}",
            code="campaign-other-list",
        )
    if key_column != description.key_column:
        raise UsageError(
            f"campaign {name!r} was made with {_key_words(key_column)}, but this run has "
            f"{_key_words(description.key_column)}",
            hint=f"use the same key column, or {other}",
            code="campaign-other-key",
        )


def _key_words(column: str | None) -> str:
    return f"--key {column}" if column else "no --key"
