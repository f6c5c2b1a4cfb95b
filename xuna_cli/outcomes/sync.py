"""Read a campaign's conversation records and store their outcomes in the ledger."""

import contextlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from xuna_cli.api.account import has_agent
from xuna_cli.api.conversations import ConversationList, conversation_if_there
from xuna_cli.api.retry import Reader, several
from xuna_cli.errors import ConfigurationError, UsageError
from xuna_cli.ledger.campaigns import calls, campaigns
from xuna_cli.ledger.conversations import (
    Link,
    final_conversations,
    forget_links,
    known_batch_ids,
    links_in_doubt,
    store,
    store_sync,
)
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.queries import in_parts
from xuna_cli.ledger.records import (
    HELD_STATES,
    BatchRecord,
    BatchState,
    CallKey,
    Campaign,
    ConversationSync,
)
from xuna_cli.ledger.runs import runs_of
from xuna_cli.ledger.seen_keys import SeenKeys
from xuna_cli.models import Conversation
from xuna_cli.outcomes.joining import (
    CLOCKS_DIFFER_A_DAY_S,
    JOINED_BY_BATCH,
    RIVAL,
    WITHOUT_AN_ANSWER,
    Joiner,
    LedgerCall,
    Numbers,
    numbers_of,
    unix,
)

RECORDS_AT_ONCE = 100  # records read and stored together

SENT = (BatchState.SUBMITTING, BatchState.ACCEPTED, *HELD_STATES)


def check_origin(campaign: Campaign, origin: str) -> None:
    """Raise UsageError if a campaign's calls were made through another API."""
    if campaign.api_origin != origin:
        option = "--sandbox" if campaign.api_origin == "sandbox" else f"--base-url {campaign.api_origin}"
        raise UsageError(
            f"campaign {campaign.name!r} called through {campaign.api_origin}; its conversations are not at {origin}",
            hint=f"add {option}",
            code="campaign-other-origin",
        )


def sync_conversations(
    ledger: Ledger,
    campaign: Campaign,
    reader: Reader,
    *,
    on_progress: Callable[[ConversationSync], None] = lambda _: None,
    on_unmatched: Callable[[Conversation], None] = lambda _: None,
    on_elsewhere: Callable[[Conversation], None] = lambda _: None,
    on_links: Callable[[Sequence[Link]], None] = lambda _: None,
    of_this_account: bool = True,
) -> ConversationSync:
    """Read the records of the agents that called since the first run, match them, and store the outcomes.

    Records that were read are stored even if reading fails; the next sync continues from there.

    Args:
        ledger: the ledger.
        campaign: the campaign.
        reader: an API reader that retries.
        on_progress: receives the progress at intervals.
        on_unmatched: receives each record that may belong to the campaign but is linked with no call.
        on_elsewhere: receives each record that names no batch and is of no call of the campaign.
        on_links: receives the links before they are stored, and so before their outcomes let anybody be called again.
        of_this_account: whether the campaign was called with the account of this API key. If that is not known, and an
            agent is missing, then nothing is noted about this reading: the campaign's own account may have read more.

    Raises:
        ConfigurationError: if the API refuses the request, or does not have an agent that it may not have.
        UnreachableError: if the API can't be read.
        LedgerError: if the ledger can't be written.
    """
    began = ledger.timestamp()
    runs = runs_of(ledger, campaign.id)
    first = min((at for run in runs if (at := unix(run.started_at)) is not None), default=0.0)
    batches = [batch for batch in ledger.batches(campaign.id) if batch.state in SENT]
    joiner = _joiner(ledger, campaign, batches, on_unmatched, on_elsewhere)
    records = 0
    incomplete: list[str] = []
    # Those that another machine stores meanwhile may be newer than this reading, and stay.
    not_found = links_in_doubt(ledger, campaign.id)

    def keep(links: Sequence[Link]) -> None:
        on_links(links)
        store(ledger, campaign.id, links)
        not_found.difference_update(
            link.conversation.conversation_id for link in links if link.joined_by != JOINED_BY_BATCH
        )

    def state() -> ConversationSync:
        return ConversationSync(
            began,
            "; ".join(dict.fromkeys(incomplete)) or None,
            records,
            joiner.joined,
            joiner.elsewhere,
            joiner.unjoined,
            dict(joiner.reasons),
        )

    called = {batch.run_id for batch in batches}
    # An agent that has called nobody may be a mistyped one: its records are missing for good.
    agents = list(dict.fromkeys(run.agent_id for run in runs if run.id in called))
    for agent_id in agents:
        listed = ConversationList(reader, agent_id=agent_id, since=first - CLOCKS_DIFFER_A_DAY_S)
        of_agent = 0
        for group in in_parts(_once(listed), RECORDS_AT_ONCE):
            records += len(group)
            known = final_conversations(ledger, campaign.id, [record.conversation_id for record in group])
            links, unreadable = _take(reader, joiner, group, known=known, agents=(agent_id, *agents))
            keep(links)
            if unreadable:
                incomplete.append(f"{unreadable} of the listed records could not be read")
            on_progress(state())
            of_agent += len(group)
        if listed.incomplete:
            incomplete.append(listed.incomplete)
        elif not of_agent:
            incomplete += _missing_agent(reader, agent_id, of_this_account=of_this_account)
    for links in in_parts(joiner.rest(complete=not incomplete), RECORDS_AT_ONCE):
        keep(links)
    done = state()
    if done.incomplete is None:
        # A later record may disprove a match of an earlier sync.
        forget_links(ledger, campaign.id, not_found)
    store_sync(ledger, campaign.id, done)
    return done


