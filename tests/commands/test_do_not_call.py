"""`xuna do-not-call`: the ledger's own list."""

import json
import sqlite3

import pytest

from xuna_cli.ledger import sqlite as engine

ONE, TWO, THREE = "+13035550100", "+13035550101", "+13035550102"


def test_what_is_added_is_never_called_by_any_campaign(xuna):
    assert xuna("do-not-call", "add", "+1 (303) 555-0100", "--reason", "asked on 3 Nov") == 0
    xuna.write("people.csv", f"phone\n{ONE}\n{TWO}\n")
    for campaign in ("a", "b"):
        document = xuna.call("people.csv", "--campaign", campaign, "-y")
        assert document["counts"]["do_not_call"] == 1
        assert (
            document["screening"]["rows"][0]["message"]
            == "do-not-call: on the ledger's list (asked on 3 Nov)"
        )
    assert xuna.called == [TWO, TWO]


def test_a_dry_run_sees_the_list_too(xuna):
    xuna("do-not-call", "add", ONE)
    xuna.write("people.csv", f"phone\n{ONE}\n{TWO}\n")
    counts = xuna.call("people.csv", "--dry-run")["counts"]
    assert (counts["do_not_call"], counts["not_sent"]) == (1, 1)


def test_it_is_on_the_disk_before_it_is_acknowledged(xuna, monkeypatch):
    committed = []
    real = sqlite3.connect

    class Watched(sqlite3.Connection):
        def execute(self, sql, *rest):
            result = super().execute(sql, *rest)
            if sql == "COMMIT":
                committed.append(xuna._capsys.readouterr().err)
            return result

    monkeypatch.setattr(engine.sqlite3, "connect", lambda *a, **k: real(*a, **{**k, "factory": Watched}))
    assert xuna("do-not-call", "add", ONE) == 0
    assert committed
    assert all("on the do-not-call list" not in said for said in committed)
    assert f"on the do-not-call list: {ONE}" in xuna.err


def test_list_check_remove_and_export(xuna):
    assert xuna("do-not-call", "add", ONE, TWO, "--reason", "opted out") == 0
    assert "2 new" in xuna.err
    assert xuna("do-not-call", "add", ONE, THREE) == 0
    assert "1 new, 1 there before" in xuna.err
    assert xuna("do-not-call", "list") == 0
    assert ONE in xuna.out
    assert "3 numbers" in xuna.out
    assert xuna("do-not-call", "list", "--output", "json") == 0
    entries = json.loads(xuna.out)["do_not_call"]
    assert [(entry["to_phone_number"], entry["reason"]) for entry in entries] == [
        (ONE, "opted out"),
        (TWO, "opted out"),
        (THREE, None),
    ]
    assert xuna("do-not-call", "check", ONE) == 3
    assert xuna("do-not-call", "check", "+13035550109") == 0
    assert xuna("do-not-call", "check", ONE, "+13035550109", "--output", "json") == 3
    assert [check["listed"] for check in json.loads(xuna.out)["checks"]] == [True, False]
    assert xuna("do-not-call", "remove", ONE) == 0
    assert xuna("do-not-call", "remove", ONE) == 2
    assert xuna("do-not-call", "export") == 0
    assert [line.split(",")[0] for line in xuna.out.splitlines()] == ["to_phone_number", TWO, THREE]


def test_an_export_can_be_imported_and_used_as_a_list(xuna):
    xuna("do-not-call", "add", ONE, TWO, "--reason", "=1+1")
    assert xuna("do-not-call", "export", "--to", "stop.csv") == 0
    assert (xuna.folder / "stop.csv").stat().st_mode & 0o777 == 0o600
    assert "'=1+1" in (xuna.folder / "stop.csv").read_text()
    assert xuna("do-not-call", "import", "stop.csv", "--ledger", "other.db") == 0
    assert xuna("do-not-call", "check", ONE, "--ledger", "other.db") == 3
    xuna.write("people.csv", f"phone\n{ONE}\n{THREE}\n")
    counts = xuna.call("people.csv", "--do-not-call", "stop.csv", "--ledger", "third.db", "-y")["counts"]
    assert (counts["do_not_call"], counts["accepted"]) == (1, 1)


def test_an_import_with_a_row_that_is_no_number_adds_nobody(xuna):
    xuna.write("stop.csv", f"phone\n{ONE}\nnobody\n")
    assert xuna("do-not-call", "import", "stop.csv") == 5
    assert "stop.csv, row 3" in xuna.err
    assert xuna("do-not-call", "check", ONE) == 0


def test_an_import_of_many_numbers_in_several_transactions(xuna):
    xuna.write("stop.txt", "".join(f"+1303{number}\n" for number in range(2_000_000, 2_045_000)))
    assert xuna("do-not-call", "import", "stop.txt", "--reason", "registry") == 0
    assert "45,000 new" in xuna.err
    assert xuna("do-not-call", "export", "--output", "json", "--to", "all.json") == 0
    assert len(json.loads((xuna.folder / "all.json").read_text())) == 45_000


@pytest.mark.parametrize("command", ["add", "remove", "check"])
def test_what_is_no_number_changes_nothing(xuna, command):
    assert xuna("do-not-call", command, ONE, "nobody") == 2
    assert "nobody" in xuna.err
    assert xuna("do-not-call", "check", ONE) == 0


def test_a_sandbox_has_a_list_of_its_own(xuna):
    xuna("do-not-call", "add", ONE, "--sandbox")
    assert xuna("do-not-call", "check", ONE) == 0
    assert xuna("do-not-call", "check", ONE, "--sandbox") == 3


def test_there_is_nobody_on_a_list_that_is_not_there_yet(xuna):
    assert xuna("do-not-call", "list") == 0
    assert xuna("do-not-call", "export") == 0
    assert xuna.out == "to_phone_number,reason,added_at\n"
    assert not xuna.ledger.exists()


def test_who_adds_a_number_while_a_run_is_alive_is_told_of_the_requests_in_progress(xuna):
    from contextlib import closing

    from tests.support.ledgers import described, people
    from xuna_cli.ledger.opening import open_ledger

    assert xuna("do-not-call", "add", "+13035550100") == 0
    assert "in progress" not in xuna.err
    with closing(open_ledger(xuna.ledger)) as ledger:
        run = ledger.start_run(described())
        batches = ledger.claim(run, [people(1), people(2), people(3)])
        assert xuna("do-not-call", "add", "+13035550101") == 0
        assert "1 run is in progress: no request is in progress, and no later one will" in xuna.err
        for batch in batches[:2]:
            ledger.submit(batch)
        assert xuna("do-not-call", "add", "+13035550102") == 0
        assert (
            "1 run is in progress: up to 2 requests in progress may still be sent, and no later one"
            in xuna.err
        )
        numbers = xuna.write("numbers.txt", "+13035550103\n")
        assert xuna("do-not-call", "import", numbers) == 0
        assert "up to 2 requests in progress may still be sent" in xuna.err
