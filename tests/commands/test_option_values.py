"""Values that no option can have, and variables that none reads: for every option of every command."""

import pytest

from xuna_cli.commands.app import all_commands
from xuna_cli.commands.given_values import MAY_BE_BLANK
from xuna_cli.commands.option_types import key_of
from xuna_cli.settings import VARIABLES

ALL = all_commands()
COMMANDS = [pytest.param(name, id=name) for name in ALL]

NEEDED = {
    "campaign_file": "c.toml",
    "contacts": "people.csv",
    "file": "people.csv",
    "numbers": "+15551234567",
    "batch": "1",
    "outcome": "failure",
    "to": "+15551234567",
}
"""A value for each parameter that a command needs; for any other one, a word."""


def needed(command):
    """Return the arguments without which a command is not read."""
    words = []
    for one in command.params:
        if one.required:
            value = NEEDED.get(one.name, "1")
            words += [value] if one.param_type_name == "argument" else [max(one.opts), value]
    return words


def options(command):
    return [one for one in command.params if one.param_type_name == "option" and key_of(one) != "help"]


@pytest.fixture
def refused(cli, people):
    """`refused("batch-call", "--limit", "x")` fails unless the command line is refused; return what is said."""
    people(2)
    cli.write("c.toml", 'contacts = "people.csv"\n')

    def run(name, *argv):
        return cli(*name.split(), *needed(ALL[name]), *argv, exits=2).err

    return run


def wrong_values(option):
    """Yield values that an option can't have."""
    if option.is_flag:
        return
    yield ""
    if option.name not in MAY_BE_BLANK:
        yield " "
    if option.type.name.startswith(("int", "float")):
        yield from ("1,000", "x", "nan", "inf")
        if option.type.name.startswith("int"):
            yield "99999999999999999999999"
    elif option.type.name == "choice":
        yield "nothing"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_value_is_refused_with_the_name_of_the_option(refused, name):
    for option in options(ALL[name]):
        for value in wrong_values(option):
            for given in ([f"--{key_of(option)}={value}"], [f"--{key_of(option)}", value]):
                assert f"--{key_of(option)}" in refused(name, *given), given


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_value_in_the_environment_is_refused_with_the_name_of_the_variable(
    refused, monkeypatch, name
):
    for option in options(ALL[name]):
        if option.envvar is not None:
            monkeypatch.setenv(option.envvar, "perhaps" if option.is_flag else " ")
            assert f"{option.envvar} in the environment: " in refused(name), option.envvar
            monkeypatch.delenv(option.envvar)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_value_in_the_env_file_is_refused_with_the_name_of_the_variable(refused, cli, name):
    for option in options(ALL[name]):
        if option.envvar is not None and (
            option.is_flag or not option.type.name.startswith(("_", "path", "str"))
        ):
            env = cli.write(".env", f"{option.envvar}=perhaps\n")
            assert f"{option.envvar} in {env}: " in refused(name), option.envvar


@pytest.mark.parametrize("name", COMMANDS)
def test_a_variable_of_an_option_that_has_none_is_not_ignored(refused, monkeypatch, name):
    if not any(one.name == "env_file" for one in ALL[name].params):
        pytest.skip("it reads no variables")
    for option in options(ALL[name]):
        variable = f"XUNA_{key_of(option).upper().replace('-', '_')}"
        is_given = option.required or variable == "XUNA_CONTACTS"
        if option.envvar is None and variable not in VARIABLES and not is_given:
            monkeypatch.setenv(variable, "1")
            said = refused(name)
            assert f"{variable} in the environment is not a variable of xuna" in said
            assert f"--{key_of(option)}" in said
            monkeypatch.delenv(variable)


def test_variables_of_others_are_no_concern(cli, people, monkeypatch):
    for name in ("XUNA_EXIT_CODE", "XUNA_BUILD", "XUNA_LIMIT", "XUNA_CAMPAIGN"):
        monkeypatch.setenv(name, "1")
    call = ("batch-call", people(2), "-m", "Hi.", "--dry-run", "--limit", "1", "--campaign", "spring")
    assert cli(*call, "--output", "json").counts == {"rows": 1, "not_sent": 1}


