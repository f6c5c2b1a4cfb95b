"""A ledger is copied completely, from each engine to each, or not at all."""

import contextlib
import itertools
import threading

import pytest

from tests.support.builders import described, numbers_of, people, person
from xuna_cli.errors import LedgerError, UsageError
from xuna_cli.ledger.campaigns import calls, campaigns, resolve
from xuna_cli.ledger.copying import copy_ledger
from xuna_cli.ledger.do_not_call import add, remove
from xuna_cli.ledger.engines.location import ServerUrl
from xuna_cli.ledger.forgetting import forget
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState, ClaimStatus
from xuna_cli.ledger.tables import tables


@pytest.fixture
def make(tmp_path, postgres_server):
    """Create ledgers: `make("sqlite")`, `make("postgres")`."""
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def made(engine):
            path = tmp_path / f"ledger-{next(numbers)}.db"
            place = path if engine == "sqlite" else ServerUrl(postgres_server.new_database())
            return stack.enter_context(contextlib.closing(open_ledger(place)))

        yield made


def fill(ledger, campaign="spring", count=1_300):
    """A campaign with everything that can happen, whose run has died."""
    run = ledger.start_run(described(campaign, key_column="id", deadline=0.2))
    groups = [
        [person(number, f"+1\x1f{number} 😀 %") for number in range(at, at + 130)]
        for at in range(0, count, 130)
    ]
    batches = ledger.claim(run, groups)
    for batch, state in zip(batches, itertools.cycle(BatchState), strict=False):
        if state is BatchState.CLAIMED:
            continue
        ledger.submit(batch)
        if state is not BatchState.SUBMITTING:
            ledger.record(
                batch,
                state,
                batch_id=f"batch_{batch.id}",
                calls_initiated=3,
                http_status=200,
                error="100 % :x ?",
            )
    [parent] = ledger.claim(run, [[person(8_000, "a"), person(8_001, "b")]])
    ledger.submit(parent)
    ledger.split(
        run, parent, [[person(8_000, "a")], [person(8_001, "b")]], http_status=413, error="too large"
    )
    ledger.end_run(run)
    return run


def content(ledger):
    """All contents, as people see them."""
    return [
        (
            found.name,
            found.key_column,
            found.calls,
            found.batches,
            found.created_at,
            list(calls(ledger, found.id)),
        )
        for found in campaigns(ledger)
    ]


def without_ids(everything):
    return [
        (
            *head,
            sorted(
                (call.row_number, call.key, call.to_phone_number, call.batch.state, call.batch.error)
                for call in rows
            ),
        )
        for *head, rows in everything
    ]


PAIRS = list(itertools.product(("sqlite", "postgres"), repeat=2))


@pytest.mark.parametrize(("engine", "other"), PAIRS)
def test_a_new_ledger_is_the_same_to_the_last_id(make, engine, other):
    source, target = make(engine), make(other)
    fill(source)
    fill(source, "autumn", count=260)
    copied = copy_ledger(source, target)
    assert content(target) == content(source)
    assert set(copied.moved.values()) == {0}
    assert copied.rows["calls"] == source.query("SELECT COUNT(*) FROM calls")[0][0] > 500
    assert target.ledger_id != source.ledger_id
    assert target.query("SELECT * FROM runs ORDER BY id") == source.query("SELECT * FROM runs ORDER BY id")


@pytest.mark.parametrize(("engine", "other"), PAIRS)
def test_a_ledger_that_has_other_campaigns_keeps_them_and_gives_new_ids(make, engine, other):
    source, target = make(engine), make(other)
    fill(source)
    fill(target, "autumn", count=390)
    before = content(target)
    ids = {batch_id for (batch_id,) in target.query("SELECT id FROM batches")}
    copied = copy_ledger(source, target)
    assert copied.moved["batches"] >= max(ids)
    after = content(target)
    assert after[0] == before[0]
    assert without_ids(after[1:]) == without_ids(content(source))
    run = target.start_run(described(key_column="id"))
    assert target.claim_statuses(run.campaign_id, ["a", "+1\x1f1 😀 %"]) == {}  # both were freed
    held = [batch for batch in target.batches(run.campaign_id) if batch.state is BatchState.SHORT]
    [(key,)] = target.query("SELECT key FROM calls WHERE batch_id = ? LIMIT 1", (held[0].id,))
    assert target.claim_statuses(run.campaign_id, [key]) == {key: ClaimStatus.HELD}
    assert numbers_of(target.claim(run, [[person(8_000, "a")]])) == [[8_000]]
    target.end_run(run)


