"""`xuna conversations`, `agents` and `phone-numbers`, as they are typed."""

import csv
import json
import os
import stat

import pytest

from tests.support.scripted import ScriptedServer, answer
from xuna_cli.sandbox.account import Account, Agent, PhoneNumber
from xuna_cli.sandbox.faults import Answer, Pages
from xuna_cli.sandbox.server import SandboxServer

HOSTILE = "[red]x[/nope] \x1b[2J\x9b31m\u202e=1+1\r\nsecond line\ud800"


def take(server, count, start=0):
    numbers = [{"to_phone_number": f"+1555{2000000 + start + n}"} for n in range(count)]
    return server.state.take("agent_sandbox", "pn_sandbox", numbers)


def has_no_control_characters(text):
    return all(character.isprintable() or character == "\n" for character in text)


def test_the_list_has_the_newest_conversations(xuna, served):
    server = served(page_size=3)
    batch_id = take(server, 10)
    ran = xuna("conversations", "list", "--limit", "4")
    assert ran.code == 0
    assert ran.out.count("conv_") == 4
    assert batch_id in ran.out
    assert "there are more" in ran.err
    document = json.loads(xuna("conversations", "list", "--output", "json").out)
    assert len(document["conversations"]) == 10
    assert document["limited"] is False


def test_the_list_begins_where_it_is_asked_to(xuna, served):
    take(served(), 3)
    assert (
        len(
            json.loads(xuna("conversations", "list", "--since", "1d", "--output", "json").out)[
                "conversations"
            ]
        )
        == 3
    )
    assert (
        json.loads(xuna("conversations", "list", "--since", "2999-01-01", "--output", "json").out)[
            "conversations"
        ]
        == []
    )
    assert xuna("conversations", "list", "--since", "yesterday").code == 2


def test_the_list_of_an_agent_is_its_own(xuna, served):
    take(served(), 3)
    ran = xuna("conversations", "list", "--agent-id", "agent_other", "--output", "json")
    assert json.loads(ran.out)["conversations"] == []


def test_a_list_that_is_cut_off_is_said_to_be(xuna, served):
    server = served()
    take(server, 3)
    server.faults.add(Pages(how="loop"))
    ran = xuna("conversations", "list")
    assert ran.code == 6
    assert "cut off" in ran.err


def test_a_conversation_is_shown_as_a_dialogue(xuna, served):
    server = served()
    take(server, 1)
    [listed] = json.loads(xuna("conversations", "list", "--output", "json").out)["conversations"]
    ran = xuna("conversations", "show", listed["conversation_id"])
    assert ran.code == 0
    for words in (
        "agent  Hello, this is the sandbox.",
        "goal_reached",
        "The sandbox drew",
        "best_time",
        "audio/conv_",
    ):
        assert words in ran.out
    document = json.loads(xuna("conversations", "show", listed["conversation_id"], "--output", "json").out)
    assert document["conversation"]["transcript"][0]["speaker"] == "agent"
    assert document["outcome"] in {"success", "failure", "unknown"}


def test_a_conversation_that_is_not_there_is_a_configuration_error(xuna, served):
    served()
    ran = xuna("conversations", "show", "conv_nobody")
    assert ran.code == 4
    assert "Traceback" not in ran.err
    assert "xuna conversations list" in ran.err
    assert "caller number" not in ran.err


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


def test_what_a_server_says_is_data_on_a_terminal(xuna, point_at):
    with ScriptedServer(lambda _: answer(200, json.dumps(hostile_record()).encode())) as server:
        point_at(server)
        shown = xuna("conversations", "show", "conv_1")
        assert shown.code == 0
        assert "[red]x[/nope]" in shown.out
        assert "second line" in shown.out
        assert has_no_control_characters(shown.out)
        assert xuna("conversations", "show", "conv_1", "--output", "json").out.isascii()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_a_server_says_is_data_in_an_export(xuna, point_at, tmp_path, form):
    def script(number):
        return answer(
            200,
            json.dumps(
                {"conversations": [{"conversation_id": "conv_1"}]} if number == 1 else hostile_record()
            ).encode(),
        )

    target = tmp_path / "out"
    with ScriptedServer(script) as server:
        point_at(server)
        ran = xuna("conversations", "export", "--output", form, "--to", target, "--with-transcript")
        assert ran.code == 0, ran.err
    lines = target.read_bytes().decode("utf-8").splitlines()
    assert len(lines) == (2 if form == "csv" else 1)
    if form == "csv":
        [row] = csv.DictReader(lines)
        assert has_no_control_characters(target.read_text())
        assert all(not cell.startswith(("=", "+", "-", "@")) for cell in row.values())


