"""`xuna ledger`: where the record is, and moving it to PostgreSQL."""

import pytest

from tests.support.ledgers import database, postgres_server  # noqa: F401 - fixtures

HELLO = ("-m", "Hi {{ name }}.")


@pytest.fixture
def called(cli, api, people):
    """Four people who were called, in the default ledger."""
    return cli("batch-call", people(4), *HELLO)


def test_info_says_where_on_what_and_what_is_there(cli, called):
    shown = cli("ledger", "info").out
    assert "SQLite" in shown
    assert "ledger.db" in shown
    document = cli("ledger", "info", "--output", "json").document
    assert document["ledger"]["size_bytes"] > 0
    assert len(document["campaigns"]) == 1


def test_info_makes_no_ledger(cli):
    assert "no ledger" in cli("ledger", "info", exits=4).err


def test_a_file_is_copied_to_a_server_and_nobody_is_called_again(cli, called, people, database, tmp_path):  # noqa: F811
    home_ledger = tmp_path / "home/data/xuna/ledger.db"
    ran = cli("ledger", "copy", home_ledger, database)
    assert "campaigns 1, runs 1, batches 1, calls 4" in ran.err
    assert "s3cret" not in ran.err + ran.out
    info = cli("ledger", "info", "--ledger", database).out
    assert "PostgreSQL" in info
    assert "s3cret" not in info
    again = cli("batch-call", people(5), *HELLO, "--ledger", database, "--output", "json")
    assert again.counts == {"rows": 5, "already_called": 4, "accepted": 1}
    assert "s3cret" not in again.out + again.err
    assert "is marked as moved" in ran.err
    for argv in (
        ("batch-call", people(5), *HELLO),
        ("batch-call", people(5), *HELLO, "--dry-run"),
        ("do-not-call", "add", "+15551234567"),
        ("ledger", "copy", home_ledger, database),
        ("doctor",),
    ):
        refused = cli(*argv, exits=4)
        assert "was moved to postgresql://xuna@127.0.0.1" in refused.err + refused.out, argv
        assert "s3cret" not in refused.err + refused.out
    shown = cli("ledger", "info", "--output", "json")
    assert shown.document["ledger"]["moved"]["to"].startswith("postgresql://xuna@127.0.0.1")
    assert "later calls are only recorded there" in shown.err
    assert cli("ledger", "info", "--ledger", database, "--output", "json").document["ledger"]["moved"] is None


def test_a_copy_that_is_kept_leaves_the_source_in_use(cli, called, people, tmp_path):
    home_ledger = tmp_path / "home/data/xuna/ledger.db"
    ran = cli("ledger", "copy", "--keep", home_ledger, tmp_path / "backup.db")
    assert "stays in use" in ran.err
    cli("batch-call", people(5), *HELLO)
    twice = cli("ledger", "copy", "--keep", home_ledger, tmp_path / "backup.db", exits=2)
    assert "already has campaign" in twice.err


def test_a_suggested_command_never_has_the_password(cli, api, people, database):  # noqa: F811
    from xuna_cli.sandbox.faults import Cut

    api.faults.add(Cut(times=1))
    ran = cli("batch-call", people(2), *HELLO, "--ledger", database, exits=7)
    assert "--ledger postgresql://xuna@127.0.0.1" in ran.out + ran.err
    assert "s3cret" not in ran.out + ran.err


def test_a_url_of_something_else_is_refused(cli):
    assert "s3cret" not in cli("ledger", "info", "--ledger", "mysql://u:s3cret@h/d", exits=4).err
