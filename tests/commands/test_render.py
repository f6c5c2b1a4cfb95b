"""`xuna render`: the reviewed calls are the calls that are made."""

import csv
import io
import json

import openpyxl
import pytest

pytestmark = pytest.mark.usefixtures("api")

ANN, BO, CY = "+13035550100", "+13125550100", "+442079460018"
LIST = f"phone,name,id,timezone\n{ANN},Ann,1,America/Denver\n{BO},Bo,2,\n{CY},Cy,3,\nnobody,Di,4,\n"
RENDER = ("render", "people.csv", "-m", "Hi {{ name }}.", "--to", "targets.jsonl")


@pytest.fixture
def rendered(cli):
    cli.write("people.csv", LIST)

    def render(*arguments, exits=3):
        cli(*RENDER, *arguments, exits=exits)
        return lines_in(cli)

    return render


def lines_in(cli):
    path = cli.folder / "targets.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_has_the_apis_own_shape_and_row_key_and_campaign(rendered, cli):
    ran = cli(*RENDER, exits=3)
    first, second, third = lines_in(cli)
    assert first == {
        "to_phone_number": ANN,
        "conversation_config_override": {"agent": {"first_message": "Hi Ann."}},
        "timezone": "America/Denver",
        "xuna_row": 2,
        "xuna_key": ANN,
        "xuna_campaign": "people",
    }
    assert (second["xuna_row"], third["xuna_row"]) == (3, 4)
    assert "timezone" not in second
    assert cli.called == []
    assert not cli.ledger.exists()
    assert "row 5" in ran.err


def test_exactly_what_was_rendered_is_called_under_its_own_campaign(rendered, cli, monkeypatch):
    rendered("--campaign", "spring")
    monkeypatch.setenv("XUNA_FIRST_MESSAGE", "Something else, {{ name }}")
    document = cli.call("targets.jsonl", "-y")
    assert document["campaign"] == "spring"
    assert cli.called == [ANN, BO, CY]
    assert [said["agent"]["first_message"] for said in cli.said] == ["Hi Ann.", "Hi Bo.", "Hi Cy."]
    assert cli.call("targets.jsonl", "-y")["counts"]["already_called"] == 3
    assert cli.call("people.csv", "--campaign", "spring", "-y", exits=3)["counts"]["already_called"] == 3
    assert len(cli.called) == 3


def test_who_was_called_through_the_list_is_not_called_through_its_rendering(rendered, cli):
    rendered()
    cli.call("people.csv", "-m", "Hi", "--limit", "1", "-y")
    document = cli.call("targets.jsonl", "-y")
    assert (document["counts"]["already_called"], document["counts"]["accepted"]) == (1, 2)


def test_the_keys_travel_with_the_file(rendered, cli):
    lines = rendered("--key", "id")
    assert lines[0]["xuna_key"] == f"{ANN}\x1f1"
    assert lines[0]["xuna_key_column"] == "id"
    assert cli.call("targets.jsonl", "-y")["counts"]["accepted"] == 3
    assert (
        cli.call("people.csv", "--key", "id", "--campaign", "people", "-y", exits=3)["counts"][
            "already_called"
        ]
        == 3
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--campaign", "other"),
        ("--key", "name"),
        ("-m", "Hello"),
        ("--override", "agent.language=es"),
    ],
)
def test_an_option_can_not_change_what_was_reviewed(rendered, cli, arguments):
    rendered()
    assert cli.call("targets.jsonl", "-y", *arguments, exits=2)["errors"][0]["code"] == "ready-contradicted"
    assert cli.called == []


def test_a_line_that_was_mended_by_hand_is_rejected_where_its_key_or_campaign_does_not_fit(rendered, cli):
    lines = rendered()
    lines[0]["to_phone_number"] = "+13035550199"
    lines[1]["xuna_campaign"] = "other"
    cli.write(
        "targets.jsonl",
        "\n".join([*map(json.dumps, [lines[2], *lines[:2]]), '{"to_phone_number": "+13035550198"}']),
    )
    document = cli.call("targets.jsonl", "-y", exits=3)
    assert cli.called == [CY]
    assert [row["code"] for row in document["rejections"]] == [
        "ready-key",
        "ready-other-campaign",
        "ready-other-campaign",
    ]


