"""The people of a campaign: from the ledger and, with `--join`, from the list that was called."""

import contextlib
from collections.abc import Iterable, Iterator

from xuna_cli.commands.calling.list_plan import phones_of
from xuna_cli.commands.options import JoinOptions
from xuna_cli.contacts.options import HiddenRows, ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.campaigns import calls_with_outcomes
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import Campaign
from xuna_cli.outcomes.joined_list import JoinedList, Person
from xuna_cli.output.messages import counted, say
from xuna_cli.phone.regions import check_region
from xuna_cli.targets.builder import ListColumns, TargetBuilder


@dataclass(frozen=True, slots=True)
class People:
    """The people of a campaign.

    Attributes:
        everybody: all people; can be iterated once.
        columns: the list's columns; empty without a list.
        phone_column: the list's phone column.
    """

    everybody: Iterable[Person]
    columns: tuple[str, ...] = ()
    phone_column: str = "phone"


@contextlib.contextmanager
def people_of(ledger: Ledger, campaign: Campaign, options: JoinOptions) -> Iterator[People]:
    """Open the people of a campaign, joined with its list if one is named; warn at the end about rows that don't match.

    Raises:
        InputError: the list can't be read.
    """
    if options.join is None:
        calls = calls_with_outcomes(ledger, campaign)
        yield People(
            Person(None, call.row_number, call.batch.state.value, call, outcome) for call, outcome in calls
        )
        return
    # Hidden rows may have been called, so they are read, too.
    how = ListOptions(phone_columns=tuple(options.phone_column or ()), hidden_rows=HiddenRows.CALL)
    with open_list(options.join, how, name=str(options.join)) as contacts:
        columns = ListColumns(
            contacts.columns,
            phones_of(contacts, options.region_column),
            are_complete=contacts.columns_are_complete,
            of_workbook=contacts.sheet is not None,
            key=campaign.key_column if contacts.columns else None,
        )
        prepare = TargetBuilder(columns, region=check_region(options.region) if options.region else None)
        joined = JoinedList(ledger, campaign, contacts, prepare, source=str(options.join.absolute()))
        yield People(joined, contacts.columns, contacts.phone_column)
    if joined.moved:
        stand = counted(joined.moved, "person is", "people are")
        say(f"xuna: warning: {stand} in another row of {options.join} than when they were called")
    if joined.missing:
        who, verb = counted(joined.missing, "person", "people"), "is" if joined.missing == 1 else "are"
        say(
            f"xuna: warning: {who} of campaign {campaign.name!r} {verb} not in {options.join}, so the "
            "columns of that list are empty for them"
        )
