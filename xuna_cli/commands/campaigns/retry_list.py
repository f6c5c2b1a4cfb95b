"""`xuna campaigns retry-list`: write the people of proven outcomes as a new list."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.completion import outcomes_to_retry
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import CampaignName, JoinOptions, to_file
from xuna_cli.errors import UsageError
from xuna_cli.times import for_people

if TYPE_CHECKING:
    from xuna_cli.ledger.ledger import Ledger
    from xuna_cli.ledger.records import CallOutcome, Campaign, ConversationSync
    from xuna_cli.outcomes.joined_list import Person

app = typer.Typer()

TOO_YOUNG = "too young"
DO_NOT_CALL = "do not call"


@options_of_command
class RetryOptions(JoinOptions):
    """The options of `xuna campaigns retry-list`."""

    name: CampaignName
    outcome: Annotated[
        str,
        typer.Option(
            autocompletion=outcomes_to_retry,
            metavar="OUTCOME,…",
            help="Outcomes of the people to call again: failure, unknown, no-conversation or success.",
        ),
    ]
    to: Annotated[
        Path | None,
        to_file("CSV file to write; `-` writes to stdout."),
    ]
    after: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="Minimum age of a call before no-conversation counts.",
        ),
    ] = "1h"
    absence_counts: Annotated[
        bool,
        typer.Option(
            "--absence-counts",
            help="Count no-conversation even if the records are incomplete or not all matched.",
        ),
    ] = False


@app.command(
    "retry-list",
    cls=Command,
    epilog="""
    Write the people to call again to a list, and call it as a new campaign.
      xuna campaigns retry-list contacts --outcome failure,no-conversation --to again.csv
      xuna batch-call again.csv --campaign contacts-again -m 'Hello again.'
    """,
)
@takes(RetryOptions)
def write_retry_list(options: RetryOptions) -> None:
    """Write the people with the given outcomes to a list for a new campaign. This calls nobody.

    People of held batches are not included; resolve those batches first. Nor are people on the do-not-call list.
    """
    from xuna_cli.commands.campaigns.people import people_of
    from xuna_cli.commands.context import address_in, check_output_of_ledger, ledger_for_reading
    from xuna_cli.commands.durations import parse_for
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.ledger.conversations import sync_of
    from xuna_cli.output.messages import counted, say
    from xuna_cli.output.people import write_people_to_call

    wanted, after = _outcomes(options.outcome), parse_for(options.after, "--after")
    _check_needed(options, wanted)
    where = address_in(options, options.name)
    left_out: Counter[str] = Counter()
    with ledger_for_reading(options) as opened:
        found = campaign(opened, options.name)
        check_output_of_ledger(options, options.to, opened, options.join, found.source_path)
        sync = sync_of(opened, found.id)
        if sync is None:
            raise UsageError(
                f"the conversation records of campaign {found.name!r} were never read",
                hint=f"first run: xuna campaigns outcomes {where}",
                code="not-read",
            )
        if "no-conversation" in wanted and not options.absence_counts:
            _check_absence(sync, address=where)
        with people_of(opened, found, options) as people:
            chosen = _to_call_again(people.everybody, wanted, sync, after, options, left_out)
            if "success" not in wanted:
                chosen = _without_success(opened, found.id, chosen)
            chosen = _without_listed(opened, chosen, left_out)
            written = write_people_to_call(
                options.to,
                chosen,
                people.columns,
                phone_column=people.phone_column,
                key_column=found.key_column,
            )
    who = counted(written, "person", "people")
    to = "stdout" if options.to is None else options.to
    say(f"xuna: {who} written to {to}. The records were read at {for_people(sync.read_at)}.")
    if listed := left_out[DO_NOT_CALL]:
        say(f"xuna: {counted(listed, 'person is', 'people are')} on the do-not-call list, and left out.")
    if young := left_out[TOO_YOUNG]:
        say(
            f"xuna: {counted(young, 'more person has', 'more people have')} no conversation, but the records were read "
            f"less than {options.after.strip()} after the call. Such a call may still be in progress. To include "
            "these people, run this command again later, after this one:"
        )
        say(f"  xuna campaigns outcomes {where}")
    if written and options.to is not None:
        say(
            "  to rehearse a new campaign with these people, with a message of its own, run: "
            f"{_command(found, options, where)} -m 'Hello again.' --dry-run"
        )


def _outcomes(text: str) -> "AbstractSet[CallOutcome]":
    """Parse the typed outcomes; raise UsageError for an unknown one."""
    from xuna_cli.ledger.records import CallOutcome

    allowed = (CallOutcome.FAILURE, CallOutcome.UNKNOWN, CallOutcome.NO_CONVERSATION, CallOutcome.SUCCESS)
    known = {outcome.value: outcome for outcome in allowed}
    words = [word.strip() for word in text.split(",") if word.strip()]
    wrong = any(word not in known for word in words)
    if wrong or not words:
        raise UsageError(
            f"--outcome {text} is not valid; use one or more of {', '.join(known)}",
            hint="people whose call is in progress or unproven can't be called again" if wrong else "",
            code="outcome",
        )
    return {known[word] for word in words}


def _check_needed(options: RetryOptions, wanted: "AbstractSet[CallOutcome]") -> None:
    """Raise UsageError if an option about people without a conversation is given, but they are not wanted."""
    if "no-conversation" not in wanted:
        for option in ("--after", "--absence-counts"):
            if option.removeprefix("--").replace("-", "_") in options.typed:
                raise UsageError(
                    f"{option} needs no-conversation in --outcome",
                    hint=f"add no-conversation to --outcome, or leave {option} out",
                )


def _check_absence(sync: "ConversationSync", *, address: str) -> None:
    """Raise UsageError if the records that were read can't prove that somebody has no conversation."""
    from xuna_cli.ledger.attempts import absence_doubt

    why = absence_doubt(sync)
    if why is None:
        return
    raise UsageError(
        f"xuna can't prove that these people had no conversation: {why}",
        hint=f"remove no-conversation, or read the records again (xuna campaigns outcomes {address}), "
        "or add --absence-counts",
        code="absence-unproven",
    )


