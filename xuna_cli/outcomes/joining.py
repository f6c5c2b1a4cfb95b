"""Match conversations to calls; only proven matches count.

A record is matched by the first rule that applies:

1. It has a batch of this campaign, and the number of one of its calls (or no number, if the batch has one call): that
   call (`batch`).
2. It has a batch of another campaign of the ledger: elsewhere.
3. It has a batch that the ledger doesn't know: a call of a held batch (`held`), if all conversations of the unknown
   batch have numbers of this held batch without an id, have its agent and are not older, and no other batch of any
   campaign fits; otherwise elsewhere.
4. It has no batch, but an outgoing call and a number: the only call of all campaigns since then with this agent and
   number (`number`), if this is also the only such record.
5. It has no batch, and an incoming call, or a number with + and without a call since a day before it: elsewhere.
6. Anything else is unjoined: counted with the reason. If a number limits the record to some calls, their outcomes are
   unproven.

A record with neither batch nor direction proves nothing: it may be an incoming call of the same person. Rules 3 and 4
prove nothing if the records were not read to their end: another record may be the right one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.conversations import Link
from xuna_cli.ledger.records import NO_NUMBER, OTHER_NUMBER, BatchRecord, BatchState, CallKey, CallRecord
from xuna_cli.models import Conversation

CLOCKS_DIFFER_S = 120.0
"""Tolerance for different clocks: by the API's clock, a record may start this long before its request."""

CLOCKS_DIFFER_A_DAY_S = 86_400.0
"""The same, before a record counts as absent: a record that is left out because of its time would look like a call
without a conversation, and the person would be called again."""

JOINED_BY_BATCH = "batch"

SAME_NUMBER_TWICE = "same-number-twice"
NUMBER_ONLY = "number-alone"
BATCH_IN_DOUBT = "batch-in-doubt"


@dataclass(frozen=True, slots=True)
class LedgerCall:
    """A call of any campaign, with the fields for matching."""

    campaign_id: int
    key: CallKey
    number: str
    agent_id: str
    submitted: float


WITHOUT_AN_ANSWER = (BatchState.UNKNOWN, BatchState.ACCEPTED)
"""States of a batch whose id the API never told us: held, or resolved by hand as placed."""
RIVAL = (BatchState.SUBMITTING, *WITHOUT_AN_ANSWER)
"""States of a batch without an id that the API may have taken."""


Numbers = Mapping[str, Sequence[CallKey]]
"""A batch's numbers, with the calls that have them."""


class RecordObserver:
    """Is told of the records of a reading; here, every method does nothing."""

    def take_unmatched(self, record: Conversation) -> None:
        """Receive a record that may belong to the campaign but is linked with no call."""

    def take_elsewhere(self, record: Conversation) -> None:
        """Receive a record that names no batch and is of no call of the campaign.

        It is of an incoming call, or of a call that the ledger does not have.
        """

    def take_links(self, links: Sequence[Link]) -> None:
        """Receive links before they are stored, and so before their outcomes let anybody be called again."""