@pytest.mark.parametrize("other", ["sqlite", "postgres"])
def test_a_target_that_knows_a_campaign_is_refused_and_left_as_it_was(make, other):
    source, target = make("sqlite"), make(other)
    fill(source, "autumn", count=130)
    fill(source, count=130)
    fill(target, count=130)
    before = content(target)
    with pytest.raises(UsageError, match="already has campaign 'spring'") as caught:
        copy_ledger(source, target)
    assert caught.value.code == "ledger-knows-campaign"
    assert content(target) == before


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_source_with_a_living_run_is_refused(make, engine):
    source, target = make(engine), make("sqlite")
    source.start_run(described())
    with pytest.raises(UsageError, match="in progress"):
        copy_ledger(source, target)
    assert content(target) == []


@pytest.mark.parametrize(("engine", "other"), PAIRS)
def test_the_source_is_marked_and_only_read_from_then_on(make, engine, other):
    source, target = make(engine), make(other)
    fill(source, count=130)
    copy_ledger(source, target)
    before = content(source)
    assert source.moved.to == target.location
    assert "s3cret" not in source.moved.to
    assert target.moved is None
    for attempt in (
        lambda: source.start_run(described("new")),
        lambda: source.check_campaign(described(key_column="id")),
        lambda: add(source, ["+15551234567"], None),
        lambda: remove(source, ["+15551234567"]),
        lambda: forget(source, "spring"),
        lambda: copy_ledger(source, make("sqlite")),
        lambda: copy_ledger(make("sqlite"), source),
    ):
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.code == "ledger-moved"
        assert target.location in caught.value.message
    assert content(source) == before
    target.end_run(target.start_run(described(key_column="id")))


def test_held_batches_are_resolved_in_the_new_ledger_only(make):
    source, target = make("sqlite"), make("sqlite")
    run = source.start_run(described(deadline=0.0))
    [batch] = source.claim(run, [people(1)])
    source.submit(batch)
    source.end_run(run)
    copy_ledger(source, target)
    with pytest.raises(LedgerError, match="was moved"):
        resolve(source, "spring", [batch.id], placed=False)
    resolve(target, "spring", [batch.id], placed=False)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_copy_to_be_kept_beside_leaves_no_mark_and_is_the_way_back(make, engine):
    source, copy, new, back = make(engine), make("sqlite"), make("sqlite"), make("sqlite")
    fill(source, count=130)
    copy_ledger(source, copy, keep=True)
    assert source.moved is None
    copy_ledger(source, new)
    copy_ledger(source, back, keep=True)
    assert back.moved is None
    assert source.moved is not None
    assert content(back) == content(copy) == content(source)
    back.end_run(back.start_run(described(key_column="id")))


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_whoever_writes_the_source_meanwhile_waits_and_is_refused(make, engine, monkeypatch):
    from xuna_cli.ledger import copying

    source, target, late = make(engine), make("sqlite"), []
    fill(source, count=130)
    # Opened before the ledger is moved.
    here = ServerUrl(source.engine._url.reveal()) if engine == "postgres" else source.engine.path
    others = [open_ledger(here) for _ in range(2)]
    real = copying._copy_all
    started = threading.Barrier(3)

    def write(attempt):
        started.wait()
        try:
            attempt()
        except LedgerError as error:
            late.append(error.code)
        else:
            late.append("written")

    threads = [
        threading.Thread(target=write, args=(lambda: add(others[0], ["+15551234567"], None),)),
        threading.Thread(target=write, args=(lambda: others[1].start_run(described("autumn")),)),
    ]

    def copy_all(*both):
        for thread in threads:
            thread.start()
        started.wait()
        return real(*both)

    monkeypatch.setattr(copying, "_copy_all", copy_all)
    copy_ledger(source, target)
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert late == ["ledger-moved"] * 2