def _to_call_again(
    people: "Iterable[Person]",
    wanted: "AbstractSet[CallOutcome]",
    sync: "ConversationSync",
    after: float,
    options: RetryOptions,
    left_out: Counter[str],
) -> "Iterator[Person]":
    """Yield the people to call again; count those that only `--after` leaves out."""
    from datetime import timedelta

    from xuna_cli.ledger.attempts import counts_by_now
    from xuna_cli.ledger.records import BatchState, CallOutcome

    for person in people:
        call, outcome = person.call, person.outcome
        if call is None or not call.is_last or call.batch.state is not BatchState.ACCEPTED:
            continue
        if outcome is CallOutcome.NOT_READ and options.absence_counts and sync.incomplete:
            # The list of records was cut off, and `--absence-counts` accepts that.
            outcome = CallOutcome.NO_CONVERSATION
        if outcome not in wanted:
            continue
        if outcome is CallOutcome.NO_CONVERSATION and not counts_by_now(
            call.batch.submitted_at, sync, timedelta(seconds=after)
        ):
            left_out[TOO_YOUNG] += 1
            continue
        yield person


def _without_success(ledger: "Ledger", campaign_id: int, people: "Iterable[Person]") -> "Iterator[Person]":
    """Leave out people of whom any record is a success: not only the latest record of their last call."""
    from xuna_cli.ledger.conversations import outcomes_of_keys
    from xuna_cli.ledger.queries import in_parts
    from xuna_cli.ledger.records import CallOutcome

    for part in in_parts(people):
        keys = [person.call.key for person in part if person.call is not None]
        records = outcomes_of_keys(ledger, campaign_id, keys)
        succeeded = {call.key for call, record in records.items() if CallOutcome.SUCCESS in record.outcomes}
        yield from (person for person in part if person.call and person.call.key not in succeeded)


def _without_listed(
    ledger: "Ledger", people: "Iterable[Person]", left_out: Counter[str]
) -> "Iterator[Person]":
    """Leave out and count people on the do-not-call list: the new list may be called with another ledger."""
    from xuna_cli.ledger.queries import in_parts

    for part in in_parts(people):
        listed = ledger.on_do_not_call_list(
            person.call.to_phone_number for person in part if person.call is not None
        )
        for person in part:
            if person.call is not None and person.call.to_phone_number in listed:
                left_out[DO_NOT_CALL] += 1
            else:
                yield person


def _command(campaign: "Campaign", options: RetryOptions, address: str) -> str:
    """Return the command that calls the list, without the message."""
    words = ["xuna", "batch-call", str(options.to), "--campaign", f"{campaign.name}-again"]
    if campaign.key_column:
        words += ["--key", campaign.key_column]
    if options.join is not None:
        words += [word for column in options.phone_column or () for word in ("--phone-column", column)]
        words += ["--region-column", options.region_column] if options.region_column is not None else []
        words += ["--region", options.region] if options.region and "region" in options.typed else []
    return shlex.join(words) + address.removeprefix(shlex.quote(campaign.name))
