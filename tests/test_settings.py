"""Settings: precedence, sources, and what a `.env` may do."""

import os

import pytest

from xuna_cli.errors import ConfigurationError, UsageError
from xuna_cli.settings import API_KEY, VARIABLES, Secret, Settings, data_folder


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def made(folder):
    """Make settings from an environment and the text of a `.env`."""

    def made(env_file=None, dotenv=None, **environ):
        if dotenv is not None:
            content = dotenv if isinstance(dotenv, bytes) else dotenv.encode()
            (folder / (env_file or ".env")).write_bytes(content)
        return Settings(environ, env_file, folder)

    return made


def test_the_environment_beats_the_file(made, folder):
    settings = made(dotenv="XUNA_AGENT_ID=file\nXUNA_REGION=DE\n", XUNA_AGENT_ID="environment")
    got = [settings.find(name) for name in ("XUNA_AGENT_ID", "XUNA_REGION", "XUNA_RATE")]
    assert [(one, one and one.source) for one in got] == [
        ("environment", "XUNA_AGENT_ID in the environment"),
        ("DE", f"XUNA_REGION in {folder / '.env'}"),
        (None, None),
    ]


def test_what_is_empty_says_nothing(made):
    settings = made(dotenv="XUNA_AGENT_ID=file\nXUNA_REGION=\n", XUNA_AGENT_ID="")
    assert settings.find("XUNA_AGENT_ID") == "file"
    assert settings.find("XUNA_REGION") is None


def test_a_file_is_read_for_known_names_alone(made):
    settings = made(dotenv="XUNA_REGION=DE\nHTTPS_PROXY=http://evil\nXUNA_OTHER=x\nPATH=/evil\n")
    assert settings.find("XUNA_REGION") == "DE"
    assert settings.find("HTTPS_PROXY") is settings.find("PATH") is None


def test_a_file_leaves_the_processs_environment_alone(made, monkeypatch):
    before = dict(os.environ)
    made(dotenv="XUNA_REGION=DE\nXUNA_AI_API_KEY=k\n").find("XUNA_REGION")
    assert dict(os.environ) == before


def test_nothing_in_a_file_is_interpolated(made):
    settings = made(
        dotenv="XUNA_FIRST_MESSAGE='Hi ${HOME} {{ name }} $XUNA_REGION'\nXUNA_REGION=DE\n", HOME="/root"
    )
    assert settings.find("XUNA_FIRST_MESSAGE") == "Hi ${HOME} {{ name }} $XUNA_REGION"


def test_an_implicit_file_cannot_choose_where_the_key_goes(made, folder):
    settings = made(dotenv="XUNA_BASE_URL=https://evil.example\nXUNA_REGION=DE\n")
    assert settings.find("XUNA_BASE_URL") is None
    assert settings.find("XUNA_REGION") == "DE"
    [warning] = settings.warnings
    assert "can't set XUNA_BASE_URL" in warning
    assert "evil.example" not in warning


def test_a_file_that_was_named_can(made):
    settings = made("my.env", "XUNA_BASE_URL=https://staging.example\n")
    assert settings.find("XUNA_BASE_URL") == "https://staging.example"
    assert settings.warnings == []


def test_a_file_that_was_named_replaces_the_implicit_one(made, folder):
    (folder / ".env").write_text("XUNA_REGION=DE\n")
    assert made("my.env", "XUNA_RATE=1/s\n").find("XUNA_REGION") is None


