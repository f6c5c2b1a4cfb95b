"""A new ledger is reported, and stops the run if a ledger should already exist."""

import pytest

from tests.support.ledgers import database, postgres_server  # noqa: F401 - fixtures

HELLO = ("-m", "Hi {{ name }}.")


@pytest.fixture
def home_ledger(tmp_path):
    return tmp_path / "home/data/xuna/ledger.db"


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_a_new_ledger_is_always_told(cli, api, people, quiet, home_ledger):
    first = cli("batch-call", people(1), *HELLO, *quiet)
    assert f"new ledger: {home_ledger}" in first.err
    second = cli("batch-call", people(1), *HELLO, *quiet)
    assert "new ledger" not in second.err


def test_one_that_a_killed_first_run_left_without_tables_is_new(cli, api, people, tmp_path):
    from xuna_cli.ledger.engines.sqlite import SqliteEngine

    SqliteEngine(tmp_path / "l.db", create=True).close()
    ledger = ("--ledger", tmp_path / "l.db")
    cli("batch-call", people(1), *HELLO, *ledger, "--require-ledger", exits=4)
    assert "new ledger" in cli("batch-call", people(1), *HELLO, *ledger, "--quiet").err


def test_do_not_call_tells_it_too(cli, home_ledger):
    assert f"new ledger: {home_ledger}" in cli("do-not-call", "add", "+15551234567").err


def test_a_dry_run_makes_none(cli, people, home_ledger):
    assert "new ledger" not in cli("batch-call", people(1), *HELLO, "--dry-run").err
    assert not home_ledger.exists()


# ------------------------------------------------------------------------------- a named one

COMMANDS = [
    ("batch-call", "LIST", *HELLO),
    ("batch-call", "LIST", *HELLO, "--dry-run"),
    ("render", "LIST", *HELLO),
    ("do-not-call", "add", "+15551234567"),
    ("do-not-call", "check", "+15551234567"),
    ("campaigns", "list"),
    ("ledger", "info"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_named_ledger_whose_folder_is_missing_makes_none(cli, api, people, tmp_path, command):
    argv = [people(1) if word == "LIST" else word for word in command]
    missing = tmp_path / "not mounted/deep/ledger.db"
    ran = cli(*argv, "--ledger", missing, exits=4)
    said = ran.err + ran.out
    assert "does not exist" in said
    assert f"mkdir -p '{missing.parent}'" in said
    assert not missing.parent.parent.exists()
    assert api.state.total == 0


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("named", [True, False], ids=["named", "default"])
def test_a_ledger_that_was_there_before_is_not_begun_anew(
    cli, api, people, tmp_path, command, named, home_ledger
):
    path = tmp_path / "l.db" if named else home_ledger
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".runs").mkdir()
    argv = [people(1) if word == "LIST" else word for word in command]
    ran = cli(*argv, *(("--ledger", path) if named else ()), exits=4)
    assert "existed before" in ran.err + ran.out
    assert not path.exists()


def test_a_missing_folder_is_told_of_the_variable_too(cli, api, people, tmp_path, monkeypatch):
    monkeypatch.setenv("XUNA_LEDGER", str(tmp_path / "gone/ledger.db"))
    assert "XUNA_LEDGER in the environment: the folder" in cli("batch-call", people(1), *HELLO, exits=4).err


# ------------------------------------------------------------------------------- --require-ledger


@pytest.mark.parametrize("how", ["option", "variable"])
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_required_ledger_is_not_made(cli, api, people, tmp_path, monkeypatch, request, how, engine):
    where = tmp_path / "l.db" if engine == "sqlite" else request.getfixturevalue("database")
    option = ("--require-ledger",) if how == "option" else ()
    if how == "variable":
        monkeypatch.setenv("XUNA_REQUIRE_LEDGER", "1")
    argv = ("batch-call", people(2), *HELLO, "--ledger", where)
    for dry in ((), ("--dry-run",)):
        ran = cli(*argv, *option, *dry, exits=4)
        assert "--require-ledger" in ran.err + ran.out
        assert "s3cret" not in ran.err + ran.out
    assert api.state.total == 0
    if how == "variable":
        cli("do-not-call", "add", "+15551234567", "--ledger", where, exits=4)
        cli("do-not-call", "check", "+15551234567", "--ledger", where, exits=4)
    monkeypatch.delenv("XUNA_REQUIRE_LEDGER", raising=False)
    cli(*argv, "--limit", 1)
    assert api.state.total == 1
    cli(*argv, "--require-ledger")
    assert api.state.total == 2


def test_the_sandbox_needs_none(cli, people, monkeypatch):
    monkeypatch.setenv("XUNA_REQUIRE_LEDGER", "1")
    cli("batch-call", people(1), *HELLO, "--sandbox")


def test_a_value_that_says_neither_yes_nor_no_is_refused(cli, people, monkeypatch):
    monkeypatch.setenv("XUNA_REQUIRE_LEDGER", "perhaps")
    assert "neither yes nor no" in cli("batch-call", people(1), *HELLO, "--sandbox", exits=2).err


def test_doctor_says_that_it_is_missing(cli, api, monkeypatch):
    assert "which the first run creates" in cli("doctor").out
    monkeypatch.setenv("XUNA_REQUIRE_LEDGER", "1")
    (found,) = [
        one
        for one in cli("doctor", "--output", "json", exits=4).document["findings"]
        if one["what"] == "ledger"
    ]
    assert not found["ok"]


# ------------------------------------------------------------------------------- an implicit .env


def test_a_ledger_that_an_implicit_env_file_chose_is_named_each_time(cli, api, people, tmp_path, monkeypatch):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / ".env").write_text("XUNA_LEDGER=calls.db\n")
    for argv in (
        ("batch-call", people(1), *HELLO, "--quiet"),
        ("batch-call", people(1), *HELLO, "--quiet"),
        ("campaigns", "list"),
        ("do-not-call", "list"),
        ("doctor",),
    ):
        words = f"ledger: {work / 'calls.db'} (chosen by XUNA_LEDGER in {work / '.env'})"
        assert cli(*argv).err.count(words) == 1, argv
    assert "chosen by" not in cli("campaigns", "list", "--ledger", work / "calls.db").err
    assert "chosen by" not in cli("campaigns", "list", "--env-file", work / ".env").err
