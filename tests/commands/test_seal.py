"""A sealed list is called as it was sealed, or not at all; a second person's signature covers all its bytes."""

import csv
import io
import itertools
import json
import shutil
import subprocess
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.errors import InputError, XunaError
from xuna_cli.models import Contact
from xuna_cli.sandbox.faults import Answer
from xuna_cli.targets.rendered_list import SEAL, SealChain, checked_rows, rendered_list

ANN, BO, CY = "+13035550100", "+13125550100", "+442079460018"
LIST = f"phone,name,timezone\n{ANN},Ann,America/Denver\n{BO},Bo,\n{CY},Cy,\n"
FILES = ("review.jsonl", "review.csv", "review.xlsx")


@pytest.fixture
def sealed(cli, api):
    """`sealed("review.csv")` renders and seals the list of three people."""
    cli.write("people.csv", LIST)

    def render(file, *arguments):
        cli("render", "people.csv", "-m", "Hi {{ name }}.", "--to", file, "--seal", *arguments)
        return cli.folder / file

    return render


def rows_of(path):
    """Return the rows of a list as dictionaries of texts."""
    text = path.read_text(encoding="utf-8") if path.suffix != ".xlsx" else ""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    if path.suffix == ".csv":
        return list(csv.DictReader(text.splitlines()))
    header, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def write_rows(path, rows):
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        book = openpyxl.Workbook()
        for cells in (list(rows[0]), *(list(row.values()) for row in rows)):
            book.active.append(cells)
            for cell in book.active[book.active.max_row]:
                cell.data_type = "s" if cell.value is not None else cell.data_type
        book.save(path)


@pytest.mark.parametrize("file", FILES)
def test_a_sealed_list_is_called_as_it_is_also_after_another_program_has_saved_it(sealed, cli, file):
    path = sealed(file)
    write_rows(path, rows_of(path))
    document = cli.call(file, "-y", "--require-seal")
    assert cli.called == [ANN, BO, CY]
    assert document["counts"]["accepted"] == 3


def change(row, column, value):
    return lambda rows: rows[row].update({column: value})


CHANGES = {
    "number": (lambda rows: rows[1].update({number_column(rows): "+13125550199"}), "row {1} was changed"),
    "timezone": (change(0, "{timezone}", "America/New_York"), "row {0} was changed"),
    "key": (change(2, "xuna_key", BO), "row {2} was changed"),
    "campaign": (change(2, "xuna_campaign", "other"), "row {2} was changed"),
    "agent": (change(0, "xuna_agent", "agent_other"), "row {0} was changed"),
    "seal": (lambda rows: rows[1].update({SEAL: rows[1][SEAL][:-1] + "x"}), "row {1} has no seal"),
    "seal's digit": (lambda rows: rows[1].update({SEAL: other_digit(rows[1][SEAL])}), "row {1} was changed"),
    "no seal in one row": (change(1, SEAL, ""), "row {1} has no seal"),
    "no seal in the first row": (change(0, SEAL, ""), "row {0} has no seal any more"),
    "removed": (lambda rows: rows.pop(1), "row {1} was sealed as call 3 of 3, but is now call 2"),
    "first removed": (lambda rows: rows.pop(0), "row {0} was sealed as call 2 of 3, but is now call 1"),
    "last removed": (lambda rows: rows.pop(), "only 2 of 3 calls are there"),
    "moved": (lambda rows: rows.reverse(), "row {0} was sealed as call 3 of 3, but is now call 1"),
    "doubled": (lambda rows: rows.append(rows[2]), "row {3} was sealed as call 3 of 3, but is now call 4"),
    "added": (lambda rows: rows.insert(1, {**rows[1], SEAL: ""}), "row {1} has no seal"),
}


def number_column(rows):
    return "to_phone_number" if "to_phone_number" in rows[0] else "xuna_phone"


def other_digit(seal):
    return seal[:-1] + ("0" if seal[-1] != "0" else "1")


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize(
    "file", [FILES[0], *(pytest.param(file, marks=pytest.mark.slow) for file in FILES[1:])]
)
def test_one_change_calls_nobody_and_its_row_is_named(sealed, cli, file, what):
    path = sealed(file)
    rows = rows_of(path)
    make, words = CHANGES[what]
    if what == "timezone":
        make = change(0, "timezone" if file.endswith("jsonl") else "xuna_timezone", "America/New_York")
    make(rows)
    write_rows(path, rows)
    first = 1 if file.endswith("jsonl") else 2
    error = cli.call(file, "-y", exits=5)["errors"][0]
    assert error["code"] == "seal-broken"
    assert words.format(*range(first, first + 4)) in error["message"]
    assert cli.call(file, "--dry-run", exits=5)["errors"][0]["code"] == "seal-broken"
    assert cli.called == []


