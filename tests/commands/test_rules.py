"""Rules of the manual that two readers may understand differently, with a test for each."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import number
from xuna_cli.sandbox.faults import Cut

HELLO = ("-m", "Hi {{ name }}.")
JSON = ("--output", "json")


def stdin(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_key_column_makes_one_call_for_each_value(cli, api, people):
    rows = [(number(1), "A1"), (number(1), "A2"), (number(1), " A2 "), (number(2), "")]
    ran = cli(
        "batch-call",
        people(rows=rows, header=("phone", "order")),
        "-m",
        "Hi",
        "--key",
        "order",
        *JSON,
        exits=3,
    )
    assert ran.counts == {"rows": 4, "accepted": 2, "duplicates": 1, "rejected": 1}
    assert ran.document["rejections"][0]["code"] == "key-missing"
    exported = json.loads(cli("campaigns", "export", "people", "--output", "json").out)
    assert [call["key"] for call in exported] == [f"{number(1)}\x1fA1", f"{number(1)}\x1fA2"]


def test_another_key_on_the_same_campaign_is_a_contradiction(cli, api, people):
    cli("batch-call", people(2), *HELLO)
    ran = cli("batch-call", people(2), *HELLO, "--key", "name", exits=2)
    assert "--campaign people-2" in ran.err


def test_the_same_stem_from_another_folder_is_a_contradiction_that_names_both(cli, api, people, tmp_path):
    first = people(2)
    cli("batch-call", first, *HELLO)
    (tmp_path / "other").mkdir()
    second = people(2, name="other/people.csv")
    ran = cli("batch-call", second, *HELLO, exits=2)
    assert str(first) in ran.err
    assert str(second) in ran.err
    assert "--campaign people" in ran.err
    assert cli("batch-call", second, *HELLO, "--campaign", "people", *JSON).counts == {
        "rows": 2,
        "already_called": 2,
    }


def test_another_api_is_a_contradiction_so_that_a_rehearsal_marks_nobody(cli, api, people, monkeypatch):
    cli("batch-call", people(2), *HELLO)
    monkeypatch.setenv("XUNA_BASE_URL", "https://api.example.com")
    assert "belongs to http://127.0.0.1" in cli("batch-call", people(2), *HELLO, exits=2).err


def test_the_sandbox_has_a_ledger_of_its_own_whatever_ledger_says(cli, people, tmp_path, monkeypatch):
    monkeypatch.setenv("XUNA_LEDGER", str(tmp_path / "real.db"))
    document = cli(
        "batch-call", people(2), *HELLO, "--sandbox", "--ledger", tmp_path / "flag.db", *JSON
    ).document
    assert Path(document["ledger"]["path"]).name == "sandbox.db"
    assert document["sandbox"] is True
    assert not (tmp_path / "real.db").exists()
    assert not (tmp_path / "flag.db").exists()
    assert "people" in cli("campaigns", "list", "--sandbox").out


def test_the_sandbox_is_one_origin_whatever_its_port(cli, people):
    cli("batch-call", people(2), *HELLO, "--sandbox")
    assert cli("batch-call", people(2), *HELLO, "--sandbox", *JSON).counts == {"rows": 2, "already_called": 2}


def test_the_sandbox_knows_the_agent_and_number_of_the_settings(cli, people):
    own = ("--agent-id", "agent_mine", "--from-phone-number-id", "pn_mine")
    assert cli("batch-call", people(2), *HELLO, "--sandbox", *own, *JSON).counts == {"rows": 2, "accepted": 2}


def test_a_limit_counts_new_claims_alone_and_reading_stops_then(cli, api, people):
    cli("batch-call", people(3), *HELLO)
    ran = cli("batch-call", people(10), *HELLO, "--limit", 4, *JSON)
    assert ran.counts == {"rows": 7, "already_called": 3, "accepted": 4}
    assert ran.document["list_complete"] is False
    assert api.state.total == 7


def test_a_dry_run_needs_no_key_sends_nothing_and_writes_nothing(cli, people, tmp_path, monkeypatch):
    rows = [(number(1), "Ann"), (number(1), "Ann"), (number(2), "")]
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:9")
    path = people(rows=rows)
    before = sorted(tmp_path.rglob("*"))
    ran = cli("batch-call", path, *HELLO, "--dry-run", *JSON, exits=3)
    assert ran.counts == {"rows": 3, "duplicates": 1, "rejected": 1, "not_sent": 1}
    assert ran.document["dry_run"] is True
    assert ran.document["run_id"] is None
    assert ran.document["ledger"]["created"] is False
    assert sorted(tmp_path.rglob("*")) == before


def test_a_dry_run_knows_who_was_called_and_changes_nothing_of_it(cli, api, people):
    path = cli("batch-call", people(3), *HELLO, *JSON).document["ledger"]["path"]
    before = Path(path).read_bytes()
    assert cli("batch-call", people(5), *HELLO, "--dry-run", *JSON).counts == {
        "rows": 5,
        "already_called": 3,
        "not_sent": 2,
    }
    assert Path(path).read_bytes() == before


def test_a_list_on_stdin_is_read(cli, api, monkeypatch):
    stdin(monkeypatch, f"phone,name\n{number(1)},Ann\n{number(2)},Bo\n")
    ran = cli("batch-call", "-", "--campaign", "piped", *HELLO, *JSON)
    assert ran.counts == {"rows": 2, "accepted": 2}


def test_a_json_list_of_nobody_is_no_error(cli, api, tmp_path):
    path = tmp_path / "nobody.json"
    path.write_text("[]")
    assert cli("batch-call", path, *HELLO, *JSON).counts == {}


def test_a_column_that_a_later_json_contact_lacks_rejects_that_one(cli, api, tmp_path):
    path = tmp_path / "some.json"
    path.write_text(json.dumps([{"phone": number(1), "name": "Ann"}, {"phone": number(2)}]))
    ran = cli("batch-call", path, *HELLO, *JSON, exits=3)
    assert ran.counts == {"rows": 2, "accepted": 1, "rejected": 1}
    assert ran.document["rejections"][0]["code"] == "template-missing-column"


@pytest.mark.parametrize(("most", "held"), [(1, 2), (2, 4), (9, 6)])
def test_so_many_unknown_batches_in_a_row_stop_the_run(cli, api, people, most, held):
    api.faults.add(Cut())
    options = ("--batch-size", 2, "--concurrency", 1, "--max-unknown", most)
    ran = cli("batch-call", people(6), *HELLO, *options, *JSON, exits=7)
    assert ran.counts["held"] == held


def test_an_earlier_held_batch_is_exit_7_and_the_others_are_called(cli, api, people):
    api.faults.add(Cut(times=1))
    cli("batch-call", people(2), *HELLO, exits=7)
    ran = cli("batch-call", people(5), *HELLO, *JSON, exits=7)
    assert ran.counts == {"rows": 5, "held": 2, "accepted": 3}
    assert ran.document["held_batches"][0]["calls"] == 2


def test_a_list_that_breaks_in_the_middle_stops_with_counts_of_what_was_done(cli, api, tmp_path):
    path = tmp_path / "broken.csv"
    path.write_text(f'phone,name\n{number(1)},Ann\n{number(2)},"Bo\n' + f"{number(3)},Cy\n" * 3)
    ran = cli("batch-call", path, *HELLO, *JSON, exits=5)
    assert ran.document["list_complete"] is False
    assert ran.counts["not_sent"] == 1
    assert api.state.total == 0


def test_somebody_who_stands_twice_far_apart_is_called_once_and_the_rest_of_a_list_half_called_is_too(
    cli, api, people
):
    # More rows than are read at once, so that the ledger is not asked about every row before the claim.
    rows = [(number(index), f"Person {index}") for index in range(6_000)]
    rows[5_500] = rows[3]
    half = people(rows=rows[:3_000:2], name="half.csv")
    many = ("--batch-size", "500", "--campaign", "june", *HELLO, *JSON)
    assert cli("batch-call", half, *many).counts == {"rows": 1_500, "accepted": 1_500}
    expected = {"rows": 6_000, "already_called": 1_500, "accepted": 4_499, "duplicates": 1}
    assert cli("batch-call", people(rows=rows), *many).counts == expected
    assert api.state.called_twice() == []
    assert api.state.total == 5_999


def test_a_dotenv_that_nobody_named_cannot_choose_a_server_for_the_ledger(
    cli, api, people, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("XUNA_LEDGER=postgresql://thief:secret@127.0.0.1:9/list\n")
    ran = cli("batch-call", people(2), *HELLO, exits=4)
    assert "--env-file" in ran.err
    assert "secret" not in ran.err
    assert api.state.requests_total == 0
    cli("batch-call", people(2), *HELLO, "--env-file", ".env", exits=6)
