"""A campaign in which nobody was accepted or is held can be used with other settings."""

import pytest

from tests.support.builders import description, targets
from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import campaign, resolve
from xuna_cli.ledger.forgetting import forget
from xuna_cli.ledger.records import BatchState

OTHER = {"api_origin": "https://api.example", "key_column": "order", "source_path": "/lists/other.csv"}


def run_to(opened, state=None):
    """A campaign whose first run ended with a batch in the given state, or without one."""
    ledger = opened()
    run = ledger.start_run(description(deadline=0.0))
    if state is not None:
        [batch] = ledger.claim(run, [targets(1, 2)])
        ledger.submit(batch)
        ledger.record(batch, state, batch_id="b", calls_initiated=1)
    ledger.end_run(run)
    return ledger


@pytest.mark.parametrize("state", [None, BatchState.REFUSED])
def test_where_nobody_was_called_the_next_run_binds_it_anew(opened, state):
    ledger = run_to(opened, state)
    other = description(**OTHER)
    assert ledger.check_campaign(other) == 1
    run = ledger.start_run(other)
    found = campaign(ledger, "spring")
    assert (found.api_origin, found.key_column, found.source_path) == tuple(OTHER.values())
    assert ledger.claim(run, [targets(1)])
    with pytest.raises(UsageError):
        ledger.check_campaign(description())


@pytest.mark.parametrize("state", [BatchState.ACCEPTED, BatchState.UNKNOWN, BatchState.SHORT])
@pytest.mark.parametrize("field", OTHER)
def test_where_somebody_was_accepted_or_is_held_it_stays_bound(opened, state, field):
    ledger = run_to(opened, state)
    for enter in (ledger.check_campaign, ledger.start_run):
        with pytest.raises(UsageError):
            enter(description(**{field: OTHER[field]}))
    assert ledger.check_campaign(description()) == 1


def test_an_open_run_binds_it_though_it_has_claimed_nobody(opened):
    opened().start_run(description())
    other = opened()
    for enter in (other.check_campaign, other.start_run):
        with pytest.raises(UsageError):
            enter(description(**OTHER))


def test_what_was_resolved_as_not_placed_binds_no_more(opened):
    ledger = run_to(opened, BatchState.UNKNOWN)
    resolve(ledger, "spring", [1], placed=False)
    assert ledger.start_run(description(**OTHER)).campaign_id == 1


def test_a_forgotten_campaign_stays_closed(opened):
    ledger = run_to(opened)
    forget(ledger, "spring")
    for enter in (ledger.check_campaign, ledger.start_run):
        with pytest.raises(UsageError) as caught:
            enter(description(**OTHER))
        assert caught.value.code == "campaign-forgotten"
