"""Read a campaign's conversation records and store their outcomes in the ledger."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence

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
    RecordObserver,
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
    observer: RecordObserver | None = None,
    *,
    on_progress: Callable[[ConversationSync], None] = lambda _: None,
    of_this_account: bool = True,
) -> ConversationSync:
    """Read the records of the agents that called since the first run, match them, and store the outcomes.

    Records that were read are stored even if reading fails; the next sync continues from there.

    Args:
        ledger: the ledger.
        campaign: the campaign.
        reader: an API reader that retries.
        observer: is told of the records.
        on_progress: receives the progress at intervals.
        of_this_account: whether the campaign was called with the account of this API key. If that is not known, and an
            agent is missing, then nothing is noted about this reading: the campaign's own account may have read more.

    Raises:
        ConfigurationError: if the API refuses the request, or does not have an agent that it may not have.
        UnreachableError: if the API can't be read.
        LedgerError: if the ledger can't be written.
    """
    observer = observer or RecordObserver()
    return _Sync(ledger, campaign, reader, observer, on_progress, of_this_account=of_this_account).read()


class _Sync:
    """One reading of a campaign's records; the arguments are those of `sync_conversations`."""

    def __init__(
        self,
        ledger: Ledger,
        campaign: Campaign,
        reader: Reader,
        observer: RecordObserver,
        on_progress: Callable[[ConversationSync], None],
        *,
        of_this_account: bool,
    ) -> None:
        self._ledger = ledger
        self._campaign_id = campaign.id
        self._reader = reader
        self._observer = observer
        self._on_progress = on_progress
        self._of_this_account = of_this_account
        self._began = ledger.timestamp()
        runs = runs_of(ledger, campaign.id)
        first = min((at for run in runs if (at := unix(run.started_at)) is not None), default=0.0)
        self._since = first - CLOCKS_DIFFER_A_DAY_S
        batches = [batch for batch in ledger.batches(campaign.id) if batch.state in SENT]
        called = {batch.run_id for batch in batches}
        # An agent that has called nobody may be a mistyped one: its records are missing for good.
        self._agents = list(dict.fromkeys(run.agent_id for run in runs if run.id in called))
        self._joiner = _joiner(ledger, campaign, batches, observer)
        self._records = 0
        self._incomplete: list[str] = []
        # Those that another machine stores meanwhile may be newer than this reading, and stay.
        self._not_found = links_in_doubt(ledger, campaign.id)

    def read(self) -> ConversationSync:
        for agent_id in self._agents:
            self._read_agent(agent_id)
        for links in in_parts(self._joiner.rest(complete=not self._incomplete), RECORDS_AT_ONCE):
            self._keep(links)
        done = self._state()
        if done.incomplete is None:
            # A later record may disprove a match of an earlier sync.
            forget_links(self._ledger, self._campaign_id, self._not_found)
        store_sync(self._ledger, self._campaign_id, done)
        return done

    def _read_agent(self, agent_id: str) -> None:
        listed = ConversationList(self._reader, agent_id=agent_id, since=self._since)
        before = self._records
        with contextlib.closing(SeenKeys()) as seen:
            for group in in_parts(unseen(listed, seen), RECORDS_AT_ONCE):
                self._records += len(group)
                self._keep(self._take(group, agent_id))
                self._on_progress(self._state())
        if listed.incomplete:
            self._incomplete.append(listed.incomplete)
        elif self._records == before and not has_agent(self._reader, agent_id):
            missing = f"the account of this API key has no agent {agent_id}"
            if not self._of_this_account:
                raise ConfigurationError(missing, code="agent-unknown")
            self._incomplete.append(missing)

    def _take(self, group: Sequence[Conversation], asked: str) -> list[Link]:
        """Match some records; return the links to store.

        The list of the agent that was asked for has records of other agents, too: those of the campaign's are in their
        own lists, and those of any other agent are left out, unless they name a batch of the campaign: the call was
        transferred.
        """
        joiner, reader = self._joiner, self._reader
        known = final_conversations(
            self._ledger, self._campaign_id, [record.conversation_id for record in group]
        )
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
            is_transferred = whole.agent_id not in self._agents and joiner.names_batch(record)
            if whole.agent_id in {None, asked} or is_transferred:
                link = joiner.take(record)
                links += [] if link is None else [link]
        if unreadable:
            self._incomplete.append(f"{unreadable} of the listed records could not be read")
        return links

    def _keep(self, links: Sequence[Link]) -> None:
        self._observer.take_links(links)
        store(self._ledger, self._campaign_id, links)
        self._not_found.difference_update(
            link.conversation.conversation_id for link in links if link.joined_by != JOINED_BY_BATCH
        )

    def _state(self) -> ConversationSync:
        joiner = self._joiner
        return ConversationSync(
            self._began,
            "; ".join(dict.fromkeys(self._incomplete)) or None,
            self._records,
            joiner.joined,
            joiner.elsewhere,
            joiner.unjoined,
            dict(joiner.reasons),
        )


def unseen(listed: Iterable[Conversation], seen: SeenKeys) -> Iterator[Conversation]:
    """Yield the records whose IDs were not seen, each once: a list that grows can have a record on several pages."""
    for part in in_parts(listed, RECORDS_AT_ONCE):
        records = {record.conversation_id: record for record in part}
        fresh = seen.add(list(records))
        yield from (record for one, record in records.items() if one in fresh)


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
    observer: RecordObserver,
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
        observer=observer,
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
