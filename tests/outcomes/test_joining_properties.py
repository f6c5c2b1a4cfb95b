"""Arbitrary records of the API: each is counted once, and none is matched to a call that it can't belong to."""

from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.ledger.records import BatchRecord, BatchState
from xuna_cli.models import Conversation
from xuna_cli.outcomes.joining import CLOCKS_DIFFER_S, Joiner, LedgerCall

SENT = 1_800_000_000.0
AT = "2027-01-15T08:00:00.000Z"
NUMBERS = [f"+1555200000{n}" for n in range(5)]
BATCH_IDS = ["b0", "b1", "b2", "known", "lost", "found"]

batches = st.lists(
    st.tuples(st.sampled_from([BatchState.ACCEPTED, BatchState.SHORT, BatchState.UNKNOWN]), st.sets(st.sampled_from(NUMBERS), min_size=1)),
    min_size=1,
    max_size=3,
)  # fmt: skip
records = st.lists(
    st.builds(
        Conversation,
        conversation_id=st.uuids().map(str),
        agent_id=st.sampled_from(["me", "you", None]),
        started_at=st.sampled_from([None, SENT - 9000, SENT - 60, SENT + 60]),
        external_number=st.sampled_from([None, "sip:x", "15552000000", *NUMBERS]),
        batch_call_id=st.sampled_from([None, *BATCH_IDS]),
        direction=st.sampled_from([None, "inbound", "outbound"]),
    ),
    max_size=12,
)


@given(batches, records, st.booleans())
def test_every_record_is_counted_once_and_joined_only_where_it_can_be(described, made, with_keys):
    numbers = {
        # A number is called once in a campaign, or once for each key.
        position: {number: [f"{number}/{position}" if with_keys else number] for number in sorted(called)}
        for position, (_, called) in enumerate(described)
    }
    if not with_keys:
        taken = set()
        for called in numbers.values():
            for number in [number for number in called if number in taken]:
                del called[number]
            taken |= called.keys()
    all_batches = [
        BatchRecord(n, 1, None, state, len(numbers[n]), None if state is BatchState.UNKNOWN else f"b{n}", submitted_at=AT)
        for n, (state, _) in enumerate(described)
    ]  # fmt: skip
    of_key = {
        keys[0]: (number, all_batches[n]) for n, called in numbers.items() for number, keys in called.items()
    }
    joiner = Joiner(
        campaign_id=1,
        batches=all_batches,
        agents={1: "me"},
        numbers_of=numbers.__getitem__,
        is_known=lambda batch_id: batch_id == "known",
        calls_of_ledger=lambda: iter(
            LedgerCall(1, key, number, "me", SENT) for key, (number, _) in of_key.items()
        ),
    )
    links = [link for record in made if (link := joiner.take(record)) is not None]
    links += joiner.rest()

    assert joiner.joined + joiner.elsewhere + joiner.unjoined == len(made)
    assert joiner.joined == sum(link.joined_by is not None for link in links)
    ids = [link.conversation.conversation_id for link in links]
    assert len(ids) == len(set(ids))
    for link in links:
        record = link.conversation
        for number, batch in (of_key[key] for key in link.calls):
            assert record.external_number is None or "+" + record.external_number.lstrip("+") == number
            assert record.batch_call_id in {None, batch.batch_id, "lost", "found", "b0", "b1", "b2"}
            assert record.batch_call_id != "known"
            assert record.direction != "inbound" or record.batch_call_id is not None
        if link.joined_by is not None:
            [key] = link.calls
            _, batch = of_key[key]
            assert (link.joined_by == "batch") == (
                record.batch_call_id is not None and record.batch_call_id == batch.batch_id
            )
        if link.joined_by in {"held", "number"}:
            assert record.agent_id == "me"
            assert record.started_at >= SENT - CLOCKS_DIFFER_S
        if link.joined_by == "number":
            assert record.direction == "outbound"