def calls_of(content, name):
    """The calls of a sealed list as batch-call reads them; nothing, if a row is rejected or the list is refused."""
    try:
        with open_list(io.BytesIO(content), ListOptions(as_calls=True), name=name) as contacts:
            about = rendered_list(contacts.columns, contacts.first_rows)
            if about is not None:
                contacts.check_rows(lambda rows: checked_rows(rows, about))
            return [row.fields for row in contacts if isinstance(row, Contact)]
    except XunaError as error:
        return error.message


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES[:2])
def test_one_changed_byte_calls_nobody_otherwise_and_its_row_is_named(sealed, cli, file):
    cli("do-not-call", "add", BO)
    content = sealed(file).read_bytes()
    calls = calls_of(content, file)
    assert len(calls) == 2
    for place, other in itertools.product(range(len(content)), b"x1,\n"):
        changed = content[:place] + bytes([other]) + content[place + 1 :]
        found = calls_of(changed, file)
        assert isinstance(found, str) or found in ([], calls), (place, other, found)
        line = content.count(b"\n", 0, place) + 1
        if isinstance(found, str) and "seal of this list" in found and line > 1 and other != ord("\n"):
            assert f"row {line} " in found


@pytest.mark.parametrize("file", FILES)
def test_a_changed_message_calls_nobody(sealed, cli, file):
    path = sealed(file)
    rows = rows_of(path)
    if file.endswith("jsonl"):
        rows[1]["conversation_config_override"]["agent"]["first_message"] = "Hi Bob."
    else:
        rows[1]["xuna_message"] = "Hi Bob."
    write_rows(path, rows)
    assert "was changed" in cli.call(file, "-y", exits=5)["errors"][0]["message"]


def test_a_field_that_adds_words_to_a_line_breaks_its_seal(sealed, cli):
    path = sealed("review.jsonl")
    write_rows(path, [{**row, "override.agent.language": "es"} for row in rows_of(path)])
    assert cli.call("review.jsonl", "-y", exits=5)["errors"][0]["code"] == "seal-broken"


def test_who_a_reviewer_marks_as_not_to_be_called_has_to_be_rendered_again(sealed, cli):
    path = sealed("review.csv")
    path.write_text(path.read_text().replace("Hi Bo.,call", "Hi Bo.,no"))
    assert cli.call("review.csv", "-y", exits=5)["errors"][0]["code"] == "seal-broken"


@pytest.mark.parametrize("file", ["people.csv", "plain.jsonl"])
def test_require_seal_refuses_what_is_not_sealed(cli, api, monkeypatch, file):
    cli.write("people.csv", LIST)
    cli("render", "people.csv", "-m", "Hi", "--to", "plain.jsonl")
    monkeypatch.setenv("XUNA_REQUIRE_SEAL", "1")
    arguments = ("-m", "Hi") if file == "people.csv" else ()
    assert cli.call(file, "-y", *arguments, exits=5)["errors"][0]["code"] == "seal-missing"
    assert cli.called == []


@pytest.mark.parametrize("file", FILES)
def test_without_its_seals_it_is_no_ordinary_list(sealed, cli, file):
    path = sealed(file)
    rows = [{("seal" if name == SEAL else name): cell for name, cell in row.items()} for row in rows_of(path)]
    write_rows(path, rows)
    assert cli.call(file, "-y", exits=5)["errors"][0]["code"] == "seal-broken"
    assert cli.called == []


def test_an_agent_that_can_not_be_read_now_can_be_read_later(sealed, cli, api):
    sealed("review.csv")
    api.faults.add(Answer(status=500, on="agents", times=1))
    cli.call("review.csv", "-y", exits=6)
    assert cli.called == []
    cli.call("review.csv", "-y")


def test_a_sealed_list_is_of_one_agent(sealed, cli):
    sealed("review.csv")
    error = cli.call("review.csv", "-y", "--agent-id", "agent_other", exits=2)["errors"][0]
    assert error["code"] == "ready-contradicted"
    assert "agent_sandbox" in error["message"]
    assert cli.called == []
    assert cli.call("review.csv", "-y", "--sandbox", "--agent-id", "agent_other")["counts"]["accepted"] == 3


def test_a_seal_needs_an_agent(cli, monkeypatch):
    cli.write("people.csv", LIST)
    cli("render", "people.csv", "-m", "Hi", "--seal", "--to", "review.csv", exits=4)


def test_an_agent_that_was_configured_otherwise_calls_nobody(sealed, cli, api):
    sealed("review.csv")
    agents = tuple(replace(agent, first_message="Buy now!") for agent in api.account.agents)
    object.__setattr__(api.account, "agents", agents)
    assert cli.call("review.csv", "-y", exits=5)["errors"][0]["code"] == "seal-agent"
    assert cli.called == []


def test_without_a_key_the_agent_is_sealed_and_its_configuration_is_not(cli, api, monkeypatch):
    cli.write("people.csv", LIST)
    with monkeypatch.context() as without:
        without.delenv("XUNA_AI_API_KEY")
        ran = cli("render", "people.csv", "-m", "Hi", "--seal", "--to", "review.jsonl")
    assert "the configuration of agent agent_sandbox could not be read, so it is not sealed" in ran.err
    assert "xuna_agent_sha256" not in rows_of(cli.folder / "review.jsonl")[0]
    assert cli.call("review.jsonl", "-y")["counts"]["accepted"] == 3


