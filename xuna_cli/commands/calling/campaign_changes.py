"""Report, or with `--pin` refuse, changes of message, agent, caller number or attempts within a campaign."""

import re
import shlex
import sys

from xuna_cli.api.account import agent, configuration_hash
from xuna_cli.api.client import Client
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.prompts import is_terminal
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import UsageError, XunaError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import RunDescription
from xuna_cli.ledger.runs import last_run_that_called, runs_of
from xuna_cli.output.messages import say
from xuna_cli.targets.override import FIRST_MESSAGE
from xuna_cli.times import for_people

LONGEST_QUOTE = 160  # characters of a template shown in a message
BEFORE_THE_CHANGE = 20
HASH_SHOWN = 12
FIRST_MESSAGE_IS = f"{'.'.join(FIRST_MESSAGE)}="
_OF_MESSAGE = lazy_pattern(f"(again: )?{re.escape(FIRST_MESSAGE_IS)}")


@dataclass(frozen=True, slots=True)
class Change:
    """A difference from the campaign's last run.

    Attributes:
        what: the field of a run that changed.
        message: the new and the old value.
        of_agent: whether the agent or its configuration changed.
        pinned: whether `--pin` forbids it.
    """

    what: str
    message: str
    of_agent: bool
    pinned: bool


def agent_hash(client: Client, agent_id: str, *, needed: bool, quiet: bool) -> str | None:
    """Return the hash of the agent's configuration; warn and return None if the configuration can't be read.

    Raises:
        XunaError: the configuration can't be read, and is needed: by `--pin-agent` or the list's seal.
    """
    try:
        return configuration_hash(agent(client, agent_id))
    except XunaError as error:
        if needed:
            raise
        if not quiet:
            say(
                f"xuna: warning: the configuration of agent {agent_id} could not be read, so it is "
                f"unknown whether it has changed: {error.message}"
            )
        return None


def check_changes(
    ledger: Ledger,
    campaign_id: int | None,
    description: RunDescription,
    options: BatchCallOptions,
    *,
    rehearsal: bool = False,
) -> None:
    """Report changes since the campaign's last run that made a batch.

    A change that the run before has reported is reported again only in a rehearsal and at a terminal, so that not every
    hourly run that calls nobody repeats it.

    Args:
        ledger: the ledger.
        campaign_id: the campaign; None if it is new.
        description: this run; empty fields are unknown and not compared.
        options: of the command.
        rehearsal: whether nothing is sent or written.

    Raises:
        UsageError: `--pin` or `--pin-agent` forbids a change.
    """
    if campaign_id is None:
        return
    changes, other = _changes(ledger, campaign_id, description), f"{description.campaign}-2"
    for change in changes:
        if (options.pin and change.pinned) or (options.pin_agent and change.of_agent):
            raise UsageError(
                f"{change.message}; nobody was called",
                hint=f"if this is intended, remove {'--pin' if options.pin and change.pinned else '--pin-agent'}; "
                f"if not, use the values of the last run, or another campaign: --campaign {shlex.quote(other)}",
                code="campaign-changed",
            )
    before = [] if rehearsal or is_terminal(sys.stderr) else runs_of(ledger, campaign_id)[-1:]
    for change in changes:
        if not any(getattr(run, change.what) == getattr(description, change.what) for run in before):
            say(f"xuna: warning: {change.message}")


def _changes(ledger: Ledger, campaign_id: int, now: RunDescription) -> list[Change]:
    last = last_run_that_called(ledger, campaign_id)
    if last is None:
        return []
    before = f"the campaign's last run ({for_people(last.started_at)})"
    since = f"in {before}"
    changes = []
    if now.template != last.template:
        message = _template(now.template, last.template, before)
        changes.append(Change("template", message, of_agent=False, pinned=True))
    for field, name in (("agent_id", "agent"), ("from_phone_number_id", "caller number")):
        value, was = getattr(now, field), getattr(last, field)
        if value and value != was:
            message = f"the {name} is now {value}, and was {was} {since}"
            changes.append(Change(field, message, of_agent=field == "agent_id", pinned=True))
    if now.attempts != last.attempts:
        message = _attempts(now.attempts, last.attempts, since)
        changes.append(Change("attempts", message, of_agent=False, pinned=True))
    known = last_run_that_called(ledger, campaign_id, agent_id=now.agent_id) if now.agent_hash else None
    if known is not None and now.agent_hash and known.agent_hash and now.agent_hash != known.agent_hash:
        changes.append(
            Change(
                "agent_hash",
                f"the configuration of agent {now.agent_id} has changed since {for_people(known.started_at)} "
                f"(its hash is now {now.agent_hash[:HASH_SHOWN]}…, and was {known.agent_hash[:HASH_SHOWN]}…)",
                of_agent=True,
                pinned=False,
            )
        )
    return changes


def _template(now: str | None, was: str | None, before: str) -> str:
    one, other = _around_the_change(_as_said(now), _as_said(was))
    if now is None:
        return f"this run has no message template, so the agent says its own message; {before} had {other}"
    if was is None:
        return f"the message template is now {one}; {before} had none, so the agent said its own message"
    return f"the message template is now {one}, and was {other} in {before}"


def _as_said(template: str | None) -> str:
    """Return a template for people: a first message without the name of its place in the request."""
    lines = (template or "").split("\n")
    return "\n".join(
        line.replace(FIRST_MESSAGE_IS, "", 1) if _OF_MESSAGE.match(line) else line for line in lines
    )


def _attempts(now: str | None, was: str | None, since: str) -> str:
    if now is None:
        return f"this run has no --attempts, so it calls nobody again; {since}, it was {was}"
    if was is None:
        return f"from now on, people are called again: {now}; {since}, each person was called once at most"
    return f"people are now called again by {now}, and were by {was} {since}"


def _around_the_change(one: str, other: str) -> tuple[str, str]:
    """Shorten two texts to the part where they differ; short texts stay whole."""
    same = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    same = same or min(len(one), len(other))
    start = max(0, same - BEFORE_THE_CHANGE) if max(len(one), len(other)) > LONGEST_QUOTE else 0
    return _quoted(one, start), _quoted(other, start)


def _quoted(text: str, start: int) -> str:
    end = start + LONGEST_QUOTE
    return f"“{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}”"