def test_the_debug_log_can_be_set_in_the_env_file(cli, people):
    cli.write(".env", "XUNA_DEBUG=1\n")
    assert "xuna: debug:" in cli("batch-call", people(1), "-m", "Hi.", "--dry-run").err


def test_a_path_may_begin_with_the_home_folder(cli, people, monkeypatch):
    """A shell leaves the `~` in `--option=~/file` and in an environment file."""
    home = cli.folder / "at home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (home / "dnc.csv").write_text("phone\n+15551000000\n")
    (home / "hello.txt").write_text("Hi {{ name }}.")
    (home / "days.ics").write_text("not a calendar")
    call = ("batch-call", people(2), "--first-message-file=~/hello.txt", "--dry-run", "--output", "json")
    assert cli(*call, "--do-not-call=~/dnc.csv").counts == {"rows": 2, "do_not_call": 1, "not_sent": 1}
    assert f"calendar {home}/days.ics" in cli(*call, "--not-on=~/days.ics", exits=5).err
    assert f"{home}/signers is missing" in cli(*call, "--signed-by=~/signers", exits=5).err
    cli.write(".env", "XUNA_DO_NOT_CALL=~/dnc.csv\n")
    assert cli(*call).counts == {"rows": 2, "do_not_call": 1, "not_sent": 1}
    cli.write(".env", "XUNA_SIGNED_BY=~/signers\n")
    assert f"{home}/signers is missing" in cli(*call, exits=5).err
    (cli.folder / ".env").unlink()
    assert "does not exist" in cli(*call, "--ledger=~nobody-of-this-name/l.db", exits=4).err


def test_a_path_of_an_env_file_is_relative_to_the_file(cli, people):
    (cli.folder / "conf").mkdir()
    cli.write("conf/production.env", "XUNA_SIGNED_BY=signers\n")
    call = ("batch-call", people(1), "-m", "Hi.", "--dry-run", "--env-file", "conf/production.env")
    assert "conf/signers is missing" in cli(*call, exits=5).err


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [
        ("XUNA_REGION", "XX", 2),
        ("XUNA_QUIET_DAYS", "40000", 2),
        ("XUNA_OPT_OUT_WHEN", "opt_out", 2),
        ("XUNA_HOURS", "9-18", 2),
        ("XUNA_RATE", "fast", 2),
        ("XUNA_COUNTRY", "XX", 2),
        ("XUNA_DO_NOT_CALL", "none.csv", 5),
        ("XUNA_TIMEOUT", "0", 2),
    ],
)
def test_an_error_names_the_variable_that_was_set(cli, people, monkeypatch, variable, value, status):
    call = ("batch-call", people(1), "-m", "Hi.", "--dry-run")
    env = cli.write(".env", f"{variable}={value}\n")
    assert f"{variable} in {env}" in cli(*call, exits=status).err
    env.unlink()
    monkeypatch.setenv(variable, value)
    ran = cli(*call, "--output", "json", exits=status)
    assert ran.document["errors"][0]["message"].startswith(f"{variable} in the environment: ")
    assert ran.err.count(variable) == 1


@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00+23:00", "9999-12-31T23:59:59-23:00", "1926-12-01T00:00Z"]
)
@pytest.mark.parametrize("option", ["--start", "--until"])
def test_a_time_that_no_calendar_has_is_refused(cli, people, option, value):
    call = ("batch-call", people(1), "-m", "Hi.", "--dry-run")
    assert f"{option}: {value!r} is not a valid time" in cli(*call, option, value, exits=2).err


@pytest.mark.parametrize("name", ["idna", "undefined", "punycode", "unicode_escape"])
def test_an_encoding_that_no_file_has_is_refused(cli, people, name):
    call = ("batch-call", people(1), "-m", "Hi.", "--dry-run")
    assert f"--encoding {name} is not a known" in cli(*call, "--encoding", name, exits=2).err


def test_a_column_of_numbers_is_no_column_of_countries(cli, people):
    rows = [("+12125550101", "+12125550101"), ("2125550102", "+1 (212) 5550101")]
    call = (
        "batch-call",
        people(rows=rows, header=("phone", "land")),
        "-m",
        "Hi.",
        "--dry-run",
        "--output",
        "json",
    )
    assert cli(*call, "--region-column", "land", exits=3).counts == {"rows": 2, "rejected": 1, "not_sent": 1}
