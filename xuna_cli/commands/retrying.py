"""`xuna campaigns retry-list`: whom to call again is decided by a person, and only on what is proven."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xuna_cli.commands.context import check_output_of_ledger
from xuna_cli.commands.joining import list_beside
from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import calls_with_outcomes, campaign
from xuna_cli.ledger.conversations import sync_of
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import BatchState, CallOutcome, Campaign, ConversationSync
from xuna_cli.outcomes.joined_list import Person
from xuna_cli.outcomes.joining import UNTIED, unix
from xuna_cli.output.messages import counted, say
from xuna_cli.output.people import write_people_to_call

ALLOWED = (CallOutcome.FAILURE, CallOutcome.UNKNOWN, CallOutcome.NO_CONVERSATION, CallOutcome.SUCCESS)


@dataclass(frozen=True, slots=True)
class Retry:
    """Whom to call again.

    Attributes:
        outcomes: of these.
        after: seconds between a call and the reading of the records, from which on the lack of a record counts.
        absence_counts: let it count though records were cut off or not joined.
        too_young: how many people were left out because of `after`.
    """

    outcomes: frozenset[CallOutcome]
    after: float
    absence_counts: bool
    too_young: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, text: str, *, after: float, absence_counts: bool) -> "Retry":
        """Return it for outcomes as they are typed; raise UsageError for a word that is none of them."""
        words = [word.strip() for word in text.split(",") if word.strip()]
        known = {outcome.value: outcome for outcome in ALLOWED}
        wrong = [word for word in words if word not in known]
        if wrong or not words:
            raise UsageError(
                f"--outcome {text}: it has to be some of {', '.join(known)}",
                hint="who is still on the phone, or can't be told, is not called again" if wrong else "",
                code="outcome",
            )
        return cls(frozenset(known[word] for word in words), after, absence_counts)

    def check(self, name: str, sync: ConversationSync | None, *, address: str) -> None:
        """Raise UsageError where the records that were read don't allow for what is asked."""
        command = f"xuna campaigns outcomes {address}"
        if sync is None:
            raise UsageError(
                f"the conversation records of campaign {name!r} were never read",
                hint=command,
                code="not-read",
            )
        if CallOutcome.NO_CONVERSATION not in self.outcomes or self.absence_counts:
            return
        untied = sum(sync.reasons.get(reason, 0) for reason in UNTIED)
        why = (
            f"the list of records was cut off ({sync.incomplete})"
            if sync.incomplete
            else f"{untied:,} records may be of anybody in the campaign"
            if untied
            else None
        )
        if why is not None:
            raise UsageError(
                f"that somebody has no conversation is not proven: {why}",
                hint=f"leave no-conversation out, or read again ({command}), or add --absence-counts",
                code="absence-unproven",
            )

    def wants(self, person: Person, sync: ConversationSync) -> bool:
        """Return whether somebody is to be called again."""
        call, outcome = person.call, person.outcome
        if call is None:
            return False
        if outcome is CallOutcome.NOT_READ and self.absence_counts and sync.incomplete:
            # The list was cut off, and somebody said that it doesn't matter.
            outcome = CallOutcome.NO_CONVERSATION
        if outcome not in self.outcomes:
            return False
        if call.batch.state is not BatchState.ACCEPTED:
            return False
        if outcome is CallOutcome.NO_CONVERSATION:
            read, sent = unix(sync.read_at), unix(call.batch.submitted_at)
            if read is None or sent is None or read - sent < self.after:
                self.too_young["people"] += 1
                return False
        return True


def write_retry_list(
    ledger: Ledger,
    name: str,
    retry: Retry,
    to: Path,
    *,
    join: Path | None,
    region: str | None,
    phone_columns: Sequence[str],
    region_column: str | None,
    env_file: Path | None,
    address: str,
) -> None:
    """Write the list, and say what to type next.

    Raises:
        UsageError: if what was read doesn't allow for it.
        InputError: if a file can't be read or written.
    """
    found = campaign(ledger, name)
    check_output_of_ledger(to, ledger, join, found.source_path, env_file=env_file)
    sync = sync_of(ledger, found.id)
    retry.check(name, sync, address=address)
    assert sync is not None  # noqa: S101 - `check` raises without one
    if join is None:
        people: Iterable[Person] = everybody(ledger, found)
        written = write_people_to_call(
            to, (one for one in people if retry.wants(one, sync)), (), key_column=found.key_column
        )
    else:
        with list_beside(
            ledger,
            found,
            join,
            region=region,
            phone_columns=phone_columns,
            region_column=region_column,
            env_file=env_file,
        ) as beside:
            chosen = (one for one in beside.people if retry.wants(one, sync))
            written = write_people_to_call(
                to,
                chosen,
                beside.columns,
                phone_column=beside.phone_column,
                key_column=found.key_column,
            )
    columns = [word for column in phone_columns for word in ("--phone-column", column)]
    if region_column is not None:
        columns += ["--region-column", region_column]
    again = "".join(f" {shlex.quote(word)}" for word in columns) if join is not None else ""
    _say(written, found, retry, to, sync, address=address, columns=again)


def everybody(ledger: Ledger, found: Campaign) -> Iterator[Person]:
    """Yield a campaign's people, from the ledger alone."""
    for call, outcome in calls_with_outcomes(ledger, found):
        yield Person(None, call.row_number, call.batch.state.value, call, outcome)


def _say(
    written: int,
    found: Campaign,
    retry: Retry,
    to: Path,
    sync: ConversationSync,
    *,
    address: str,
    columns: str,
) -> None:
    say(
        f"xuna: {counted(written, 'person', 'people')} written to {to}; their records were read {sync.read_at}"
    )
    if young := retry.too_young["people"]:
        say(
            f"xuna: {young:,} more have no conversation, but were called less than {retry.after:g} s before that: "
            "they were left out (--after)"
        )
    if written:
        again = shlex.quote(f"{found.name}-again")
        where = address.removeprefix(shlex.quote(found.name))
        key = f" --key {shlex.quote(found.key_column)}" if found.key_column else ""
        say(
            "  to call them again, as a new campaign, with words of its own: "
            f"xuna batch-call {shlex.quote(str(to))} --campaign {again}{key}{columns}{where} -m …"
        )
