"""Columns with marks of people who must not be called."""

import json
from pathlib import Path

import openpyxl
import pytest

CASES = Path(__file__).parents[2] / "cases"
HELLO = ("-m", "Hello.")


MARKED = [
    "yes",
    "Y",
    "1",
    "TRUE",
    "x",
    "2024-05-01",
    "do not call",
    "Opted Out",
    "ja",
    "oui",
    "sí",
    "да",
    "是",
    "?",
    "n/a",
    "☑",
    "Checked",
    "Never",
]
FREE = [
    "",
    "no",
    "No",
    "N",
    "false",
    "FALSE",
    "0",
    "off",
    "Nein",
    "non",
    "não",
    "нет",
    "否",
    "いいえ",
    "아니요",
    "لا",
    "नहीं",
    "Unchecked",
    "☐",
    "Clean",
    "Not on DNC",
]


@pytest.mark.parametrize(
    "header",
    [
        "Do Not Call",
        "DoNotCall",
        "do_not_call",
        "DNC",
        "DND",
        "opt-out",
        "Opted Out",
        "Unsubscribed",
        "Do Not Contact",
        "Nicht anrufen",
        "Ne pas appeler",
        "No llamar",
        "Não ligar",
        "Не звонить",
        "请勿致电",
        "架電禁止",
        "수신거부",
        "لا تتصل",
        "कॉल न करें",
    ],
)
def test_whoever_has_anything_but_a_clear_no_is_not_called(plan, table, header):
    rows = [
        {"phone": f"+1303555{position:04}", header: cell} for position, cell in enumerate((*MARKED, *FREE))
    ]
    document = plan(table(rows))
    assert document["counts"]["do_not_call"] == len(MARKED)
    assert document["counts"]["not_sent"] == len(FREE)
    assert document["list"]["do_not_call_column"] == header
    assert document["screening"]["reasons"] == {"do-not-call": len(MARKED)}
    assert plan(table(rows), "--do-not-call-column", "none")["counts"]["not_sent"] == len(rows)


def test_marks_count_in_every_format(plan, written):
    document = plan(written([{"phone": "+13035550100", "DNC": "x"}, {"phone": "+13035550101", "DNC": "no"}]))
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (1, 1)


def test_marks_of_json_have_the_types_of_json(plan, tmp_path):
    marks = [True, 1, 1.0, "true", ["email"], {"reason": "asked"}]
    cells = [*marks, False, 0, 0.0, None, ""]
    path = tmp_path / "a.json"
    rows = [{"phone": f"+130355501{position:02}", "dnc": cell} for position, cell in enumerate(cells)]
    path.write_text(json.dumps(rows))
    assert plan(path)["counts"]["do_not_call"] == len(marks)


def test_a_later_contact_may_bring_the_first_mark(plan, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"phone": "+13035550100"}\n{"phone": "+13035550101", "unsubscribed": true}\n')
    assert plan(path)["counts"]["do_not_call"] == 1


def test_the_case_of_a_do_not_call_column(cli, plan):
    document = plan(CASES / "do-not-call-column.csv")
    assert document["counts"]["do_not_call"] == 2
    assert document["list"]["unused_columns"] == ["Email Opt Out"]
    ran = cli("batch-call", CASES / "do-not-call-column.csv", *HELLO, "--dry-run", "--quiet")
    assert "not used: Email Opt Out" in ran.err
    assert "`--do-not-call-column 'Do Not Call' --do-not-call-column 'Email Opt Out'`" in ran.err


@pytest.mark.parametrize(
    "header",
    [
        "Email Opt Out",
        "HasOptedOutOfEmail",
        "Unsubscribed from all email",
        "SMS opt-out",
        "Accepts Marketing",
        "Consent",
        "Call?",
        "OK to contact",
    ],
)
def test_what_is_about_another_channel_or_a_consent_is_said_not_to_be_used(cli, plan, table, header):
    path = table([{"phone": "+13035550100", header: "yes"}, {"phone": "+13035550101", header: "no"}])
    document = plan(path)
    assert document["counts"]["not_sent"] == 2
    assert document["list"]["unused_columns"] == [header]
    assert plan(path, "--do-not-call-column", header)["counts"]["do_not_call"] == 1
    assert plan(path, "--consent-column", header)["list"]["unused_columns"] == []


def test_every_mark_of_several_columns_counts(plan, written):
    rows = [
        {"phone": "+13035550100", "DNC": "", "Unsubscribed": "yes"},
        {"phone": "+13035550101", "DNC": "1", "Unsubscribed": ""},
        {"phone": "+13035550102", "DNC": "0", "Unsubscribed": "no"},
    ]
    document = plan(written(rows))
    assert document["counts"]["do_not_call"] == 2
    assert document["list"]["do_not_call_columns"] == ["DNC", "Unsubscribed"]


