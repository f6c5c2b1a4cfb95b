"""`xuna conversations`, `agents` and `phone-numbers`, as typed by a user."""

import csv
import json
import os
import stat

import pytest

from tests.support.scripted import ScriptedServer, answer
from xuna_cli.api.client import BusyError
from xuna_cli.commands.account import _say_wait
from xuna_cli.sandbox.account import Account, Agent, PhoneNumber
from xuna_cli.sandbox.faults import Answer, Pages
from xuna_cli.sandbox.server import SandboxServer

HOSTILE = "[red]x[/nope] \x1b[2J\x9b31m\u202e=1+1\r\nsecond line\ud800"


def take(server, count, start=0):
    numbers = [{"to_phone_number": f"+1555{2000000 + start + n}"} for n in range(count)]
    return server.state.take("agent_sandbox", "pn_sandbox", numbers)


def has_no_control_characters(text):
    return all(character.isprintable() or character == "\n" for character in text)


def test_the_list_has_the_newest_conversations(cli, served):
    server = served(page_size=3)
    batch_id = take(server, 10)
    ran = cli("conversations", "list", "--limit", "4")
    assert ran.out.count("conv_") == 4
    assert batch_id in ran.out
    assert "Only the first" in ran.err
    document = json.loads(cli("conversations", "list", "--output", "json").out)
    assert len(document["conversations"]) == 10
    assert document["limited"] is False


def test_the_list_begins_where_it_is_asked_to(cli, served):
    take(served(), 3)
    assert (
        len(
            json.loads(cli("conversations", "list", "--since", "1d", "--output", "json").out)["conversations"]
        )
        == 3
    )
    assert (
        json.loads(cli("conversations", "list", "--since", "2999-01-01", "--output", "json").out)[
            "conversations"
        ]
        == []
    )
    cli("conversations", "list", "--since", "yesterday", exits=2)


def test_the_list_of_an_agent_is_its_own(cli, served):
    take(served(), 3)
    ran = cli("conversations", "list", "--agent-id", "agent_other", "--output", "json")
    assert json.loads(ran.out)["conversations"] == []


def test_a_list_that_is_cut_off_is_said_to_be(cli, served):
    server = served()
    take(server, 3)
    server.faults.add(Pages(how="loop"))
    ran = cli("conversations", "list", exits=6)
    assert "incomplete" in ran.err


def test_a_conversation_is_shown_as_a_dialogue(cli, served):
    server = served()
    take(server, 1)
    [listed] = json.loads(cli("conversations", "list", "--output", "json").out)["conversations"]
    ran = cli("conversations", "show", listed["conversation_id"])
    for words in (
        "agent  Hello, this is the sandbox.",
        "goal_reached",
        "The sandbox drew",
        "best_time",
        "audio/conv_",
    ):
        assert words in ran.out
    document = json.loads(cli("conversations", "show", listed["conversation_id"], "--output", "json").out)
    assert document["conversation"]["transcript"][0]["speaker"] == "agent"
    assert document["outcome"] in {"success", "failure", "unknown"}


def test_a_conversation_that_is_not_there_is_a_configuration_error(cli, served):
    served()
    ran = cli("conversations", "show", "conv_nobody", exits=4)
    assert ran.err == "xuna: error: conversation conv_nobody was not found\n  see: xuna conversations list\n"


def test_an_agent_that_is_not_there_is_a_configuration_error(cli, served):
    served()
    ran = cli("agents", "show", "agent_nobody", exits=4)
    assert ran.err == "xuna: error: agent agent_nobody was not found\n  see: xuna agents list\n"
    ran = cli("agents", "show", "agent_nobody", "--sandbox", exits=4)
    assert ran.err.endswith("see: xuna agents list --sandbox\n")


def test_a_wait_says_why_and_how_long(capsys):
    _say_wait(8.2, BusyError("can't reach the API (connection refused)"))
    assert capsys.readouterr().err == "xuna: Can't reach the API (connection refused). Retrying in 8 s.\n"