class Joiner:
    """Matches conversations to calls, one by one or, if that needs all records, at the end.

    Args:
        campaign_id: the campaign's.
        batches: the campaign's.
        agents: of the runs of every campaign of this API, by the run's id.
        numbers_of: the calls of a batch (by the ledger's id).
        is_known: returns whether any campaign of the ledger has this API batch id.
        calls_of_ledger: returns all calls of all campaigns with this API, for records without a batch.
        rivals: the batches of this API that a batch which the ledger doesn't know may be, beside the campaign's
            held ones; asked when every record was read.
        observer: is told of the records without a link.
    """

    def __init__(
        self,
        *,
        campaign_id: int,
        batches: Iterable[BatchRecord],
        agents: Mapping[int, str],
        numbers_of: Callable[[int], Numbers],
        is_known: Callable[[str], bool],
        calls_of_ledger: Callable[[], Iterator[LedgerCall]],
        rivals: Callable[[], Iterable[tuple[BatchRecord, Numbers]]] = tuple,
        observer: RecordObserver | None = None,
    ) -> None:
        self.joined = 0
        self.elsewhere = 0
        self.reasons: Counter[str] = Counter()
        self._campaign_id = campaign_id
        self._agents = agents
        self._numbers_of = lru_cache(maxsize=64)(numbers_of)
        self._is_known_now = is_known
        self._is_known = lru_cache(maxsize=4096)(is_known)
        self._calls_of_ledger = calls_of_ledger
        self._rivals = rivals
        self._observer = observer or RecordObserver()
        self._by_batch_id: dict[str, BatchRecord] = {}
        self._in_doubt: list[tuple[BatchRecord, Numbers]] = []
        for batch in batches:
            if batch.batch_id is not None:
                self._by_batch_id[batch.batch_id] = batch
            elif batch.state in WITHOUT_AN_ANSWER:
                self._in_doubt.append((batch, numbers_of(batch.id)))
        self._strangers: dict[str, list[Conversation]] = defaultdict(list)
        self._of_others: set[str] = set()
        self._by_agent_and_number: dict[tuple[str | None, str], list[Conversation]] = defaultdict(list)

    @property
    def unjoined(self) -> int:
        """Number of records that may belong to the campaign's calls without proof."""
        return self.reasons.total()

    def is_elsewhere(self, record: Conversation) -> bool:
        """Return whether a listed record provably belongs to another campaign, so that its details need not be read."""
        batch_id = record.batch_call_id
        return batch_id is not None and (
            batch_id in self._of_others
            or (batch_id not in self._by_batch_id and (not self._in_doubt or self._is_known(batch_id)))
        )

    def names_batch(self, record: Conversation) -> bool:
        """Return whether a record names a batch of the campaign."""
        return record.batch_call_id in self._by_batch_id

    def take(self, record: Conversation) -> Link | None:
        """Return the link of a conversation; None if there is none, or only `rest` can tell."""
        record = replace(record, transcript=())
        number = e164(record.external_number)
        if record.batch_call_id is None:
            if number is None:
                return self._unjoined(
                    record, (), NO_NUMBER if record.external_number is None else OTHER_NUMBER
                )
            if (record.direction or "").lower() == "inbound":
                self._is_of_another_call(record)
            else:
                self._by_agent_and_number[record.agent_id, number].append(record)
            return None
        batch = self._by_batch_id.get(record.batch_call_id)
        if batch is not None:
            return self._in_batch(record, number, self._numbers_of(batch.id))
        if self.is_elsewhere(record) or not self._may_be_in_doubt(number):
            # A batch with a person who was not sent is foreign, with all its records.
            self.elsewhere += 1 + len(self._strangers.pop(record.batch_call_id, ()))
            self._of_others.add(record.batch_call_id)
            return None
        self._strangers[record.batch_call_id].append(record)
        return None

    def take_known(self) -> None:
        """Note a conversation that an earlier sync has matched."""
        self.joined += 1

    def rest(self, *, complete: bool = True) -> Iterator[Link]:
        """Yield the links that need all records as proof; none is proven if the records are not complete."""
        if self._strangers:
            yield from self._of_held_batches(complete=complete)
        if self._by_agent_and_number:
            yield from self._by_number(complete=complete)

    def _in_batch(self, record: Conversation, number: str | None, numbers: Numbers) -> Link | None:
        if number is None and record.external_number is not None:
            # The number may be another spelling of any of them.
            return self._unjoined(record, (), OTHER_NUMBER)
        if number is None:
            calls = [call for calls in numbers.values() for call in calls]
            return (
                self._link(record, calls, JOINED_BY_BATCH)
                if len(calls) == 1
                else self._unjoined(record, (), NO_NUMBER)
            )
        calls = list(numbers.get(number, ()))
        if len(calls) == 1:
            return self._link(record, calls, JOINED_BY_BATCH)
        return self._unjoined(record, calls, SAME_NUMBER_TWICE if calls else OTHER_NUMBER)

    def _may_be_in_doubt(self, number: str | None) -> bool:
        return number is None or any(number in numbers for _, numbers in self._in_doubt)

    def _of_held_batches(self, *, complete: bool) -> Iterator[Link]:
        rivals = list(self._rivals())
        # Whoever sent it in the meantime may have been told its id: asked after the rivals, it is one or the other.
        for batch_id in [each for each in self._strangers if self._is_known_now(each)]:
            self.elsewhere += len(self._strangers.pop(batch_id))
        fits: dict[str, list[tuple[BatchRecord, Numbers]]] = {}
        for batch_id, records in self._strangers.items():
            fits[batch_id] = [held for held in self._in_doubt if self._fits(records, *held)]
        claims = Counter(batch.id for fitting in fits.values() for batch, _ in fitting)
        for batch_id, records in self._strangers.items():
            fitting = fits[batch_id]
            if not fitting:
                if all(map(_is_telling, records)):
                    self.elsewhere += len(records)
                else:
                    for record in records:
                        self._unjoined(record, (), BATCH_IN_DOUBT)
                continue
            proven = (
                complete
                and len(fitting) == 1
                and claims[fitting[0][0].id] == 1
                and not any(self._fits(records, *rival) for rival in rivals)
            )
            for record in records:
                number = e164(record.external_number) or ""
                calls = [call for _, numbers in fitting for call in numbers[number]]
                if proven and len(calls) == 1:
                    yield self._link(record, calls, "held")
                elif (link := self._unjoined(record, calls, BATCH_IN_DOUBT)) is not None:
                    yield link

    def _fits(self, records: Sequence[Conversation], batch: BatchRecord, numbers: Numbers) -> bool:
        """Return whether an API batch can be the held batch; incomplete records fit no batch."""
        agent = self._agents.get(batch.run_id)
        sent = unix(batch.submitted_at)
        return sent is not None and all(
            e164(record.external_number) in numbers
            and record.agent_id == agent
            and record.started_at is not None
            and record.started_at >= sent - CLOCKS_DIFFER_S
            for record in records
        )

    def _by_number(self, *, complete: bool) -> Iterator[Link]:
        wanted = {number for _, number in self._by_agent_and_number}
        calls: dict[str, list[LedgerCall]] = defaultdict(list)
        for call in self._calls_of_ledger():
            if call.number in wanted:
                calls[call.number].append(call)
        for (agent, number), records in self._by_agent_and_number.items():
            of_number = [call for call in calls[number] if agent is None or call.agent_id == agent]
            for record in records:
                possible = [call for call in of_number if _is_after(record, call)]
                ours = self._ours(possible)
                proven = (
                    complete
                    and len(possible) == len(ours) == len(records) == 1
                    and agent is not None
                    and record.started_at is not None
                    and (record.direction or "").lower() == "outbound"
                )
                if not ours:
                    ours = self._ours(
                        call for call in of_number if _is_after(record, call, CLOCKS_DIFFER_A_DAY_S)
                    )
                if not ours and _has_country(record):
                    self._is_of_another_call(record)
                elif not ours:
                    self._unjoined(record, (), OTHER_NUMBER)
                elif proven:
                    yield self._link(record, ours, "number")
                elif (link := self._unjoined(record, ours, NUMBER_ONLY)) is not None:
                    yield link

    def _ours(self, calls: Iterable[LedgerCall]) -> list[CallKey]:
        return [call.key for call in calls if call.campaign_id == self._campaign_id]

    def _link(self, record: Conversation, calls: Sequence[CallKey], joined_by: str) -> Link:
        self.joined += 1
        return Link(record, calls, joined_by)

    def _is_of_another_call(self, record: Conversation) -> None:
        self.elsewhere += 1
        self._observer.take_elsewhere(record)

    def _unjoined(self, record: Conversation, calls: Sequence[CallKey], reason: str) -> Link | None:
        self.reasons[reason] += 1
        if calls:
            return Link(record, calls, None)
        self._observer.take_unmatched(record)
        return None


def numbers_of(calls: Iterable[CallRecord]) -> Numbers:
    """Return a batch's numbers with their calls."""
    found: dict[str, list[CallKey]] = defaultdict(list)
    for call in calls:
        found[call.to_phone_number].append(CallKey(call.key, call.attempt))
    return found


def unix(at: str | None) -> float | None:
    """Convert a time of the ledger to Unix seconds."""
    return None if at is None else datetime.fromisoformat(at).timestamp()


def _is_after(record: Conversation, call: LedgerCall, tolerance: float = CLOCKS_DIFFER_S) -> bool:
    return record.started_at is None or record.started_at >= call.submitted - tolerance


def _has_country(record: Conversation) -> bool:
    """Return whether a record's number is international; without a + it may be a national form of another one."""
    return (record.external_number or "").lstrip().startswith("+")


def _is_telling(record: Conversation) -> bool:
    return None not in (e164(record.external_number), record.agent_id, record.started_at)


def e164(number: str | None) -> str | None:
    """Normalise the spelling of a number to the ledger's; None if text is not a number."""
    if number is None:
        return None
    digits = number.translate({ord(character): None for character in "+ ().-"})
    return f"+{digits}" if digits.isascii() and digits.isdigit() else None