def test_rendering_screens_but_for_the_hour(rendered, cli, monkeypatch):
    monkeypatch.setenv("XUNA_HOURS", "00:00-00:11")
    cli("do-not-call", "add", BO)
    ran = cli(*RENDER, "--country", "US", exits=3)
    assert [line["xuna_row"] for line in lines_in(cli)] == [2]
    assert "do-not-call: on the ledger's do-not-call list" in ran.err
    assert "country:" in ran.err


def test_a_list_that_came_onto_the_do_not_call_list_after_the_review_is_screened_again(rendered, cli):
    rendered()
    cli("do-not-call", "add", BO)
    assert cli.call("targets.jsonl", "-y")["counts"]["do_not_call"] == 1
    assert BO not in cli.called


def test_lines_go_to_stdout_and_through_a_pipe(cli):
    cli.write("people.csv", LIST)
    ran = cli("render", "people.csv", "-m", "Hi {{ name }}.", "-q", exits=3)
    assert [json.loads(line)["to_phone_number"] for line in ran.out.splitlines()] == [ANN, BO, CY]


def test_a_rendering_that_fails_leaves_the_old_file(cli):
    old = cli.write("targets.jsonl", "old")
    cli.write("people.jsonl", f'{{"phone": "{ANN}"}}\n{{"phone": \n')
    cli("render", "people.jsonl", "-m", "Hi", "--to", "targets.jsonl", exits=5)
    assert old.read_text() == "old"


def test_a_rendered_list_under_a_line_that_was_not_rendered_calls_nobody_again(rendered, cli):
    lines = rendered()
    cli.call("targets.jsonl", "-y")
    cli.write("mixed.jsonl", "\n".join(['{"to_phone_number": "+13035550198"}', *map(json.dumps, lines)]))
    document = cli.call("mixed.jsonl", "-m", "Hi", "-y", exits=3)
    assert [row["code"] for row in document["rejections"]] == ["ready-mixed"] * 3
    assert cli.called == [ANN, BO, CY, "+13035550198"]


@pytest.mark.parametrize(
    "change", [{"xuna_campaign": None}, {"xuna_campaign": ""}, {"xuna_campaign": 1}, {"xuna_key_column": 1}]
)
def test_a_rendered_list_whose_first_line_names_no_campaign_is_refused(rendered, cli, change):
    lines = rendered()
    cli.write("targets.jsonl", "\n".join(map(json.dumps, [lines[0] | change, *lines[1:]])))
    assert cli.call("targets.jsonl", "-y", exits=5)["errors"][0]["code"] == "ready-mixed"
    assert cli.called == []


def test_a_rejection_quotes_a_cell_with_a_separator_as_it_was(cli):
    """`guard` writes an apostrophe after a separator, and reading removes it."""
    cli.write(
        "people.jsonl",
        json.dumps({"phone": "nobody", "conversation_config_override": {"agent": {"language": "a;=b"}}}),
    )
    cli("batch-call", "people.jsonl", "-m", "Hi", "-y", "--rejects", "rejects.csv", exits=3)
    text = (cli.folder / "rejects.csv").read_text(encoding="utf-8")
    cli.write("rejects.csv", text.replace("nobody", ANN))
    cli("batch-call", "rejects.csv", "--campaign", "people", "-y", "-m", "Hi")
    assert [said["agent"]["language"] for said in cli.said] == ["a;=b"]