def test_a_relative_ledger_of_a_file_is_relative_to_that_file(made, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.env").write_text("XUNA_LEDGER=ledgers/a.db\n")
    setting = made(elsewhere / "x.env").find("XUNA_LEDGER")
    assert (setting, setting.folder) == ("ledgers/a.db", elsewhere)
    setting = made(dotenv="", XUNA_LEDGER="ledgers/a.db").find("XUNA_LEDGER")
    assert (setting, setting.folder) == ("ledgers/a.db", None)


def test_only_the_current_folder_is_looked_at(made, folder):
    (folder.parent / ".env").write_text("XUNA_REGION=DE\n")
    assert made().find("XUNA_REGION") is None


def test_a_byte_order_mark_is_no_part_of_a_name(made):
    assert made(dotenv=b"\xef\xbb\xbfXUNA_REGION=DE\r\n").find("XUNA_REGION") == "DE"


def test_a_file_that_is_not_utf8_is_an_error_without_its_content(made):
    with pytest.raises(ConfigurationError) as caught:
        made(dotenv=b"XUNA_AI_API_KEY=sk-secret\nXUNA_FIRST_MESSAGE=caf\xe9\n")
    assert "it is not UTF-8" in caught.value.message
    assert "sk-secret" not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", ["missing.env", ".", "missing/x.env"])
def test_a_file_that_was_named_has_to_be_there(made, name):
    with pytest.raises(ConfigurationError) as caught:
        made(name)
    assert caught.value.code == "env-file"
    assert caught.value.hint == "check --env-file"


def test_a_folder_called_dot_env_is_none(made, folder):
    (folder / ".env").mkdir()
    assert made().find("XUNA_REGION") is None


def test_lines_that_are_no_settings_hurt_nobody(made, caplog):
    settings = made(dotenv="# comment\n\nexport XUNA_REGION=DE\n= =\nRATE\n'sk-secret\n")
    assert settings.find("XUNA_REGION") == "DE"
    assert "sk-secret" not in caplog.text


# ------------------------------------------------------------------------------- what must be there


def test_a_missing_key_is_never_asked_for_as_a_flag(made):
    with pytest.raises(ConfigurationError) as caught:
        made().api_key()
    assert caught.value.code == "missing-ai-api-key"
    assert caught.value.hint == "set XUNA_AI_API_KEY in the environment or in .env, or run: xuna init"


@pytest.mark.parametrize("from_file", [False, True])
def test_a_key_comes_from_the_environment_or_a_file(made, from_file):
    settings = made(dotenv="XUNA_AI_API_KEY=sk-1234") if from_file else made(XUNA_AI_API_KEY="sk-1234")
    assert settings.api_key().reveal() == "sk-1234"


@pytest.mark.parametrize(
    "key",
    ["sk-12 34", "sk-1234\n", "\nsk-1234", "“sk-1234”", "sk-1234é", "sk\t1234", "sk-1234\x00", "sk\x7f1234"],
)
def test_a_key_that_is_none_by_its_form_is_never_echoed(made, key):
    with pytest.raises(ConfigurationError) as caught:
        made(**{API_KEY: key}).api_key()
    assert caught.value.code == "key-malformed"
    said = caught.value.message + caught.value.hint + repr(caught.value)
    assert "1234" not in said
    assert caught.value.__cause__ is None


def test_a_secret_shows_itself_only_when_asked():
    secret = Secret("sk-1234")
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r}",
        repr([secret]),
        repr({1: secret}),
    ):
        assert "1234" not in shown
    assert secret.reveal() == "sk-1234"
    assert not hasattr(secret, "__dict__")


# ------------------------------------------------------------------------------- where data goes


def test_data_lies_where_the_xdg_specification_says(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder({"XDG_DATA_HOME": "/data"}) == __import__("pathlib").Path("/data/xuna")
    for environ in ({}, {"XDG_DATA_HOME": ""}, {"XDG_DATA_HOME": "relative"}):
        assert data_folder(environ) == tmp_path / ".local/share/xuna"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("XUNA_HOUR", "XUNA_HOURS"),
        ("XUNA_MAXCALLS", "XUNA_MAX_CALLS"),
        ("XUNA_API_KEY", "XUNA_AI_API_KEY"),
        ("xuna_hours", "XUNA_HOURS"),
        ("XUNA-HOURS", "XUNA_HOURS"),
    ],
)
def test_a_misspelled_variable_is_an_error(made, folder, name, meant):
    for settings, source in (
        (made(**{name: "x"}), "the environment"),
        (made(dotenv=f"{name}=x\n"), folder / ".env"),
    ):
        with pytest.raises(UsageError) as error:
            settings.check_names()
        assert error.value.message == f"{name} in {source} is not a variable of xuna"
        assert error.value.hint == f"did you mean {meant}?"


def test_a_name_like_that_of_a_variable_that_is_set_is_no_mistake(made):
    assert made(XUNA_API_KEY="of another program", XUNA_AI_API_KEY="k").check_names() == []
    assert made(XUNA_HOUR="x", dotenv="XUNA_HOURS=09:00-18:00\n").check_names() == []


def test_a_name_that_is_like_no_variable_is_a_warning_in_a_file_and_nothing_in_the_environment(made, folder):
    assert made(XUNA_SOMETHING_ELSE="1", XUNA_EXIT_CODE="3", XUNA_HOURS="x", XUNA_HOUR="").check_names() == []
    assert made(dotenv="XUNA_CALLING_TIME=9-17\nOTHER=x\n").check_names() == [
        f"XUNA_CALLING_TIME in {folder / '.env'} is not a variable of xuna and is not used"
    ]


@pytest.mark.parametrize(
    "line",
    ["XUNA_HOURS: 09:00-18:00", "XUNA_HOURS", "set XUNA_HOURS=1", 'XUNA_HOURS="09:00-18:00', "xuna-hours 9"],
)
def test_a_line_that_should_set_a_variable_and_does_not_is_an_error(made, folder, line):
    text = f"# XUNA_HOURS: none\n\nOTHER\n\n{line}\n"
    for written in (text, text.replace("\n", "\r\n")):
        with pytest.raises(ConfigurationError) as error:
            made(dotenv=written)
        assert error.value.message == f"{folder / '.env'}, line 5 is not of the form NAME=value"


def test_lines_of_other_programs_may_be_anything(made, capfd):
    assert made(dotenv="OTHER: x\nXUNA_REGION=DE\nA B\n").find("XUNA_REGION") == "DE"
    assert capfd.readouterr().err == ""


def test_the_variables_are_those_of_the_options():
    from xuna_cli.commands.app import all_commands

    found = {option.envvar for command in all_commands().values() for option in command.params}
    assert found - {None} == VARIABLES - {API_KEY, "XUNA_EXIT_CODE"}
