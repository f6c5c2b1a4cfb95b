"""Contacts, targets, runs and lists for tests."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from xuna_cli.ledger.records import RunDescription
from xuna_cli.models import CallTarget
from xuna_cli.targets.builder import ListColumns, TargetBuilder
from xuna_cli.targets.row_phone import PhoneColumns


def description(campaign="spring", **fields) -> RunDescription:
    given = {
        "campaign": campaign,
        "named_by_default": True,
        "key_column": None,
        "api_origin": "https://api.xuna.ai",
        "source_path": "/lists/spring.csv",
        "agent_id": "agent_1",
        "from_phone_number_id": "pn_1",
        "template": "agent.first_message=Hi",
        "deadline": 180.0,
    }
    return RunDescription(**(given | fields))


def target(number: int, row: int | None = None) -> CallTarget:
    key = f"+1555{number:07d}"
    return CallTarget(row_number=number + 2 if row is None else row, key=key, to_phone_number=key)


def targets(*numbers: int) -> list[CallTarget]:
    return [target(number) for number in numbers]


def numbers(*values: int) -> list[str]:
    """Return the phone numbers of these targets, which are also their keys."""
    return [target(value).key for value in values]


def keys(batches) -> list[list[str]]:
    return [[one.key for one in batch.targets] for batch in batches]


def described(campaign="spring", **fields) -> RunDescription:
    """Return the description of a run of a named campaign."""
    return description(campaign, **({"named_by_default": False} | fields))


def person(number: int, key: str | None = None) -> CallTarget:
    phone = f"+1212{number:07}"
    return CallTarget(number, key or phone, phone)


def people(*numbers: int) -> list[CallTarget]:
    return [person(number) for number in numbers]


def numbers_of(batches) -> list[list[int]]:
    return [[target.row_number for target in batch.targets] for batch in batches]


def claimed(ledger, campaign_id) -> dict[str, tuple[int, str]]:
    """Return key → (ledger batch, state) of all claims."""
    from xuna_cli.ledger.campaigns import calls

    return {call.key: (call.batch.id, call.batch.state.value) for call in calls(ledger, campaign_id)}


def write_list(
    path: Path, rows: Iterable[Sequence[str]], *, header: Sequence[str] = ("phone", "name")
) -> Path:
    """Write a contact list as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def target_builder(columns: Sequence[str] = ("phone",), **options) -> TargetBuilder:
    """Return a builder for a list with a column `phone`; the options are those of its columns and its own."""
    of_columns = {one.name: options.pop(one.name) for one in fields(ListColumns) if one.name in options}
    phones = of_columns.pop("phones", PhoneColumns(("phone",)))
    return TargetBuilder(ListColumns(columns, phones, **of_columns), **options)
