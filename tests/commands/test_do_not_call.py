"""`xuna do-not-call`: the ledger's own list."""

import json
import sqlite3

import pytest

from tests.support.terminal import Terminal
from xuna_cli.ledger.engines import sqlite as engine

pytestmark = pytest.mark.usefixtures("api")

ONE, TWO, THREE = "+13035550100", "+13035550101", "+13035550102"


def test_what_is_added_is_never_called_by_any_campaign(cli):
    cli("do-not-call", "add", "+1 (303) 555-0100", "--reason", "asked on 3 Nov")
    cli.write("people.csv", f"phone\n{ONE}\n{TWO}\n")
    for campaign in ("a", "b"):
        document = cli.call("people.csv", "--campaign", campaign, "-y")
        assert document["counts"]["do_not_call"] == 1
        assert (
            document["screening"]["rows"][0]["message"]
            == "do-not-call: on the ledger's do-not-call list (asked on 3 Nov)"
        )
    assert cli.called == [TWO, TWO]


@pytest.mark.parametrize("file", ["stop.csv", "stop.json"])
def test_what_was_exported_keeps_its_reasons_in_another_ledger(cli, file):
    cli("do-not-call", "add", ONE, "--reason", "asked on the phone, 3 Nov")
    cli("do-not-call", "add", TWO)
    output = file.partition(".")[2]
    cli("do-not-call", "export", "--output", output, "--to", file)
    cli("do-not-call", "import", file, "--reason", "from the old ledger", "--ledger", "other.db")
    listed = cli("do-not-call", "list", "--ledger", "other.db", "--output", "json").document["do_not_call"]
    assert {one["to_phone_number"]: one["reason"] for one in listed} == {
        ONE: "asked on the phone, 3 Nov",
        TWO: "from the old ledger",
    }


@pytest.mark.slow
@pytest.mark.parametrize("command", ["history", "list"])
def test_a_number_and_the_id_of_a_conversation_are_never_broken(cli, command):
    reason = "conv_aa3ad2c11f7b06b30000013c"
    cli("do-not-call", "add", ONE, "--reason", reason)
    terminal = Terminal("do-not-call", command, *([ONE] if command == "history" else []), columns=60)
    assert terminal.end() == 0
    assert ONE in terminal.seen
    assert command == "list" or reason in terminal.seen


def test_a_dry_run_sees_the_list_too(cli):
    cli("do-not-call", "add", ONE)
    cli.write("people.csv", f"phone\n{ONE}\n{TWO}\n")
    counts = cli.call("people.csv", "--dry-run")["counts"]
    assert (counts["do_not_call"], counts["not_sent"]) == (1, 1)


def test_it_is_on_the_disk_before_it_is_acknowledged(cli, monkeypatch):
    committed = []
    real = sqlite3.connect

    class Watched(sqlite3.Connection):
        def execute(self, sql, *rest):
            result = super().execute(sql, *rest)
            if sql == "COMMIT":
                committed.append(cli.said_until_now())
            return result

    monkeypatch.setattr(engine.sqlite3, "connect", lambda *a, **k: real(*a, **{**k, "factory": Watched}))
    ran = cli("do-not-call", "add", ONE)
    assert committed
    assert all("on the do-not-call list" not in said for said in committed)
    assert f"On the do-not-call list: {ONE}" in ran.err


def test_each_change_and_check_names_its_ledger(cli):
    """Who adds a number in another folder than that of the runs and their `.env` changes another ledger."""
    cli.write("stop.csv", f"phone\n{TWO}\n")
    other = ("--ledger", "other.db")
    for command in (("add", ONE), ("import", "stop.csv"), ("remove", ONE)):
        said = cli("do-not-call", *command, *other).err
        assert f"This holds for all campaigns of the ledger {cli.folder / 'other.db'}." in said
    checked = cli("do-not-call", "check", ONE, *other).out
    assert f"This is the list of the ledger {cli.folder / 'other.db'}." in checked


