"""Requirements for a server, and secrets, which are never quoted."""

import contextlib
import os
import subprocess
import sys
import traceback
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.builders import described, people
from tests.support.postgres_server import PASSWORD, PASSWORD_IN_URL, Between, PostgresServer
from xuna_cli.errors import ConfigurationError, ExitStatus, LedgerError, UnreachableError
from xuna_cli.ledger.engines import postgres
from xuna_cli.ledger.engines.location import ServerUrl
from xuna_cli.ledger.opening import check_writable, open_ledger

ROOT = Path(__file__).resolve().parents[3]


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def refused(url: str, **options) -> LedgerError | ConfigurationError:
    """Open the ledger, check that this fails, and that the error doesn't quote the password."""
    with pytest.raises((LedgerError, ConfigurationError, UnreachableError)) as caught:
        open_ledger(ServerUrl(url), **options)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.hint
    for secret in (PASSWORD, PASSWORD_IN_URL, "s3cret"):
        assert secret not in shown
    return caught.value


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("synchronous_commit = off", "ledger-not-durable"),
        ("default_transaction_read_only = on", "ledger-unwritable"),
    ],
)
def test_a_server_whose_commits_prove_nothing_or_that_only_reads_is_refused(
    postgres_server, database, setting, code
):
    postgres_server.admin(f"ALTER DATABASE {name_of(database)} SET {setting}")
    error = refused(database)
    assert (error.code, error.exit_status) == (code, ExitStatus.CONFIGURATION)
    assert (
        postgres_server.admin("SELECT 1 FROM pg_tables WHERE tablename = 'runs'", database=name_of(database))
        == []
    )


@pytest.mark.parametrize("ahead", [timedelta(minutes=2), timedelta(minutes=-2), timedelta(seconds=20)])
def test_a_machine_with_another_time_than_the_server_starts_no_run(database, monkeypatch, ahead):
    class Wrong(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + ahead

    with contextlib.closing(open_ledger(ServerUrl(database))) as ledger:
        monkeypatch.setattr(postgres, "datetime", Wrong)
        if abs(ahead) < timedelta(minutes=1):
            ledger.start_run(described())
            return
        with pytest.raises(LedgerError, match=r"clock differs by 1[12]\d s") as caught:
            ledger.start_run(described())
        assert (caught.value.code, caught.value.exit_status) == ("ledger-clock", ExitStatus.CONFIGURATION)
        assert ledger.rows("open_runs") == []


def test_a_server_that_does_not_sync_is_refused():
    with PostgresServer(fsync="off") as server:
        assert refused(server.new_database()).code == "ledger-not-durable"


def test_what_was_examined_stays_whatever_is_set_later(postgres_server, database):
    ledger = open_ledger(ServerUrl(database))
    with contextlib.closing(ledger):
        postgres_server.admin("ALTER SYSTEM SET synchronous_commit = off")
        try:
            postgres_server.admin("SELECT pg_reload_conf()")
            assert postgres_server.admin("SHOW synchronous_commit") == [("off",)]
            assert ledger.query("SELECT current_setting('synchronous_commit')") == [("on",)]
        finally:
            postgres_server.admin("ALTER SYSTEM RESET synchronous_commit")
            postgres_server.admin("SELECT pg_reload_conf()")


def test_a_pooler_is_refused(postgres_server, database):
    with Between(postgres_server.port, poses_as_pooler=True) as pooler:
        error = refused(postgres_server.through(pooler, database))
    assert (error.code, error.exit_status) == ("ledger-pooler", ExitStatus.CONFIGURATION)


def test_another_encoding_is_refused(postgres_server):
    postgres_server.admin("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 OWNER xuna")
    assert refused(postgres_server.url("ascii")).code == "ledger-encoding"


def test_a_server_that_is_not_there_is_unreachable(postgres_server, database):
    with Between(postgres_server.port) as between:
        gone = postgres_server.through(between, database)
    error = refused(gone)
    assert (error.code, error.exit_status) == ("ledger-unreachable", ExitStatus.UNREACHABLE)
    assert refused("postgresql://xuna:s3cret@no-such-host.invalid/x").exit_status == ExitStatus.UNREACHABLE


def test_a_server_without_room_for_one_more_is_unreachable_for_now(postgres_server, database):
    postgres_server.admin(f"ALTER DATABASE {name_of(database)} CONNECTION LIMIT 0")
    assert refused(database).exit_status == ExitStatus.UNREACHABLE


def test_wrong_credentials_and_unknown_databases_are_refused(postgres_server, database):
    for url in (
        postgres_server.url(name_of(database), password="s3cret-but-wrong"),
        postgres_server.url("no_such_database"),
    ):
        error = refused(url)
        assert (error.code, error.exit_status) == ("ledger-refused", ExitStatus.CONFIGURATION)


def test_encryption_that_was_asked_for_is_demanded(database):
    error = refused(database + "?sslmode=require")
    assert (error.code, error.exit_status) == ("ledger-tls", ExitStatus.CONFIGURATION)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://xuna:s3cret-/@h/d",
        "postgresql://xuna:12?s3cret@h/d",
        "postgresql://xuna:s3cret%zz@h/d",
        "postgresql://xuna:s3cret@h:port/d",
        "postgresql://xuna@h/d?password=s3cret&no_such_option=1",
        "postgresql://[xuna:s3cret@h",
    ],
)
def test_a_url_that_can_not_be_understood_is_not_quoted(url):
    assert "s3cret" not in str(ServerUrl(url)) + repr(ServerUrl(url))
    refused(url)