def test_a_source_that_can_not_be_marked_is_told_with_the_copy_complete(make):
    source, target = make("sqlite"), make("sqlite")
    fill(source, count=130)
    source.engine.rows(
        "CREATE TRIGGER no_mark BEFORE INSERT ON ledger_info BEGIN SELECT RAISE(ABORT, 'no room'); END"
    )
    with pytest.raises(LedgerError, match="is complete, but") as caught:
        copy_ledger(source, target)
    assert caught.value.code == "ledger-not-marked"
    assert source.moved is None
    assert content(target) == content(source)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_what_a_dead_run_left_arrives_as_unknown(make, engine, tmp_path, postgres_server):
    place = tmp_path / "old.db" if engine == "sqlite" else ServerUrl(postgres_server.new_database())
    with contextlib.closing(open_ledger(place)) as dying:
        [batch] = dying.claim(dying.start_run(described()), [people(1)])
        dying.submit(batch)
    target = make("postgres")
    with contextlib.closing(open_ledger(place)) as source:
        copy_ledger(source, target)
    assert target.query("SELECT state FROM batches") == [("unknown",)]


@pytest.mark.parametrize("other", ["sqlite", "postgres"])
def test_columns_in_which_nothing_stands_are_copied_too(make, other):
    source, target = make("sqlite"), make(other)
    for name in ("one", "two"):
        run = source.start_run(described(name, source_path=None, template=None))
        for batch in source.claim(run, [people(1), people(2)]):
            source.submit(batch)
        source.end_run(run)
    copy_ledger(source, target)
    assert content(target) == content(source)


def test_itself_is_refused(make, tmp_path):
    source = make("sqlite")
    with (
        contextlib.closing(open_ledger(tmp_path / "ledger-0.db")) as same,
        pytest.raises(UsageError, match="the same"),
    ):
        copy_ledger(source, same)


@pytest.mark.parametrize("other", ["sqlite", "postgres"])
@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM calls WHERE row_number = 137",
        "UPDATE calls SET to_phone_number = '+1' WHERE row_number = 137",
    ],
)
def test_what_arrives_otherwise_is_noticed_and_undone(make, monkeypatch, other, harm):
    from xuna_cli.ledger import copying

    source, target = make("sqlite"), make(other)
    fill(source, count=260)
    real = copying._compare

    def harmed(source, target, table, moved):
        target.engine.change(harm)
        real(source, target, table, moved)

    monkeypatch.setattr(copying, "_compare", harmed)
    assert source.query("SELECT 1 FROM calls WHERE row_number = 137")
    with pytest.raises(LedgerError, match="differs from") as caught:
        copy_ledger(source, target)
    assert caught.value.code == "ledger-copy-differs"
    assert content(target) == []
    assert source.moved is None


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_no_table_and_no_column_is_forgotten(make, engine):
    ledger = make(engine)
    if engine == "sqlite":
        names = ledger.query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        columns = {name: ledger.query(f"SELECT name FROM pragma_table_info('{name}')") for (name,) in names}
    else:
        names = ledger.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        by_name = (
            "SELECT column_name FROM information_schema.columns WHERE table_name = ? AND table_schema = 'public' "
            "ORDER BY ordinal_position"
        )
        columns = {name: ledger.query(by_name, (name,)) for (name,) in names}
    known = {table.name: [(column,) for column in table.columns] for table in tables()}
    assert columns == known
    assert all(table.key for table in tables())
    order = [table.name for table in tables()]
    for table in tables():
        for referred in table.references.values():
            assert order.index(referred) <= order.index(table.name)
