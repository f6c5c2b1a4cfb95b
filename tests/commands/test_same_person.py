"""The two forms of numbers in Argentina and Brazil are one person: never called twice, never called despite a no."""

import pytest

from xuna_cli.phone.same_person import one_form, other_form

pytestmark = pytest.mark.usefixtures("api")

PAIRS = [
    ("+551187654321", "+5511987654321"),
    ("+541123456789", "+5491123456789"),
    ("+543514567890", "+5493514567890"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_each_form_has_the_other(one, other):
    assert other_form(one) == other
    assert other_form(other) == one
    assert one_form(one) == one_form(other)
    assert other_form(f"{one}\x1f123") == f"{other}\x1f123"


@pytest.mark.parametrize(
    "number", ["+551132345678", "+5511932345678", "+55118765432", "+15559876543", "+5491", "+525512345678"]
)
def test_no_other_number_has_one(number):
    assert other_form(number) is None
    assert one_form(number) == number


@pytest.mark.parametrize(
    ("pair", "order", "batch_size"),
    [(PAIRS[0], 1, 1), (PAIRS[0], -1, 10), (PAIRS[1], 1, 10), (PAIRS[1], -1, 1)],
)
def test_a_person_in_two_rows_is_called_once(cli, pair, order, batch_size):
    first, second = pair[::order]
    cli.write("people.csv", f"phone\n{first}\n+13035550100\n{second}\n")
    dry = cli.call("people.csv", "--dry-run")
    assert (dry["counts"]["not_sent"], dry["counts"]["duplicates"]) == (2, 1)
    document = cli.call("people.csv", "-y", "--batch-size", batch_size)
    assert (document["counts"]["accepted"], document["counts"]["duplicates"]) == (2, 1)
    assert sorted(cli.called) == sorted([first, "+13035550100"])


@pytest.mark.parametrize(("pair", "order"), [(PAIRS[0], 1), (PAIRS[1], -1)])
def test_a_person_whom_an_earlier_run_called_is_not_called_again(cli, pair, order):
    first, second = pair[::order]
    for number in (first, second):
        cli.write("people.csv", f"phone\n{number}\n")
        document = cli.call("people.csv", "-y")
    assert document["counts"]["already_called"] == 1
    cli.write("orders.csv", f"phone,order\n{second},1\n{first},1\n{second},2\n")
    counts = cli.call("orders.csv", "-y", "--key", "order", "--quiet-days", "1")["counts"]
    assert counts["screened"] + counts["duplicates"] == 3
    assert cli.called == [first]


@pytest.mark.parametrize(("pair", "order"), [(PAIRS[0], 1), (PAIRS[1], -1)])
def test_a_no_to_one_form_is_a_no_to_the_other(cli, pair, order):
    listed, called = pair[::order]
    cli.write("people.csv", f"phone\n{called}\n")
    cli.write("stop.txt", f"{listed}\n")
    assert cli.call("people.csv", "-y", "--do-not-call", "stop.txt")["counts"]["do_not_call"] == 1
    cli("do-not-call", "add", listed)
    cli("do-not-call", "check", called, exits=3)
    assert cli.call("people.csv", "-y")["counts"]["do_not_call"] == 1
    cli("do-not-call", "remove", called)
    cli("do-not-call", "check", listed)