@pytest.mark.parametrize("file", ["review.csv", "review.xlsx"])
class TestTables:
    """CSV and XLSX for people."""

    def test_a_table_is_called_as_json_lines_are(self, cli, file):
        cli.write("people.csv", LIST.replace("Cy,3", "=Cy,3"))
        cli("do-not-call", "add", BO)
        ran = cli(*RENDER[:-1], file, "--key", "id", "--campaign", "spring", exits=3)
        assert f"xuna batch-call {file}" in ran.err
        assert (cli.folder / file).stat().st_mode & 0o777 == 0o600
        document = cli.call(file, "-y")
        assert document["campaign"] == "spring"
        assert cli.called == [ANN, CY]
        assert [said["agent"]["first_message"] for said in cli.said] == ["Hi Ann.", "Hi =Cy."]
        assert document["counts"]["rows"] == 2
        again = cli.call("people.csv", "--key", "id", "--campaign", "spring", "-m", "Hi", "-y", exits=3)
        assert (again["counts"]["already_called"], again["counts"]["accepted"]) == (2, 0)

    def test_rows_that_are_not_called_say_why(self, cli, file):
        cli.write("people.csv", LIST + f"{ANN},Ann,5,\n")
        cli("do-not-call", "add", BO)
        cli.call("people.csv", "-m", "Hi", "--limit", "1", "-y")
        cli(*RENDER[:-1], file, exits=3)
        rows = rows_of(cli.folder / file)
        assert {row["xuna_row"]: row["xuna_screening"].split(":")[0] for row in rows} == {
            "2": "already_called",
            "3": "do-not-call",
            "4": "call",
            "5": "phone-letters",
            "6": "already_called",
        }
        assert {row["name"] for row in rows} == {"Ann", "Bo", "Cy", "Di"}
        ran = cli("batch-call", file, "-y", "--debug")
        assert ran.err.count("4 rows are not marked 'call' in 'xuna_screening', and will not be called") == 1
        assert ran.err.count("list: opened") == 1
        assert cli.called == [ANN, CY]


@pytest.mark.parametrize("file", ["review.csv", "review.xlsx"])
def test_whom_the_reviewer_takes_out_is_said_also_when_quiet(cli, file):
    cli.write("people.csv", LIST)
    cli(*RENDER[:-1], file, exits=3)
    assert "not marked" not in cli("batch-call", file, "--dry-run", "--quiet").err
    header, *rows = [list(row) for row in cells_of(cli.folder / file)]
    rows[1][header.index("xuna_screening")] = "no"
    write_cells(cli.folder / file, [header, *rows])
    ran = cli("batch-call", file, "--quiet")
    assert f"{file}: 1 row is not marked 'call' in 'xuna_screening', and will not be called." in ran.err
    assert cli.called == [ANN, CY]
    [row] = csv.DictReader(io.StringIO(cli("campaigns", "export", "people", "--not-called").out))
    assert (row["row_number"], row["rule"], row["to_phone_number"]) == ("3", "taken-out-by-reviewer", BO)


def cells_of(path):
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.reader(stream))
    return list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))


def write_cells(path, rows):
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def rows_of(path):
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    header, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_format_that_can_not_be_written_is_said_before_the_list_is_read(cli):
    cli("render", "missing.csv", "-m", "Hi", "--to", "review.ods", exits=2)


def test_who_is_marked_otherwise_in_the_review_is_not_called(cli):
    cli.write("people.csv", LIST)
    cli(*RENDER[:-1], "review.csv", exits=3)
    path = cli.folder / "review.csv"
    path.write_text(path.read_text().replace("Hi Bo.,call", "Hi Bo.,no"))
    cli.call("review.csv", "-y")
    assert cli.called == [ANN, CY]


@pytest.mark.parametrize(
    "gone",
    [
        ("phone", "xuna_override", "xuna_timezone"),
        ("phone", "xuna_screening"),
        ("phone", "xuna_message"),
        ("phone", "xuna_key"),
        ("xuna_phone", "xuna_override"),
    ],
)
@pytest.mark.parametrize("file", ["review.csv", "review.xlsx"])
def test_a_review_that_has_lost_columns_calls_nobody(cli, file, gone):
    """Empty columns are easily deleted; as an ordinary list, the file would call people who are marked otherwise."""
    cli.write("people.csv", LIST)
    cli(*RENDER[:-1], file, exits=3)
    rows = rows_of(cli.folder / file)
    rows[1]["xuna_screening"] = "no"
    kept = [
        [row[name] for name in row if name not in gone] for row in ({name: name for name in rows[0]}, *rows)
    ]
    if file == "review.csv":
        with (cli.folder / file).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(kept)
    else:
        book = openpyxl.Workbook()
        for row in kept:
            book.active.append(row)
        book.save(cli.folder / file)
    ran = cli("batch-call", file, "-y", exits=5)
    lost = next(name for name in gone if name.startswith("xuna_"))
    assert f"its column {lost!r} is missing" in ran.err
    assert cli.called == []
