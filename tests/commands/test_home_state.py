"""The state in a list: calling hours have to hold where the person lives, too."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("api")

NEW_YORK, BOSTON, SAN_FRANCISCO, LONDON = "+12122360123", "+16172360123", "+14152360123", "+442079460018"
HELLO = ("-m", "Hello.")
EAST, WEST = "America/New_York", "America/Los_Angeles"
BOTH = f"{EAST}, {WEST}"


@pytest.fixture
def planned(cli):
    """Return how many people are in which time zones, and the columns of their states."""

    def plan(path, *options):
        document = cli.call(path, *HELLO, "--dry-run", *options)
        return document["preview"]["time_zones"], document["list"]["state_columns"]

    return plan


def write(cli, *rows, header="phone,State"):
    return cli.write("people.csv", "\n".join([header, *rows]) + "\n")


def test_a_person_who_moved_is_called_only_when_it_is_time_in_both_places(cli, planned):
    rows = (f"{NEW_YORK},CA", f"{BOSTON},ma", f"{SAN_FRANCISCO},California", f"{LONDON},CA", "+12122360124,")
    write(cli, *rows)
    assert planned("people.csv") == ({BOTH: 1, EAST: 2, WEST: 1, "Europe/London": 1}, ["State"])
    assert planned("people.csv", "--state-column", "none") == ({EAST: 3, WEST: 1, "Europe/London": 1}, [])


def test_a_time_zone_in_the_list_counts_more_than_the_state(cli, planned):
    write(cli, f"{NEW_YORK},CA,America/Denver", f"{BOSTON},CA,", header="phone,State,timezone")
    assert planned("people.csv")[0] == {"America/Denver": 1, BOTH: 1}


def test_another_column_can_have_the_state(cli, planned):
    write(cli, f"{NEW_YORK},NY,CA", header="phone,State,lives in")
    assert planned("people.csv", "--state-column", "lives in") == ({BOTH: 1}, ["lives in"])


def test_the_first_column_that_names_a_state_counts(cli, planned):
    write(cli, f"{NEW_YORK},,CA", f"{BOSTON},MA,CA", header="phone,Mailing State,Billing State")
    assert planned("people.csv") == ({BOTH: 1, EAST: 1}, ["Mailing State", "Billing State"])


def test_a_postal_code_tells_the_state(cli, planned):
    write(
        cli,
        f"{NEW_YORK},94103",
        f"{BOSTON},2139",
        "+12122360124,V6B 4Y8",
        f"{LONDON},94103",
        header="phone,Zip",
    )
    north_west = "America/New_York, America/Vancouver"
    assert planned("people.csv") == ({BOTH: 1, EAST: 1, north_west: 1, "Europe/London": 1}, ["Zip"])


def test_a_column_with_a_status_has_no_states(cli, planned):
    write(cli, f"{NEW_YORK},new", f"{BOSTON},done", "+12122360124,ok", header="phone,state")
    assert planned("people.csv") == ({EAST: 3}, [])


@pytest.mark.parametrize(
    ("contacts", "columns"),
    [
        ([{"phone": NEW_YORK, "address": {"city": "Fresno", "state": "CA"}}], ["address.state"]),
        ([{"phone": BOSTON, "state": "MA"}, {"phone": NEW_YORK, "homeState": "CA"}], ["state"]),
        ([{"phone": BOSTON}, {"phone": NEW_YORK, "state": "CA"}], []),
    ],
)
def test_json_contacts_have_states_too(cli, planned, contacts, columns):
    cli.write("people.json", json.dumps(contacts))
    zones, found = planned("people.json")
    assert zones[BOTH] == 1
    assert sum(zones.values()) == len(contacts)
    assert found == columns


def test_each_contact_has_its_own_state_at_a_path_that_is_named(cli, planned):
    states = ("NY", "CA", "NY")
    contacts = [{"phone": f"+1212236012{at}", "home": {"in": state}} for at, state in enumerate(states)]
    cli.write("people.json", json.dumps(contacts))
    assert planned("people.json", "--state-column", "home.in") == ({EAST: 2, BOTH: 1}, ["home.in"])


def test_a_value_that_is_no_state_says_nothing(cli, planned):
    states = (["CA"], {"code": "CA"}, True, None, "CA")
    contacts = [{"phone": f"+1212236012{at}", "state": state} for at, state in enumerate(states)]
    cli.write("people.json", json.dumps(contacts))
    assert planned("people.json", "--state-column", "state")[0] == {EAST: 4, BOTH: 1}


@pytest.mark.parametrize("file", ["ready.jsonl", "ready.csv"])
def test_what_is_rendered_keeps_the_state(cli, planned, file):
    write(cli, f"{NEW_YORK},CA", f"{BOSTON},MA")
    assert cli("render", "people.csv", *HELLO, "--to", file).code == 0
    document = cli.call(file, "--dry-run")
    assert document["preview"]["time_zones"] == {BOTH: 1, EAST: 1}
    refused = cli("batch-call", file, "--state-column", "none", "--dry-run", exits=2)
    assert "--state-column can't change it" in refused.err


def test_the_line_about_the_list_names_the_column(cli):
    write(cli, f"{NEW_YORK},CA")
    ran = cli("batch-call", "people.csv", *HELLO, "--dry-run")
    assert "calling hours must also fit the state in 'State'" in ran.err + ran.out


def test_a_column_that_the_list_lacks_is_an_error(cli):
    write(cli, f"{NEW_YORK},CA")
    ran = cli("batch-call", "people.csv", *HELLO, "--dry-run", "--state-column", "Stat", exits=5)
    assert "did you mean 'State'?" in ran.err