def test_the_place_is_shown_without_secrets(postgres_server, database):
    with contextlib.closing(open_ledger(ServerUrl(database))) as ledger:
        assert ledger.location == f"postgresql://xuna@127.0.0.1:{postgres_server.port}/{name_of(database)}"
        stored = ledger.query("SELECT string_agg(value, ' ') FROM ledger_info")[0][0]
        assert "s3cret" not in stored
    shown = str(
        ServerUrl("postgres://u:p@h1:1,h2:2/d?password=p&host=/run/pg&sslmode=verify-full&sslpassword=x")
    )
    assert shown == "postgresql://u@h1:1,h2:2/d?host=/run/pg"


def test_a_role_without_rights_is_told_so(postgres_server, database):
    postgres_server.admin("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    guest = postgres_server.url(name_of(database), role="guest", password="guest")
    error = refused(guest)
    assert (error.code, error.exit_status) == ("ledger-unwritable", ExitStatus.CONFIGURATION)
    with pytest.raises(ConfigurationError, match="has no permission to write"):
        check_writable(ServerUrl(guest))
    open_ledger(ServerUrl(database)).close()
    assert refused(guest).code == "ledger-unwritable"
    with pytest.raises(ConfigurationError, match="has no permission to write"):
        check_writable(ServerUrl(guest))


def test_schemas_of_ones_own_are_ledgers_of_their_own(postgres_server, database):
    urls = [f"{database}?options=-csearch_path%3D{schema}" for schema in ("Team_A", "team_b")]
    assert refused(urls[0]).code == "ledger-schema"
    for schema in ('"Team_A"', "team_b"):
        postgres_server.admin(f"CREATE SCHEMA {schema} AUTHORIZATION xuna", database=name_of(database))
    urls[0] = f"{database}?options=-csearch_path%3D%22Team_A%22"
    ledgers = [open_ledger(ServerUrl(url)) for url in (*urls, database)]
    assert all(ledger.created for ledger in ledgers)
    assert len({ledger.location for ledger in ledgers}) == 3
    runs = [ledger.start_run(described()) for ledger in ledgers]
    assert {run.id for run in runs} == {1}
    for ledger, run in zip(ledgers, runs, strict=True):
        ledger.recover()
        assert len(ledger.claim(run, [people(1)])) == 1
        assert ledger.engine.last_key("runs") == 1
        assert ledger.engine.size() > 0
    ledgers[0].close()
    ledgers[1].recover()  # the lock of the other ledger's run 1 is not the lock of this run 1
    assert ledgers[1].rows("open_runs") == [(1,)]
    for ledger in ledgers[1:]:
        ledger.close()


def test_a_socket_does_as_well(postgres_server, database):
    with contextlib.closing(open_ledger(ServerUrl(postgres_server.socket_url(name_of(database))))) as ledger:
        expected = f"postgresql://xuna@/{name_of(database)}?host={postgres_server.sockets}&port={postgres_server.port}"
        assert ledger.location == expected


def test_without_psycopg_the_error_says_how_to_install_it():
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from xuna_cli.__main__ import main\n"
        "sys.exit(main(['campaigns', 'list', '--ledger', 'postgresql://u:s3cret@127.0.0.1/x']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == ExitStatus.CONFIGURATION
    assert "install 'psycopg[binary]" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