def test_list_check_remove_and_export(cli):
    ran = cli("do-not-call", "add", ONE, TWO, "--reason", "opted out")
    assert "2 new" in ran.err
    ran = cli("do-not-call", "add", ONE, THREE)
    assert "1 new, 1 there before" in ran.err
    ran = cli("do-not-call", "list")
    assert ONE in ran.out
    assert "3 numbers" in ran.out
    ran = cli("do-not-call", "list", "--output", "json")
    entries = json.loads(ran.out)["do_not_call"]
    assert [(entry["to_phone_number"], entry["reason"]) for entry in entries] == [
        (ONE, "opted out"),
        (TWO, "opted out"),
        (THREE, None),
    ]
    cli("do-not-call", "check", ONE, exits=3)
    cli("do-not-call", "check", "+13035550109")
    ran = cli("do-not-call", "check", ONE, "+13035550109", "--output", "json", exits=3)
    assert [check["listed"] for check in json.loads(ran.out)["checks"]] == [True, False]
    cli("do-not-call", "remove", ONE)
    cli("do-not-call", "remove", ONE, exits=2)
    ran = cli("do-not-call", "export")
    assert [line.split(",")[0] for line in ran.out.splitlines()] == ["to_phone_number", TWO, THREE]


def test_an_export_can_be_imported_and_used_as_a_list(cli):
    cli("do-not-call", "add", ONE, TWO, "--reason", "=1+1")
    cli("do-not-call", "export", "--to", "stop.csv")
    assert (cli.folder / "stop.csv").stat().st_mode & 0o777 == 0o600
    assert "'=1+1" in (cli.folder / "stop.csv").read_text()
    cli("do-not-call", "import", "stop.csv", "--ledger", "other.db")
    cli("do-not-call", "check", ONE, "--ledger", "other.db", exits=3)
    cli.write("people.csv", f"phone\n{ONE}\n{THREE}\n")
    counts = cli.call("people.csv", "--do-not-call", "stop.csv", "--ledger", "third.db", "-y")["counts"]
    assert (counts["do_not_call"], counts["accepted"]) == (1, 1)


def test_an_import_with_a_row_that_is_no_number_adds_nobody(cli):
    cli.write("stop.csv", f"phone\n{ONE}\nnobody\n")
    ran = cli("do-not-call", "import", "stop.csv", exits=5)
    assert "stop.csv, row 3" in ran.err
    cli("do-not-call", "check", ONE)


@pytest.mark.slow
def test_an_import_of_many_numbers_in_several_transactions(cli):
    cli.write("stop.txt", "".join(f"+1303{number}\n" for number in range(2_000_000, 2_045_000)))
    ran = cli("do-not-call", "import", "stop.txt", "--reason", "registry")
    assert "45,000 new" in ran.err
    cli("do-not-call", "export", "--output", "json", "--to", "all.json")
    assert len(json.loads((cli.folder / "all.json").read_text())) == 45_000


@pytest.mark.parametrize("command", ["add", "remove", "check"])
def test_what_is_no_number_changes_nothing(cli, command):
    ran = cli("do-not-call", command, ONE, "nobody", exits=2)
    assert "nobody" in ran.err
    cli("do-not-call", "check", ONE)


def test_a_sandbox_has_a_list_of_its_own(cli):
    cli("do-not-call", "add", ONE, "--sandbox")
    cli("do-not-call", "check", ONE)
    cli("do-not-call", "check", ONE, "--sandbox", exits=3)


def test_there_is_nobody_on_a_list_that_is_not_there_yet(cli):
    cli("do-not-call", "list")
    ran = cli("do-not-call", "export")
    assert ran.out == "to_phone_number,reason,added_at\n"
    assert not cli.ledger.exists()


def test_who_adds_a_number_while_a_run_is_alive_is_told_of_the_requests_in_progress(cli):
    from contextlib import closing

    from tests.support.builders import described, people
    from xuna_cli.ledger.opening import open_ledger

    ran = cli("do-not-call", "add", "+13035550100")
    assert "in progress" not in ran.err
    with closing(open_ledger(cli.ledger)) as ledger:
        run = ledger.start_run(described())
        batches = ledger.claim(run, [people(1), people(2), people(3)])
        ran = cli("do-not-call", "add", "+13035550101")
        assert "1 run is in progress: no request is in progress, and later requests will not" in ran.err
        for batch in batches[:2]:
            ledger.submit(batch)
        ran = cli("do-not-call", "add", "+13035550102")
        assert (
            "1 run is in progress: up to 2 requests in progress may still call these numbers; later requests will not"
            in ran.err
        )
        numbers = cli.write("numbers.txt", "+13035550103\n")
        ran = cli("do-not-call", "import", numbers)
        assert "up to 2 requests in progress may still call these numbers" in ran.err