@pytest.mark.parametrize(
    "header",
    [
        "Darf nicht angerufen werden",
        "Ne souhaite pas être appelé",
        "Non richiamare",
        "Not to be called",
        "Wil niet gebeld worden",
        "UNSUB_TIME",
        "Deceased",
        "Removal requested",
        "Wrong number",
    ],
)
def test_a_sentence_as_a_header_is_a_mark_too(plan, table, header):
    document = plan(table([{"phone": "+13035550100", header: "x"}, {"phone": "+13035550101", header: ""}]))
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (1, 1)


@pytest.mark.parametrize(
    "header", ["Not called", "Not contacted", "Noch nicht angerufen", "Pas encore appelé"]
)
def test_who_was_not_called_yet_has_no_mark(plan, table, header):
    document = plan(table([{"phone": "+13035550100", header: "yes"}]))
    assert document["counts"]["not_sent"] == 1


def test_marks_inside_objects_of_json_count_wherever_they_are(plan, tmp_path):
    path = tmp_path / "a.json"
    people = [
        {"preferences": {"do_not_call": True}},
        {"preferences": {"calls": {"optedOut": "2026-01-02"}}},
        {"flags": [{"vip": True}, {"dnc": 1}]},
        {"a.b": {"c.d": {"DNC": "x"}}},
        {"preferences": {"do_not_call": False}},
        {"preferences": {"email": {"opt_out": True}}},
        {"flags": [{"dnc": 0}]},
    ]
    path.write_text(json.dumps([{"phone": f"+1303555010{at}"} | each for at, each in enumerate(people)]))
    document = plan(path)
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (4, 3)
    assert {row["row"] for row in document["screening"]["rows"]} == {1, 2, 3, 4}
    assert document["list"]["do_not_call_columns"][0] == "preferences.do_not_call"
    assert plan(path, "--do-not-call-column", "none")["counts"]["not_sent"] == 7


def test_numbers_not_to_be_called_beside_the_contacts_are_not_dropped(cli, plan, tmp_path):
    path = tmp_path / "a.json"
    contacts = [{"phone": "+13035550100"}, {"phone": "+13035550101"}]
    path.write_text(json.dumps({"contacts": contacts, "doNotCall": ["+13035550101"]}))
    ran = cli("batch-call", path, *HELLO, "--dry-run", exits=5)
    assert "a.json has 'doNotCall' beside its contacts" in ran.err
    path.write_text(json.dumps({"doNotCall": [], "opted_out": False, "next": "page", "contacts": contacts}))
    assert plan(path)["counts"]["not_sent"] == 2


@pytest.mark.parametrize(
    ("state", "options"), [("visible", ("--sheet", "People")), ("hidden", ()), ("veryHidden", ())]
)
def test_a_sheet_of_people_not_to_call_is_named_where_it_is_not_read(cli, tmp_path, state, options):
    book = openpyxl.Workbook()
    book.active.title = "People"
    for sheet, number in ((book.active, "+13035550100"), (book.create_sheet("DNC 2026"), "+13035550101")):
        sheet.append(["phone"])
        sheet.append([number])
    book.create_sheet("Prices").append(["sum"])
    book["DNC 2026"].sheet_state = state
    book.save(tmp_path / "a.xlsx")
    ran = cli("batch-call", "a.xlsx", *HELLO, *options, "--dry-run", "--quiet")
    assert "the people on sheet 'DNC 2026' may be called" in ran.err
    assert "people on sheet 'Prices'" not in ran.err


def test_a_mark_that_only_a_later_contact_has_is_not_said_to_be_unused(cli, tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"phone": "+13035550100"}, {"phone": "+13035550101", "doNotCall": true}]')
    ran = cli("batch-call", path, *HELLO, "--dry-run")
    assert "do-not-call marks from 'doNotCall'" in ran.out
    assert "not used" not in ran.err
    assert (
        "not used: doNotCall"
        in cli("batch-call", path, *HELLO, "--dry-run", "--do-not-call-column", "none").err
    )


@pytest.mark.parametrize(
    "beside",
    [
        {"has_more": True},
        {"paging": {"next": {"after": "100"}}},
        {"meta": {"pagination": {"nextCursor": "x"}}},
        {"next": "https://example.com?page=2"},
        {"@odata.nextLink": "https://example.com?page=2"},
    ],
)
def test_a_page_of_several_is_pointed_out_even_when_quiet(cli, tmp_path, beside):
    path = tmp_path / "a.json"
    for order in (beside, {}), ({}, beside):
        path.write_text(json.dumps({**order[0], "contacts": [{"phone": "+13035550100"}], **order[1]}))
        assert "a.json is one page of several" in cli("batch-call", path, *HELLO, "--dry-run", "--quiet").err


@pytest.mark.parametrize(
    "beside",
    [{"has_more": False, "next": None}, {"paging": {"next": ""}}, {"total": 1}, {"next_steps": "call"}],
)
def test_a_whole_answer_is_not(cli, tmp_path, beside):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"contacts": [{"phone": "+13035550100"}], **beside}))
    assert "one page" not in cli("batch-call", path, *HELLO, "--dry-run").err