def hostile_record():
    return {
        "conversation_id": "conv_1",
        "status": HOSTILE,
        "metadata": {"start_time": 1_800_000_000, "phone_call": {"external_number": HOSTILE}},
        "transcript": [{"speaker": HOSTILE, "timestamp": 3, "message": HOSTILE}, {"message": None}, 7],
        "evaluation_results": {HOSTILE: {"result": "failure", "rationale": HOSTILE}},
        "collected_data": {HOSTILE: HOSTILE, "=cmd": ["nested", HOSTILE]},
        "audio": HOSTILE,
    }


def test_what_a_server_says_is_data_on_a_terminal(cli, point_at):
    with ScriptedServer(lambda _: answer(200, json.dumps(hostile_record()).encode())) as server:
        point_at(server)
        shown = cli("conversations", "show", "conv_1")
        assert "[red]x[/nope]" in shown.out
        assert "second line" in shown.out
        assert has_no_control_characters(shown.out)
        assert cli("conversations", "show", "conv_1", "--output", "json").out.isascii()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_a_server_says_is_data_in_an_export(cli, point_at, tmp_path, form):
    def script(number):
        return answer(
            200,
            json.dumps(
                {"conversations": [{"conversation_id": "conv_1"}], "has_more": False}
                if number == 1
                else hostile_record()
            ).encode(),
        )

    target = tmp_path / "out"
    with ScriptedServer(script) as server:
        point_at(server)
        cli("conversations", "export", "--output", form, "--to", target, "--with-transcript")
    lines = target.read_bytes().decode("utf-8").splitlines()
    assert len(lines) == (2 if form == "csv" else 1)
    if form == "csv":
        [row] = csv.DictReader(lines)
        assert has_no_control_characters(target.read_text())
        assert all(not cell.startswith(("=", "+", "-", "@")) for cell in row.values())


@pytest.mark.slow
def test_ten_megabytes_of_transcript_are_shown_whole(cli, point_at):
    words = "word [b] " * 1_200_000
    record = {
        "conversation_id": "people",
        "transcript": [{"speaker": "user", "timestamp": 1, "message": words}],
    }
    with ScriptedServer([answer(200, json.dumps(record).encode())]) as server:
        point_at(server)
        ran = cli("conversations", "show", "people")
    assert words in ran.out


# -- export


