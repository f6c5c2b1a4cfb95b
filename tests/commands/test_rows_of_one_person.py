"""Two rows of one person: a no in any row counts; otherwise the first row that can be called is used."""

import itertools
import json

import pytest

pytestmark = pytest.mark.usefixtures("api")

ANN, BOB, CAT = "+13035550100", "+13035550101", "+13035550102"
SIZES = ("1", "2", "500")


def listed(cli, name, rows, header="phone,name,consent"):
    return cli.write(name, "\n".join([header, *(",".join(row) for row in rows)]) + "\n")


def outcome(document):
    return {name: count for name, count in document["counts"].items() if count and name != "rows"}


@pytest.mark.parametrize(
    "rows", [*itertools.permutations([(ANN, "yes"), (ANN, "no"), (BOB, "yes"), (CAT, "yes")])][::5]
)
def test_a_no_in_any_row_is_a_no_whatever_the_batch_size_and_as_the_dry_run_says(cli, rows):
    filled = [(number, f"N{place}", said) for place, (number, said) in enumerate(rows)]
    expected = {"screened": 2, "accepted": 2}
    for size in SIZES:
        people = listed(cli, f"people-{size}.csv", filled)
        before = len(cli.called)
        options = (people, "-m", "Hi {{ name }}.", "-y", "--consent-column", "consent", "--batch-size", size)
        rehearsed = outcome(cli.call(*options, "--dry-run"))
        assert rehearsed == {"screened": 2, "not_sent": 2}
        assert outcome(cli.call(*options, "--concurrency", "1")) == expected
        assert sorted(cli.called[before:]) == [BOB, CAT]


def test_a_no_far_behind_is_one_too_and_is_said_of_each_row(cli):
    rows = [
        (ANN, "A", "yes"),
        *((f"+1303555{number:04}", "B", "yes") for number in range(1000, 1700)),
        (ANN, "A", ""),
    ]
    people = listed(cli, "people.csv", rows)
    document = cli.call(
        people, "-m", "Hi {{ name }}.", "-y", "--consent-column", "consent", "--batch-size", "10"
    )
    assert outcome(document) == {"screened": 2, "accepted": 700}
    assert ANN not in cli.called
    said = {row["row"]: row["message"] for row in document["screening"]["rows"]}
    assert said == {
        2: "no-consent: another row with the same number says so in 'consent'",
        703: "no-consent: consent is empty",
    }


def test_with_a_key_a_no_holds_for_the_number(cli):
    rows = [(ANN, "A", "yes", "1"), (ANN, "A", "no", "2"), (BOB, "B", "yes", "3")]
    people = listed(cli, "people.csv", rows, header="phone,name,consent,order")
    document = cli.call(people, "-m", "Hi {{ name }}.", "-y", "--consent-column", "consent", "--key", "order")
    assert outcome(document) == {"screened": 2, "accepted": 1}
    assert cli.called == [BOB]


def test_a_row_that_is_rejected_for_its_words_says_no_all_the_same(cli):
    rows = [(ANN, "A", "yes"), (ANN, "", "no"), (BOB, "B", "yes")]
    people = listed(cli, "people.csv", rows)
    cli.call(people, "-m", "Hi {{ name }}.", "-y", "--consent-column", "consent", exits=3)
    assert cli.called == [BOB]


@pytest.mark.parametrize("size", SIZES)
def test_else_the_first_row_that_can_be_called_is(cli, size):
    rows = [(ANN, "", "yes"), (ANN, "Ann", "yes"), (BOB, "Bob", "yes"), (ANN, "Anna", "yes")]
    people = listed(cli, "people.csv", rows)
    options = (people, "-m", "Hi {{ name }}.", "-y", "--consent-column", "consent", "--batch-size", size)
    assert outcome(cli.call(*options, "--dry-run", exits=3)) == {
        "rejected": 1,
        "duplicates": 1,
        "not_sent": 2,
    }
    document = cli.call(*options, "--concurrency", "1", exits=3)
    assert outcome(document) == {"rejected": 1, "duplicates": 1, "accepted": 2}
    said = [one["agent"]["first_message"] for one in cli.said]
    assert said == ["Hi Ann.", "Hi Bob."]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fillers", [0, pytest.param(600, marks=pytest.mark.slow)])