def test_ten_megabytes_of_transcript_are_shown_whole(xuna, point_at):
    words = "word [b] " * 1_200_000
    record = {"conversation_id": "c", "transcript": [{"speaker": "user", "timestamp": 1, "message": words}]}
    with ScriptedServer([answer(200, json.dumps(record).encode())]) as server:
        point_at(server)
        ran = xuna("conversations", "show", "c")
    assert ran.code == 0
    assert words in ran.out


# -- export


def exported(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_export_has_every_conversation_once_and_is_for_its_owner_alone(xuna, served, tmp_path):
    server = served(page_size=7)
    take(server, 30)
    target = tmp_path / "all.jsonl"
    assert xuna("conversations", "export", "--to", target).code == 0
    rows = exported(target)
    assert len({row["conversation_id"] for row in rows}) == 30
    assert rows[0]["evaluation"]["polite"]["result"] == "success"
    assert "transcript" not in rows[0]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_the_export_to_stdout_has_the_same_lines(xuna, served):
    take(served(), 3)
    ran = xuna("conversations", "export", "--with-transcript")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["transcript"][0]["speaker"] for row in rows] == ["agent"] * 3


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_same_export_again_adds_what_is_new(xuna, served, tmp_path, form):
    server = served(page_size=7)
    take(server, 10)
    target = tmp_path / "all"
    command = ("conversations", "export", "--to", target, "--output", form)
    xuna(*command)
    before = target.read_bytes()
    take(server, 5, start=100)
    asked = server.state.requests_total
    ran = xuna(*command)
    assert ran.code == 0
    assert "5 conversations written" in ran.err
    assert "10 were there already" in ran.err
    assert target.read_bytes().startswith(before)
    assert len(target.read_text().splitlines()) == 15 + (form == "csv")
    assert server.state.requests_total - asked == 1 + 5


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("cut", [1, 10, 40, 200, -1])
def test_an_export_that_was_killed_in_a_line_goes_on_after_the_whole_ones(xuna, served, tmp_path, form, cut):
    take(served(), 8)
    target = tmp_path / "all"
    command = ("conversations", "export", "--to", target, "--output", form)
    xuna(*command)
    whole = target.read_bytes()
    target.write_bytes(whole[:cut])
    ran = xuna(*command)
    assert ran.code == 0, ran.err
    assert sorted(target.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_an_export_that_failed_in_the_middle_goes_on(xuna, served, tmp_path):
    server = served()
    take(server, 30)
    server.faults.add(Answer(on="conversations", status=401, skip=12, times=1, body={}))
    target = tmp_path / "all.jsonl"
    assert xuna("conversations", "export", "--to", target).code == 4
    some = len(exported(target))
    assert 0 < some < 30
    assert xuna("conversations", "export", "--to", target).code == 0
    assert len({row["conversation_id"] for row in exported(target)}) == len(exported(target)) == 30


@pytest.mark.parametrize(
    "content",
    [
        "phone,name\n+15552000001,Ann\n+15552000002,Bo",
        "phone",
        "{}\n",
        "\x00\xff",
        '{"conversation_id": 1}\n',
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_somebody_elses_file_is_left_alone(xuna, served, tmp_path, content, form):
    take(served(), 2)
    target = tmp_path / "contacts.csv"
    target.write_bytes(content.encode("latin-1"))
    ran = xuna("conversations", "export", "--to", target, "--output", form)
    assert ran.code == 5
    assert target.read_bytes() == content.encode("latin-1")


def test_an_export_of_another_form_is_not_continued(xuna, served, tmp_path):
    take(served(), 2)
    target = tmp_path / "all"
    xuna("conversations", "export", "--to", target)
    before = target.read_bytes()
    for options in (["--output", "csv"], ["--with-transcript"]):
        assert xuna("conversations", "export", "--to", target, *options).code == 5
        assert target.read_bytes() == before


def test_conversations_that_go_on_are_left_for_the_next_export(xuna, served, tmp_path, clock):
    take(served(in_progress=30), 4)
    target = tmp_path / "all.jsonl"
    ran = xuna("conversations", "export", "--to", target)
    assert "4 are still under way" in ran.err
    assert target.read_text() == ""
    clock.ahead = 60
    xuna("conversations", "export", "--to", target)
    assert len(exported(target)) == 4


def test_an_export_that_is_cut_off_is_said_to_be(xuna, served, tmp_path):
    server = served()
    take(server, 3)
    server.faults.add(Pages(how="repeat"))
    ran = xuna("conversations", "export", "--to", tmp_path / "x")
    assert ran.code == 6
    assert "cut off" in ran.err
    assert len(exported(tmp_path / "x")) == 3


def test_an_export_that_cannot_be_written_says_why(xuna, served, tmp_path):
    take(served(), 1)
    ran = xuna("conversations", "export", "--to", tmp_path / "no" / "x")
    assert ran.code == 5
    assert "No such file" in ran.err
    assert xuna("conversations", "export", "--to", tmp_path).code == 5


def test_an_export_that_others_could_read_is_closed_before_it_goes_on(xuna, served, tmp_path):
    take(served(), 2)
    target = tmp_path / "all.jsonl"
    target.touch()
    target.chmod(0o644)
    ran = xuna("conversations", "export", "--to", target)
    assert "2 conversations written" in ran.err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize(("kind", "words"), [("link", "symbolic link"), ("fifo", "no regular file")])
def test_an_export_goes_into_the_file_that_is_named_and_nowhere_else(xuna, served, tmp_path, kind, words):
    take(served(), 2)
    target, elsewhere = tmp_path / "all.jsonl", tmp_path / "elsewhere"
    elsewhere.touch(0o644)
    if kind == "link":
        target.symlink_to(elsewhere)
    else:
        os.mkfifo(target)
    ran = xuna("conversations", "export", "--to", target)
    assert ran.code == 5
    assert words in ran.err
    assert elsewhere.read_text() == ""
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644


def test_somebody_elses_file_keeps_its_mode(xuna, served, tmp_path):
    take(served(), 1)
    target = tmp_path / "contacts.csv"
    target.write_text("phone,name\n")
    target.chmod(0o644)
    assert xuna("conversations", "export", "--to", target).code == 5
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


# -- the account


def test_agents_and_numbers_are_listed_with_what_one_copies(xuna, served):
    served()
    ran = xuna("agents", "list")
    assert ran.code == 0
    assert "agent_7101k5zvyjhmfg983brhmhkd98n6" in ran.out
    ran = xuna("phone-numbers", "list")
    assert "pn_xxxxxxxx" in ran.out
    assert "+15551234567" in ran.out
    document = json.loads(xuna("phone-numbers", "list", "--output", "json").out)
    assert document["phone_numbers"][0]["phone_number_id"] == "pn_sandbox"


def test_an_agent_says_whether_it_has_a_first_message_of_its_own(xuna, served):
    served()
    assert "“Hello, this is the sandbox.”" in xuna("agents", "show", "agent_sandbox").out
    silent = xuna("agents", "show", "agent_7101k5zvyjhmfg983brhmhkd98n6")
    assert "none of its own" in silent.out
    document = json.loads(xuna("agents", "show", "agent_sandbox", "--output", "json").out)
    assert document["agent"]["conversation_config"]["agent"]["language"] == "en"
    assert xuna("agents", "show", "agent_nobody").code == 4


def test_names_of_the_account_are_data(xuna, point_at):
    account = Account(
        agents=(Agent("a", HOSTILE[:-1], HOSTILE[:-1]),),
        phone_numbers=(PhoneNumber("p", "+1", HOSTILE[:-1]),),
    )
    with SandboxServer(account=account) as server:
        point_at(server)
        for command in (("agents", "list"), ("agents", "show", "a"), ("phone-numbers", "list")):
            ran = xuna(*command)
            assert ran.code == 0
            assert "[red]x[/nope]" in ran.out
            assert has_no_control_characters(ran.out)


def test_a_wrong_key_is_refused_without_showing_it(xuna, served, environment):
    served()
    environment.setenv("XUNA_AI_API_KEY", "planted-secret")
    for command in (("agents", "list"), ("phone-numbers", "list"), ("conversations", "list")):
        ran = xuna(*command)
        assert ran.code == 4
        assert "planted-secret" not in ran.out + ran.err


def test_a_script_is_told_the_command_that_lists_agents_and_numbers(xuna, served, contacts, environment):
    served()
    path = contacts(2)
    environment.delenv("XUNA_AGENT_ID")
    ran = xuna("batch-call", path)
    assert ran.code == 4
    assert "xuna agents list" in ran.err
    environment.setenv("XUNA_AGENT_ID", "agent_sandbox")
    environment.delenv("XUNA_FROM_PHONE_NUMBER_ID")
    ran = xuna("batch-call", path)
    assert ran.code == 4
    assert "xuna phone-numbers list" in ran.err


def test_everything_is_answered_by_the_sandbox_too(xuna, environment):
    for command in (
        ("agents", "list"),
        ("phone-numbers", "list"),
        ("conversations", "list"),
        ("agents", "show", "agent_sandbox"),
    ):
        assert xuna(*command, "--sandbox").code == 0
    assert os.environ.get("XUNA_AI_API_KEY") is None
