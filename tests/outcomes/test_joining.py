"""Only proven matches are made; each test is one way to be wrong."""

import pytest

from xuna_cli.ledger.records import BatchRecord, BatchState
from xuna_cli.models import Conversation
from xuna_cli.outcomes.joining import (
    BATCH_IN_DOUBT,
    NO_NUMBER,
    NUMBER_ONLY,
    OTHER_NUMBER,
    SAME_NUMBER_TWICE,
    Joiner,
    LedgerCall,
)

SENT = 1_800_000_000.0
AT = "2027-01-15T08:00:00.000Z"  # SENT in the ledger's format
ANN, BOB, CID = "+15552000001", "+15552000002", "+15552000003"


def batch(number, batch_id, state=BatchState.ACCEPTED, size=2, run=1):
    return BatchRecord(number, run, None, state, size, batch_id=batch_id, submitted_at=AT)


class World:
    """A campaign (1) and another one (2), as the joiner sees them."""

    def __init__(self, *batches, others=(), known=(), agent="me", rivals=()):
        self.numbers = {record.id: numbers for record, numbers in batches}
        calls = [
            LedgerCall(1, key, number, agent, SENT)
            for numbers in self.numbers.values()
            for number, keys in numbers.items()
            for key in keys
        ]
        self.joiner = Joiner(
            campaign_id=1,
            batches=[record for record, _ in batches],
            agents={1: agent},
            numbers_of=self.numbers.__getitem__,
            is_known=lambda batch_id: batch_id in known,
            calls_of_ledger=lambda: iter([*calls, *others]),
            rivals=lambda: rivals,
        )

    def join(self, *records, complete=True):
        """Return the links as {conversation: (keys, joined_by)}."""
        links = [link for record in records if (link := self.joiner.take(record))]
        links += self.joiner.rest(complete=complete)
        return {link.conversation.conversation_id: (list(link.calls), link.joined_by) for link in links}

    @property
    def counts(self):
        return self.joiner.joined, self.joiner.elsewhere, dict(self.joiner.reasons)


def one(*numbers):
    return {number: [number] for number in numbers}


def talk(conversation_id="c", number=ANN, batch_id=None, *, at=SENT + 60, agent="me", direction=None):
    return Conversation(
        conversation_id,
        agent_id=agent,
        started_at=at,
        external_number=number,
        batch_call_id=batch_id,
        direction=direction,
    )


def test_batch_and_number_prove_the_call():
    world = World((batch(1, "b1"), one(ANN, BOB)))
    assert world.join(talk(batch_id="b1")) == {"c": ([ANN], "batch")}
    assert world.counts == (1, 0, {})


@pytest.mark.parametrize("spelled", ["15552000001", "+1 (555) 200-0001", "+1.555.200.0001"])
def test_a_number_is_the_same_however_it_is_spelled(spelled):
    assert World((batch(1, "b1"), one(ANN))).join(talk(number=spelled, batch_id="b1"))


@pytest.mark.parametrize("number", ["5552000001", "sip:+15552000001@x", "+1555200000", "١٥٥٥٢٠٠٠٠٠١"])
def test_a_number_that_the_batch_lacks_is_not_guessed(number):
    world = World((batch(1, "b1"), one(ANN, BOB)))
    assert world.join(talk(number=number, batch_id="b1")) == {}
    assert world.joiner.unjoined == 1


def test_a_record_without_a_number_is_of_the_only_call_of_its_batch():
    world = World((batch(1, "b1", size=1), one(ANN)), (batch(2, "b2"), one(BOB, CID)))
    assert world.join(talk("x", None, "b1"), talk("y", None, "b2")) == {"x": ([ANN], "batch")}
    assert world.counts == (1, 0, {NO_NUMBER: 1})


def test_a_number_with_two_keys_in_a_batch_leaves_both_unproven():
    world = World((batch(1, "b1"), {ANN: ["ann-1", "ann-2"]}))
    assert world.join(talk(batch_id="b1")) == {"c": (["ann-1", "ann-2"], None)}
    assert world.counts == (0, 0, {SAME_NUMBER_TWICE: 1})


def test_a_batch_of_another_campaign_is_elsewhere_even_with_our_number():
    world = World((batch(1, "b1"), one(ANN)), known=["other"])
    assert world.join(talk(batch_id="other")) == {}
    assert world.counts == (0, 1, {})


