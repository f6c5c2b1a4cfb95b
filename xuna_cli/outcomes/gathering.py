"""Reading a campaign's conversation records, and keeping what they prove."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from xuna_cli.api.conversations import ConversationList, conversation_if_there
from xuna_cli.api.retry import Reader, several
from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import calls, campaigns
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.outcomes import (
    Link,
    final_conversations,
    forget_but,
    known_batch_ids,
    outcome_of,
    store,
    store_sync,
    sync_of,
)
from xuna_cli.ledger.records import (
    HELD_STATES,
    BatchState,
    CallOutcome,
    CallRecord,
    Campaign,
    ConversationSync,
)
from xuna_cli.models import Conversation
from xuna_cli.outcomes.joining import (
    CLOCKS_DIFFER_S,
    JOINED_BY_BATCH,
    Joiner,
    LedgerCall,
    Numbers,
    numbers_of,
    unix,
)

TOGETHER = 100  # records that are looked at, and kept, together

T = TypeVar("T")

SENT = (BatchState.SUBMITTING, BatchState.ACCEPTED, *HELD_STATES)


@dataclass(frozen=True, slots=True)
class RunOfCampaign:
    """What reading needs to know of a run."""

    id: int
    started_at: str
    agent_id: str


def runs(ledger: Ledger, campaign_id: int) -> list[RunOfCampaign]:
    """Return the campaign's runs, in order."""
    rows = ledger.rows("runs_of_campaign", {"campaign_id": campaign_id})
    return [RunOfCampaign(row[0], row[1], row[3]) for row in rows]


def check_origin(campaign: Campaign, origin: str) -> None:
    """Raise UsageError if a campaign's calls went through another API than the one to be read."""
    if campaign.api_origin != origin:
        sandbox = "add --sandbox" if campaign.api_origin == "sandbox" else f"--base-url {campaign.api_origin}"
        raise UsageError(
            f"campaign {campaign.name!r} called through {campaign.api_origin}; its conversations are not at {origin}",
            hint=sandbox,
            code="campaign-other-origin",
        )


def gather(
    ledger: Ledger,
    campaign: Campaign,
    reader: Reader,
    *,
    on_progress: Callable[[ConversationSync], None] = lambda _: None,
) -> ConversationSync:
    """Read the records of the campaign's agents since its first run, join them, and keep what they prove.

    What was read is kept also where reading stops in the middle: doing it again goes on from there.

    Args:
        ledger: where.
        campaign: whose.
        reader: of the API; one that waits where it has to.
        on_progress: told now and then how far it is.

    Raises:
        ConfigurationError: if the API refuses.
        UnreachableError: if it can't be read.
        LedgerError: if what was read can't be kept.
    """
    began = ledger.timestamp()
    of_campaign = runs(ledger, campaign.id)
    first = min((at for run in of_campaign if (at := unix(run.started_at)) is not None), default=0.0)
    joiner = _joiner(ledger, campaign, of_campaign)
    records = 0
    incomplete: list[str] = []
    in_doubt: set[str] = set()

    def keep(links: Sequence[Link]) -> None:
        store(ledger, campaign.id, links)
        in_doubt.update(
            link.conversation.conversation_id for link in links if link.joined_by != JOINED_BY_BATCH
        )

    def sync() -> ConversationSync:
        return ConversationSync(
            began,
            "; ".join(dict.fromkeys(incomplete)) or None,
            records,
            joiner.joined,
            joiner.elsewhere,
            joiner.unjoined,
            dict(joiner.reasons),
        )

    for agent_id in dict.fromkeys(run.agent_id for run in of_campaign):
        listed = ConversationList(reader, agent_id=agent_id, since=first - CLOCKS_DIFFER_S)
        for group in in_groups(listed):
            records += len(group)
            known = final_conversations(ledger, campaign.id, [record.conversation_id for record in group])
            links, unreadable = _take(reader, joiner, group, known=known, agent_id=agent_id)
            keep(links)
            if unreadable:
                incomplete.append(f"{unreadable} records are listed, and could not be read")
            on_progress(sync())
        if listed.incomplete:
            incomplete.append(listed.incomplete)
    for links in in_groups(joiner.rest()):
        keep(links)
    done = sync()
    if done.incomplete is None:
        # What an earlier reading took for proven may be disproved by a record that came since.
        forget_but(ledger, campaign.id, in_doubt)
    store_sync(ledger, campaign.id, done)
    return done


def _take(
    reader: Reader,
    joiner: Joiner,
    group: Sequence[Conversation],
    *,
    known: Container[str],
    agent_id: str,
) -> tuple[list[Link], int]:
    """Join some records; return what is to be kept of them, and how many could not be read."""
    to_read = []
    for record in group:
        if record.conversation_id in known:
            joiner.take_known()
        elif joiner.is_elsewhere(record):
            joiner.take(record)
        else:
            to_read.append(record)
    links: list[Link] = []
    unreadable = 0
    whole_ones = several(lambda one: conversation_if_there(reader, one.conversation_id), to_read)
    for listed, whole in zip(to_read, whole_ones, strict=True):
        if whole is None:
            unreadable += 1
        elif whole.agent_id in {None, agent_id} and (link := joiner.take(_merged(listed, whole))) is not None:
            links.append(link)
    return links, unreadable


def _merged(listed: Conversation, whole: Conversation) -> Conversation:
    """Return the whole record, with what only the list said of it."""
    values = {
        name: getattr(whole, name) if getattr(whole, name) is not None else getattr(listed, name)
        for name in (
            "agent_id",
            "status",
            "started_at",
            "duration",
            "external_number",
            "batch_call_id",
            "direction",
            "audio",
        )
    }
    return Conversation(
        conversation_id=whole.conversation_id,
        evaluation=whole.evaluation or listed.evaluation,
        collected=whole.collected or listed.collected,
        **values,
    )


def _joiner(ledger: Ledger, campaign: Campaign, of_campaign: Iterable[RunOfCampaign]) -> Joiner:
    batches = {batch.id: batch for batch in ledger.batches(campaign.id) if batch.state in SENT}

    def numbers(batch_id: int) -> Numbers:
        return numbers_of(calls(ledger, campaign.id, [batches[batch_id]]))

    return Joiner(
        campaign_id=campaign.id,
        batches=batches.values(),
        agents={run.id: run.agent_id for run in of_campaign},
        numbers_of=numbers,
        is_known=lambda batch_id: bool(known_batch_ids(ledger, [batch_id])),
        calls_of_ledger=lambda: _calls_of_ledger(ledger, campaign.api_origin),
    )


def _calls_of_ledger(ledger: Ledger, origin: str) -> Iterator[LedgerCall]:
    for campaign in campaigns(ledger):
        if campaign.api_origin != origin:
            continue
        agents = {run.id: run.agent_id for run in runs(ledger, campaign.id)}
        for call in calls(ledger, campaign.id):
            if call.batch.state in SENT and (sent := unix(call.batch.submitted_at)) is not None:
                yield LedgerCall(campaign.id, call.key, call.to_phone_number, agents[call.batch.run_id], sent)


def with_outcomes(ledger: Ledger, campaign: Campaign) -> Iterator[tuple[CallRecord, CallOutcome]]:
    """Yield the campaign's calls with what came of them, in constant memory."""
    sync = sync_of(ledger, campaign.id)
    for call in calls(ledger, campaign.id, outcomes=True):
        yield call, outcome_of(call.outcome, call.batch.submitted_at, sync)


def in_groups(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in groups that are looked at together."""
    iterator = iter(items)
    while group := list(islice(iterator, TOGETHER)):
        yield group