def _missing_agent(reader: Reader, agent_id: str, *, of_this_account: bool) -> list[str]:
    """Return why there are no records of an agent, if the account does not have it; raises as `sync_conversations`."""
    if has_agent(reader, agent_id):
        return []
    missing = f"the account of this API key has no agent {agent_id}"
    if not of_this_account:
        raise ConfigurationError(missing, code="agent-unknown")
    return [missing]


def _once(listed: Iterable[Conversation]) -> Iterator[Conversation]:
    """Yield each record once: a list that grows while it is read can have a record on several pages."""
    with contextlib.closing(SeenKeys()) as seen:
        for part in in_parts(listed, RECORDS_AT_ONCE):
            records = {record.conversation_id: record for record in part}
            fresh = seen.add(list(records))
            yield from (record for one, record in records.items() if one in fresh)


def _take(
    reader: Reader,
    joiner: Joiner,
    group: Sequence[Conversation],
    *,
    known: Container[str],
    agents: Sequence[str],
) -> tuple[list[Link], int]:
    """Match some records; return the links to store, and the number of unreadable records.

    Args:
        reader: as for `sync_conversations`.
        joiner: matches them.
        group: records as listed.
        known: IDs of records that need not be read.
        agents: the agent that was asked for, and all of the campaign. The records of the others are listed there; those
            of any other agent are left out, unless they name a batch of the campaign: the call was transferred.
    """
    asked, *ours = agents
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
            continue
        record = _merged(listed, whole)
        is_transferred = whole.agent_id not in ours and joiner.names_batch(record)
        if whole.agent_id in {None, asked} or is_transferred:
            link = joiner.take(record)
            links += [] if link is None else [link]
    return links, unreadable


def _merged(listed: Conversation, whole: Conversation) -> Conversation:
    """Return the full record, with the fields that only the list has."""
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


def _joiner(
    ledger: Ledger,
    campaign: Campaign,
    sent: Sequence[BatchRecord],
    on_unmatched: Callable[[Conversation], None],
    on_elsewhere: Callable[[Conversation], None],
) -> Joiner:
    agents: dict[int, str] = {}
    batches = {batch.id: batch for batch in sent}

    def numbers(batch_id: int) -> Numbers:
        return numbers_of(calls(ledger, campaign.id, [batches[batch_id]]))

    in_doubt = {
        batch.id for batch in batches.values() if batch.batch_id is None and batch.state in WITHOUT_AN_ANSWER
    }

    def rivals() -> Iterator[tuple[BatchRecord, Numbers]]:
        for each in campaigns(ledger):
            if each.api_origin != campaign.api_origin:
                continue
            agents.update((run.id, run.agent_id) for run in runs_of(ledger, each.id))
            for batch in ledger.batches(each.id):
                if batch.batch_id is None and batch.state in RIVAL and batch.id not in in_doubt:
                    yield batch, numbers_of(calls(ledger, each.id, [batch]))

    return Joiner(
        campaign_id=campaign.id,
        batches=batches.values(),
        agents=agents,
        numbers_of=numbers,
        is_known=lambda batch_id: bool(known_batch_ids(ledger, [batch_id])),
        calls_of_ledger=lambda: _calls_of_ledger(ledger, campaign.api_origin),
        rivals=rivals,
        on_unmatched=on_unmatched,
        on_elsewhere=on_elsewhere,
    )


def _calls_of_ledger(ledger: Ledger, origin: str) -> Iterator[LedgerCall]:
    for campaign in campaigns(ledger):
        if campaign.api_origin != origin:
            continue
        agents = {run.id: run.agent_id for run in runs_of(ledger, campaign.id)}
        for call in calls(ledger, campaign.id):
            if call.batch.state in SENT and (sent := unix(call.batch.submitted_at)) is not None:
                yield LedgerCall(
                    campaign.id,
                    CallKey(call.key, call.attempt),
                    call.to_phone_number,
                    agents[call.batch.run_id],
                    sent,
                )
