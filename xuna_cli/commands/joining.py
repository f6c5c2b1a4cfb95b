"""`--join CONTACTS`: the list that was called, beside the ledger."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xuna_cli.commands.context import read_settings
from xuna_cli.commands.list_plan import phones_of
from xuna_cli.contacts.options import HiddenRows, ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import Campaign
from xuna_cli.outcomes.joined_list import JoinedList
from xuna_cli.output.messages import counted, say
from xuna_cli.phone.reader import check_region
from xuna_cli.targets.builder import TargetBuilder


@dataclass(frozen=True, slots=True)
class ListBeside:
    """An open list, joined with a campaign.

    Attributes:
        people: everybody.
        columns: the list's.
        phone_column: the one with the numbers.
    """

    people: JoinedList
    columns: tuple[str, ...]
    phone_column: str


@contextlib.contextmanager
def list_beside(
    ledger: Ledger,
    campaign: Campaign,
    path: Path,
    *,
    region: str | None,
    phone_columns: Sequence[str],
    region_column: str | None,
    env_file: Path | None,
) -> Iterator[ListBeside]:
    """Open the list that a campaign called; say at the end what doesn't fit.

    Raises:
        InputError: if it can't be read.
    """
    country = read_settings(env_file).get("XUNA_REGION", region, option="--region").value
    # Hidden rows may have been called: whoever is in the campaign is joined.
    options = ListOptions(phone_columns=tuple(phone_columns), hidden_rows=HiddenRows.CALL)
    with open_list(path, options, name=str(path)) as contacts:
        prepare = TargetBuilder(
            phones=phones_of(contacts, region_column),
            columns=contacts.columns,
            columns_are_complete=contacts.columns_are_complete,
            region=check_region(country) if country else None,
            key_column=campaign.key_column if contacts.columns else None,
            of_workbook=contacts.sheet is not None,
        )
        people = JoinedList(ledger, campaign, contacts, prepare)
        yield ListBeside(people, contacts.columns, contacts.phone_column)
    if people.moved:
        stand = counted(people.moved, "person stands", "people stand")
        say(f"xuna: warning: {stand} in another row of {path} than when they were called")
    if people.missing:
        who, verb = counted(people.missing, "person", "people"), "is" if people.missing == 1 else "are"
        say(
            f"xuna: warning: {who} of campaign {campaign.name!r} {verb} not in {path}, and written without "
            "its columns"
        )