def exported(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_export_has_every_conversation_once_and_is_for_its_owner_alone(cli, served, tmp_path):
    server = served(page_size=7)
    take(server, 30)
    target = tmp_path / "all.jsonl"
    cli("conversations", "export", "--to", target)
    rows = exported(target)
    assert len({row["conversation_id"] for row in rows}) == 30
    assert rows[0]["evaluation"]["polite"]["result"] == "success"
    assert "transcript" not in rows[0]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_an_export_has_a_record_once_that_several_pages_have(cli, point_at, tmp_path):
    def page(*ids, **more):
        entries = [{"conversation_id": one} for one in ids]
        return answer(200, json.dumps({"conversations": entries} | more).encode())

    pages = [
        page("a", has_more=True, next_cursor="1"),
        page("b", has_more=True, next_cursor="2"),
        page("a", "c", has_more=False),
    ]
    target = tmp_path / "out.jsonl"
    with ScriptedServer([*pages, *(answer(200, b'{"status": "done"}') for _ in "abc")]) as server:
        point_at(server)
        cli("conversations", "export", "--to", target)
    lines = target.read_text().splitlines()
    assert sorted(json.loads(line)["conversation_id"] for line in lines) == ["a", "b", "c"]


def test_the_export_to_stdout_has_the_same_lines(cli, served):
    take(served(), 3)
    ran = cli("conversations", "export", "--with-transcript")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["transcript"][0]["speaker"] for row in rows] == ["agent"] * 3


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_same_export_again_adds_what_is_new(cli, served, tmp_path, form):
    server = served(page_size=7)
    take(server, 10)
    target = tmp_path / "all"
    command = ("conversations", "export", "--to", target, "--output", form)
    cli(*command)
    before = target.read_bytes()
    take(server, 5, start=100)
    asked = server.state.requests_total
    ran = cli(*command)
    assert "5 conversations written" in ran.err
    assert "10 were there already" in ran.err
    assert target.read_bytes().startswith(before)
    assert len(target.read_text().splitlines()) == 15 + (form == "csv")
    assert server.state.requests_total - asked == 1 + 5


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("cut", [1, 10, 40, 200, -1])
def test_an_export_that_was_killed_in_a_line_goes_on_after_the_whole_ones(cli, served, tmp_path, form, cut):
    take(served(), 8)
    target = tmp_path / "all"
    command = ("conversations", "export", "--to", target, "--output", form)
    cli(*command)
    whole = target.read_bytes()
    target.write_bytes(whole[:cut])
    cli(*command)
    assert sorted(target.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_an_export_that_failed_in_the_middle_goes_on(cli, served, tmp_path):
    server = served()
    take(server, 30)
    server.faults.add(Answer(on="conversations", status=401, skip=12, times=1, body={}))
    target = tmp_path / "all.jsonl"
    cli("conversations", "export", "--to", target, exits=4)
    some = len(exported(target))
    assert 0 < some < 30
    cli("conversations", "export", "--to", target)
    assert len({row["conversation_id"] for row in exported(target)}) == len(exported(target)) == 30


@pytest.mark.parametrize(
    "content",
    [
        "phone,name\n+15551000001,Ann\n+15551000002,Bo",
        "phone",
        "{}\n",
        "\x00\xff",
        '{"conversation_id": 1}\n',
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_somebody_elses_file_is_left_alone(cli, served, tmp_path, content, form):
    take(served(), 2)
    target = tmp_path / "people.csv"
    target.write_bytes(content.encode("latin-1"))
    cli("conversations", "export", "--to", target, "--output", form, exits=5)
    assert target.read_bytes() == content.encode("latin-1")


def test_an_export_of_another_form_is_not_continued(cli, served, tmp_path):
    take(served(), 2)
    target = tmp_path / "all"
    cli("conversations", "export", "--to", target)
    before = target.read_bytes()
    for options in (["--output", "csv"], ["--with-transcript"]):
        cli("conversations", "export", "--to", target, *options, exits=5)
        assert target.read_bytes() == before


def test_conversations_that_go_on_are_left_for_the_next_export(cli, served, tmp_path, clock):
    take(served(in_progress=30), 4)
    target = tmp_path / "all.jsonl"
    ran = cli("conversations", "export", "--to", target)
    assert "4 conversations are still in progress" in ran.err
    assert target.read_text() == ""
    clock.advance(60)
    cli("conversations", "export", "--to", target)
    assert len(exported(target)) == 4


def test_an_export_that_is_cut_off_is_said_to_be(cli, served, tmp_path):
    server = served()
    take(server, 3)
    server.faults.add(Pages(how="repeat"))
    ran = cli("conversations", "export", "--to", tmp_path / "x", exits=6)
    assert "incomplete" in ran.err
    assert len(exported(tmp_path / "x")) == 3


def test_an_export_that_cannot_be_written_says_why(cli, served, tmp_path):
    take(served(), 1)
    ran = cli("conversations", "export", "--to", tmp_path / "no" / "x", exits=5)
    assert "it can't be written (its folder does not exist)" in ran.err
    cli("conversations", "export", "--to", tmp_path, exits=5)


def test_an_export_that_others_could_read_is_closed_before_it_goes_on(cli, served, tmp_path):
    take(served(), 2)
    target = tmp_path / "all.jsonl"
    target.touch()
    target.chmod(0o644)
    ran = cli("conversations", "export", "--to", target)
    assert "2 conversations written" in ran.err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize(("kind", "words"), [("link", "symbolic link"), ("fifo", "not a regular file")])
def test_an_export_goes_into_the_file_that_is_named_and_nowhere_else(cli, served, tmp_path, kind, words):
    take(served(), 2)
    target, elsewhere = tmp_path / "all.jsonl", tmp_path / "elsewhere"
    elsewhere.touch(0o644)
    if kind == "link":
        target.symlink_to(elsewhere)
    else:
        os.mkfifo(target)
    ran = cli("conversations", "export", "--to", target, exits=5)
    assert words in ran.err
    assert elsewhere.read_text() == ""
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644


def test_somebody_elses_file_keeps_its_mode(cli, served, tmp_path):
    take(served(), 1)
    target = tmp_path / "people.csv"
    target.write_text("phone,name\n")
    target.chmod(0o644)
    cli("conversations", "export", "--to", target, exits=5)
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


# -- the account


def test_agents_and_numbers_are_listed_with_what_one_copies(cli, served):
    served()
    ran = cli("agents", "list")
    assert "agent_7101k5zvyjhmfg983brhmhkd98n6" in ran.out
    ran = cli("phone-numbers", "list")
    assert "pn_xxxxxxxx" in ran.out
    assert "+15551234567" in ran.out
    document = json.loads(cli("phone-numbers", "list", "--output", "json").out)
    assert document["phone_numbers"][0]["phone_number_id"] == "pn_sandbox"


def test_an_agent_says_whether_it_has_a_first_message_of_its_own(cli, served):
    served()
    assert "“Hello, this is the sandbox.”" in cli("agents", "show", "agent_sandbox").out
    silent = cli("agents", "show", "agent_7101k5zvyjhmfg983brhmhkd98n6")
    assert "none. Use" in silent.out
    document = json.loads(cli("agents", "show", "agent_sandbox", "--output", "json").out)
    assert document["agent"]["conversation_config"]["agent"]["language"] == "en"
    cli("agents", "show", "agent_nobody", exits=4)


def test_names_of_the_account_are_data(cli, point_at):
    account = Account(
        agents=(Agent("a", HOSTILE[:-1], HOSTILE[:-1]),),
        phone_numbers=(PhoneNumber("p", "+1", HOSTILE[:-1]),),
    )
    with SandboxServer(account=account) as server:
        point_at(server)
        for command in (("agents", "list"), ("agents", "show", "a"), ("phone-numbers", "list")):
            ran = cli(*command)
            assert "[red]x[/nope]" in ran.out
            assert has_no_control_characters(ran.out)


def test_a_wrong_key_is_refused_without_showing_it(cli, served, monkeypatch):
    served()
    monkeypatch.setenv("XUNA_AI_API_KEY", "planted-secret")
    for command in (("agents", "list"), ("phone-numbers", "list"), ("conversations", "list")):
        ran = cli(*command, exits=4)
        assert "planted-secret" not in ran.out + ran.err


def test_a_script_is_told_the_command_that_lists_agents_and_numbers(cli, served, people, monkeypatch):
    served()
    path = people(2)
    monkeypatch.delenv("XUNA_AGENT_ID")
    ran = cli("batch-call", path, exits=4)
    assert "xuna agents list" in ran.err
    monkeypatch.setenv("XUNA_AGENT_ID", "agent_sandbox")
    monkeypatch.delenv("XUNA_FROM_PHONE_NUMBER_ID")
    ran = cli("batch-call", path, exits=4)
    assert "xuna phone-numbers list" in ran.err


def test_everything_is_answered_by_the_sandbox_too(cli, monkeypatch):
    for command in (
        ("agents", "list"),
        ("phone-numbers", "list"),
        ("conversations", "list"),
        ("agents", "show", "agent_sandbox"),
    ):
        cli(*command, "--sandbox")
    assert os.environ.get("XUNA_AI_API_KEY") is None