def test_a_batch_that_nobody_knows_is_elsewhere_where_nothing_is_held():
    world = World((batch(1, "b1"), one(ANN)))
    assert world.join(talk(batch_id="dashboard")) == {}
    assert world.counts == (0, 1, {})


def held(*numbers, number=5, **fields):
    return batch(number, None, BatchState.UNKNOWN, size=len(numbers), **fields), one(*numbers)


def test_an_unknown_batch_is_proven_by_a_stranger_that_called_its_people_and_nobody_else():
    world = World(held(ANN, BOB, CID))
    assert world.join(talk("x", ANN, "lost"), talk("y", BOB, "lost")) == {
        "x": ([ANN], "held"),
        "y": ([BOB], "held"),
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_stranger_that_called_anybody_else_is_not_the_held_batch(order):
    records = [talk("x", ANN, "lost"), talk("y", "+15559999999", "lost")]
    world = World(held(ANN, BOB))
    assert world.join(*(records[position] for position in order)) == {}
    assert world.counts == (0, 2, {})


def test_a_stranger_from_before_the_held_batch_was_sent_is_not_it():
    world = World(held(ANN, BOB))
    assert world.join(talk(batch_id="lost", at=SENT - 3600)) == {}
    assert world.counts == (0, 1, {})


def test_a_stranger_of_another_agent_is_not_the_held_batch():
    assert World(held(ANN, BOB)).join(talk(batch_id="lost", agent="you")) == {}


def test_two_strangers_for_one_held_batch_prove_nothing():
    world = World(held(ANN, BOB))
    assert world.join(talk("x", ANN, "lost"), talk("y", BOB, "found")) == {
        "x": ([ANN], None),
        "y": ([BOB], None),
    }
    assert world.counts == (0, 0, {BATCH_IN_DOUBT: 2})


def test_a_stranger_for_two_held_batches_proves_nothing():
    world = World((held(ANN)[0], {ANN: ["ann-1"]}), (held(ANN, number=6)[0], {ANN: ["ann-2"]}))
    assert world.join(talk(batch_id="lost")) == {"c": (["ann-1", "ann-2"], None)}


@pytest.mark.parametrize("state", [BatchState.UNKNOWN, BatchState.SUBMITTING, BatchState.ACCEPTED])
def test_a_stranger_that_another_campaign_may_have_sent_proves_nothing(state):
    rival = (batch(6, None, state), one(ANN, BOB))
    assert World(held(ANN), rivals=[rival]).join(talk(batch_id="lost")) == {"c": ([ANN], None)}
    assert World(held(ANN), rivals=[(rival[0], one(BOB))]).join(talk(batch_id="lost")) == {
        "c": ([ANN], "held")
    }


def test_a_stranger_whose_sender_was_told_its_id_meanwhile_is_elsewhere():
    known = set()
    world = World(held(ANN), known=known)
    assert world.joiner.take(talk(batch_id="lost")) is None
    known.add("lost")
    assert list(world.joiner.rest()) == []
    assert world.counts == (0, 1, {})


def test_a_stranger_that_does_not_tell_whom_it_called_is_in_doubt_and_not_elsewhere():
    world = World(held(ANN, BOB))
    assert world.join(talk(number=None, batch_id="lost")) == {}
    assert world.counts == (0, 0, {BATCH_IN_DOUBT: 1})


def test_a_short_batch_is_joined_by_its_id():
    world = World((batch(1, "b1", BatchState.SHORT), one(ANN, BOB)))
    assert world.join(talk(batch_id="b1")) == {"c": ([ANN], "batch")}


def test_the_only_outgoing_call_of_a_number_is_proven_by_it():
    world = World((batch(1, "b1"), one(ANN, BOB)))
    assert world.join(talk(direction="outbound")) == {"c": ([ANN], "number")}


def test_a_number_alone_may_be_somebody_who_called_back():
    world = World((batch(1, "b1"), one(ANN, BOB)))
    assert world.join(talk(direction=None)) == {"c": ([ANN], None)}
    assert world.counts == (0, 0, {NUMBER_ONLY: 1})


def test_an_incoming_call_is_elsewhere():
    world = World((batch(1, "b1"), one(ANN)))
    assert world.join(talk(direction="inbound")) == {}
    assert world.counts == (0, 1, {})


def test_two_outgoing_calls_of_a_number_prove_neither():
    world = World((batch(1, "b1"), one(ANN)))
    links = world.join(talk("x", direction="outbound"), talk("y", direction="outbound", at=SENT + 90))
    assert links == {"x": ([ANN], None), "y": ([ANN], None)}


def test_a_number_that_another_campaign_has_called_too_proves_nothing():
    world = World((batch(1, "b1"), one(ANN)), others=[LedgerCall(2, ANN, ANN, "me", SENT - 500)])
    assert world.join(talk(direction="outbound")) == {"c": ([ANN], None)}


def test_another_campaign_that_called_later_or_with_another_agent_is_no_rival():
    others = [LedgerCall(2, ANN, ANN, "me", SENT + 9000), LedgerCall(2, ANN, ANN, "you", SENT)]
    world = World((batch(1, "b1"), one(ANN)), others=others)
    assert world.join(talk(direction="outbound")) == {"c": ([ANN], "number")}


def test_without_a_batch_a_record_is_of_the_only_attempt_that_was_made_before_it():
    second = LedgerCall(1, "second", ANN, "me", SENT + 9000)
    between, after = talk("x", direction="outbound"), talk("y", direction="outbound", at=SENT + 9060)
    for records, links in (
        ([between], {"x": ([ANN], "number")}),
        ([after], {"y": ([ANN, "second"], None)}),
        ([between, after], {"x": ([ANN], None), "y": ([ANN, "second"], None)}),
    ):
        world = World((batch(1, "b1"), one(ANN)), others=[second])
        assert world.join(*records) == links


def test_a_record_from_before_the_call_may_be_of_it_if_our_clock_is_ahead_and_proves_nothing():
    world = World((batch(1, "b1"), one(ANN)))
    early = talk(direction="outbound", at=SENT - 9000)
    assert world.join(early) == {"c": ([ANN], None)}
    assert world.counts == (0, 0, {NUMBER_ONLY: 1})
    other = LedgerCall(2, ANN, ANN, "me", SENT - 9500)
    assert World((batch(1, "b1"), one(ANN)), others=[other]).join(early) == {"c": ([ANN], None)}


def test_records_that_were_not_read_to_their_end_prove_only_what_names_its_batch():
    record = talk(direction="outbound")
    for world, one_of, calls in (
        (World((batch(1, "b1"), one(ANN))), record, [ANN]),
        (World(held(ANN, BOB)), talk(batch_id="who"), [ANN]),
    ):
        assert world.join(one_of, complete=False) == {"c": (calls, None)}
    assert World((batch(1, "b1"), one(ANN))).join(talk(batch_id="b1"), complete=False) == {
        "c": ([ANN], "batch")
    }


def test_a_number_that_nobody_called_is_elsewhere():
    world = World((batch(1, "b1"), one(ANN)))
    assert world.join(talk(number=CID, direction="outbound"), talk("d", at=SENT - 90_000)) == {}
    assert world.counts == (0, 2, {})


@pytest.mark.parametrize("spelled", ["5552000001", "(555) 200-0001", "0015552000001"])
def test_a_number_without_its_country_may_be_that_of_any_call(spelled):
    world = World((batch(1, "b1"), one(ANN)))
    assert world.join(talk(number=spelled, direction="outbound")) == {}
    assert world.counts == (0, 0, {OTHER_NUMBER: 1})


def test_a_record_with_nothing_in_it_is_counted_and_of_nobody():
    world = World((batch(1, "b1"), one(ANN)))
    assert world.join(Conversation("c")) == {}
    assert world.counts == (0, 0, {NO_NUMBER: 1})


def test_every_record_is_counted_once():
    world = World((batch(1, "b1"), one(ANN, BOB)), held(CID), known=["k"])
    records = [
        talk("1", ANN, "b1"), talk("2", CID, "b1"), talk("3", None, "b1"), talk("4", ANN, "k"), talk("5", CID, "lost"),
        talk("6", ANN, "who"), talk("7", ANN), talk("8", None), talk("9", BOB, direction="inbound"),
    ]  # fmt: skip
    world.join(*records)
    joined, elsewhere, reasons = world.counts
    assert joined + elsewhere + sum(reasons.values()) == len(records)
    assert reasons[OTHER_NUMBER] == 1