def test_left_out_rows_of_a_sealed_list_are_no_part_of_it(sealed, cli):
    cli("do-not-call", "add", BO)
    sealed("review.csv")
    ran = cli("batch-call", "review.csv", "-y")
    assert "1 row is not marked" in ran.err
    assert cli.called == [ANN, CY]


values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3)


@given(
    calls=st.lists(st.dictionaries(st.sampled_from("abc"), values, min_size=1), min_size=1, max_size=5),
    place=st.integers(0, 4),
    value=values,
)
def test_any_other_value_is_found_in_its_row(calls, place, value):
    marks = {"xuna_row": 1, "xuna_key": ANN, "xuna_campaign": "spring"}
    chain = SealChain(len(calls))
    rows = [{**call, **marks} for call in calls]
    rows = [Contact(number, {**row, SEAL: chain.seal(row)}) for number, row in enumerate(rows, 2)]
    about = rendered_list(list(rows[0].fields), rows)
    assert [row.fields for row in checked_rows(rows, about)] == [{**call, **marks} for call in calls]
    place %= len(calls)
    changed = {**rows[place].fields, "a": value}
    if json.dumps(changed, sort_keys=True) != json.dumps(rows[place].fields, sort_keys=True):
        rows[place] = Contact(rows[place].row_number, changed)
        with pytest.raises(InputError, match=f"row {place + 2} was changed"):
            list(checked_rows(rows, about))


needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here")


@pytest.fixture
def sign(cli):
    """`sign("review.csv")` signs a file as boss@example.com, who is in the file `signers`."""
    keys = {}

    def key_of(name):
        if name not in keys:
            keys[name] = cli.folder / f"key-{name}"
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", keys[name]], check=True
            )
        return keys[name]

    public = key_of("boss").with_suffix(".pub").read_text().split()[:2]
    cli.write("signers", f'boss@example.com,*@example.org namespaces="xuna" {" ".join(public)}\n')

    def signed(file, by="boss", namespace="xuna"):
        (cli.folder / f"{file}.sig").unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-f", key_of(by), "-n", namespace, cli.folder / file]
        subprocess.run(command, check=True, capture_output=True)

    return signed


@needs_ssh
@pytest.mark.parametrize("file", FILES)
def test_who_signed_is_said_and_exactly_that_is_called(sealed, cli, sign, file):
    sealed(file)
    sign(file)
    ran = cli("batch-call", file, "-y", "--signed-by", "signers")
    assert f"{file} is signed by boss@example.com (ED25519 SHA256:" in ran.err
    assert cli.called == [ANN, BO, CY]
    [run] = cli("campaigns", "runs", "people", "--output", "json").document["runs"]
    assert run["signed_by"].startswith("boss@example.com (ED25519 SHA256:")
    assert "signed by" in cli("campaigns", "runs", "people").out


@needs_ssh
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda cli, _: (cli.folder / "review.csv.sig").unlink(), "signature-missing"),
        (lambda cli, _: (cli.folder / "signers").unlink(), "signature-missing"),
        (lambda _, sign: sign("review.csv", by="somebody"), "signature-refused"),
        (lambda _, sign: sign("review.csv", namespace="git"), "signature-refused"),
        (lambda cli, _: cli.write("review.csv.sig", "no signature"), "signature-refused"),
        (
            lambda cli, _: cli.write("review.csv", (cli.folder / "review.csv").read_text() + "\n"),
            "signature-refused",
        ),
        (lambda cli, _: cli.write("signers", ""), "signature-refused"),
    ],
)
def test_what_nobody_has_approved_is_not_called(sealed, cli, sign, spoil, code):
    sealed("review.csv")
    sign("review.csv")
    spoil(cli, sign)
    assert cli.call("review.csv", "-y", "--signed-by", "signers", exits=5)["errors"][0]["code"] == code
    assert cli.called == []
    assert not cli.ledger.exists()


@needs_ssh
def test_a_signature_of_a_list_without_a_seal_is_not_enough(cli, api, sign, monkeypatch):
    cli.write("people.csv", LIST)
    cli("render", "people.csv", "-m", "Hi", "--to", "plain.csv")
    sign("plain.csv")
    monkeypatch.setenv("XUNA_SIGNED_BY", "signers")
    assert cli.call("plain.csv", "-y", exits=5)["errors"][0]["code"] == "seal-missing"


def test_without_ssh_keygen_nobody_is_called(sealed, cli, monkeypatch):
    sealed("review.csv")
    cli.write("review.csv.sig", "")
    cli.write("signers", "")
    monkeypatch.setenv("PATH", str(cli.folder))
    error = cli.call("review.csv", "-y", "--signed-by", "signers", exits=4)["errors"][0]
    assert error["code"] == "ssh-keygen"
