"""Columns with remarks, among which a "do not call" may be."""

import json

import pytest

HELLO = ("-m", "Hello.")


SAID = [
    "Do Not Call",
    "DNC",
    "vip;dnc",
    "DO NOT CALL! Asked twice",
    "please don't call",
    "nicht anrufen",
    "Ne pas appeler",
    "no volver a llamar",
    "Não ligar",
    "не звонить",
    "架電禁止のため",
    "Deceased",
    "wrong number",
    "Unsubscribed",
    "DNC, only e-mail",
    "D.N.C.",
    "asked to be removed from list",
    "要望: 架電NG",
    "لا تتصل",
    "कॉल न करें",
]
NOT_SAID = [
    "",
    "New",
    "called, no answer",
    "could not reach, call again",
    "no contact yet",
    "opted out of email",
    "adopt outdoor cats",
    "Do",
    "?",
]


@pytest.mark.parametrize(
    "header", ["Lead Status", "Tags", "notes", "Bemerkung", "Remarques", "備考", "last_disposition"]
)
def test_who_is_not_to_be_called_by_a_remark_is_not_called(plan, table, header):
    rows = [{"phone": f"+1303555{at:04}", header: cell} for at, cell in enumerate((*SAID, *NOT_SAID))]
    document = plan(table(rows))
    assert document["screening"]["reasons"] == {"do-not-call": len(SAID)}
    assert [row["row"] for row in document["screening"]["rows"]] == list(range(2, 2 + len(SAID)))
    assert document["list"]["remark_columns"] == [header]


def test_a_remark_far_behind_holds_for_each_row_of_the_number(plan, table):
    rows = [{"phone": f"+1303555{at % 900:04}", "Tags": "dnc" if at == 900 else "vip"} for at in range(901)]
    document = plan(table(rows))
    assert document["counts"]["do_not_call"] == 2
    assert document["counts"]["not_sent"] == 899


def test_a_name_that_says_it_is_a_remark(cli, plan, written):
    path = written([{"phone": "+13035550100", "name": "Ann (DNC)"}, {"phone": "+13035550101", "name": "Bob"}])
    document = plan(path)
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (1, 1)
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--do-not-call-column", "none")
    assert "2 people would be called" in ran.out or "2 rows" in ran.out
    assert "not used: name; people whose cells there say not to call them are called" in ran.err


def test_a_message_is_no_remark(plan, written):
    rows = [
        {
            "phone": "+13035550100",
            "first_message": "Hello, to opt out say stop.",
            "Email status": "unsubscribed",
        }
    ]
    document = plan(written(rows))
    assert document["counts"]["not_sent"] == 1
    assert document["list"]["remark_columns"] == []


def test_remarks_of_json_may_be_lists_and_within_objects(plan, tmp_path):
    path = tmp_path / "a.json"
    people = [
        {"phone": "+13035550100", "tags": ["vip", "dnc"]},
        {"phone": "+13035550101", "properties": {"lead_status": "Do not call"}},
        {"phone": "+13035550102", "tags": ["vip"], "properties": {"lead_status": "new"}},
    ]
    path.write_text(json.dumps(people))
    assert plan(path)["counts"]["do_not_call"] == 2


def test_a_remark_may_be_the_name_in_a_list_of_objects(plan, tmp_path):
    path = tmp_path / "a.json"
    people = [
        {"phone": "+13035550100", "tags": [{"name": "Do Not Call"}]},
        {"phone": "+13035550101", "tags": [{"name": "vip"}], "product": {"name": "Wrong number, the film"}},
    ]
    path.write_text(json.dumps(people))
    assert plan(path)["counts"]["do_not_call"] == 1


def test_who_has_opted_out_in_a_column_with_consent_is_not_called(cli, written):
    rows = [
        {"phone": "+13035550100", "Consent Status": "Opted Out", "Email Consent": "Opted in"},
        {"phone": "+13035550101", "Consent Status": "No", "Email Consent": "Unsubscribed"},
    ]
    ran = cli("batch-call", written(rows), *HELLO, "--dry-run")
    assert "1 on a do-not-call list, 1 would be called" in ran.out
    assert "not used: Consent Status, Email Consent; `--consent-column 'Consent Status'`" in ran.err
    assert "are called" not in ran.err
    assert "; not used: 'Email Consent'\n" in ran.out


def test_who_prefers_only_another_channel_is_not_called(plan, written):
    rows = [
        {"phone": "+13035550100", "Preferred Contact Method": "SMS only", "Format": ""},
        {"phone": "+13035550101", "Preferred Contact Method": "SMS", "Format": "text only"},
    ]
    (screened,) = plan(written(rows))["screening"]["rows"]
    assert screened["message"] == "do-not-call: 'Preferred Contact Method' is \"SMS only\""


def test_remarks_count_beside_columns_that_are_named(plan, written):
    rows = [
        {"phone": "+13035550100", "Mark": "x", "Notes": ""},
        {"phone": "+13035550101", "Mark": "", "Notes": "do not call"},
        {"phone": "+13035550102", "Mark": "", "Notes": ""},
    ]
    assert plan(written(rows), "--do-not-call-column", "Mark")["counts"]["do_not_call"] == 2


def test_people_whose_appointment_is_cancelled_among_others_are_pointed_out(cli, written):
    rows = [
        {"phone": "+13035550100", "Appointment Status": "Confirmed"},
        {"phone": "+13035550101", "Appointment Status": "Cancelled"},
    ]
    for quiet in ((), ("--quiet",)):
        ran = cli("batch-call", written(rows), *HELLO, "--dry-run", *quiet)
        assert (
            "has 'Appointment Status' \"Cancelled\", and people in such rows are called like all others"
            in ran.err
        )
    assert "Cancelled" not in cli("batch-call", written(rows[1:]), *HELLO, "--dry-run").err