def test_a_row_that_has_to_wait_is_told_apart_from_its_twin_whatever_the_batch_size(cli, size, fillers):
    """Honolulu and Harare are twelve hours apart, so one of two windows of twelve hours is open at any time."""
    rows = [
        (ANN, "Ann", "Pacific/Honolulu"),
        (ANN, "Anna", "Africa/Harare"),
        (ANN, "Anne", "Pacific/Honolulu"),
    ]
    filler = [(f"+1303555{number:04}", "B", "America/Denver") for number in range(1000, 1000 + fillers)]
    people = listed(cli, "people.csv", [rows[0], *filler, *rows[1:]], header="phone,name,timezone")
    options = (
        people,
        "-m",
        "Hi {{ name }}.",
        "-y",
        "--hours",
        "00:00-12:00",
        "--close-early",
        "0",
        "--batch-size",
        size,
    )
    rehearsed = outcome(cli.call(*options, "--dry-run"))
    document = outcome(cli.call(*options, "--concurrency", "1"))
    assert document.pop("accepted") == rehearsed.pop("not_sent")
    assert document == rehearsed
    assert cli.called.count(ANN) == 1


@pytest.mark.parametrize(
    "marked",
    [
        '"+1 303 555 0100 ext. 5",Ann,x',
        "+13035550100 (work),Ann,x",
        "+13035550100 do not call,Ann,",
        "+13035550100,Ann,x,,surplus",
        "303-555-0100 / 303-555-0102,Ann,x",
    ],
)
def test_a_mark_in_a_rejected_row_holds_for_the_other_rows_of_its_number(cli, marked):
    people = cli.write("people.csv", f"phone,name,DNC\n{ANN},Ann,\n{BOB},Bob,\n{marked}\n")
    document = cli.call(people, "-m", "Hi {{ name }}.", "-y", "--region", "US", exits=3)
    assert outcome(document) == {"do_not_call": 1, "rejected": 1, "accepted": 1}
    assert cli.called == [BOB]


def test_a_row_with_too_many_cells_proves_no_missing_consent(cli):
    people = cli.write("people.csv", f"phone,name,consent\n{ANN},Ann,yes\n{ANN},Lee, Ann,yes\n")
    cli.call(people, "-m", "Hi {{ name }}.", "-y", "--consent-column", "consent", exits=3)
    assert cli.called == [ANN]


def test_a_list_that_breaks_off_behind_a_consent_column_calls_nobody(cli):
    people = cli.write("people.csv", f'phone,name,consent\n{ANN},Ann,yes\n{BOB},"Bob,yes\n')
    cli("batch-call", people, "-m", "Hi {{ name }}.", "-y", "--consent-column", "consent", exits=5)
    assert cli.called == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_mark_in_one_row_holds_for_the_others(cli, size, kind):
    if kind == "csv":
        rows = [(ANN, "A", "no"), (BOB, "B", "no"), (CAT, "C", ""), (ANN, "A", "yes")]
        people = listed(cli, "people.csv", rows, header="phone,name,Do Not Call")
    else:  # the first contact has no such field
        rows = [(ANN, "{}"), (BOB, "{}"), (CAT, "{}"), (ANN, '{"doNotCall": true}')]
        lines = [
            json.dumps({"phone": number, "name": "N", **json.loads(more)}) + "\n" for number, more in rows
        ]
        people = cli.write("people.jsonl", "".join(lines))
    options = (people, "-m", "Hi {{ name }}.", "-y", "--batch-size", size)
    assert outcome(cli.call(*options, "--dry-run")) == {"do_not_call": 2, "not_sent": 2}
    assert outcome(cli.call(*options, "--concurrency", "1")) == {"do_not_call": 2, "accepted": 2}
    assert sorted(cli.called) == [BOB, CAT]


def test_a_mark_holds_for_every_number_of_its_row(cli):
    rows = [(ANN, BOB, "yes"), (CAT, "", "no"), (BOB, "", "no")]
    people = listed(cli, "people.csv", rows, header="phone,mobile,Do Not Call")
    document = cli.call(people, "-m", "Hi.", "-y", "--phone-column", "phone", "--phone-column", "mobile")
    assert outcome(document) == {"do_not_call": 2, "accepted": 1}
    assert cli.called == [CAT]
